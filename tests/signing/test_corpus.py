"""Public attack files: every verdict as the manifest says, and none of the manipulated ones ever valid."""

import csv
from pathlib import Path

from signing import Policy, Verdict, check
from tests.pki import NOW

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "pdf-attacks"


def rows() -> list[dict[str, str]]:
    manifest = CORPUS / "manifest.tsv"
    if not manifest.exists():
        return []
    with manifest.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, delimiter="\t"))


def test_every_verdict_is_the_manifest_s():
    """Where the files are not at hand (they are not ours to distribute) there is nothing to compare."""
    policy = Policy(at=NOW, integrity_only=True)
    answers = [(row, check(CORPUS / row["file"], policy)) for row in rows()]

    assert [(row["file"], report.verdict) for row, report in answers if report.verdict not in row["expected"].split(",")] == []
    assert [row["file"] for row, report in answers if report.sha256 != row["sha256"]] == []
    for code in ("DOC_LENIENT_PARSE", "DOC_HYBRID_XREF", "ALG_SHA1"):
        assert [r["file"] for r, report in answers if f"needs {code}" in r["note"] and code not in report.codes] == []


def test_judging_integrity_alone_is_only_for_study(policy, paper):
    """The mode is off unless asked for."""
    assert policy.integrity_only is False
    assert check(paper, policy).verdict is Verdict.UNSIGNED
