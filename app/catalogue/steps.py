"""Stages of the legal clock and steps of the process. A piece of `definition.py`."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from app.catalogue.questions import Id, Part
from app.core.permissions import Role
from app.core.text import Text

Unit = Literal["working_day", "day", "working_hour", "instant"]
StepKind = Literal["receive", "assign", "work", "opinions", "site_inspection", "issue", "return"]
_USUAL_TITLES = {
    "receive": Text("Tiếp nhận hồ sơ", "Receive"),
    "assign": Text("Phân công thụ lý", "Assign"),
    "opinions": Text("Lấy ý kiến phối hợp", "Ask for opinions"),
    "site_inspection": Text("Kiểm tra thực tế", "Inspect the site"),
    "issue": Text("Cấp số, đóng dấu, phát hành", "Number, seal and issue"),
    "return": Text("Trả kết quả", "Return the result"),
}


class Length(Part):
    """So many units of time."""

    length: Decimal = Field(gt=0)
    unit: Unit


class Supplement(Part):
    """How a request for more papers works in a stage and what it does to the clock."""

    policy: Literal["RESTART", "EXCLUDE", "NEW_LIMIT"]
    legal: str
    max_rounds: int = Field(1, ge=1)
    reply_within: Length
    new_limit: Length | None = None
    certainty: str


class EndOf(Part):
    """Starts when another stage ends."""

    end_of: str


class SubLimit(Length):
    """A limit of its own inside a stage, over some of its steps (`a bank confirms within 5 working days`)."""

    id: str = Id
    title: Text
    steps: tuple[str, ...] = Field(min_length=1)
    legal: str
    certainty: str


class Stage(Part):
    """A stretch of the legal clock.

    `only_if`: the stage belongs to dossiers whose answers say so; which ones is settled when the dossier is received.
    `after_result`: a duty of the authority once the result is out (publishing, say); the business does not wait for it.
    """

    id: str = Id
    title: Text
    length: Decimal = Field(ge=0)
    unit: Unit
    starts_on: Literal["accepted", "paid"] | EndOf
    only_if: str | None = None
    legal: str
    supplement: Supplement | None = None
    sub_limits: tuple[SubLimit, ...] = ()
    on_expiry: Literal["escalate"] = "escalate"
    after_result: bool = False
    certainty: str

    @property
    def certain(self) -> bool:
        """Whether the length was read in a public text; anything else is never printed as law."""
        return is_certain(self.certainty)


def is_certain(certainty: str | None) -> bool:
    """Whether a mark of certainty stands for a fact read in a public text, all of it."""
    said = (certainty or "").lower()
    return said.startswith("found") and "uncertain" not in said and "to be confirmed" not in said


class LeadTime(Length):
    """A notification must arrive this long before the date in `before`."""

    before: str


class Clock(Part):
    """The staged limit, the one full notice at intake, and a lead time if any."""

    intake: Supplement
    stages: tuple[Stage, ...] = Field(min_length=1)
    lead_time: LeadTime | None = None


class Series(Part):
    """The book a result's number is taken from."""

    series: str = Field(pattern=r"^[A-ZĐ0-9-]{2,20}$")


class Parallel(Part):
    """Runs beside the other steps of its stage: from the end of one to the beginning of another."""

    starts_after: str
    joins_before: str


class ToBy(Part):
    """Which units are asked, by an answer: `field` (or `rows.column`) holds choices, `units` maps each to a unit's code."""

    field: str
    units: dict[str, str] = Field(min_length=1)
    otherwise: str | None = None


class AskedLimit(Length):
    """How long the units that are asked have."""

    legal: str
    certainty: str


class Minutes(Part):
    """The record of an inspection: who signs it, and whether photographs carry place and time."""

    sign: tuple[Literal["team_head", "applicant"], ...] = ("team_head", "applicant")
    photos: bool = False


class Correction(Part):
    """What may be put right on site: the longest time the business may be given, and what that does to the clock."""

    deadline_max: int = Field(ge=1, le=365)
    unit: Literal["working_day", "day"] = "day"
    clock: Literal["EXCLUDE"] = "EXCLUDE"
    legal: str
    certainty: str


class Produces(Part):
    """What a step ends in beside its own record: a numbered document with a text of its own and what the official writes.

    `personal`: whoever does the step signs it, then the organisation seals; else the organisation seals alone.
    """

    template: Literal["decision", "result-notice", "approval-letter"] = "decision"
    title: Text
    statement: Text
    number: Series
    sign: Literal["personal", "organisation"] = "organisation"
    certainty: str | None = None


class Step(Part):
    """One internal step; its days are working days inside its stage. `role` is the role that may do it.

    `automatic`: the portal does it by itself as soon as it opens. `to`/`to_by`: the units that get a task each
    (`opinions`); with `parallel` they work beside the other steps, else the dossier waits for them.
    """

    id: str = Id
    title: Text = Text("", "")
    role: Role = Role.CASE_OFFICER
    stage: str
    days: Decimal = Field(Decimal(0), ge=0)
    kind: StepKind = "work"
    only_if: str | None = None
    automatic: bool = False
    decides: bool = False
    drafts: bool = False
    sign: Literal["personal", "organisation"] | None = None
    number: Series | None = None
    not_same_as: str | None = None
    capacity: tuple[str, ...] = ("",)
    parallel: Parallel | None = None
    to: tuple[str, ...] = ()
    to_by: ToBy | None = None
    question: Text | None = None
    limit: AskedLimit | None = None
    silence: Literal["escalate"] = "escalate"
    produces: Produces | None = None
    minutes: Minutes | None = None
    correct: Correction | None = None
    certainty: str | None = None

    def model_post_init(self, _context: object, /) -> None:
        """The usual steps have usual names."""
        if not self.title.vi and self.kind in _USUAL_TITLES:
            object.__setattr__(self, "title", _USUAL_TITLES[self.kind])  # the model is frozen once made
