"""Which enterprise a certificate names. All subjects and 99… codes are invented; the others are public tax codes."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import core as asn1core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from signing.binding import (
    UID,
    Binding,
    Identity,
    TaxCode,
    bound_to,
    bound_to_person,
    check_digit,
    identify,
    identity,
    split_tax_code,
)

CN, O = "2.5.4.3", "2.5.4.10"  # noqa: E741
KEY = ec.generate_private_key(ec.SECP256R1())
OIDS = {
    "CN": CN,
    "O": O,
    "UID": UID,
    "OID.0.9.2342.19200300.100.1.1": UID,
    "C": "2.5.4.6",
    "ST": "2.5.4.8",
    "L": "2.5.4.7",
    "OU": "2.5.4.11",
    "T": "2.5.4.12",
    "EMAILADDRESS": "1.2.840.113549.1.9.1",
}


def table(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / "data" / name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


SUBJECTS, VECTORS = table("signer-subjects.csv"), table("tax-code-vectors.csv")


def certificate(printed: str, *, backwards: bool = False) -> asn1.Certificate:
    """A real one with the subject as it is printed: commas between RDNs, plus signs inside, quotes around a value."""
    rdns = re.findall(r'((?:[^,"]|"[^"]*")+)', printed)
    groups = [[tuple(pair.split("=", 1)) for pair in re.split(r'\+(?=(?:[^"]*"[^"]*")*[^"]*$)', rdn)] for rdn in rdns]
    return made_of(list(reversed(groups)) if backwards else groups)


def made_of(groups) -> asn1.Certificate:
    def pair(key: str, value: str) -> x509.NameAttribute:
        return x509.NameAttribute(x509.ObjectIdentifier(OIDS[key]), value.strip('"'), _validate=False)

    name = x509.Name([x509.RelativeDistinguishedName([pair(*each) for each in group]) for group in groups])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, KEY.public_key(), 7, day, day.replace(year=2027)).sign(KEY, hashes.SHA256())
    return asn1.Certificate.load(made.public_bytes(serialization.Encoding.DER))


def subject(*values: str, cn: str = "CÔNG TY MẪU THỬ") -> Identity:
    return identify([("2.5.4.6", "VN"), *((UID, value) for value in values), (CN, cn), (O, cn)])


@pytest.mark.parametrize(
    "values, mst, branch, cccd, cmnd",
    [
        (["MST:9900000016"], "9900000016", None, None, None),
        (["MST:9900000023-001"], "9900000023", "001", None, None),
        (["MST:9900000023-001", "CCCD:001200000001"], "9900000023", "001", "001200000001", None),
        (["CMND:000000001", "MST:9900000023"], "9900000023", None, None, "000000001"),
        (["CMND:001200000002", "MST:9900000023"], "9900000023", None, None, "001200000002"),
        (["CCCD:001200000003"], None, None, "001200000003", None),
        (["mst:9900000016"], "9900000016", None, None, None),
        (["MST: 9900000016 "], "9900000016", None, None, None),
        (["MST:9900000016-CMND:001200000002"], "9900000016", None, None, "001200000002"),
        (["MST:9900000023-001-CCCD:001200000001"], "9900000023", "001", "001200000001", None),
        (["CCCD:001200000001;MST:9900000016"], "9900000016", None, "001200000001", None),
        (["9900000016"], "9900000016", None, None, None),
        (["9900000023-001", "001200000001"], "9900000023", "001", "001200000001", None),
        (["MST:9900000016", "9900000023"], "9900000016", None, None, None),
        (["CCCD:001200000001", "CCCD:001200000009"], None, None, None, None),
        (["CCCD:001200000001", "CCCD:001200000001"], None, None, "001200000001", None),
        (["0.9.2342.MST:9900000016"], "9900000016", None, None, None),
    ],
)
def test_identifiers_are_read_from_the_attribute(values, mst, branch, cccd, cmnd):
    found = subject(*values)

    assert (found.mst, found.branch, found.cccd, found.cmnd) == (mst, branch, cccd, cmnd)


def test_passport_and_budget_unit_are_read_too():
    assert subject("HC:X0000001", "MST:9900000030").passport == "X0000001"
    assert subject("MST:9900000048", "MNS:1000001").mns == "1000001"


@pytest.mark.parametrize(
    "values, status",
    [
        ([], TaxCode.MISSING),
        (["MST:9900000016", "MST:9900000023"], TaxCode.AMBIGUOUS),
        (["MST:9900000017"], TaxCode.MALFORMED),
        (["MST:990000001"], TaxCode.MALFORMED),
        (["MST:99000000161"], TaxCode.MALFORMED),
        (["MST:9900000016-0011"], TaxCode.MALFORMED),
        (["MST:9900000016-00"], TaxCode.MALFORMED),
        (["MST:9900000016-000"], TaxCode.MALFORMED),
        (["MST:9900000016", "MST:99000000161"], TaxCode.MALFORMED),
        (["MST:９９０００００００１６"], TaxCode.MALFORMED),
        (["M\u017fT:9900000016"], TaxCode.MALFORMED),
        (["\u041c\u0405\u0422:9900000016"], TaxCode.MISSING),
        (["MST\u02d0 9900000016"], TaxCode.MISSING),
        (["9900000017"], TaxCode.MISSING),
        (["9900000016", "9900000023"], TaxCode.AMBIGUOUS),
        (["MST:9900000016", "MST:9900000016"], TaxCode.OK),
    ],
)
def test_a_doubtful_tax_code_binds_nobody(values, status):
    found = subject(*values)

    assert found.tax_code is status
    assert (found.mst is not None) == (status is TaxCode.OK)


def test_text_that_looks_like_an_attribute_inside_the_name_is_only_a_name():
    assert subject("MST:9900000055", cn="UID=MST:9900000016,O=CÔNG TY GIẢ").mst == "9900000055"


@pytest.mark.parametrize("row", SUBJECTS, ids=lambda row: row["id"])
def test_every_form_of_subject_is_read_from_a_real_certificate(row):
    found = identity(certificate(row["subject"]).subject)

    for name in ("mst", "branch", "cccd", "cmnd", "passport", "mns", "cn"):
        assert (getattr(found, name) or "") == row[f"expected_{name}"], name
    outcomes = {"no tax code": TaxCode.MISSING, "ambiguous": TaxCode.AMBIGUOUS, "invalid tax code": TaxCode.MALFORMED}
    if row["expected_outcome"] in outcomes:
        assert found.tax_code is outcomes[row["expected_outcome"]]


@pytest.mark.parametrize("row", SUBJECTS, ids=lambda row: row["id"])
def test_the_order_of_a_subject_does_not_matter(row):
    forwards, backwards = certificate(row["subject"]), certificate(row["subject"], backwards=True)

    assert identity(forwards.subject) == identity(backwards.subject)


@pytest.mark.parametrize("row", SUBJECTS, ids=lambda row: row["id"])
def test_a_business_is_bound_by_its_code_and_nobody_else(row):
    found = identity(certificate(row["subject"]).subject)
    filer = "-".join(part for part in (row["expected_mst"], row["expected_branch"]) if part)

    assert bound_to(found, filer) is (Binding.BOUND if filer else Binding.NONE)
    assert bound_to(found, "0100109106") is (Binding.MST_MISMATCH if filer else Binding.NONE)
    if row["expected_cccd"]:
        assert bound_to_person(found, [row["expected_cccd"]]) is Binding.BOUND


@pytest.mark.parametrize(
    "text",
    [
        "MST:9900000016",
        "UID=MST:9900000016",
        "0.9.2342.19200300.100.1.1=MST:9900000016",
        "CÔNG TY, UID=MST:9900000016",
        "CÔNG TY+UID=MST:9900000016",
        "CÔNG TY\nUID=MST:9900000016",
        "\u202eMST:9900000016",
        "9900000016",
    ],
)
@pytest.mark.parametrize("attribute", ["CN", "O", "OU", "T"])
def test_text_elsewhere_in_the_subject_never_binds(attribute, text):
    names = [(attribute, text), ("UID", "MST:9900000055")]
    found, without = (identity(made_of([[pair] for pair in pairs]).subject) for pairs in (names, names[:1]))

    assert (found.mst, bound_to(found, "9900000016")) == ("9900000055", Binding.MST_MISMATCH)
    assert (without.mst, bound_to(without, "9900000016")) == (None, Binding.NONE)


@pytest.mark.parametrize("text", ["utf8_string", "printable_string", "bmp_string", "teletex_string", "universal_string"])
def test_the_kind_of_string_does_not_matter(text):
    value = asn1.DirectoryString(name=text, value={"printable_string": asn1core.PrintableString}.get(text, str)("MST:9900000016"))
    name = asn1.Name("", asn1.RDNSequence([asn1.RelativeDistinguishedName([{"type": "user_id", "value": value}])]))

    assert identity(asn1.Name.load(name.dump())).mst == "9900000016"


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: repr(row["code"]))
def test_the_vectors_of_tax_codes(row):
    """A row with blanks around it says: trim first."""
    code = row["code"].strip(" ")
    expected = tuple((*code.split("-"), None)[:2]) if row["valid_enterprise"] == "yes" or code != row["code"] else None

    assert split_tax_code(row["code"]) == expected
    if row["expected_check_digit"]:
        assert check_digit(code[:9]) == int(row["expected_check_digit"])


@pytest.mark.parametrize(
    "code", ["0100109106", "0100686209", "0104359717", "0301824642", "0313994173", "0319303270", "0400260612", " 0100109106 "]
)
def test_codes_in_use_are_well_formed(code):
    assert split_tax_code(code) == (code.strip(), None)


@pytest.mark.parametrize("code", ["0100109106-001", "0100686209-001", "0104359717-001"])
def test_a_branch_code_is_ten_and_three(code):
    assert split_tax_code(code) == tuple(code.split("-"))


@pytest.mark.parametrize(
    "code",
    [
        *("0100109107", "0100686200", "0104359718", "0301824643", "0313994174", "0319303271", "0400260613"),  # check digit
        *("0108606209", "0105349717"),  # two digits swapped
        *("9900000070", "9900000071", "9900000190", "9900000191", "9900000200", "9900000201"),  # prefix never issued
        *("9900010008", "9900010015", "9900010022"),  # right only with the wrong formula
        *("010010910", "01001091066", "010010910A", "", "0100109106-000", "0100109106-1", "0100109106001"),
        *("０１００１０９１０６", "001200000001", "0100109106\n"),  # full-width digits; a person's number; a line end
    ],
)
def test_anything_else_is_no_tax_code(code):
    assert split_tax_code(code) is None


def test_a_sum_that_gives_ten_is_not_issued():
    assert check_digit("990000007") is None


@pytest.mark.parametrize(
    "certificate, filer, answer",
    [
        ("9900000016", "9900000016", Binding.BOUND),
        ("9900000023-001", "9900000023-001", Binding.BOUND),
        ("9900000023", "9900000023-001", Binding.MST_BRANCH_ONLY),
        ("9900000023-001", "9900000023", Binding.MST_BRANCH_ONLY),
        ("9900000023-002", "9900000023-001", Binding.MST_BRANCH_ONLY),
        ("9900000016", "9900000023", Binding.MST_MISMATCH),
        ("9900000017", "9900000016", Binding.NONE),
        ("9900000016", "khong phai", Binding.NONE),
    ],
)
def test_a_signer_is_bound_to_the_filer_by_the_code_alone(certificate, filer, answer):
    assert bound_to(subject(f"MST:{certificate}"), filer) is answer


def test_nobody_is_bound_to_a_signature_that_could_not_be_read():
    assert bound_to(None, "9900000016") is Binding.NONE


def test_a_personal_certificate_is_bound_to_a_representative():
    person = subject("CCCD:001200000001")

    assert bound_to_person(person, ["001200000001"]) is Binding.BOUND
    assert bound_to_person(person, ["001200000009"]) is Binding.PERSON_MISMATCH
    assert bound_to_person(subject("MST:9900000016"), ["001200000001"]) is Binding.NONE
