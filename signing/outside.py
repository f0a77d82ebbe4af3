"""A file comes back from the signer's own program: whether it is what we gave, plus one signature."""

import hashlib

from pyhanko.sign.diff_analysis import DiffResult
from pyhanko.sign.fields import MDPPerm

from signing import reader
from signing.limits import Limits
from signing.model import Coverage, Report, Role, Signature, Verdict
from signing.policy import DIFFERENCES


def problem_of(
    prepared: bytes, signed: bytes, report: Report, *, certificate: bytes = b"", person_id: str = "", budget_code: str = ""
) -> str | None:
    """Why the file may not be taken back, as a word; None when it may.

    `report` is of `signed`, at this moment, for officials only. The signer is known by his registered certificate (DER), by
    the personal number in it, or, a state body, by its budget-unit code; one of the three is given.

    other-bytes: not our file, or saved anew · not-valid: see the report · not-one: none or several signatures ·
    more-than-a-signature: something else was changed as well · another-signer · certifies: such a signature
    changes what the file permits; the seal that follows needs an ordinary one.
    """
    if len(signed) <= len(prepared) or not signed.startswith(prepared):
        return "other-bytes"
    if len(report.signatures) != 1:
        return "not-one"
    signature = report.signatures[0]
    if (
        report.verdict is not Verdict.VALID
        or signature.coverage is not Coverage.ENTIRE_FILE
        or signature.role is not Role.OFFICIAL
    ):
        return "not-valid"
    if not _is(signature, certificate, person_id, budget_code):
        return "another-signer"
    return _additions(signed)


def _is(signature: Signature, certificate: bytes, person_id: str, budget_code: str) -> bool:
    signer = signature.signer
    if signer is None:
        return False
    if certificate:
        return signer.certificate_sha256 == hashlib.sha256(certificate).hexdigest()
    if budget_code:
        return signer.mns == budget_code
    return bool(person_id) and signer.person_id == person_id


def _additions(signed: bytes) -> str | None:
    """What was written before the signature was closed is covered by it, so nothing but this comparison would tell."""
    pdf = reader.open_pdf(signed, Limits(), strict=True)
    if pdf.embedded_signatures[0].docmdp_level is not None:
        return "certifies"
    result = DIFFERENCES.review_file(pdf, pdf.get_historical_resolver(0), doc_mdp=MDPPerm.FILL_FORMS)
    return None if isinstance(result, DiffResult) else "more-than-a-signature"
