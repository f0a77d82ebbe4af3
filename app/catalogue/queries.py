"""Which procedures there are, and which version counts on a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Subquery, exists, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.models import ProcedureEnd, ProcedureVersion
from app.catalogue.procedure import Procedure
from app.core.errors import NotFound
from app.core.text import Text, fold

UNKNOWN = Text(
    "Không có thủ tục này trong danh mục, hoặc thủ tục đã hết hiệu lực. Hãy tìm lại trong danh mục thủ tục.",
    "There is no such procedure in the catalogue, or it is no longer in force. Search the catalogue again.",
)

# A published version never changes (the table is append-only), so a process reads each of them once.
_READ: dict[tuple[str, int], Procedure] = {}
_WAYS: dict[tuple[str, int, frozenset[str]], Procedure] = {}


@dataclass(frozen=True, slots=True)
class Card:
    """A procedure in a list."""

    slug: str
    version: int
    title: Text
    summary: Text
    sector: Text
    time_limit: Text
    fee: Text


async def get(session: AsyncSession, slug: str, version: int, *, left_out: Collection[str] = ()) -> Procedure:
    """The version a dossier was filed under, without the stages and steps it does not go through. `NotFound`."""
    whole = await _whole(session, slug, version)
    if not left_out:
        return whole
    way = (slug, version, frozenset(left_out))
    return _WAYS.get(way) or _WAYS.setdefault(way, whole.without(way[2]))


async def _whole(session: AsyncSession, slug: str, version: int) -> Procedure:
    if known := _READ.get((slug, version)):
        return known
    chosen = select(ProcedureVersion.content).where(ProcedureVersion.slug == slug, ProcedureVersion.version == version)
    content = await session.scalar(chosen)
    if content is None:
        raise NotFound(UNKNOWN, slug="unknown-procedure")
    return _READ.setdefault((slug, version), Procedure.of(content))


async def published(session: AsyncSession, slug: str, *, on: date) -> Procedure:
    """The version under which one may file on a day. `NotFound`."""
    newest = _newest(on)
    version = await session.scalar(select(newest.c.version).where(newest.c.slug == slug, *_still(newest, on)))
    if version is None:
        raise NotFound(UNKNOWN, slug="unknown-procedure")
    return await get(session, slug, version)


async def listing(session: AsyncSession, *, search: str | None = None, on: date) -> list[Card]:
    """The procedures in force on a day, by title; every word of `search` must occur, accents do not matter."""
    newest = _newest(on)
    wanted = [newest.c.search_text.contains(word, autoescape=True) for word in fold(search or "").split()]
    found = (await session.execute(select(newest.c.slug, newest.c.version).where(*_still(newest, on), *wanted))).all()
    cards = [_card(await get(session, slug, version)) for slug, version in found]
    return sorted(cards, key=lambda card: fold(card.title.vi))


async def moving(session: AsyncSession, *, on: date) -> list[Procedure]:
    """The versions in force on a day that take drafts of earlier ones over."""
    newest = _newest(on)
    takes_over = (newest.c.how == "move", newest.c.version > 1)
    found = await session.execute(select(newest.c.slug, newest.c.version).where(*_still(newest, on), *takes_over))
    return [await get(session, slug, version) for slug, version in found.all()]


def _newest(on: date) -> Subquery:
    """Of each procedure the newest version whose day has come: an earlier one ended when it began, and stays ended."""
    how = ProcedureVersion.content["migration"].as_string().label("how")
    facts = (ProcedureVersion.slug, ProcedureVersion.version, ProcedureVersion.valid_to, ProcedureVersion.search_text)
    return (
        select(*facts, how)
        .where(ProcedureVersion.valid_from <= on)
        .ext(distinct_on(ProcedureVersion.slug))
        .order_by(ProcedureVersion.slug, ProcedureVersion.version.desc())
        .subquery()
    )


def _still(newest: Subquery, on: date) -> tuple[ColumnElement[bool], ...]:
    """Neither ended by itself nor retired."""
    ends = newest.c.valid_to
    retired = exists().where(
        ProcedureEnd.slug == newest.c.slug, ProcedureEnd.version >= newest.c.version, ProcedureEnd.last_day < on
    )
    return (or_(ends.is_(None), ends >= on), ~retired)


def _card(procedure: Procedure) -> Card:
    return Card(
        slug=procedure.slug,
        version=procedure.version,
        title=procedure.title,
        summary=procedure.summary,
        sector=procedure.sector,
        time_limit=procedure.time_limit_text,
        fee=procedure.fee_text,
    )
