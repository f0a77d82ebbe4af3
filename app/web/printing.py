"""Sheets an official prints: the control sheet of a dossier (form 06) and the register book of a desk (form 07)."""

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.dossiers import book, control
from app.dossiers.actions import closing
from app.issued.facts import RegisterBook
from app.issued.proof import print_now
from app.web.deps import At, Session, official, record_view
from app.web.files import pdf
from app.web.pages import page

enter = official(Permission.DOSSIER_READ_UNIT)
router = APIRouter(prefix="/can-bo", dependencies=[Depends(enter)])
Official = Annotated[Actor, Depends(enter)]
FIRST_YEAR = 2025
MONTHS = [(str(n), Text(f"Tháng {n}", f"Month {n}")) for n in range(1, 13)]


@router.get("/ho-so/{dossier_id}/phieu-kiem-soat.pdf", dependencies=[Depends(record_view("dossier"))])
async def control_sheet(request: Request, session: Session, actor: Official, at: At, dossier_id: UUID) -> Response:
    """Form 06 as it stands: who had the dossier in hand, and whether in time."""
    sheet = await control.sheet_now(session, actor, dossier_id)
    link = _address(request, f"/can-bo/ho-so/{dossier_id}")
    return pdf(await print_now(sheet, link=link, at=at), name=f"phieu-kiem-soat-{sheet.dossier}.pdf")


@router.get("/so-theo-doi", dependencies=[Depends(record_view("register-book"))])
async def register_book(
    request: Request, session: Session, actor: Official, at: At, quay: str = "", nam: str = "", thang: str = "", quyen: str = ""
) -> Response:
    """One volume of the book; the newest year first."""
    desks = await book.desks_of(session, actor)
    desk = quay or next((code for code, _ in desks), "")
    period = _period(nam, thang, this_year := day_in_vietnam(at).year)
    volumes = await book.volumes(session, actor, desk, period)
    number = _whole(quyen, 1, max(len(volumes), 1)) or 1
    entries = await book.entries(session, actor, desk, period, volumes[number - 1]) if volumes else []
    shown: dict[str, Any] = {
        "desks": desks,
        "desk": desk,
        "period": period,
        "volumes": volumes,
        "number": number,
        "entries": entries,
    }
    whole = period.month is None and period.year < this_year
    shown["closed"] = await closing.of_year(session, desk, period.year) if whole and desk in dict(desks) else []
    shown["may_close"] = whole and bool(volumes) and not shown["closed"]
    shown["address"] = "?" + _asked(desk, period)
    years = [str(year) for year in range(this_year, FIRST_YEAR - 1, -1)]
    return page(request, "official/book.html", **shown, years=years, months=MONTHS)


@router.get("/so-theo-doi/quyen/{number}.pdf", dependencies=[Depends(record_view("register-book"))])
async def volume_pdf(
    request: Request, session: Session, actor: Official, at: At, number: int, quay: str, nam: str, thang: str = ""
) -> Response:
    """One volume of the book on paper (form 07)."""
    period = _period(nam, thang, day_in_vietnam(at).year)
    volumes = await book.volumes(session, actor, quay, period)
    if not 1 <= number <= len(volumes):
        raise NotFound
    names = dict(await book.desks_of(session, actor))
    sheet = RegisterBook(
        office=names[quay].vi,
        from_day=period.first,
        to_day=period.last,
        volume=number,
        volumes=len(volumes),
        rows=tuple(await book.entries(session, actor, quay, period, volumes[number - 1])),
        kept_by=actor.name,
    )
    link = _address(request, f"/can-bo/so-theo-doi?{_asked(quay, period)}&quyen={number}")
    return pdf(await print_now(sheet, link=link, at=at), name=f"so-theo-doi-{period.year}-quyen-{number}.pdf")


def _asked(desk: str, period: book.Period) -> str:
    return urlencode({"quay": desk, "nam": period.year, "thang": period.month or ""})


def _period(year: str, month: str, this_year: int) -> book.Period:
    return book.Period(_whole(year, FIRST_YEAR, this_year) or this_year, _whole(month, 1, 12))


def _whole(typed: str, least: int, most: int) -> int | None:
    """The number typed into an address, if it is one and within reason."""
    value = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0
    return value if least <= value <= most else None


def _address(request: Request, path: str) -> str:
    public: str = request.app.state.settings.public_url
    return public.rstrip("/") + path
