"""Which enterprise a certificate names. All subjects and 99… codes are invented; the others are public tax codes."""

import pytest
from asn1crypto import x509

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
        (["MST:9900000016-CMND:001200000002"], "9900000016", None, None, None),
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
        (["MST:9900000016", "MST:9900000016"], TaxCode.OK),
    ],
)
def test_a_doubtful_tax_code_binds_nobody(values, status):
    found = subject(*values)

    assert found.tax_code is status
    assert (found.mst is not None) == (status is TaxCode.OK)


def test_text_that_looks_like_an_attribute_inside_the_name_is_only_a_name():
    assert subject("MST:9900000055", cn="UID=MST:9900000016,O=CÔNG TY GIẢ").mst == "9900000055"


@pytest.mark.parametrize("together", [True, False])
def test_the_order_and_grouping_of_the_subject_do_not_matter(together):
    pairs = [
        x509.NameTypeAndValue({"type": "user_id", "value": x509.DirectoryString("utf8_string", "MST:9900000016")}),
        x509.NameTypeAndValue({"type": "common_name", "value": x509.DirectoryString("utf8_string", "CÔNG TY")}),
    ]
    groups = [pairs] if together else [[pair] for pair in reversed(pairs)]
    name = x509.Name("", x509.RDNSequence([x509.RelativeDistinguishedName(group) for group in groups]))

    assert (identity(name).mst, identity(name).cn) == ("9900000016", "CÔNG TY")


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
