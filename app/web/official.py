"""Pages of officials: the worklist, the case, its papers, and one address for each act on a dossier."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response, StreamingResponse

from app.audit.record import refused
from app.catalogue import queries as catalogue
from app.catalogue.forms import Form as EForm
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, NotAllowed, NotFound, Problem, Refusal
from app.core.permissions import Permission
from app.core.text import Text
from app.dossiers import queries
from app.dossiers.actions import assign, correct, decide, deliver, extend, papers, process, receive, stop, supplement
from app.dossiers.code import Numbering
from app.dossiers.lifecycle import ACT_NAME, STATE_NAME, Act, State
from app.dossiers.supplements import Item
from app.issued import queries as issued
from app.web import check_reports
from app.web.deps import At, Form, Posted, Session, csrf, official, record_view
from app.web.files import download
from app.web.pages import page

KINDS: dict[str, Literal["field", "paper"]] = {"field": "field", "paper": "paper"}

enter = official(Permission.DOSSIER_READ_UNIT)
router = APIRouter(prefix="/can-bo", dependencies=[Depends(enter), Depends(csrf)])
Official = Annotated[Actor, Depends(enter)]
seen = Depends(record_view("dossier"))

CASE = "official/case.html"
QUEUE_NAME = {
    queries.Queue.TASKS_MINE: Text("Việc của tôi", "My tasks"),
    queries.Queue.TASKS_TEAM: Text("Việc chung của vai trò", "Tasks of my role"),
    queries.Queue.INTAKE: Text("Chờ tiếp nhận", "Waiting to be received"),
    queries.Queue.UNIT: Text("Toàn đơn vị", "Whole unit"),
    queries.Queue.ALL: Text("Toàn Bộ", "Whole ministry"),
}


@router.get("", dependencies=[Depends(record_view("worklist"))])
async def worklist(
    request: Request,
    session: Session,
    actor: Official,
    at: At,
    hang: str = "",
    tim: str = "",
    thu_tuc: str = "",
    trang_thai: str = "",
    qua_han: str = "",
    canh_bao: str = "",
    sap_xep: str = "",
    tu: str | None = None,
) -> Response:
    """The queue opened first is the one with something to do; filters stand in the address."""
    counts = await queries.counts(session, actor)
    queue = _queue(hang, counts)
    kept = {
        "tim": tim,
        "thu_tuc": thu_tuc,
        "trang_thai": trang_thai,
        "qua_han": qua_han,
        "canh_bao": canh_bao,
        "sap_xep": sap_xep,
    }
    found = await _listed(session, actor, queue, kept, tu, at)
    shown: dict[str, Any] = {
        "queue": queue,
        "counts": counts,
        "queue_names": QUEUE_NAME,
        "found": found,
        "filters": kept,
        "states": STATE_NAME,
        "now": at,
    }
    shown["next_href"] = "?" + urlencode({"hang": queue.value, **kept, "tu": found.next}) if found.next else ""
    shown["procedures"] = [(card.slug, card.title) for card in await catalogue.listing(session, on=day_in_vietnam(at))]
    return page(request, "official/worklist.html", **shown)


async def _listed(
    session: AsyncSession, actor: Actor, queue: queries.Queue, kept: dict[str, str], after: str | None, at: datetime
) -> queries.Page[queries.Card]:
    """A page of the queue with the filters and the order that stand in the address."""
    return await queries.worklist(
        session,
        actor,
        queue,
        text=kept["tim"],
        procedure=kept["thu_tuc"] or None,
        state=next((state for state in State if state.value == kept["trang_thai"]), None),
        overdue=bool(kept["qua_han"]),
        warned=kept["canh_bao"],
        order=next((order for order in queries.Order if order.value == kept["sap_xep"]), queries.Order.DUE),
        after=after,
        at=at,
    )


def _queue(wanted: str, counts: dict[queries.Queue, int]) -> queries.Queue:
    for queue in counts:
        if queue.value == wanted:
            return queue
    return next((queue for queue, count in counts.items() if count), next(iter(counts)))


@router.get("/ho-so/{dossier_id}", dependencies=[seen])
async def case(request: Request, session: Session, actor: Official, at: At, dossier_id: UUID, xong: str = "") -> Response:
    """One dossier: what was filed on the left, what there is to do on the right."""
    done = next((ACT_NAME[act] for act in Act if act.value == xong), None)
    return await case_page(request, session, actor, at, dossier_id, done=done)


async def case_page(
    request: Request,
    session: Session,
    actor: Actor,
    at: At,
    dossier_id: UUID,
    *,
    template: str = "official/case.html",
    **more: Any,
) -> Response:
    """The dossier as it stands, with what was wrong about the last deed."""
    found = await queries.case_file(session, actor, dossier_id, at=at)
    people = await queries.assignees(session, actor, dossier_id, at=at) if found.may & {Act.ASSIGN, Act.REASSIGN} else []
    summary = EForm.of(found.procedure).summary(found.answers)
    values: dict[str, Any] = {"case": found, "summary": summary, "people": people, "Act": Act, "now": at}
    return page(request, template, **values | {"states": STATE_NAME} | more)


@router.get("/ho-so/{dossier_id}/giay-to/{document_id}", dependencies=[seen])
async def document(request: Request, session: Session, actor: Official, at: At, dossier_id: UUID, document_id: UUID) -> Response:
    """The full signature report of one file."""
    return await _document_page(request, session, actor, at, dossier_id, document_id)


@router.get("/ho-so/{dossier_id}/yeu-cau-bo-sung", dependencies=[seen])
async def ask_form(request: Request, session: Session, actor: Official, at: At, dossier_id: UUID) -> Response:
    """Every paper and answer with room for what is wrong with it."""
    found = await queries.case_file(session, actor, dossier_id, at=at)
    if not found.may & {Act.ASK_INTAKE_SUPPLEMENT, Act.ASK_SUPPLEMENT}:
        return RedirectResponse(f"/can-bo/ho-so/{dossier_id}", status_code=303)
    return await case_page(request, session, actor, at, dossier_id, template="official/supplement.html")


async def _document_page(
    request: Request, session: Session, actor: Actor, at: At, dossier_id: UUID, document_id: UUID, **more: Any
) -> Response:
    found = await queries.case_file(session, actor, dossier_id, at=at)
    file = await queries.document(session, actor, dossier_id, document_id)
    told = await check_reports.shown(session, found, file, at)
    return page(request, "official/document.html", case=found, file=file, Act=Act, **told | more)


@router.get("/ho-so/{dossier_id}/giay-to/{document_id}/tep", dependencies=[seen])
async def document_bytes(
    request: Request, session: Session, actor: Official, dossier_id: UUID, document_id: UUID
) -> StreamingResponse:
    """The file as filed, to be saved, never shown inside the portal."""
    file = await queries.document(session, actor, dossier_id, document_id)
    return download(request, document_id, dossier_id, name=file.name, media_type=file.media_type, size=file.size)


@router.get("/ho-so/{dossier_id}/van-ban/{issued_id}", dependencies=[seen])
async def issued_bytes(
    request: Request, session: Session, actor: Official, at: At, dossier_id: UUID, issued_id: UUID
) -> StreamingResponse:
    """A document that the ministry issued in this dossier."""
    await queries.case_file(session, actor, dossier_id, at=at)
    ready = await issued.ready(session, dossier_id, issued_id)
    size, kind = ready.size or 0, "application/pdf"
    return download(request, ready.file_key, dossier_id, name=f"{ready.kind}.pdf", media_type=kind, size=size)


@dataclass(frozen=True, slots=True)
class Desk:
    """One official about to act on one dossier: everything the door holds when a form arrives."""

    request: Request
    session: AsyncSession
    actor: Actor
    dossier_id: UUID
    form: Posted
    at: datetime

    async def do(
        self, act: Act, action: Callable[..., Awaitable[object]], *chosen: str, again: str = CASE, **given: Any
    ) -> Response:
        """Call `action`; when it is refused show the page again with the reason and everything that was typed.

        `chosen` are the names of form fields that hold an id, `given` the words the action takes.
        """
        try:
            async with self.session.begin_nested():
                ids = {name: _id(name, self.form.get(name)) for name in chosen}
                await action(self.session, self.actor, self.dossier_id, **ids, **given, at=self.at)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._again(act, refusal, again)
        return RedirectResponse(f"/can-bo/ho-so/{self.dossier_id}?xong={act.value}", status_code=303)

    async def _again(self, act: Act, refusal: Refusal, template: str) -> Response:
        sessions = self.request.app.state.sessions
        await refused(
            sessions, self.actor, act, refusal.slug, subject_kind="dossier", subject_id=str(self.dossier_id), at=self.at
        )
        shown = {"status": _status_of(refusal), "problems": problems_of(refusal), "typed": dict(self.form.pairs), "tried": act}
        return await case_page(self.request, self.session, self.actor, self.at, self.dossier_id, template=template, **shown)


def _id(name: str, value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        missing = Text("Hãy chọn một người trong danh sách.", "Choose a person from the list.")
        raise Incomplete([Problem(name, "required", missing)]) from None


async def _desk(request: Request, session: Session, actor: Official, at: At, dossier_id: UUID, form: Form) -> Desk:
    return Desk(request, session, actor, dossier_id, form, at)


AtDesk = Annotated[Desk, Depends(_desk)]


@router.post("/ho-so/{dossier_id}/tiep-nhan")
async def do_receive(desk: AtDesk) -> Response:
    """Receive: number, form 01, the legal clock starts."""
    settings = desk.request.app.state.settings
    numbering = Numbering(settings.number_pattern, settings.agency_code)
    return await desk.do(Act.RECEIVE, receive.receive, numbering=numbering)


@router.post("/ho-so/{dossier_id}/tu-choi")
async def do_refuse(desk: AtDesk) -> Response:
    """Refuse to receive, with form 03."""
    proper = desk.form.get("proper_authority")
    return await desk.do(Act.REFUSE_TO_RECEIVE, receive.refuse, reason=desk.form.get("reason"), proper_authority=proper)


@router.post("/ho-so/{dossier_id}/yeu-cau-bo-sung")
async def do_ask(desk: AtDesk) -> Response:
    """One notice that lists everything to correct or add: form 02, at intake or in review."""
    given: dict[str, Any] = {"items": _items(desk.form), "reason": desk.form.get("reason"), "guidance": desk.form.get("guidance")}
    given["again"] = "official/supplement.html"
    if desk.form.get("when") == "intake":
        return await desk.do(Act.ASK_INTAKE_SUPPLEMENT, supplement.ask_at_intake, **given)
    return await desk.do(Act.ASK_SUPPLEMENT, supplement.ask, **given)


def _items(form: Posted) -> list[Item]:
    """Every line of the list in which something was written is asked for."""
    asked = []
    for name, note in form.pairs:
        kind, _, target = name.partition(":")
        if note.strip() and kind in KINDS:
            asked.append(Item(KINDS[kind], target, note.strip()))
    return asked


@router.post("/ho-so/{dossier_id}/phan-cong")
async def do_assign(desk: AtDesk) -> Response:
    """Give the dossier to a case officer."""
    return await desk.do(Act.ASSIGN, assign.assign, "assignee")


@router.post("/ho-so/{dossier_id}/phan-cong-lai")
async def do_reassign(desk: AtDesk) -> Response:
    """Give the open task to someone else, with the reason."""
    return await desk.do(Act.REASSIGN, assign.reassign, "task_id", "assignee", reason=desk.form.get("reason"))


@router.post("/ho-so/{dossier_id}/hoan-thanh")
async def do_complete(desk: AtDesk) -> Response:
    """Finish the open step and hand the dossier on."""
    return await desk.do(Act.COMPLETE_STEP, process.complete_step, "task_id", note=desk.form.get("note"))


@router.post("/ho-so/{dossier_id}/tra-lai")
async def do_send_back(desk: AtDesk) -> Response:
    """Return the dossier to the step before, with what is to be done again."""
    return await desk.do(Act.SEND_BACK, process.send_back, "task_id", reason=desk.form.get("reason"))


@router.post("/ho-so/{dossier_id}/de-xuat")
async def do_propose(desk: AtDesk) -> Response:
    """The case officer's draft: grant or refuse, and why."""
    given: dict[str, Any] = {"outcome": desk.form.get("outcome"), "reasons": desk.form.get("reasons"), "facts": {}}
    return await desk.do(Act.COMPLETE_STEP, decide.propose, "task_id", **given)


