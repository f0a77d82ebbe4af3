"""Photographs of a site inspection: taken in while the visit's step is open, printed in its minutes with time and place."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.blobs import Stored
from app.core.errors import Incomplete, Problem, WrongState
from app.core.text import Text, file_name
from app.dossiers.actions.move import may_move
from app.dossiers.actions.saying import may_say
from app.dossiers.actions.steps import my_task, step_of
from app.dossiers.lifecycle import Act
from app.dossiers.queries import procedure_of, visible_to
from app.issued.facts import Photo
from app.tasks import exif
from app.tasks import queries as task_queries
from app.tasks.models import InspectionPhoto

MOST = 30
MOST_BYTES = 15 << 20
_NOT_HERE = Text("Bước này không nhận ảnh kiểm tra.", "This step takes no photographs.")
_TOO_MANY = Text("Mỗi lần kiểm tra nhận không quá {most} ảnh.", "A visit takes at most {most} photographs.")
_NO_PICTURE = Text("Ảnh phải là tệp JPEG hoặc PNG.", "A photograph must be a JPEG or PNG file.")
_NO_TIME = Text(
    "Ảnh không ghi thời điểm chụp hoặc ghi thời điểm chưa đến. Hãy dùng ảnh gốc của máy ảnh.",
    "The picture does not say when it was taken, or says a moment to come. Use the camera's own file.",
)
_NO_PLACE = Text("Ảnh không ghi địa điểm. Hãy ghi nơi chụp.", "The picture does not say where. Say where it was taken.")


async def may_attach(session: AsyncSession, actor: Actor, dossier_id: UUID, task_id: UUID) -> None:
    """Refuse before a file is read what cannot be taken."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.INSPECT)
    step = step_of(await procedure_of(session, dossier), await my_task(session, actor, dossier, task_id))
    if step.minutes is None or not step.minutes.photos:
        raise WrongState(_NOT_HERE, slug="no-photos")
    if len(await task_queries.photos_of(session, dossier_id, task_id)) >= MOST:
        raise Incomplete([Problem("file", "too-many", _TOO_MANY.filled(most=MOST))])


async def attach(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    task_id: UUID,
    *,
    key: UUID,
    name: str,
    head: bytes,
    stored: Stored,
    place: str,
    at: datetime,
) -> None:
    """Keep one photograph (blob `key`, beginning with `head`). Its camera's word on time and place goes before what is typed."""
    await may_attach(session, actor, dossier_id, task_id)
    media_type, taken = exif.media_type_of(head), exif.read(head)
    where = taken.place or may_say(place, where="place")[:200]
    problems = [] if media_type else [Problem("file", "no-picture", _NO_PICTURE)]
    if media_type and (taken.at is None or taken.at > at):
        problems.append(Problem("file", "no-time", _NO_TIME))
    if not where:
        problems.append(Problem("place", "required", _NO_PLACE))
    if problems or media_type is None:
        raise Incomplete(problems)
    photo = InspectionPhoto(dossier_id=dossier_id, id=key, task_id=task_id, name=file_name(name), media_type=media_type)
    photo.size, photo.sha256, photo.taken_at, photo.place = stored.size, stored.sha256, taken.at, where
    photo.added_by, photo.added_at = actor.ref, at
    session.add(photo)
    await session.flush()


async def printed(session: AsyncSession, dossier_id: UUID, task_id: UUID) -> tuple[Photo, ...]:
    """The photographs of one visit, as its minutes name them."""
    found = await task_queries.photos_of(session, dossier_id, task_id)
    return tuple(Photo(file_name=one.name, sha256=one.sha256, taken_at=one.taken_at, place=one.place) for one in found)
