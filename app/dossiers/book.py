"""The register book of a desk (form 07): a view over its dossiers by the day of receipt, in volumes. Nothing is stored."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Subquery, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import VIETNAM, day_in_vietnam
from app.core.errors import NotAllowed, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.dossiers.lifecycle import STATE_NAME, Act, State
from app.dossiers.models import Dossier, DossierEvent
from app.dossiers.visibility import visible_to
from app.identity import queries as identity
from app.identity.models import Enterprise
from app.issued.entries import BookEntry
from app.issued.models import IssuedDocument
from app.issued.rules import ENTRIES_PER_VOLUME, Kind

# A dossier that ended otherwise says so in its line.
_NOTED = frozenset({State.WITHDRAWN, State.STOPPED})


@dataclass(frozen=True, slots=True)
class Period:
    """A year of the book, or one month of it."""

    year: int
    month: int | None = None

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month or 1, 1)

    @property
    def after(self) -> date:
        """The day after its last."""
        if self.month is None or self.month == 12:
            return date(self.year + 1, 1, 1)
        return date(self.year, self.month + 1, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume: its number, its first entry, and how many entries the whole period has."""

    number: int
    first: tuple[datetime, UUID]
    entries: int


async def desks_of(session: AsyncSession, actor: Actor) -> list[tuple[str, Text]]:
    """Whose books this official may open: their own desk's, or with the right to read all dossiers every desk's."""
    desks = [
        (unit.code, Text(unit.name_vi, unit.name_en)) for unit in await identity.units(session) if unit.kind == "one_stop_desk"
    ]
    if actor.may(Permission.DOSSIER_READ_ALL):
        return desks
    actor.must(Permission.DOSSIER_RECEIVE)
    return [desk for desk in desks if desk[0] == actor.unit]


async def volumes(session: AsyncSession, actor: Actor, desk: str, period: Period) -> list[Volume]:
    """The volumes of the period, in order; none when nothing was received."""
    await _may_open(session, actor, desk)
    order = (Dossier.received_at, Dossier.id)
    numbered = _received(actor, desk, period).with_only_columns(
        *order, func.row_number().over(order_by=order).label("n"), func.count().over().label("entries")
    )
    lines = numbered.subquery()
    firsts = select(lines).where((lines.c.n - 1) % ENTRIES_PER_VOLUME == 0).order_by(lines.c.n)
    rows = await session.execute(firsts)
    return [Volume((row.n - 1) // ENTRIES_PER_VOLUME + 1, (row.received_at, row.id), row.entries) for row in rows]


async def entries(session: AsyncSession, actor: Actor, desk: str, period: Period, volume: Volume) -> list[BookEntry]:
    """The lines of one volume."""
    await _may_open(session, actor, desk)
    offices = {unit.code: unit.name_vi for unit in await identity.units(session)}
    rows = await session.execute(_lines(actor, desk, period, volume))
    return [_entry(row, offices) for row in rows]


async def _may_open(session: AsyncSession, actor: Actor, desk: str) -> None:
    desks = await desks_of(session, actor)
    if not desks:
        raise NotAllowed
    if desk not in dict(desks):
        raise NotFound


def _received(actor: Actor, desk: str, period: Period) -> Select[Any]:
    """What the desk received in the period and the actor may see."""
    return (
        visible_to(actor)
        .select()
        .where(
            Dossier.desk == desk, Dossier.received_at >= _midnight(period.first), Dossier.received_at < _midnight(period.after)
        )
    )


def _lines(actor: Actor, desk: str, period: Period, volume: Volume) -> Select[*tuple[Any, ...]]:
    given = _handed_over()
    receipt = and_(IssuedDocument.dossier_id == Dossier.id, IssuedDocument.kind == Kind.FORM_01)
    place = tuple_(Dossier.received_at, Dossier.id)
    return (
        _received(actor, desk, period)
        .outerjoin(Enterprise, Enterprise.tax_code == Dossier.tax_code)
        .outerjoin(IssuedDocument, receipt)
        .outerjoin(given, given.c.dossier_id == Dossier.id)
        .where(place >= tuple_(*volume.first))
        .order_by(Dossier.received_at, Dossier.id)
        .limit(ENTRIES_PER_VOLUME)
        .with_only_columns(
            Dossier.number,
            Dossier.title_vi,
            Dossier.enterprise_name,
            Dossier.unit,
            Dossier.state,
            Dossier.received_at,
            Dossier.due_at,
            Enterprise.head_office,
            Enterprise.phone,
            IssuedDocument.number.label("receipt"),
            given.c.at.label("returned_at"),
            given.c.way,
        )
    )


def _handed_over() -> Subquery:
    way = DossierEvent.payload["way"].astext.label("way")
    return select(DossierEvent.dossier_id, DossierEvent.at, way).where(DossierEvent.act == Act.DELIVER).subquery()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def _entry(row: Row[Any], offices: dict[str, str]) -> BookEntry:
    state, returned = State(row.state), row.returned_at
    at_desk = row.way == "desk"
    return BookEntry(
        no=(row.receipt or "").partition("/")[0],
        procedure=row.title_vi,
        name=row.enterprise_name,
        address_phone=", ".join(part for part in (row.head_office, row.phone) if part),
        lead_agency=offices.get(row.unit, row.unit),
        received_on=day_in_vietnam(row.received_at),
        due_on=day_in_vietnam(row.due_at) if row.due_at else None,
        returned_on=day_in_vietnam(returned) if returned else None,
        return_way="Tại quầy" if at_desk else "Trực tuyến",
        sign=("Tại quầy" if at_desk else "Đã nhận điện tử") if returned else "",
        note=STATE_NAME[state].vi if state in _NOTED else "",
        dossier=row.number or "",
    )
