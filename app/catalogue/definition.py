"""The parts of a procedure's definition: what may be written in a version, and nothing else. See `procedure.py` for the whole."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from app.catalogue.questions import (
    CHOICES,
    NUMERIC,
    ORG_PARTS,
    FieldType,
    FormField,
    Id,
    Option,
    Page,
    Part,
    Records,
    Section,
)
from app.catalogue.steps import (
    Clock,
    EndOf,
    LeadTime,
    Length,
    Series,
    Stage,
    Step,
    SubLimit,
    Supplement,
    Unit,
    is_certain,
)
from app.core.text import Text

__all__ = [
    "CHOICES",
    "MAX_PAPER_MB",
    "NUMERIC",
    "ORG_PARTS",
    "Authority",
    "Check",
    "Citation",
    "Clock",
    "Constant",
    "EndOf",
    "Fact",
    "Fee",
    "FeesUnknown",
    "FieldType",
    "FormField",
    "Id",
    "LeadTime",
    "Length",
    "NationalCode",
    "OnceOnly",
    "Option",
    "Page",
    "Paper",
    "Part",
    "Qr",
    "Records",
    "Refusal",
    "Register",
    "Result",
    "Retention",
    "Section",
    "Series",
    "Share",
    "Signed",
    "Source",
    "Stage",
    "Step",
    "SubLimit",
    "Supplement",
    "Term",
    "Unit",
    "Unpaid",
    "Variant",
    "is_certain",
]

MAX_PAPER_MB = 100


class Citation(Part):
    """A legal ground. `certainty` is the ministry's own mark: found, from knowledge, uncertain."""

    cite: str
    url: str | None = None
    certainty: str

    @property
    def certain(self) -> bool:
        """Whether it was read in a public text; anything else is never printed as law."""
        return is_certain(self.certainty)


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


class Signed(Part):
    """Who must have signed a paper, with which kind of signature, what must match; `only_if`: for which answers."""

    by: Literal["filer"]
    kind: Literal["public"]
    match: Literal["tax_code"]
    legal: str
    only_if: str | None = None


class OnceOnly(Part):
    """The ministry holds this paper already, so it is not asked for.

    `register`: read from the enterprise register, always. `licences`: when the filer holds a valid result of one of
    `procedures`. `papers`: when the filer gave it in a dossier of one of `procedures` that was granted, not longer than
    `within_years` ago.
    """

    source: Literal["register", "licences", "papers"] = Field(alias="from")
    procedures: tuple[str, ...] = ()
    within_years: int | None = Field(None, ge=1, le=50)
    legal: str
    certainty: str


class Paper(Part):
    """One paper to file. Every inner list of `formats` is one file to give, in any of its formats."""

    id: str = Id
    name: Text
    help: Text | None = None
    formats: tuple[tuple[str, ...], ...] = Field((("pdf",),), min_length=1)
    required: bool = True
    required_if: str | None = None
    max_mb: int = Field(25, ge=1, le=MAX_PAPER_MB)
    signed: Signed | None = None
    per: str | None = None
    copies: int = Field(1, ge=1)
    once_only: OnceOnly | None = None
    legal: str | None = None
    certainty: str | None = None

    @property
    def signed_places(self) -> tuple[int, ...]:
        """Which of its files carry the signature: the PDF ones, when the paper must be signed."""
        return tuple(place for place, kinds in enumerate(self.formats) if "pdf" in kinds) if self.signed else ()


class Check(Part):
    """A rule over the answers; `field` is where the message is shown.

    `refuse` keeps the dossier from being filed. `flag` lets it through and shows the officials a mark.
    """

    id: str = Id
    legal: str
    at: Literal["filing"] = "filing"
    effect: Literal["refuse", "flag"] = "refuse"
    rule: str = Field(alias="assert")
    message: Text
    field: str | None = None
    certainty: str | None = None


class Unpaid(Length):
    """What happens when a fee is not paid in time."""

    then: Literal["return", "stop"]


class Fee(Part):
    """A fee in the legal record; `amount` is an expression. One that is not certain is announced, never charged."""

    id: str = Id
    title: Text
    legal: str
    when: Literal["filing", "after_validity_check"]
    amount: str
    currency: Literal["VND"] = "VND"
    unpaid_after: Unpaid
    certainty: str

    @property
    def certain(self) -> bool:
        """Whether the amount was read in a public text; only then may it be asked for."""
        return is_certain(self.certainty)


class FeesUnknown(Part):
    """It is not known yet whether and how much is charged: nothing is, and everybody is told that it is being confirmed."""

    certainty: str


class Fact(Part):
    """One line printed on the result; `value` is the dotted name of an answer."""

    label: Text
    value: str


# What a result may be printed as; `app/issued/templates` has them, and a test compares.
Template = Literal[
    "certificate",
    "licence",
    "decision",
    "confirmation-letter",
    "approval-letter",
    "acknowledgement",
    "code-registration",
    "result-notice",
    "refusal-letter",
]


class Refusal(Part):
    """The letter that refuses: a result too."""

    template: Template = "refusal-letter"
    title: Text
    statement: Text
    reason: Literal["required"] = "required"
    number: Series | None = None


class Qr(Part):
    """What the offline QR of a result claims."""

    claims: tuple[str, ...] = ()
    offline: bool = False


class Term(Part):
    """How long a result holds: so many years or months, as many years as an answer asks for, never beyond a date given."""

    years: int | None = Field(None, ge=1, le=99)
    months: int | None = Field(None, ge=1, le=1_200)
    asked: str | None = None
    not_beyond: str | None = None
    certainty: str | None = None


class Register(Part):
    """The shared record that is written when the result is issued."""

    dataset: str = "licences"
    fields: tuple[str, ...] = ()


class Variant(Part):
    """Another kind of result, for answers that call for it: what is not said here is as in the main one."""

    id: str = Id
    only_if: str
    title: Text
    statement: Text | None = None
    template: Template | None = None
    number: Series | None = None


class Result(Part):
    """What a granted dossier ends in. `renews`: the `reference` field that names the result it takes the place of."""

    id: str = Id
    template: Template
    title: Text
    statement: Text
    facts: tuple[Fact, ...] = ()
    term: Term | None = None
    qr: Qr = Qr()
    variants: tuple[Variant, ...] = ()
    renews: str | None = None
    refusal: Refusal
    register_as: Register = Field(Register(), alias="register")


class Share(Part):
    """Who else learns which fields, for what, on which ground."""

    consumer: str
    purpose: Text
    legal: str
    fields: tuple[str, ...]
    when: Literal["issued"] = "issued"
    certainty: str | None = None


class Retention(Part):
    """How long the dossier is kept."""

    keep_years: int = Field(ge=1)
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