@router.post("/ho-so/{dossier_id}/quyet-dinh")
async def do_decide(desk: AtDesk) -> Response:
    """The leader decides; the personal signature follows by itself."""
    return await desk.do(Act.DECIDE, decide.decide, outcome=desk.form.get("outcome"), reasons=desk.form.get("reasons"))


@router.post("/ho-so/{dossier_id}/phat-hanh")
async def do_issue(desk: AtDesk) -> Response:
    """The records officer seals and issues the result."""
    return await desk.do(Act.ISSUE, deliver.issue)


@router.post("/ho-so/{dossier_id}/tra-ket-qua")
async def do_hand_over(desk: AtDesk) -> Response:
    """The desk hands the result over."""
    return await desk.do(Act.DELIVER, deliver.hand_over)


@router.post("/ho-so/{dossier_id}/thu-hoi-ket-qua")
async def do_revoke(desk: AtDesk) -> Response:
    """The result is no longer in force."""
    return await desk.do(Act.CORRECT, correct.revoke, reason=desk.form.get("reason"))


@router.post("/ho-so/{dossier_id}/thay-the-ket-qua")
async def do_replace(desk: AtDesk) -> Response:
    """Sign a new result in the place of the one that went out."""
    return await desk.do(Act.CORRECT, correct.replace, reason=desk.form.get("reason"))


