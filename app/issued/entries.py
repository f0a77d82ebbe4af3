"""Lines of the register book, and what every printed value is made of."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from app.core.text import Str


class Value(BaseModel):
    """A value that is printed: never changed, and nothing in it that the form does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BookEntry(Value):
    """One row of form 07. `no` is the entry's number in the year, as form 01 names it."""

    no: Str
    procedure: Str
    sets: int = 1
    name: Str
    address_phone: Str
    lead_agency: Str
    received_on: date
    due_on: date | None = None
    returned_on: date | None = None
    return_way: Str = ""
    sign: Str = ""
    note: Str = ""
    dossier: Str


class NumberGap(Value):
    """Numbers of the year that a volume passes over, and why."""

    first: int
    last: int
    why: Str
