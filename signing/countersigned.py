"""A file of ours comes back from an enterprise: whether it is what we gave, plus one valid signature of that enterprise."""

from pyhanko.sign.diff_analysis import DiffResult
from pyhanko.sign.fields import MDPPerm

from signing import reader
from signing.binding import Binding, bound_to
from signing.limits import Limits
from signing.model import Coverage, Indication, Report, Role
from signing.policy import DIFFERENCES


def problem_of(given: bytes, back: bytes, report: Report, *, tax_code: str) -> str | None:
    """Why the file may not be taken, as a word; None when it may. `report` is of `back`, for enterprises and officials.

    other-bytes: not our file, or saved anew · not-one: none or several signatures were added · not-valid: see the report ·
    another-signer: not this enterprise's · certifies, more-than-a-signature: something else was changed as well.
    """
    if len(back) <= len(given) or not back.startswith(given):
        return "other-bytes"
    before = reader.open_pdf(given, Limits(), strict=True)
    if len(report.signatures) != len(before.embedded_signatures) + 1:
        return "not-one"
    added = report.signatures[-1]
    if added.coverage is not Coverage.ENTIRE_FILE or any(s.indication is not Indication.TOTAL_PASSED for s in report.signatures):
        return "not-valid"
    if added.role is not Role.FILER or bound_to(added.signer, tax_code) is not Binding.BOUND:
        return "another-signer"
    return _additions(back, before.xrefs.total_revisions - 1)


def _additions(back: bytes, given: int) -> str | None:
    """What was written before the signature was closed is covered by it, so nothing but this comparison would tell."""
    pdf = reader.open_pdf(back, Limits(), strict=True)
    if pdf.embedded_signatures[-1].docmdp_level is not None:
        return "certifies"
    result = DIFFERENCES.review_file(pdf, pdf.get_historical_resolver(given), doc_mdp=MDPPerm.FILL_FORMS)
    return None if isinstance(result, DiffResult) else "more-than-a-signature"
