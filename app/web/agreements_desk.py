"""The data steward's desk: agreements are drafted here, proposed, brought into force by a second person, suspended and ended."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.errors import Incomplete, NotFound, Problem
from app.core.permissions import Permission
from app.core.text import Text
from app.identity import queries as identity
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import actions as parties
from app.sharing import agreements, queries
from app.sharing import agreements_drafts as drafts
from app.sharing import agreements_seen as seen
from app.sharing.agreements_print import class_name, grants_of
from app.sharing.rules import ITEM_NAME, MINISTRY, Grant, faults_of_terms, is_guarded
from app.web import acts
from app.web import agreements as reading
from app.web.agreements_forms import PART_NAME, SPARE_ROWS, Change, Part, change_of, filterable, grant_change, number, part_of
from app.web.deps import At, Form, Posted, Session, csrf, official
from app.web.pages import page

HOME = "/quan-tri/chia-se"
steward = official(Permission.SHARING_MANAGE)
router = APIRouter(prefix=HOME, dependencies=[Depends(steward), Depends(csrf)])
Steward = Annotated[Actor, Depends(steward)]

_FILL_IN = Text("Hãy điền đủ thông tin của bên khai thác.", "Fill in everything about the party.")
_DIGITS = Text("Mã đơn vị quan hệ ngân sách chỉ gồm chữ số.", "The budget-unit code has digits only.")


@router.get("")
async def listing(request: Request, session: Session, at: At) -> Response:
    """Drafts, versions and whose turn it is, connected systems; and where a new agreement begins."""
    return await _listing(request, session, at)


async def _listing(request: Request, session: AsyncSession, at: datetime, **more: Any) -> Response:
    shown: dict[str, Any] = {
        "drafts": await seen.drafts(session),
        "versions": await seen.versions(session),
        "parties": await seen.parties(session),
        "units": [one for one in await identity.units(session) if not one.code.startswith(f"{MINISTRY}.")],
        "clients": await queries.clients(session, at=at),
        "statuses": reading.STATUS_NAME,
        "turns": reading.TURN_NAME,
        "typed": {},
    }
    return page(request, "admin/agreements.html", **shown | more)


@router.post("/moi")
async def begin(request: Request, session: Session, actor: Steward, at: At, form: Form) -> Response:
    """Begin a new agreement."""
    made: list[UUID] = []

    async def write() -> None:
        made.append(await drafts.begin(session, actor, code=form.get("code"), party=form.get("party"), at=at))

    if problems := await acts.refused(session, write):
        return await _listing(request, session, at, typed=dict(form.pairs), **problems)
    return RedirectResponse(f"{HOME}/ban-nhap/{made[0]}", status_code=303)


@router.post("/ben")
async def register(request: Request, session: Session, actor: Steward, at: At, form: Form) -> Response:
    """Enter an agency as a party, or correct its contact; its names are those of the list of agencies."""

    async def write() -> None:
        known = await identity.unit(session, form.get("unit"))
        contact = {name: form.get(name) for name in ("contact", "phone", "email")}
        if faults := _missing(contact | {"budget_code": form.get("budget_code")}):
            raise Incomplete(faults)
        names = {"code": known.code, "name_vi": known.name_vi, "name_en": known.name_en}
        await parties.register_party(session, actor, **names, **contact, budget_code=form.get("budget_code"), at=at)

    if problems := await acts.refused(session, write):
        return await _listing(request, session, at, typed=dict(form.pairs), **problems)
    return RedirectResponse(HOME, status_code=303)


def _missing(given: dict[str, str]) -> list[Problem]:
    """Everything must be there; the budget-unit code is digits."""
    faults = [Problem(name, "required", _FILL_IN) for name, value in given.items() if not value]
    code = given["budget_code"]
    return [*faults, *([Problem("budget_code", "digits", _DIGITS)] if code and not (code.isascii() and code.isdigit()) else [])]


@router.get("/ban-nhap/{draft_id}")
async def draft(request: Request, session: Session, actor: Steward, draft_id: UUID) -> Response:
    """A draft: its parts, what is missing, what was said of it."""
    return await _draft(request, session, actor, draft_id)


async def _draft(request: Request, session: AsyncSession, actor: Actor, draft_id: UUID, **more: Any) -> Response:
    found = await seen.draft(session, actor, draft_id)
    faults = faults_of_terms(found.terms)
    told: dict[str, Any] = {
        "draft": found,
        "terms": found.terms,
        "grants": grants_of(found.terms),
        "item_names": ITEM_NAME,
        "parts": PART_NAME,
        "schemas": SCHEMAS,
        "faults": [(part_of(fault.where), _dataset_in(fault.where), fault) for fault in faults],
        "faulty": {part_of(fault.where) for fault in faults},
        "remark_names": reading.REMARK_NAME,
        "typed": {},
    }
    return page(request, "admin/agreement-draft.html", **told | more)


def _dataset_in(where: str) -> str:
    """`licences` of `grants.licences`."""
    return where.partition(".")[2]


@router.get("/ban-nhap/{draft_id}/phan/{part}")
async def show_part(request: Request, session: Session, actor: Steward, draft_id: UUID, part: Part) -> Response:
    """The form of one part."""
    return await _part(request, session, actor, draft_id, part)


async def _part(request: Request, session: AsyncSession, actor: Actor, draft_id: UUID, part: Part, **more: Any) -> Response:
    found = await seen.draft(session, actor, draft_id)
    told: dict[str, Any] = {
        "draft": found,
        "terms": found.terms,
        "part": part,
        "part_name": PART_NAME[part],
        "item_names": ITEM_NAME,
        "spare": SPARE_ROWS,
        "schemas": SCHEMAS,
        "typed": {},
    }
    return page(request, "admin/agreement-part.html", **told | more)


@router.post("/ban-nhap/{draft_id}/phan/{part}")
async def save_part(
    request: Request, session: Session, actor: Steward, at: At, draft_id: UUID, part: Part, form: Form
) -> Response:
    """Keep one part."""
    if part is Part.DATA:
        raise NotFound

    async def keep() -> None:
        await drafts.save(session, actor, draft_id, _revision(form), change_of(part, form), at=at)

    if problems := await acts.refused(session, keep):
        return await _part(request, session, actor, draft_id, part, typed=dict(form.pairs), **problems)
    return RedirectResponse(f"{HOME}/ban-nhap/{draft_id}", status_code=303)


@router.get("/ban-nhap/{draft_id}/du-lieu/{dataset}")
async def show_dataset(request: Request, session: Session, actor: Steward, draft_id: UUID, dataset: Dataset) -> Response:
    """The form of one dataset: its fields with their class, the filter, the limits."""
    return await _dataset(request, session, actor, draft_id, dataset)


async def _dataset(
    request: Request, session: AsyncSession, actor: Actor, draft_id: UUID, dataset: Dataset, **more: Any
) -> Response:
    found = await seen.draft(session, actor, draft_id)
    told: dict[str, Any] = {
        "draft": found,
        "schema": SCHEMAS[dataset],
        "dataset": dataset,
        "grant": found.terms.grant(dataset) or Grant(dataset, ()),
        "class_name": class_name,
        "is_guarded": is_guarded,
        "filterable": filterable(dataset),
    }
    return page(request, "admin/agreement-dataset.html", **told | more)


@router.post("/ban-nhap/{draft_id}/du-lieu/{dataset}")
async def save_dataset(
    request: Request, session: Session, actor: Steward, at: At, draft_id: UUID, dataset: Dataset, form: Form
) -> Response:
    """Keep what is given of one dataset; what still lacks an article is told on the draft's own page."""
    change: Change = grant_change(dataset, form)

    async def keep() -> None:
        await drafts.save(session, actor, draft_id, _revision(form), change, at=at)

    if problems := await acts.refused(session, keep):
        return await _dataset(request, session, actor, draft_id, dataset, **problems)
    return RedirectResponse(f"{HOME}/ban-nhap/{draft_id}", status_code=303)