@router.post("/ho-so/{dossier_id}/dung")
async def do_stop(desk: AtDesk) -> Response:
    """Stop processing, with the reason."""
    return await desk.do(Act.STOP, stop.stop, reason=desk.form.get("reason"))


@router.post("/ho-so/{dossier_id}/gia-han")
async def do_extend(desk: AtDesk) -> Response:
    """Apologise and set a new date: once, at least a day before the old one."""
    typed = desk.form.get("days")
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
    return await desk.do(Act.EXTEND, extend.extend, days=days, reason=desk.form.get("reason"))


@router.post("/ho-so/{dossier_id}/giay-to/{document_id}/chap-nhan")
async def do_override(desk: AtDesk, document_id: UUID) -> Response:
    """Accept a signature whose status could not be learnt, with reasons, on one's own authority."""
    try:
        async with desk.session.begin_nested():
            await papers.override(
                desk.session, desk.actor, desk.dossier_id, document_id, reason=desk.form.get("reason"), at=desk.at
            )
    except NotFound:
        raise
    except Refusal as refusal:
        again = {"status": _status_of(refusal), "problems": problems_of(refusal), "typed": dict(desk.form.pairs)}
        return await _document_page(desk.request, desk.session, desk.actor, desk.at, desk.dossier_id, document_id, **again)
    return RedirectResponse(f"/can-bo/ho-so/{desk.dossier_id}/giay-to/{document_id}", status_code=303)


def problems_of(refusal: Refusal) -> tuple[Problem, ...]:
    """What to list on the page: every problem of an incomplete request, or the refusal itself."""
    return refusal.problems if isinstance(refusal, Incomplete) else (Problem("", refusal.slug, refusal.text),)


def _status_of(refusal: Refusal) -> int:
    return {Incomplete: 422, NotAllowed: 403}.get(type(refusal), 409)
