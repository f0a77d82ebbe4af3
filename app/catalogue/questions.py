"""What a form asks: fields, their types and parts, pages and sections. A piece of `definition.py`."""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.catalogue.expressions import BOOL, DATE, NUMBER, ROWS, TEXT, Type
from app.core.text import Text

Id = Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,59}$")


class Part(BaseModel):
    """A piece of a definition: frozen, and closed to unknown keys so that a misspelt one is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldType(StrEnum):
    """What a field holds; how it is asked and checked follows from it."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY_VND = "money_vnd"
    MONEY = "money"
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
    HS_CODE = "hs_code"
    CAS_NO = "cas_no"
    ADDRESS = "address"
    ADDRESS_VN = "address_vn"
    GEO_POINT = "geo_point"
    PERSON = "person"
    ENTERPRISE = "enterprise"
    ORG = "org"
    COUNTRY = "country"
    REFERENCE = "reference"
    FILE = "file"
    COMPUTED = "computed"


NUMERIC = frozenset({FieldType.NUMBER, FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY_VND, FieldType.MONEY})
CHOICES = frozenset({FieldType.CHOICE, FieldType.MULTI_CHOICE})
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


class Records(Part):
    """Which of the filer's own records a `reference` may name: results of these procedures."""

    dataset: Literal["licences"] = "licences"
    procedures: tuple[str, ...] = ()


class FormField(Part):
    """One question. `of` are the columns of a `rows` field; `prefill` names a value of the enterprise register.

    `prefill` may also be `field.member`: a member of the record that the `reference` field `field` names.
    """

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
    options_from: str | None = None
    unit: Text | None = None
    currency: Literal["VND", "USD", "EUR", "JPY", "CNY", "GBP"] | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    max_length: int | None = Field(None, ge=1, le=20_000)
    min_rows: int = Field(0, ge=0, le=1_000)
    max_rows: int = Field(200, ge=1, le=1_000)
    of: tuple["FormField", ...] = ()
    parts: tuple[str, ...] = ()
    records: Records | None = None
    paper: str | None = None
    compute: str | None = None
    must_be_true: bool = False
    certainty: str | None = None

    @cached_property
    def labels(self) -> dict[str, Text]:
        """The words of its own options by their ids."""
        return {option.id: option.label for option in self.options}

    @property
    def given_by_person(self) -> bool:
        """Whether a person fills it in: neither locked nor computed, and no pointer to a paper."""
        return not self.locked and self.compute is None and self.type is not FieldType.FILE

    @property
    def depends(self) -> bool:
        """Whether what is shown of it hangs on other answers."""
        record = self.prefill is not None and "." in self.prefill
        return record or any(source is not None for source in (self.show_if, self.required_if, self.compute))

    @property
    def expression_type(self) -> Type:
        """The type it has in expressions."""
        return _TYPES.get(self.type, TEXT)


class Section(Part):
    """A stretch of a page under a heading of its own."""

    title: Text
    intro: Text | None = None
    fields: tuple[str, ...] = Field(min_length=1)


class Page(Part):
    """One page of the form: one topic. With `sections` its fields are theirs, in order."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    title: Text
    intro: Text | None = None
    fields: tuple[str, ...] = Field((), min_length=1, validate_default=True)
    sections: tuple[Section, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _fields_of_sections(cls, given: Any) -> Any:
        """A page in sections need not list its fields twice."""
        if not isinstance(given, dict) or "fields" in given or not isinstance(given.get("sections"), list):
            return given
        named = [each.get("fields") for each in given["sections"] if isinstance(each, dict)]
        return given | {"fields": [name for names in named if isinstance(names, list) for name in names]}

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        inside = tuple(name for section in self.sections for name in section.fields)
        if self.sections and inside != self.fields:
            raise ValueError("a page lists its fields either itself or in its sections")
        return self
