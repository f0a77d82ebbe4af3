"""What makes a file acceptable, and which papers are missing. Pure.

Three-valued on purpose: a signature whose status could not be learnt is UNKNOWN, neither good nor bad. It may be handed
in; it may not be received until it is known or an official has taken it upon himself, with reasons.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.catalogue.procedure import PaperNeed
from app.core.errors import Problem
from app.core.text import Text
from signing.binding import Binding, bound_to
from signing.codes import CODES
from signing.model import Indication, Report, Signature, Verdict


class FileState(StrEnum):
    """A file waits for its check, or has been checked."""

    CHECKING = "checking"
    CHECKED = "checked"


class Own(StrEnum):
    """What the filer's own signature on a file is worth."""

    VALID = "VALID"
    UNKNOWN = "UNKNOWN"
    PARTIAL = "PARTIAL"
    OTHER = "OTHER"
    NONE = "NONE"


class Acceptance(StrEnum):
    """Whether a file may be part of a dossier."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class File(Protocol):
    """What the rules look at: a `Document`, or anything shaped like it."""

    paper: str
    place: int
    row: int | None
    state: str
    verdict: str | None
    binding: str | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a file is worth, why, and what to do about it."""

    acceptance: Acceptance
    reason: Text


_CHECKING = Judgement(
    Acceptance.UNKNOWN,
    Text("Hệ thống đang kiểm tra tệp này.", "This file is being checked."),
)
_FINE = Judgement(Acceptance.ACCEPTED, Text("Tệp hợp lệ.", "The file is in order."))
_SIGNED = Judgement(
    Acceptance.ACCEPTED,
    Text(
        "Chữ ký số của doanh nghiệp hợp lệ và bao trùm toàn bộ tệp.",
        "The enterprise's digital signature is valid and covers the whole file.",
    ),
)
_OVERRIDDEN = Judgement(
    Acceptance.ACCEPTED,
    Text(
        "Chưa xác minh được chữ ký; cán bộ có thẩm quyền đã chấp nhận và ghi rõ lý do.",
        "The signature could not be verified; an authorised official accepted it and recorded why.",
    ),
)
_NOT_KNOWN = Judgement(
    Acceptance.UNKNOWN,
    Text(
        "Chưa xác minh được chữ ký số của doanh nghiệp. Bạn vẫn nộp được hồ sơ; hệ thống sẽ tự kiểm tra lại.",
        "The enterprise's signature could not be verified yet. You may submit; it will be checked again by itself.",
    ),
)
_OTHERS_UNKNOWN = Judgement(
    Acceptance.ACCEPTED,
    Text(
        "Có chữ ký chưa xác minh được; giấy tờ này không bắt buộc doanh nghiệp ký số.",
        "A signature could not be verified; this paper need not carry the enterprise's signature.",
    ),
)
_REFUSED = {
    Own.NONE: Text(
        "Giấy tờ này phải có chữ ký số của doanh nghiệp nhưng tệp chưa được ký. Hãy ký số rồi tải lên lại.",
        "This paper needs the enterprise's digital signature and the file carries none. Sign it and upload it again.",
    ),
    Own.OTHER: Text(
        "Không chữ ký nào trên tệp thuộc mã số thuế của doanh nghiệp nộp hồ sơ. "
        "Hãy ký bằng chứng thư của doanh nghiệp rồi tải lên lại.",
        "No signature on the file belongs to the tax code that files. "
        "Sign with the enterprise's certificate and upload it again.",
    ),
    Own.PARTIAL: Text(
        "Chữ ký số của doanh nghiệp không bao trùm toàn bộ tệp. Hãy ký lại bản cuối cùng rồi tải lên lại.",
        "The enterprise's signature does not cover the whole file. Sign the final version and upload it again.",
    ),
}
_UPLOAD_ANOTHER = Text(" Hãy tải lên tệp khác.", " Upload another file.")


def own_signature(report: Report, tax_code: str) -> Own:
    """The best that the filer's signatures on this file are worth; nothing where trust was only assumed."""
    if report.integrity_only or not report.signatures:
        return Own.NONE
    own = [s for s in report.signatures if bound_to(s.signer, tax_code) is Binding.BOUND]
    if not own:
        return Own.OTHER
    whole = [s for s in own if s.covers_document]
    if any(_good(s) for s in whole):
        return Own.VALID
    return Own.UNKNOWN if whole else Own.PARTIAL


def _good(signature: Signature) -> bool:
    return signature.indication is Indication.TOTAL_PASSED


