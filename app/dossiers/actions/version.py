"""Another version of the procedure has come into force: open dossiers stay, move, or somebody is asked, as that version says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import of_act
from app.audit.record import record
from app.catalogue import judged
from app.catalogue import queries as catalogue
from app.catalogue.forms import Form
from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import WrongState
from app.core.text import Text
from app.documents import actions as documents
from app.documents.models import Document
from app.documents.queries import papers_of
from app.dossiers.actions.move import may_move, move
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.queries import procedure_of, visible_to
from app.dossiers.versions import drafts_under, newer_for
from app.worktime.queries import calendar as working_calendar

_NOTHING_NEWER = Text(
    "Hồ sơ đang theo phiên bản mới nhất mà nó có thể theo.", "The dossier goes by the newest version that it may go by."
)


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a dossier: labels of the answers and papers that the new version has no place for."""

    version: int
    dropped: tuple[Text, ...]


async def choose(session: AsyncSession, actor: Actor, dossier_id: UUID, *, moves: bool, at: datetime) -> Moved | None:
    """The filer of a draft, or the desk for what has been filed, decides whether the dossier goes by the newer version."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.MOVE_VERSION)
    newer = await newer_for(session, dossier, at=at)
    if newer is None:
        raise WrongState(_NOTHING_NEWER, slug="nothing-newer")
    if moves or newer.migration == "move":
        return await _take_over(session, actor, dossier, newer, at=at)
    before = dossier.version
    await _remember(session, actor, dossier, newer, {"from": before, "to": newer.version, "stays": True}, at=at)
    return None


async def move_drafts(session: AsyncSession, at: datetime, *, limit: int = 100) -> int:
    """Job: take drafts over to versions that say `move`; how many were."""
    moved = 0
    for newer in await catalogue.moving(session, on=day_in_vietnam(at)):
        for dossier in await drafts_under(session, newer, limit=limit):
            await _take_over(session, SYSTEM, dossier, newer, at=at)
            moved += 1
    return moved


async def _take_over(session: AsyncSession, actor: Actor, dossier: Dossier, newer: Procedure, *, at: datetime) -> Moved:
    """The same answers under the same ids; what has no place any more is dropped and named."""
    older = await procedure_of(session, dossier)
    calendar = await working_calendar(session)
    kept, dropped = _mapped(older, newer, dossier.answers)
    dropped += await _put_away(session, dossier, older, newer, at)
    before, dossier.version = dossier.version, newer.version
    dossier.answers = Form.of(newer).settle(kept, today=day_in_vietnam(at), calendar=calendar)
    dossier.title_vi, dossier.title_en = newer.title.vi, newer.title.en
    lines = [{"vi": text.vi, "en": text.en} for text in dropped]
    await _remember(session, actor, dossier, newer, {"from": before, "to": newer.version, "dropped": lines}, at=at)
    return Moved(newer.version, tuple(dropped))


def _mapped(older: Procedure, newer: Procedure, answers: Mapping[str, Any]) -> tuple[dict[str, Any], list[Text]]:
    """The answers that mean the same and still fit, and the labels of the others."""
    kept: dict[str, Any] = {}
    dropped = []
    for field in older.fields:
        after = newer.field(field.id)
        if field.id not in answers:
            continue
        if after is not None and after.type is field.type and not judged.problems(after, answers[field.id]):
            kept[field.id] = answers[field.id]
        elif field.compute is None:
            dropped.append(field.label)
    return kept, dropped


async def _put_away(session: AsyncSession, dossier: Dossier, older: Procedure, newer: Procedure, at: datetime) -> list[Text]:
    dropped = []
    for document in await papers_of(session, dossier.id):
        if not _has_place(newer, document):
            paper = older.paper(document.paper)
            dropped.append(paper.name if paper else Text(document.name, document.name))
            await documents.put_away(session, document, at=at)
    return dropped


def _has_place(newer: Procedure, document: Document) -> bool:
    paper = newer.paper(document.paper)
    return paper is not None and document.place < len(paper.formats) and (document.row is None) == (paper.per is None)


async def _remember(
    session: AsyncSession, actor: Actor, dossier: Dossier, newer: Procedure, told: dict[str, Any], *, at: datetime
) -> None:
    """A filed dossier has a history of its own; a draft keeps its moves until it is filed, and tells them then."""
    dossier.moves = [*dossier.moves, told | {"at": at.isoformat(), "by": actor.name}]
    if dossier.state != State.DRAFT:
        await move(session, actor, dossier, Act.MOVE_VERSION, procedure=newer, payload=told, at=at)
        return
    dossier.revision += 1
    dossier.saved_at = at
    act = of_act(Act.MOVE_VERSION)
    record(session, actor, act, subject_kind="dossier", subject_id=dossier.id, dossier_id=dossier.id, detail=told, at=at)
