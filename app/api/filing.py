"""Filing by a company's own system: the same acts as the business's pages, through the same actions."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.api import asked, filed
from app.api.deps import Answer, At, Once, Session
from app.api.machine import Filer, MachineRoute, filer
from app.audit.events import Event
from app.audit.record import record
from app.catalogue import queries as catalogue
from app.catalogue.forms import Form
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.db import transaction
from app.core.entry import records_view
from app.core.errors import Incomplete, NotFound, Refusal
from app.core.ids import uuid7
from app.dossiers import queries as dossiers
from app.dossiers.actions import deliver, draft, pay, submit, supplement, withdraw
from app.dossiers.lifecycle import State
from app.issued.rules import RESULTS

ROOT = "/api/filing/v1"
router = APIRouter(prefix=ROOT, route_class=MachineRoute, tags=["filing"], dependencies=[Depends(filer)])

DOSSIER = "/dossiers/{dossier_id}"
PaperId = Annotated[str, Path(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,59}$")]
Slug = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{2,79}$")]


@records_view
async def _viewed(session: Session, actor: Filer, at: At, dossier_id: UUID) -> None:
    """Remember who looked into the dossier; a look that was refused rolls back with everything else."""
    record(session, actor, Event.VIEWED, subject_kind="dossier", subject_id=dossier_id, dossier_id=dossier_id, at=at)


@records_view
async def _listed(session: Session, actor: Filer, at: At) -> None:
    record(session, actor, Event.VIEWED, subject_kind="dossiers", subject_id=actor.client_id or "-", at=at)


seen = Depends(_viewed)


# ---------------------------------------------------------------- the catalogue


@router.get("/procedures", operation_id="list_procedures")
async def list_procedures(
    session: Session, at: At, search: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")] = None
) -> asked.ProcedureLines:
    """Procedures in force today; `search` ignores accents."""
    cards = await catalogue.listing(session, search=search, on=day_in_vietnam(at))
    return asked.ProcedureLines(items=[asked.ProcedureLine.of(card) for card in cards])


@router.get("/procedures/{slug}", operation_id="read_procedure")
async def read_procedure(session: Session, at: At, slug: Slug) -> asked.ProcedureRead:
    """What one procedure asks for: papers, fees, time limit."""
    return asked.ProcedureRead.of_procedure(await catalogue.published(session, slug, on=day_in_vietnam(at)), ROOT)


@router.get("/procedures/{slug}/form", operation_id="read_form", response_class=Response)
async def read_form(session: Session, at: At, slug: Slug) -> Response:
    """The form of the version in force, as JSON Schema 2020-12."""
    procedure = await catalogue.published(session, slug, on=day_in_vietnam(at))
    return JSONResponse(Form.of(procedure).json_schema(), media_type="application/schema+json")


# ---------------------------------------------------------------- the dossier


@router.get("/dossiers", operation_id="list_dossiers", dependencies=[Depends(_listed)])
async def list_dossiers(
    session: Session,
    actor: Filer,
    at: At,
    state: State | None = None,
    before: Annotated[str | None, Query(max_length=200, pattern=r"^[!-~]*$")] = None,
) -> filed.DossierLines:
    """Your company's dossiers, the last touched first; also those begun on the portal's pages."""
    found = await dossiers.mine(session, actor, state=state, before=before, at=at)
    return filed.DossierLines(items=[filed.DossierLine.of(card) for card in found.items], next=found.next)


@router.post("/dossiers", operation_id="start_dossier", status_code=201, response_model=filed.Started)
async def start_dossier(session: Session, actor: Filer, at: At, once: Once, wanted: filed.Start) -> Response:
    """A new draft, filled with what the business register knows."""

    async def act() -> Answer:
        made = await draft.start(session, actor, wanted.procedure, channel="api", at=at)
        return Answer(201, {"id": str(made)}, made)

    return await once.of(actor.ref, act)


@router.get(DOSSIER, operation_id="read_dossier", dependencies=[seen])
async def read_dossier(session: Session, actor: Filer, at: At, dossier_id: UUID) -> filed.Dossier:
    """Everything about one dossier: state, clock, answers, papers with their verdicts, bills, issued papers."""
    return filed.Dossier.of_case(await dossiers.case_file(session, actor, dossier_id, at=at))


@router.delete(DOSSIER, operation_id="discard_dossier", status_code=204)
async def discard_dossier(session: Session, actor: Filer, at: At, dossier_id: UUID) -> Response:
    """Throw a draft away, with its files."""
    await draft.discard(session, actor, dossier_id, at=at)
    return Response(status_code=204)


@router.put(f"{DOSSIER}/answers", operation_id="put_answers")
async def put_answers(session: Session, actor: Filer, at: At, dossier_id: UUID, said: filed.Answers) -> filed.Revised:
    """Keep all answers; nothing is kept while anything is wrong with them, and every problem is listed."""
    saved = await draft.save_json(session, actor, dossier_id, said.answers, revision=said.revision, at=at)
    if saved.problems:
        raise Incomplete(saved.problems)
    return filed.Revised(revision=saved.revision)


# ---------------------------------------------------------------- papers


@router.put(
    f"{DOSSIER}/papers/{{paper}}/{{place}}",
    operation_id="put_paper",
    status_code=201,
    response_model=filed.Document,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def put_paper(
    request: Request,
    actor: Filer,
    at: At,
    dossier_id: UUID,
    paper: PaperId,
    place: Annotated[int, Path(ge=0, le=20)],
    name: Annotated[str, Query(min_length=1, max_length=255)],
    row: Annotated[int | None, Query(ge=0, le=1000)] = None,
) -> Response:
    """Put one file into its place instead of what was there; the body is the file. The same file again changes nothing."""
    sessions, blobs = request.app.state.sessions, request.app.state.blobs
    async with transaction(sessions) as session:
        slot = await dossiers.slot(session, actor, dossier_id, paper, place=place, row=row)
    document_id = uuid7()
    stored = await blobs.put(document_id, dossier_id, _body(request), max_bytes=slot.max_bytes)
    try:
        async with transaction(sessions) as session:
            file = filed.File(document_id, paper, place, row, name, stored)
            answer = await _attached(session, actor, dossier_id, file, at)
    except Refusal:  # anything else may have happened after the commit, and a row must never lose its file
        await blobs.erase(document_id)
        raise
    is_new = answer.id == document_id
    if not is_new:
        await blobs.erase(document_id)
    return JSONResponse(answer.model_dump(mode="json"), 201 if is_new else 200)


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for part in request.stream():
        yield part


async def _attached(session: AsyncSession, actor: Actor, dossier_id: UUID, file: filed.File, at: datetime) -> filed.Document:
    """The file in its place: this one, or the very same that is there already, which answers a repeated upload."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    for each in case.documents:
        if file.is_the_same_as(each):
            return filed.Document.of(each)
    await draft.attach(
        session,
        actor,
        dossier_id,
        paper=file.paper,
        place=file.place,
        row=file.row,
        name=file.name,
        stored=file.stored,
        document_id=file.id,
        at=at,
    )
    await session.flush()
    return filed.Document.of(await dossiers.document(session, actor, dossier_id, file.id))