class DraftAct(StrEnum):
    """What may be done with a draft."""

    SHOW = "gui"
    PROPOSE = "de-nghi"
    DISCARD = "bo"


@router.post("/ban-nhap/{draft_id}/{act}")
async def draft_act(
    request: Request, session: Session, actor: Steward, at: At, draft_id: UUID, act: DraftAct, form: Form
) -> Response:
    """Show the draft to the other side, fix it as a version, or throw it away."""
    to = [HOME]

    async def do() -> None:
        if act is DraftAct.SHOW:
            await drafts.show(session, actor, draft_id, at=at)
            to[0] = f"{HOME}/ban-nhap/{draft_id}"
        elif act is DraftAct.PROPOSE:
            made = await drafts.propose(session, actor, draft_id, _revision(form), at=at)
            to[0] = f"{reading.HOME}/{made.code}/{made.version}"
        else:
            await drafts.discard(session, actor, draft_id, at=at)

    if problems := await acts.refused(session, do):
        return await _draft(request, session, actor, draft_id, **problems)
    return RedirectResponse(to[0], status_code=303)


class VersionAct(StrEnum):
    """What may be done with a version."""

    ACTIVATE = "hieu-luc"
    SUSPEND = "tam-dung"
    RESUME = "tiep-tuc"
    END = "cham-dut"
    WITHDRAW = "rut"


@router.post("/{code}/{version}/{act}")
async def version_act(
    request: Request, session: Session, actor: Steward, at: At, code: str, version: int, act: VersionAct, form: Form
) -> Response:
    """Bring into force (by a second person), suspend, resume, end or withdraw."""
    if problems := await acts.refused(session, _deed(session, actor, at, code, reading.within(version), act, form)):
        return await reading.version_page(request, session, actor, code, version, typed=dict(form.pairs), **problems)
    return RedirectResponse(f"{reading.HOME}/{code}/{version}", status_code=303)


def _deed(
    session: AsyncSession, actor: Actor, at: datetime, code: str, version: int, act: VersionAct, form: Posted
) -> Callable[[], Awaitable[None]]:
    if act is VersionAct.ACTIVATE:
        return lambda: agreements.activate_agreement(session, actor, code=code, version=version, at=at)
    verb = {
        VersionAct.SUSPEND: agreements.suspend_agreement,
        VersionAct.RESUME: agreements.resume_agreement,
        VersionAct.END: agreements.end_agreement,
        VersionAct.WITHDRAW: agreements.withdraw_agreement,
    }[act]
    return lambda: verb(session, actor, code=code, version=version, reason=form.get("reason"), at=at)


@router.post("/{code}/sua-doi")
async def amend(request: Request, session: Session, actor: Steward, at: At, code: str) -> Response:
    """Begin the next version."""
    made: list[UUID] = []

    async def write() -> None:
        made.append(await drafts.amend(session, actor, code, at=at))

    if problems := await acts.refused(session, write):
        return await _listing(request, session, at, **problems)
    return RedirectResponse(f"{HOME}/ban-nhap/{made[0]}", status_code=303)


def _revision(form: Posted) -> int:
    return number(form.get("revision")) or 0
