"""Close a desk's register book of a year that is over: every volume a sealed file with its lines as data, gaps explained.

What happens later (a result handed over in February) stands in the live book and the dossiers; a closed volume never changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core import outbox
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import NotFound, WrongState
from app.core.text import Text
from app.dossiers import book
from app.dossiers.actions.receive import RECEIPT_SERIES
from app.dossiers.book import Period
from app.dossiers.models import ClosedBook, Dossier
from app.identity import queries as identity
from app.issued.entries import BookEntry, NumberGap
from app.issued.facts import RegisterBook
from app.issued.models import IssuedNumber
from app.issued.press import Press

CLOSE = "books.close"
AUTOMATIC_FROM = (2, 1)
"""Month and day from which last year's books are closed without being asked: most results are handed over by then."""
_BOOKS = UUID("6d6f7463-7561-4b00-8000-736f746864ff")
_NOT_OVER = Text("Năm này chưa kết thúc nên chưa khóa sổ được.", "The year is not over; its book cannot be closed yet.")
_CLOSED = Text("Sổ của năm này đã khóa.", "The book of this year is closed.")
_NOTHING = Text("Năm này không tiếp nhận hồ sơ nào.", "No dossier was received in this year.")


async def ask(session: AsyncSession, actor: Actor, desk: str, year: int, *, at: datetime) -> None:
    """Have the book closed by a job. `WrongState` when the year is not over, is closed already, or has no entries."""
    volumes = await book.volumes(session, actor, desk, Period(year))
    refusals = {"not-over": (year >= day_in_vietnam(at).year, _NOT_OVER), "closed": (await of_year(session, desk, year), _CLOSED)}
    for slug, (wrong, text) in (refusals | {"empty": (not volumes, _NOTHING)}).items():
        if wrong:
            raise WrongState(text, slug=slug)
    outbox.put(session, CLOSE, desk=desk, year=str(year), by=actor.name)


async def ask_due(session: AsyncSession, *, at: datetime) -> int:
    """Chore: have last year's books closed once their day has come; how many were asked for."""
    today = day_in_vietnam(at)
    if (today.month, today.day) < AUTOMATIC_FROM:
        return 0
    period, asked = Period(today.year - 1), 0
    for desk, _ in await book.desks_of(session, SYSTEM):
        if not await of_year(session, desk, period.year) and await book.volumes(session, SYSTEM, desk, period):
            outbox.put(session, CLOSE, desk=desk, year=str(period.year), by="")
            asked += 1
    return asked


async def close(session: AsyncSession, desk: str, year: int, *, by: str, press: Press, at: datetime) -> None:
    """Job: print and seal every volume. A book that is closed stays as it is."""
    if await of_year(session, desk, year):
        return
    period, office = Period(year), (await identity.unit(session, desk)).name_vi
    volumes, missing = await book.volumes(session, SYSTEM, desk, period), await _elsewhere(session, desk, year)
    ground, last = await press.ground(session, at), 0
    for volume in volumes:
        rows = await book.entries(session, SYSTEM, desk, period, volume)
        gaps, last = gaps_in(rows, missing, after=last)
        sheet = RegisterBook(
            office=office,
            from_day=period.first,
            to_day=period.last,
            volume=volume.number,
            volumes=len(volumes),
            rows=tuple(rows),
            gaps=tuple(gaps),
            kept_by=by,
        )
        key = uuid5(_BOOKS, f"{desk}/{year}/{volume.number}")
        link = f"{press.public_url.rstrip('/')}/can-bo/so-theo-doi?quay={desk}&nam={year}"
        stored = await press.blobs.put_bytes(key, key, await press.seal_sheet(sheet, unit=desk, link=link, ground=ground))
        row = ClosedBook(desk=desk, year=year, volume=volume.number, volumes=len(volumes), file_key=key, entries=len(rows))
        row.facts, row.sha256, row.size = sheet.model_dump(mode="json"), stored.sha256, stored.size
        row.closed_at, row.closed_by = at, by
        session.add(row)
    about = {"year": year, "volumes": len(volumes)}
    record(session, SYSTEM, Event.BOOK_CLOSED, subject_kind="register-book", subject_id=desk, detail=about, at=at)


async def of_year(session: AsyncSession, desk: str, year: int) -> list[ClosedBook]:
    """The closed volumes of a year, in order; none while the book is open."""
    wanted = select(ClosedBook).where(ClosedBook.desk == desk, ClosedBook.year == year).order_by(ClosedBook.volume)
    return list(await session.scalars(wanted))


async def volume_of(session: AsyncSession, actor: Actor, desk: str, year: int, volume: int) -> ClosedBook:
    """One closed volume of a book that the actor may open."""
    if desk not in dict(await book.desks_of(session, actor)):
        raise NotFound
    found = next((one for one in await of_year(session, desk, year) if one.volume == volume), None)
    if found is None:
        raise NotFound
    return found


def gaps_in(rows: Sequence[BookEntry], why: Mapping[int, str], *, after: int) -> tuple[list[NumberGap], int]:
    """The numbers that this volume passes over, each with its reason, and the highest number it has. Pure."""
    held = sorted({int(row.no) for row in rows if row.no.isdigit()})
    found: list[NumberGap] = []
    for before, here in pairwise([after, *held]):
        found += _stretches(range(before + 1, here), why)
    return found, max([after, *held])


def _stretches(numbers: Iterable[int], why: Mapping[int, str]) -> list[NumberGap]:
    found: list[NumberGap] = []
    for n in numbers:
        reason = why.get(n, "không có trong sổ cấp số")
        if found and found[-1].why == reason:
            found[-1] = NumberGap(first=found[-1].first, last=n, why=reason)
        else:
            found.append(NumberGap(first=n, last=n, why=reason))
    return found


async def _elsewhere(session: AsyncSession, desk: str, year: int) -> dict[int, str]:
    """Why numbers of the year are not in this desk's book: voided, or another desk's."""
    names = {unit.code: unit.name_vi for unit in await identity.units(session)}
    wanted = (
        select(IssuedNumber.n, IssuedNumber.voided_at, IssuedNumber.void_reason, Dossier.desk)
        .join(Dossier, Dossier.id == IssuedNumber.dossier_id)
        .where(IssuedNumber.series == RECEIPT_SERIES, IssuedNumber.year == year)
    )
    found: dict[int, str] = {}
    for n, voided_at, reason, where in await session.execute(wanted):
        if voided_at is not None:
            found[n] = f"số hủy: {reason}"
        elif where != desk:
            found[n] = f"ghi ở sổ của {names.get(where, where)}"
    return found
