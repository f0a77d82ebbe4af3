"""`motcua signature check`: exit codes, JSON in the order of the files, and a sentence for whatever cannot be used."""

import csv
import json
from pathlib import Path
from uuid import UUID

import pytest
from joserfc.jwk import OKPKey

import signing
from app import cli
from signing.trustfile import public_lists
from tests import make
from tests.pki import BUSINESS, NOW, OTHER
from tests.signing.test_trust import KEY, exported

FORGER = OKPKey.generate_key("Ed25519")
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "pdf-attacks"


@pytest.fixture(scope="module")
async def files(pki, tmp_path_factory) -> dict[str, str]:
    """A signed file, an unsigned one, and the trust store that judges them."""
    folder = tmp_path_factory.mktemp("files")
    contents = {
        "signed": await signing.sign_paper(make.pdf(), pki.signer("biz")),
        "plain": make.pdf(),
        "trust": json.dumps({"trust": pki.trust.to_json(), "evidence": pki.evidence().to_json()}).encode(),
        "bare": json.dumps(pki.trust.to_json()).encode(),
        "broken": b'{"trust": []}',
        "export": json.dumps(exported(pki.trust, evidence=public_lists(pki.evidence(), pki.trust))).encode(),
        "key": json.dumps(KEY.as_dict(private=False)).encode(),
        "forged": json.dumps(FORGER.as_dict(private=False)).encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in contents}


@pytest.fixture(autouse=True)
def _no_portal(monkeypatch):
    """Whatever the command is told, it must not need the portal: reaching for it fails the test."""
    monkeypatch.setattr(cli, "_settings", lambda: pytest.fail("asked for the portal"))


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["signature", "check", *arguments])
    return ended.value.code


def test_reports_come_in_the_order_of_the_files_and_all_must_be_valid(files, capsys):
    assert run(files["plain"], files["signed"], "--trust", files["trust"], "--at", NOW.isoformat(), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in told["reports"]] == ["UNSIGNED", "VALID"]
    assert [each["file"] for each in told["reports"]] == [files["plain"], files["signed"]]
    assert all(each["integrity_only"] is False for each in told["reports"])


def test_a_file_is_named_from_the_folder_one_stands_in(files, capsys, monkeypatch):
    signed = Path(files["signed"])
    monkeypatch.chdir(signed.parent)
    assert run(signed.name, "--integrity-only") == 0
    assert capsys.readouterr().out.startswith("signed:\nVALID")


def test_trust_without_revocation_data_does_not_pass(files, capsys):
    assert run(files["signed"], "--trust", files["bare"], "--at", NOW.isoformat()) == 1
    said = capsys.readouterr().out
    assert "INDETERMINATE" in said
    assert "REV_UNKNOWN" in said


def test_the_portal_s_file_with_revocation_lists_is_enough_and_may_be_pinned(files, capsys):
    given = (files["signed"], "--trust", files["export"], "--at", NOW.isoformat())
    assert run(*given) == 0
    assert run(*given, "--trust-key", files["key"]) == 0
    assert run(*given, "--trust-key", KEY.thumbprint()) == 0


def test_a_time_that_cannot_be_read_is_two_sentences_for_evidence_too(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["signature", "evidence", str(UUID(int=1)), str(UUID(int=2)), "--at", "xx"])
    assert ended.value.code == 2
    assert "is not understood" in capsys.readouterr().err


def test_a_tax_code_that_did_not_sign_is_not_a_success(files, capsys):
    given = (files["signed"], "--trust", files["trust"], "--at", NOW.isoformat(), "--json")
    assert run(*given, "--tax-code", BUSINESS) == 0
    assert json.loads(capsys.readouterr().out)["reports"][0]["binding"]["result"] == "BOUND"
    assert run(*given, "--tax-code", OTHER) == 1
    report = json.loads(capsys.readouterr().out)["reports"][0]
    assert (report["verdict"], report["binding"]["result"]) == ("VALID", "MST_MISMATCH")


def test_the_integrity_only_mode_says_so_in_the_json(files, capsys):
    assert run(files["signed"], "--integrity-only", "--json") == 0
    report = json.loads(capsys.readouterr().out)["reports"][0]
    assert (report["verdict"], report["integrity_only"]) == ("VALID", True)


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["missing.pdf"], "there is no file"),
        (["/"], "is a folder"),
        (["{signed}", "--tax-code", "0100109107"], "right check digit"),
        (["{signed}", "--tax-code", ""], "right check digit"),
        (["{signed}", "--at", ""], "is not understood"),
        (["{signed}", "--at", "hôm qua"], "is not understood"),
        (["{signed}", "--trust", "{plain}"], "cannot be read"),
        (["{signed}", "--trust", "{broken}"], "cannot be read"),
        (["{signed}", "--trust", "missing.json"], "there is no file"),
        (["{signed}", "--trust", "{trust}", "--integrity-only"], "not both"),
        (["{signed}", "--trust-key", "{key}"], "is for --trust"),
        (["{signed}", "--trust", "{export}", "--trust-key", "{forged}"], "another key"),
        (["{signed}", "--trust", "{bare}", "--trust-key", "{key}"], "is not signed"),
        (["{signed}", "--trust", "{export}", "--trust-key", "{plain}"], "no public key"),
    ],
    ids=[
        "missing",
        "folder",
        "tax-code",
        "no-tax-code",
        "no-time",
        "time",
        "trust-no-json",
        "trust-other-json",
        "trust-missing",
        "both-modes",
        "key-alone",
        "other-key",
        "unsigned-store",
        "no-key",
    ],
)
def test_what_cannot_be_used_is_two_sentences_and_exit_code_2(files, capsys, arguments, said):
    assert run(*(each.format(**files) for each in arguments)) == 2
    vi, en = capsys.readouterr().err.strip().split("\n")
    assert said in en
    assert vi != en


def test_without_a_store_of_the_portal_the_command_says_what_to_use_instead(files, capsys, monkeypatch):
    from app.core.settings import Settings

    nowhere = Settings(DATABASE_URL="postgresql+asyncpg://nobody@127.0.0.1:9/none")
    monkeypatch.setattr(cli, "_settings", lambda: nowhere)
    assert run(files["signed"]) == 2
    assert "--integrity-only" in capsys.readouterr().err


def test_the_command_gives_the_manifest_s_verdicts(capsys):
    """Where the files are not at hand (they are not ours to distribute) there is nothing to compare."""
    manifest = CORPUS / "manifest.tsv"
    if not manifest.exists():
        return
    with manifest.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text, delimiter="\t"))
    run("--integrity-only", "--json", *(str(CORPUS / row["file"]) for row in rows))
    reports = json.loads(capsys.readouterr().out)["reports"]
    told = [(row, report["verdict"]) for row, report in zip(rows, reports, strict=True)]
    assert [(row["file"], verdict) for row, verdict in told if verdict not in row["expected"].split(",")] == []
    assert [row["sha256"] for row in rows] == [report["sha256"] for report in reports]
