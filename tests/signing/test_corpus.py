"""Public attack files: every verdict as the manifest says, and none of the manipulated ones ever valid."""

import csv
from pathlib import Path

import pytest

from signing import Policy, Verdict, check
from tests.pki import NOW

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "pdf-attacks"


def rows() -> list[dict[str, str]]:
    manifest = CORPUS / "manifest.tsv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, delimiter="\t"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_the_verdict_is_the_manifest_s(row):
    report = check(CORPUS / row["file"], Policy(at=NOW, integrity_only=True))

    assert report.verdict in row["expected"].split(",")
    assert report.sha256 == row["sha256"]
    for code in ("DOC_LENIENT_PARSE", "DOC_HYBRID_XREF", "ALG_SHA1"):
        assert (code in report.codes) or f"needs {code}" not in row["note"]


def test_judging_integrity_alone_is_only_for_study(policy, paper):
    """The mode is off unless asked for."""
    assert policy.integrity_only is False
    assert check(paper, policy).verdict is Verdict.UNSIGNED