@router.get(f"{DOSSIER}/documents", operation_id="list_documents", dependencies=[seen])
async def list_documents(session: Session, actor: Filer, at: At, dossier_id: UUID) -> filed.Documents:
    """Every file with the verdict of its check."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    return filed.Documents(items=[filed.Document.of(each) for each in case.documents])


@router.get(f"{DOSSIER}/documents/{{document_id}}", operation_id="read_document", dependencies=[seen])
async def read_document(session: Session, actor: Filer, dossier_id: UUID, document_id: UUID) -> filed.Document:
    """One file with its verdict; ask again while it is being checked."""
    return filed.Document.of(await dossiers.document(session, actor, dossier_id, document_id))


@router.delete(f"{DOSSIER}/documents/{{document_id}}", operation_id="remove_document", status_code=204)
async def remove_document(session: Session, actor: Filer, at: At, dossier_id: UUID, document_id: UUID) -> Response:
    """Take a file out again."""
    await draft.detach(session, actor, dossier_id, document_id, at=at)
    return Response(status_code=204)


# ---------------------------------------------------------------- acts


@router.post(f"{DOSSIER}/submit", operation_id="submit_dossier", status_code=200, response_model=filed.Submitted)
async def submit_dossier(session: Session, actor: Filer, at: At, once: Once, dossier_id: UUID) -> Response:
    """Hand the dossier in; everything that is missing or wrong is listed at once."""

    async def act() -> Answer:
        done = await submit.submit(session, actor, dossier_id, at=at)
        named = {"id": done.dossier_id, "reference": done.reference, "secret": done.secret, "submitted_at": done.submitted_at}
        return Answer(200, filed.Submitted(**named).model_dump(mode="json"), dossier_id)

    return await once.of(actor.ref, act)


@router.post(f"{DOSSIER}/supply", operation_id="supply_dossier", status_code=200, response_model=filed.Moved)
async def supply_dossier(session: Session, actor: Filer, at: At, once: Once, dossier_id: UUID) -> Response:
    """Hand in the supplement that was asked for; change the marked answers and papers first."""

    async def act() -> Answer:
        await supplement.supply(session, actor, dossier_id, at=at)
        return await _moved(session, actor, dossier_id, at)

    return await once.of(actor.ref, act)


@router.post(f"{DOSSIER}/withdraw", operation_id="withdraw_dossier", status_code=200, response_model=filed.Moved)
async def withdraw_dossier(session: Session, actor: Filer, at: At, once: Once, dossier_id: UUID, said: filed.Reason) -> Response:
    """Withdraw; possible until the decision."""

    async def act() -> Answer:
        await withdraw.withdraw(session, actor, dossier_id, reason=said.reason, at=at)
        return await _moved(session, actor, dossier_id, at)

    return await once.of(actor.ref, act)


async def _moved(session: AsyncSession, actor: Actor, dossier_id: UUID, at: datetime) -> Answer:
    card = (await dossiers.case_file(session, actor, dossier_id, at=at)).card
    return Answer(200, {"id": str(dossier_id), "state": card.state}, dossier_id)


@router.post(f"{DOSSIER}/payments", operation_id="start_payment", status_code=201, response_model=filed.PaymentStarted)
async def start_payment(
    request: Request, session: Session, actor: Filer, at: At, once: Once, dossier_id: UUID, said: filed.Pay
) -> Response:
    """Open an attempt to pay a bill; a person pays at the address. It lives for fifteen minutes."""
    state = request.app.state

    async def act() -> Answer:
        address = await pay.start(
            session,
            actor,
            dossier_id,
            said.bill,
            gateway=state.gateway,
            return_url=f"{state.settings.issuer}/thanh-toan/tra-ve",
            ip=request.client.host if request.client else "127.0.0.1",
            at=at,
        )
        return Answer(201, {"url": address}, dossier_id)

    return await once.of(actor.ref, act)


# ---------------------------------------------------------------- what the ministry issues


@router.get(
    f"{DOSSIER}/issued/{{issued_id}}/content",
    operation_id="read_issued",
    dependencies=[seen],
    response_class=Response,
    responses={200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def read_issued(request: Request, session: Session, actor: Filer, at: At, dossier_id: UUID, issued_id: UUID) -> Response:
    """The PDF of an issued paper. Fetching the result counts as having received it."""
    view = await dossiers.issued_paper(session, actor, dossier_id, issued_id)
    if view.size is None:
        raise NotFound
    if view.kind in RESULTS:
        await deliver.hand_over(session, actor, dossier_id, at=at)
    name = f"{(view.number or view.kind).replace('/', '-')}.pdf"
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}", "Content-Length": str(view.size)}
    stream = request.app.state.blobs.stream(view.file_key, dossier_id)
    return StreamingResponse(stream, media_type="application/pdf", headers=headers)
