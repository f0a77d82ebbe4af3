"""What a report looks like from outside: the schema it keeps, the ETSI form of it, the words for each code."""

import json
from datetime import timedelta
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

import signing
from signing import Policy, check
from signing.advice import CODES_WITH_ADVICE, advice
from signing.codes import CODES
from tests import make
from tests.pki import BUSINESS, NOW, OTHER

VR = "{http://uri.etsi.org/19102/v1.2.1#}"


@pytest.fixture(scope="module")
async def signed(pki) -> bytes:
    return await signing.sign_paper(make.pdf(), pki.signer("biz"), tsa=pki.tsa())


def test_every_report_keeps_the_published_schema(signed, policy, pki):
    told = jsonschema_rs.validator_for(signing.schema())
    unknown = Policy(at=NOW, trust=pki.trust)
    for given in (policy, unknown, Policy(at=NOW, integrity_only=True)):
        for content in (signed, make.pdf(), b"no pdf", signed[:-700] + bytes(700)):
            report = json.loads(json.dumps(check(content, given).to_json()))
            told.validate(report)
            assert not told.is_valid(report | {"verdict": "GOOD"})


def test_a_report_of_an_older_program_keeps_it_too():
    told = jsonschema_rs.validator_for(signing.schema())
    now = check(make.pdf(), Policy(at=NOW)).to_json()
    assert told.is_valid({name: value for name, value in now.items() if name != "integrity_only"})
    assert not told.is_valid({name: value for name, value in now.items() if name != "sha256"})


def test_every_code_says_why_and_what_to_do_in_both_languages():
    assert sorted(set(CODES) - CODES_WITH_ADVICE) == [], "add a row in signing/advice.py"
    assert sorted(CODES_WITH_ADVICE - set(CODES)) == []
    assert all(all(vars(advice(code)).values()) for code in CODES)


@pytest.mark.parametrize(
    "label, moment, main, sub",
    [("biz", NOW, "total-passed", None), ("bizrev", NOW, "total-failed", "REVOKED")],
    ids=["good", "revoked"],
)
async def test_the_etsi_form_tells_our_verdict(pki, label, moment, main, sub):
    content = await signing.sign_paper(make.pdf(), pki.signer(label), tsa=pki.tsa())
    report = check(content, Policy(at=moment, trust=pki.trust, evidence=pki.evidence()))
    root = ET.fromstring(signing.to_etsi(report))
    status = root.find(f"{VR}SignatureValidationReport/{VR}SignatureValidationStatus")
    assert root.tag == f"{VR}ValidationReport"
    assert status.findtext(f"{VR}MainIndication") == f"urn:etsi:019102:mainindication:{main}"
    assert status.findtext(f"{VR}SubIndication") == (sub and f"urn:etsi:019102:subindication:{sub}")
    pointed = {part.get("VOReference") for part in root.iter() if part.get("VOReference")}
    assert pointed
    assert pointed <= {part.get("id") for part in root.iter(f"{VR}ValidationObject")}


def test_without_a_signature_there_is_nothing_to_put_into_the_etsi_form():
    with pytest.raises(ValueError, match="no signature"):
        signing.to_etsi(check(make.pdf(), Policy(at=NOW)))


async def test_a_name_that_xml_cannot_hold_does_not_break_the_form(signed, policy):
    from dataclasses import replace

    report = check(signed, policy)
    row = report.signatures[0]
    odd = replace(row, field="a\x00<b>\ud800", signer=replace(row.signer, cn="\x1b]]>"))
    root = ET.fromstring(signing.to_etsi(replace(report, signatures=(odd,))))
    assert root.findtext(f".//{VR}DAIdentifier") == "a?<b>?"


@pytest.mark.parametrize(
    "code, result",
    [(BUSINESS, "BOUND"), (f"{BUSINESS}-001", "MST_BRANCH_ONLY"), (OTHER, "MST_MISMATCH")],
    ids=["own", "branch", "other"],
)
def test_the_best_binding_of_all_signatures_is_told(signed, policy, code, result):
    told = signing.binding_of(check(signed, policy), code)
    assert (told["tax_code"], told["result"], [each["result"] for each in told["signatures"]]) == (code, result, [result])


def test_nobody_is_bound_by_a_file_without_signature(policy):
    assert signing.binding_of(check(make.pdf(), policy), BUSINESS)["result"] == "NONE"


def test_a_terminal_is_told_loudly_when_only_integrity_was_checked(signed, policy):
    assert "INTEGRITY ONLY" in signing.as_text(check(signed, Policy(at=NOW - timedelta(days=1), integrity_only=True)))
    assert "INTEGRITY" not in signing.as_text(check(signed, policy))
