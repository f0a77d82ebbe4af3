"""The parts of a procedure's definition: what may be written in a version, and nothing else. See `procedure.py` for the whole."""

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.catalogue.expressions import BOOL, DATE, NUMBER, ROWS, TEXT, Type
from app.core.permissions import Role
from app.core.text import Text

Unit = Literal["working_day", "day", "working_hour", "instant"]
Id = Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,59}$")
MAX_PAPER_MB = 100


class Part(BaseModel):
    """A piece of a definition: frozen, and closed to unknown keys so that a misspelt one is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Citation(Part):
    """A legal ground. `certainty` is the ministry's own mark: found, from knowledge, uncertain."""

    cite: str
    url: str | None = None
    certainty: str

    @property
    def certain(self) -> bool:
        """Whether it was read in a public text; anything else is never printed as law."""
        return self.certainty.startswith("found")


class NationalCode(Part):
    """The code in the national database of procedures, when known."""

    national: str | None = None
    certain: bool = False


class Authority(Part):
    """Who decides (unit code) and where it is received (unit code of the one-stop desk)."""

    decides: Literal["B", "T", "mixed"]
    unit: str
    receives: str
    certainty: str


class FieldType(StrEnum):
    """What a field holds; how it is asked and checked follows from it."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY_VND = "money_vnd"
    DATE = "date"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    BOOL = "bool"
    ROWS = "rows"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    TAX_CODE = "tax_code"
    ID_DOCUMENT = "id_document"
    ADDRESS = "address"
    ORG = "org"
    COUNTRY = "country"
    COMPUTED = "computed"


NUMERIC = frozenset({FieldType.NUMBER, FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY_VND})
_TYPES = {
    **dict.fromkeys(NUMERIC, NUMBER),
    FieldType.DATE: DATE,
    FieldType.BOOL: BOOL,
    FieldType.ROWS: ROWS,
    FieldType.MULTI_CHOICE: Type("text", many=True),
}
ORG_PARTS = ("tax_code", "name")


class Option(Part):
    """One possible answer of a choice."""

    id: str = Field(pattern=r"^[a-zA-Z0-9_.-]{1,60}$")
    label: Text


class FormField(Part):
    """One question. `of` are the columns of a `rows` field; `prefill` names a value of the enterprise register."""

    id: str = Id
    type: FieldType
    label: Text
    help: Text | None = None
    required: bool = False
    required_if: str | None = None
    show_if: str | None = None
    prefill: str | None = None
    locked: bool = False
    options: tuple[Option, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None
    max_length: int | None = Field(None, ge=1, le=20_000)
    min_rows: int = Field(0, ge=0, le=1_000)
    max_rows: int = Field(200, ge=1, le=1_000)
    of: tuple["FormField", ...] = ()
    compute: str | None = None
    must_be_true: bool = False
    certainty: str | None = None

    @property
    def given_by_person(self) -> bool:
        """Whether a person fills it in: neither locked nor computed."""
        return not self.locked and self.compute is None

    @property
    def expression_type(self) -> Type:
        """The type it has in expressions."""
        return _TYPES.get(self.type, TEXT)


class Page(Part):
    """One page of the form: one topic."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    title: Text
    intro: Text | None = None
    fields: tuple[str, ...] = Field(min_length=1)


class Signed(Part):
    """Who must have signed a paper, with which kind of signature, and what must match."""

    by: Literal["filer"]
    kind: Literal["public"]
    match: Literal["tax_code"]
    legal: str


class Paper(Part):
    """One paper to file. Every inner list of `formats` is one file to give, in any of its formats."""

    id: str = Id
    name: Text
    help: Text | None = None
    formats: tuple[tuple[str, ...], ...] = Field(min_length=1)
    required: bool = True
    required_if: str | None = None
    max_mb: int = Field(25, ge=1, le=MAX_PAPER_MB)
    signed: Signed | None = None
    per: str | None = None
    copies: int = Field(1, ge=1)
    legal: str | None = None
    certainty: str | None = None

    @property
    def signed_places(self) -> tuple[int, ...]:
        """Which of its files carry the signature: the PDF ones, when the paper must be signed."""
        return tuple(place for place, kinds in enumerate(self.formats) if "pdf" in kinds) if self.signed else ()


class Check(Part):
    """A rule over the answers; `field` is where the message is shown."""

    id: str = Id
    legal: str
    at: Literal["filing"] = "filing"
    rule: str = Field(alias="assert")
    message: Text
    field: str | None = None
    certainty: str | None = None


class Length(Part):
    """So many units of time."""

    length: Decimal = Field(gt=0)
    unit: Unit


class Unpaid(Length):
    """What happens when a fee is not paid in time."""

    then: Literal["return", "stop"]


class Fee(Part):
    """A fee in the legal record; `amount` is an expression."""

    id: str = Id
    title: Text
    legal: str
    when: Literal["filing", "after_validity_check"]
    amount: str
    currency: Literal["VND"] = "VND"
    unpaid_after: Unpaid
    certainty: str


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


class Stage(Part):
    """A stretch of the legal clock.

    `after_result`: a duty of the authority once the result is out (publishing, say); the business does not wait for it.
    """

    id: str = Id
    title: Text
    length: Decimal = Field(ge=0)
    unit: Unit
    starts_on: Literal["accepted", "paid"] | EndOf
    legal: str
    supplement: Supplement | None = None
    on_expiry: Literal["escalate"] = "escalate"
    after_result: bool = False
    certainty: str


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


class Step(Part):
    """One internal step; its days are working days inside its stage. `role` is the role that may do it."""

    id: str = Id
    title: Text
    role: Role
    stage: str
    days: Decimal = Field(ge=0)
    kind: Literal["receive", "assign", "work", "issue", "return"] = "work"
    decides: bool = False
    drafts: bool = False
    sign: Literal["personal", "organisation"] | None = None
    number: Series | None = None
    not_same_as: str | None = None
    capacity: tuple[str, ...] = ("",)
    certainty: str | None = None


class Fact(Part):
    """One line printed on the result; `value` is the dotted name of an answer."""

    label: Text
    value: str


class Refusal(Part):
    """The letter that refuses: a result too."""

    template: str
    title: Text
    statement: Text
    reason: Literal["required"] = "required"
    number: Series | None = None


class Qr(Part):
    """What the offline QR of a result claims."""

    claims: tuple[str, ...]
    offline: bool = False


class Term(Part):
    """How long a result holds."""

    years: int = Field(ge=1)


class Register(Part):
    """The shared record that is written when the result is issued."""

    dataset: str
    fields: tuple[str, ...]


class Result(Part):
    """What a granted dossier ends in."""

    id: str = Id
    template: str
    title: Text
    statement: Text
    facts: tuple[Fact, ...]
    term: Term | None = None
    qr: Qr
    refusal: Refusal
    register_as: Register = Field(alias="register")


class Share(Part):
    """Who else learns which fields, for what, on which ground."""

    consumer: str
    purpose: Text
    legal: str
    fields: tuple[str, ...]
    when: Literal["issued"]
    certainty: str | None = None


class Retention(Part):
    """How long the dossier is kept."""

    keep_years: int
    then: Literal["archive", "destroy"]
    legal: str
    certainty: str


class Source(Part):
    """Where the content comes from: an in-depth study of the project, or the row of the catalogue table."""

    kind: Literal["in-depth", "row"]
    name: str
    certainty: str


class Constant(Part):
    """A figure of the law, used in expressions by its name."""

    value: int | Decimal
    legal: str
    certainty: str
