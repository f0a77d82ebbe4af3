"""Exports: all records that an agreement gives of a dataset, as one file. What its client may do; `exports_making` makes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, Refusal, WrongState
from app.core.ids import uuid7
from app.core.text import Text
from app.registers.rules import Dataset
from app.sharing.exports_models import ExportJob
from app.sharing.grants import detail_for, grant_of
from app.sharing.keys import Ring
from app.sharing.models import Agreement, OauthClient
from app.sharing.proofs import Proof
from app.sharing.questions import Limits, Question, judge, new_event, values_of
from app.sharing.rules import Status as InForce
from app.sharing.statements_of_exports import step
from app.sharing.tokens import TokenRefused

ACTION, FETCH = "export", "export-file"
MOST_UNFINISHED, MOST_KEPT = 2, 20


class Status(StrEnum):
    """Where an export stands."""

    QUEUED = "queued"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"


class Format(StrEnum):
    """The form of the file."""

    NDJSON = "ndjson"
    CSV = "csv"


WAITING = (Status.QUEUED, Status.MAKING)


class ExportGone(Refusal):
    """The file was removed, or was made under terms that are no longer in force."""

    slug = "export-gone"
    text = Text(
        "Tệp xuất không còn: đã hết hạn lưu hoặc thỏa thuận đã đổi. Hãy yêu cầu xuất lại.",
        "The exported file is gone: its time is over, or the agreement has changed. Ask for a new export.",
    )


class NotReady(WrongState):
    """There is no file yet, or there will be none."""

    slug = "export-not-ready"
    text = Text(
        "Tệp xuất chưa sẵn sàng. Hãy xem “status” của yêu cầu xuất rồi tải sau.",
        "The export is not ready. Look at its “status” and fetch the file later.",
    )


TOO_MANY = Text(
    f"Mỗi ứng dụng có tối đa {MOST_UNFINISHED} yêu cầu xuất đang chờ và {MOST_KEPT} tệp đang lưu. Hãy chờ hoặc dùng tệp đã có.",
    f"A client has at most {MOST_UNFINISHED} exports waiting and {MOST_KEPT} files kept. Wait, or use what is there.",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for: the form, and the values that filterable fields must have."""

    format: Format
    filter: Mapping[str, list[str]]


async def ask(session: AsyncSession, ring: Ring, question: Question, wish: Wish, *, at: datetime) -> tuple[ExportJob, Limits]:
    """Have a file made. `TokenRefused`, `TooMany` and `QuotaSpent` as a read; `WrongState` with too many already."""
    client_id = question.claims["client_id"]
    await _must_have_room(session, client_id, at)
    made = uuid7()
    said = {"format": wish.format, "filter": dict(wish.filter)}
    entry, limits = await _enter(session, ring, question, ACTION, made, said, at)
    row = ExportJob(
        id=made,
        client_id=client_id,
        agreement=question.detail["agreement"],
        version=question.detail["agreement_version"],
        purpose=question.detail["purpose"],
        dataset=question.dataset.value,
        fields=list(question.fields),
        filter=dict(wish.filter),
        format=wish.format.value,
        case_ref=question.case_ref,
        acting_user=question.acting_user,
        request_id=question.request_id,
        jti=question.claims["jti"],
        bond=question.bond,
        entry=entry,
        asked_at=at,
        status=Status.QUEUED,
        attempts=0,
        counted=0,
    )
    session.add(row)
    await session.flush()
    return row, limits


async def _must_have_room(session: AsyncSession, client_id: str, at: datetime) -> None:
    """One at a time for each client, or two requests at once would each see room for one more."""
    await session.execute(select(OauthClient.client_id).where(OauthClient.client_id == client_id).with_for_update())
    mine = select(func.count()).select_from(ExportJob).where(ExportJob.client_id == client_id)
    waiting = await session.scalar(mine.where(ExportJob.status.in_(WAITING)))
    kept = await session.scalar(mine.where(ExportJob.status == Status.READY, ExportJob.expires_at > at))
    if (waiting or 0) >= MOST_UNFINISHED or (kept or 0) >= MOST_KEPT:
        raise WrongState(TOO_MANY, slug="too-many-exports")


async def _enter(
    session: AsyncSession, ring: Ring, question: Question, action: str, export_id: UUID, said: Mapping[str, Any], at: datetime
) -> tuple[UUID, Limits]:
    """See that everything still stands, count the request, and enter it in the access log; the entry and what is left."""
    entry, statement = new_event(), step()
    values = values_of(ring, question, action, entry, at) | {"key": str(export_id), "asked": json.dumps(said)}
    values["proof"] = question.proof.compact if question.proof else ""
    found = await (await session.connection()).exec_driver_sql(statement.text, tuple(statement.values(values)))
    return entry, judge(found.mappings().one(), question.grant, at)


async def one(session: AsyncSession, client_id: str, export_id: UUID, *, at: datetime) -> ExportJob:
    """A client's own export. `NotFound`, for another client's too; `ExportGone` when its file was removed."""
    row = await session.get(ExportJob, export_id)
    if row is None or row.client_id != client_id:
        raise NotFound
    if row.status == Status.REMOVED or (row.expires_at is not None and row.expires_at <= at):
        raise ExportGone
    return row


async def question_about(
    session: AsyncSession, row: ExportJob, claims: Mapping[str, Any], *, proof: Proof | None, bond: str, request_id: str | None
) -> Question:
    """A question about an export, for the case it was asked for.

    `NotGranted`; `ExportGone` under another version; `TokenRefused` when the agreement is not in force.
    """
    dataset = Dataset(row.dataset)
    detail = detail_for(claims, dataset, ACTION)
    if (detail["agreement"], detail["agreement_version"]) != (row.agreement, row.version):
        raise ExportGone
    if not await in_force(session, row):
        raise TokenRefused
    return Question(
        dataset=dataset,
        claims=claims,
        detail=detail,
        grant=await grant_of(session, detail, dataset),
        proof=proof,
        bond=bond,
        case_ref=row.case_ref,
        acting_user=row.acting_user,
        request_id=request_id,
        fields=tuple(row.fields),
    )


async def in_force(session: AsyncSession, row: ExportJob) -> bool:
    """Whether the agreement version stands that an export was asked for under."""
    version = (Agreement.code == row.agreement, Agreement.version == row.version)
    return await session.scalar(select(Agreement.code).where(*version, Agreement.status == InForce.ACTIVE)) is not None


async def fetch(session: AsyncSession, ring: Ring, question: Question, row: ExportJob, *, at: datetime) -> tuple[UUID, Limits]:
    """Enter in the log that the file is fetched; the entry and what is left of the limits. `NotReady`; else as a read."""
    if row.status != Status.READY:
        raise NotReady
    return await _enter(session, ring, question, FETCH, row.id, {"sha256": row.sha256}, at)


def told(row: ExportJob, *, file_url: str, cursor: str | None) -> dict[str, Any]:
    """An export as its client sees it."""
    ready = row.status == Status.READY
    file = {"url": file_url, "sha256": row.sha256, "rows": row.rows, "bytes": row.bytes}
    return {
        "id": str(row.id),
        "status": row.status,
        "reason": row.reason,
        "dataset": row.dataset,
        "format": row.format,
        "asked_at": row.asked_at.isoformat(),
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        "files": [file] if ready else [],
        "manifest_jws": row.manifest,
        "feed_cursor": cursor,
    }
