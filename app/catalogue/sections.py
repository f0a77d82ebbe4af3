"""The sections of a definition that may be changed with forms, and what each asks. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel

from app.catalogue.definition import (
    Check,
    Citation,
    Fee,
    FeesUnknown,
    FormField,
    LeadTime,
    Option,
    Paper,
    Refusal,
    Result,
    Stage,
    Step,
    Supplement,
    Variant,
)
from app.catalogue.procedure import Procedure
from app.core.text import Text


class Section(StrEnum):
    """A page of the editor."""

    GENERAL = "general"
    LEGAL = "legal"
    FIELDS = "fields"
    OPTIONS = "options"
    PAPERS = "documents"
    CHECKS = "checks"
    FEES = "fees"
    CLOCK = "clock"
    STEPS = "process"
    RESULT = "result"


SECTION_NAME = {
    Section.GENERAL: Text("Thông tin chung, hiệu lực", "General, in force from"),
    Section.LEGAL: Text("Căn cứ pháp lý", "Legal basis"),
    Section.FIELDS: Text("Trường của tờ khai", "Fields of the form"),
    Section.OPTIONS: Text("Lựa chọn của các trường", "Options of the fields"),
    Section.PAPERS: Text("Giấy tờ", "Papers"),
    Section.CHECKS: Text("Điều kiện kiểm tra", "Checks"),
    Section.FEES: Text("Phí, lệ phí", "Fees"),
    Section.CLOCK: Text("Thời hạn", "Time limits"),
    Section.STEPS: Text("Quy trình nội bộ", "Internal process"),
    Section.RESULT: Text("Kết quả", "Result"),
}
MOVABLE = frozenset({Section.FIELDS, Section.OPTIONS, Section.PAPERS, Section.CHECKS, Section.STEPS})


class Control(StrEnum):
    """How a value is asked for."""

    LINE = "line"
    AREA = "area"
    TICK = "tick"
    NUMBER = "number"
    CHOICE = "choice"
    DAY = "day"


Shape = Sequence[tuple[str, Control]]


@dataclass(frozen=True, slots=True)
class Single:
    """What stands once in a section, beside its list."""

    place: str
    title: Text
    model: type[BaseModel]
    shape: Shape


_LINE, _AREA, _TICK, _NUMBER, _CHOICE, _DAY = Control
_GENERAL: Shape = (
    ("title", _LINE),
    ("summary", _AREA),
    ("sector", _LINE),
    ("valid_from", _DAY),
    ("valid_to", _DAY),
    ("decision", _LINE),
    ("migration", _CHOICE),
    ("code.national", _LINE),
    ("authority.decides", _CHOICE),
)
_GROUND: Shape = (("legal", _CHOICE), ("certainty", _LINE))
_TIME: Shape = (("length", _NUMBER), ("unit", _CHOICE))
SHAPES: Mapping[Section, Shape] = {
    Section.LEGAL: (("cite", _LINE), ("url", _LINE), ("certainty", _LINE)),
    Section.FIELDS: (
        ("label", _LINE),
        ("help", _LINE),
        ("page", _CHOICE),
        ("required", _TICK),
        ("required_if", _LINE),
        ("show_if", _LINE),
    ),
    Section.OPTIONS: (("label", _LINE),),
    Section.PAPERS: (
        ("name", _LINE),
        ("help", _LINE),
        ("required", _TICK),
        ("required_if", _LINE),
        ("max_mb", _NUMBER),
        *_GROUND,
    ),
    Section.CHECKS: (("message", _LINE), ("assert", _LINE), ("field", _CHOICE), ("effect", _CHOICE), *_GROUND),
    Section.FEES: (
        ("title", _LINE),
        ("amount", _LINE),
        ("when", _CHOICE),
        ("unpaid_after.length", _NUMBER),
        ("unpaid_after.unit", _CHOICE),
        ("unpaid_after.then", _CHOICE),
        *_GROUND,
    ),
    Section.CLOCK: (
        ("title", _LINE),
        *_TIME,
        ("starts_on", _CHOICE),
        ("only_if", _LINE),
        ("supplement.policy", _CHOICE),
        ("supplement.max_rounds", _NUMBER),
        ("supplement.reply_within.length", _NUMBER),
        ("supplement.reply_within.unit", _CHOICE),
        *_GROUND,
    ),
    Section.STEPS: (("title", _LINE), ("stage", _CHOICE), ("role", _CHOICE), ("days", _NUMBER), ("only_if", _LINE)),
    Section.RESULT: (("title", _LINE), ("statement", _AREA), ("only_if", _LINE)),
}
ADDED: Mapping[Section, Shape] = {
    Section.LEGAL: (("id", _LINE), ("cite", _LINE)),
    Section.FIELDS: (("id", _LINE), ("label", _LINE), ("type", _CHOICE), ("page", _CHOICE), ("required", _TICK)),
    Section.OPTIONS: (("field", _CHOICE), ("id", _LINE), ("label", _LINE)),
    Section.PAPERS: (("id", _LINE), ("name", _LINE)),
    Section.CHECKS: (("id", _LINE), ("message", _LINE), ("assert", _LINE), ("field", _CHOICE), ("legal", _CHOICE)),
    Section.FEES: (
        ("id", _LINE),
        ("title", _LINE),
        ("amount", _LINE),
        ("when", _CHOICE),
        ("unpaid_after.length", _NUMBER),
        ("unpaid_after.unit", _CHOICE),
        ("unpaid_after.then", _CHOICE),
        *_GROUND,
    ),
    Section.STEPS: (("id", _LINE), ("title", _LINE), ("stage", _CHOICE), ("role", _CHOICE), ("days", _NUMBER)),
}
SINGLE: Mapping[Section, Sequence[Single]] = {
    Section.GENERAL: (Single("", SECTION_NAME[Section.GENERAL], Procedure, _GENERAL),),
    Section.FEES: (
        Single("fees_unknown", Text("Mức phí đang được xác nhận", "Fee being confirmed"), FeesUnknown, (("certainty", _LINE),)),
    ),
    Section.CLOCK: (
        Single(
            "clock.intake",
            Text("Bổ sung khi tiếp nhận", "Supplement at intake"),
            Supplement,
            (
                ("policy", _CHOICE),
                ("max_rounds", _NUMBER),
                ("reply_within.length", _NUMBER),
                ("reply_within.unit", _CHOICE),
                *_GROUND,
            ),
        ),
        Single("clock.lead_time", Text("Nộp trước", "Lead time"), LeadTime, (*_TIME, ("before", _CHOICE))),
    ),
    Section.RESULT: (
        Single(
            "result",
            SECTION_NAME[Section.RESULT],
            Result,
            (
                ("title", _LINE),
                ("statement", _AREA),
                ("template", _CHOICE),
                ("term.years", _NUMBER),
                ("term.months", _NUMBER),
                ("term.certainty", _LINE),
            ),
        ),
        Single(
            "result.refusal",
            Text("Văn bản từ chối", "Refusal letter"),
            Refusal,
            (("title", _LINE), ("statement", _AREA)),
        ),
    ),
}
MODEL: Mapping[Section, type[BaseModel]] = {
    Section.LEGAL: Citation,
    Section.FIELDS: FormField,
    Section.OPTIONS: Option,
    Section.PAPERS: Paper,
    Section.CHECKS: Check,
    Section.FEES: Fee,
    Section.CLOCK: Stage,
    Section.STEPS: Step,
    Section.RESULT: Variant,
}
LISTS = {section: section.value for section in Section} | {
    Section.CLOCK: "clock.stages",
    Section.RESULT: "result.variants",
    Section.OPTIONS: "fields",
}
"""Where the list of a section stands."""