def refusal_of(report: Report) -> str | None:
    """The code that keeps the file out whatever else is right with it, or None."""
    if report.refusals:
        return report.refusals[0].code
    if report.verdict in {Verdict.INVALID, Verdict.UNREADABLE}:
        findings = [*report.findings, *(f for s in report.signatures for f in s.findings)]
        forcing = [f.code for f in findings if CODES[f.code].forces is report.verdict]
        return forcing[0] if forcing else "SIG_FORMAT"
    return None


def judge(file: File, *, must_be_signed: bool, overridden: bool = False) -> Judgement:
    """What one file is worth. `must_be_signed`: by the filer, over the whole file."""
    if file.state != FileState.CHECKED:
        return _CHECKING
    if file.refusal is not None:
        return Judgement(Acceptance.REFUSED, refusal_text(file.refusal))
    if not must_be_signed:
        return _OTHERS_UNKNOWN if file.verdict == Verdict.INDETERMINATE else _FINE
    own = Own(file.binding or Own.NONE)
    if own is Own.VALID:
        return _SIGNED
    if own is Own.UNKNOWN:
        return _OVERRIDDEN if overridden else _NOT_KNOWN
    return Judgement(Acceptance.REFUSED, _REFUSED[own])


def refusal_text(code: str) -> Text:
    """What is wrong with the file, and what to do."""
    known = CODES.get(code)
    what = Text(known.vi, known.en) if known else FORMAT_TEXTS[code]
    return Text(what.vi.rstrip(".") + "." + _UPLOAD_ANOTHER.vi, what.en.rstrip(".") + "." + _UPLOAD_ANOTHER.en)


# Codes for files that are no PDF; the PDF's own codes live with the engine.
FORMAT_TEXTS = {
    "FILE_KIND_MISMATCH": Text(
        "Nội dung tệp không đúng với phần mở rộng của tên tệp",
        "The content of the file is not what its name says",
    ),
    "FILE_MACROS": Text("Tệp chứa macro", "The file contains macros"),
}


def places_needed(need: PaperNeed, answers: Mapping[str, object]) -> list[tuple[int, int | None]]:
    """Every (place, row) that a needed paper asks for."""
    per = need.paper.per
    rows: Sequence[int | None] = [None] if per is None else list(range(_length(answers.get(per))))
    return [(place, row) for row in rows for place in range(len(need.paper.formats))]


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else 0


def missing_papers(needs: Iterable[PaperNeed], files: Sequence[File], answers: Mapping[str, object]) -> list[Problem]:
    """One problem for every file that is required and not there."""
    given = {(file.paper, file.place, file.row) for file in files}
    return [
        Problem(need.paper.id, "paper-missing", _missing_text(need, place))
        for need in needs
        if need.required
        for place, row in places_needed(need, answers)
        if (need.paper.id, place, row) not in given
    ]


def _missing_text(need: PaperNeed, place: int) -> Text:
    kinds = "/".join(need.paper.formats[place])
    template = Text(
        "Thiếu giấy tờ “{name}” (tệp {kinds}). Hãy tải lên.",
        "The paper “{name}” ({kinds} file) is missing. Upload it.",
    )
    name = need.paper.name
    return Text(template.vi.format(name=name.vi, kinds=kinds), template.en.format(name=name.en, kinds=kinds))


def refused_files(needs: Iterable[PaperNeed], files: Sequence[File]) -> list[Problem]:
    """One problem for every file that must not be part of a dossier. Not yet known is no refusal."""
    signed = signed_places(needs)
    judged = [(file, judge(file, must_be_signed=(file.paper, file.place) in signed)) for file in files]
    return [
        Problem(file.paper, "paper-refused", judgement.reason)
        for file, judgement in judged
        if judgement.acceptance is Acceptance.REFUSED
    ]


def unknown_files(needs: Iterable[PaperNeed], files: Sequence[File], overridden: frozenset[object]) -> list[Problem]:
    """One problem for every file whose worth is not known yet. `overridden`: ids accepted by an official."""
    signed = signed_places(needs)
    return [
        Problem(file.paper, "paper-unknown", judgement.reason)
        for file in files
        if (
            judgement := judge(
                file,
                must_be_signed=(file.paper, file.place) in signed,
                overridden=getattr(file, "id", None) in overridden,
            )
        ).acceptance
        is Acceptance.UNKNOWN
    ]


def signed_places(needs: Iterable[PaperNeed]) -> frozenset[tuple[str, int]]:
    """The (paper, place) pairs that must carry the filer's signature."""
    return frozenset((need.paper.id, place) for need in needs for place in need.signed_places)
