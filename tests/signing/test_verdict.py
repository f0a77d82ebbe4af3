"""The verdict is closed: anything not positively known keeps a signature from passing."""

from dataclasses import fields, replace

import pytest

from signing import Verdict
from signing.codes import CODES, finding
from signing.model import Indication
from signing.verdict import Positive, conclude, indicate

ALL = Positive(**dict.fromkeys((f.name for f in fields(Positive)), True))


def test_all_facts_positive_pass():
    assert indicate(ALL, []) == (Indication.TOTAL_PASSED, None)


@pytest.mark.parametrize("fact", [f.name for f in fields(Positive)])
@pytest.mark.parametrize("value", [None, False])
def test_one_fact_missing_or_bad_does_not_pass(fact, value):
    assert indicate(replace(ALL, **{fact: value}), [])[0] is Indication.INDETERMINATE


@pytest.mark.parametrize(
    "codes, verdict",
    [
        (["CERT_UNTRUSTED"], Verdict.INDETERMINATE),
        (["CERT_UNTRUSTED", "SIG_HASH_MISMATCH"], Verdict.INVALID),
        (["ENGINE_ERROR", "CERT_UNTRUSTED"], Verdict.UNREADABLE),
        (["ENGINE_ERROR", "DOC_TRAILING_BYTES"], Verdict.INVALID),
        (["DOC_NO_SIGNATURE"], Verdict.UNSIGNED),
        ([], Verdict.INDETERMINATE),
    ],
)
def test_the_worst_finding_decides(codes, verdict):
    assert conclude([finding(code) for code in codes], []) is verdict


def test_a_document_without_any_signature_is_never_valid():
    assert conclude([finding("DOC_LENIENT_PARSE")], []) is Verdict.INDETERMINATE


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_speaks_both_languages(code):
    assert code.vi
    assert code.en
    assert code.vi != code.en
