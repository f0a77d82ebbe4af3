"""What a report looks like from outside: the schema it keeps, the ETSI form of it, the words for each code."""

import json
from dataclasses import fields, is_dataclass
from datetime import timedelta
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from pyhanko.generated.etsi import ts_11910202
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.serializers import XmlSerializer

import signing
from signing import Policy, check
from signing.advice import CODES_WITH_ADVICE, advice
from signing.codes import CODES
from tests import make
from tests.pki import BUSINESS, NOW, OTHER
from tests.signing import odd

SUBINDICATIONS = frozenset(
    [
        "FORMAT_FAILURE",
        "HASH_FAILURE",
        "SIG_CRYPTO_FAILURE",
        "REVOKED",
        "EXPIRED",
        "NOT_YET_VALID",
        "SIG_CONSTRAINTS_FAILURE",
        "CHAIN_CONSTRAINTS_FAILURE",
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
        "CRYPTO_CONSTRAINTS_FAILURE",
        "POLICY_PROCESSING_ERROR",
        "SIGNATURE_POLICY_NOT_AVAILABLE",
        "TIMESTAMP_ORDER_FAILURE",
        "NO_SIGNING_CERTIFICATE_FOUND",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "REVOKED_NO_POE",
        "REVOKED_CA_NO_POE",
        "OUT_OF_BOUNDS_NOT_REVOKED",
        "OUT_OF_BOUNDS_NO_POE",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "NO_POE",
        "TRY_LATER",
        "SIGNED_DATA_NOT_FOUND",
        "GENERIC",
    ]
)
"""ETSI EN 319 102-1, tables 5 and 6."""
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


def unmet(part: object) -> list[str]:
    """What the schema asks of a parsed element and its children that is not there."""
    if not is_dataclass(part):
        return []
    lacking = []
    for known in fields(part):
        value, asked = getattr(part, known.name), known.metadata
        is_empty = value is None or value == ()
        if is_empty and (asked.get("required") or (asked.get("min_occurs") and "sequence" not in asked)):
            lacking.append(f"{type(part).__name__}.{known.name}")
        for each in value if isinstance(value, tuple) else (value,):
            lacking += unmet(each)
    return lacking


@pytest.mark.parametrize("state", ["good", "unknown", "integrity-only", "broken", "stamped"])
async def test_the_etsi_form_keeps_the_schema(pki, policy, signed, state):
    """The XSD is not free to copy: the engine's bindings, generated from it, know every element, its type and its place."""
    content = await odd.stamped(pki, signed) if state == "stamped" else signed
    if state == "broken":  # nobody's signature at no time
        at = content.index(b"/Contents <") + 11
        content = content[:at] + b"00" * 20 + content[at + 40 :]
    asked = {"unknown": Policy(at=NOW, trust=pki.trust), "integrity-only": Policy(at=NOW, integrity_only=True)}
    made = signing.to_etsi(check(content, asked.get(state, policy)))

    strict = ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True, fail_on_converter_warnings=True)
    read = XmlParser(config=strict).from_bytes(made, ts_11910202.ValidationReport)
    assert unmet(read) == []
    empty = [part.signature_attributes == ts_11910202.SignatureAttributesType() for part in read.signature_validation_report]
    assert empty == [False] * len(read.signature_validation_report)
    names = [element.tag for element in ET.fromstring(made).iter()]
    assert names == [element.tag for element in ET.fromstring(XmlSerializer().render(read)).iter()], "another order"


def test_every_subindication_is_one_of_the_standard():
    assert {code.subindication for code in CODES.values()} - {None} <= SUBINDICATIONS


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
