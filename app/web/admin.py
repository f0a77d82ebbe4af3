"""Pages of administrators: roles given by two persons, agreements and clients, the catalogue with its doubts."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from app.catalogue import queries as catalogue
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, NotFound, Problem
from app.core.permissions import Permission, Role
from app.core.text import Text
from app.identity import actions as identity_actions
from app.identity import queries as identity
from app.issued import editions
from app.issued import schemas as printed
from app.web import national, trust, workshop, workshop_drafts, workshop_preview
from app.web.acts import refused
from app.web.deps import At, Form, Posted, Session, csrf, official, record_view
from app.web.pages import page

ROLE_NAME = {
    Role.INTAKE_OFFICER: Text("Cán bộ tiếp nhận", "Intake officer"),
    Role.CASE_OFFICER: Text("Chuyên viên thụ lý", "Case officer"),
    Role.DIVISION_HEAD: Text("Lãnh đạo phòng", "Head of division"),
    Role.UNIT_LEADER: Text("Lãnh đạo Vụ/Cục", "Unit leader"),
    Role.MINISTRY_LEADER: Text("Lãnh đạo Bộ", "Ministry leader"),
    Role.RECORDS_OFFICER: Text("Văn thư", "Records officer"),
    Role.PROCEDURE_CONTROLLER: Text("Kiểm soát thủ tục hành chính", "Procedure control"),
    Role.SYSTEM_ADMIN: Text("Quản trị hệ thống", "System administrator"),
    Role.DATA_OFFICER: Text("Đầu mối chia sẻ dữ liệu", "Data-sharing officer"),
    Role.INSPECTOR: Text("Thanh tra, kiểm tra", "Inspector"),
    Role.CONTACT_OFFICER: Text("Đầu mối của cơ quan khác", "Contact officer of another agency"),
}

anyone_of_the_ministry = official(Permission.PROCEDURE_READ)
account_manager = official(Permission.ACCOUNT_MANAGE)

router = APIRouter(prefix="/quan-tri", dependencies=[Depends(anyone_of_the_ministry)])
accounts = APIRouter(prefix="/quan-tri/tai-khoan", dependencies=[Depends(account_manager), Depends(csrf)])
_workshop = (*national.routers, workshop_drafts.router, workshop_preview.router, *workshop.routers)
routers = (router, accounts, *trust.routers, *_workshop)
Manager = Annotated[Actor, Depends(account_manager)]


@router.get("")
async def overview(request: Request, session: Session, at: At) -> Response:
    """What there is to look after, and the procedures in force."""
    listed = await catalogue.listing(session, on=day_in_vietnam(at))
    return page(request, "admin/overview.html", procedures=listed)


@router.get("/mau-van-ban")
async def layouts(request: Request, at: At) -> Response:
    """Every form and letter the ministry prints: the edition in force, its legal ground, and what of it is to be confirmed."""
    day = day_in_vietnam(at)
    shown = [
        (printed.called(name), editions.in_force(name, day), editions.editions_of(name)) for name in sorted(editions.names())
    ]
    return page(request, "admin/layouts.html", layouts=shown)


@router.get("/thu-tuc/{slug}")
async def procedure(request: Request, session: Session, at: At, slug: str) -> Response:
    """One procedure as data: every fact with the certainty it was recorded with."""
    found = await catalogue.published(session, slug, on=day_in_vietnam(at))
    return page(request, "admin/procedure.html", procedure=found, role_names=ROLE_NAME)


@accounts.get("", dependencies=[Depends(record_view("account"))])
async def account_list(request: Request, session: Session, at: At) -> Response:
    """Who holds which role, and what waits for a second administrator."""
    return await _accounts_page(request, session, at)


async def _accounts_page(request: Request, session: Session, at: At, **more: Any) -> Response:
    shown: dict[str, Any] = {
        "grants": await identity.grants(session, at=at),
        "waiting": await identity.waiting_roles(session),
        "people": await identity.people_of_the_ministry(session),
        "units": await identity.units(session),
        "role_names": ROLE_NAME,
    }
    return page(request, "admin/accounts.html", **shown | more)


async def _changed(request: Request, session: Session, at: At, form: Posted, deed: Callable[[], Awaitable[object]]) -> Response:
    """Do `deed`; a refusal shows the list again with the reason and what was chosen."""
    if told := await refused(session, deed):
        return await _accounts_page(request, session, at, typed=dict(form.pairs), **told)
    return RedirectResponse("/quan-tri/tai-khoan", status_code=303)


@accounts.post("/de-nghi")
async def ask_role(request: Request, session: Session, at: At, actor: Manager, form: Form) -> Response:
    """Ask that a person be given a role in a unit."""

    async def ask() -> None:
        person, role, unit = form.get("person"), form.get("role"), form.get("unit")
        if not (person and unit and role in set(Role)):
            choose = Text("Hãy chọn người, vai trò và đơn vị.", "Choose the person, the role and the unit.")
            raise Incomplete([Problem("person", "required", choose)])
        await identity_actions.ask_role(session, actor, _uuid(person), Role(role), unit, at=at)

    return await _changed(request, session, at, form, ask)


@accounts.post("/xac-nhan/{approval_id}")
async def confirm_role(request: Request, session: Session, at: At, actor: Manager, form: Form, approval_id: UUID) -> Response:
    """Give the role that another administrator asked for."""
    return await _changed(request, session, at, form, lambda: identity_actions.confirm_role(session, actor, approval_id, at=at))


@accounts.post("/tu-choi/{approval_id}")
async def reject_role(request: Request, session: Session, at: At, actor: Manager, form: Form, approval_id: UUID) -> Response:
    """Turn the request down."""
    return await _changed(request, session, at, form, lambda: identity_actions.reject_role(session, actor, approval_id, at=at))


@accounts.post("/ket-thuc/{grant_id}")
async def end_role(request: Request, session: Session, at: At, actor: Manager, form: Form, grant_id: UUID) -> Response:
    """Take a role away from now on."""
    return await _changed(request, session, at, form, lambda: identity_actions.end_role(session, actor, grant_id, at=at))


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise NotFound from None
