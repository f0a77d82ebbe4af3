"""Pages for everyone: home, catalogue, tracking by reference, verification of results, and what a public service must state."""

from datetime import datetime
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from app.catalogue import queries as catalogue
from app.catalogue.procedure import Procedure
from app.core.clock import day_in_vietnam
from app.core.entry import anyone
from app.core.errors import NotFound
from app.core.text import Text, fold
from app.dossiers import queries as dossiers
from app.identity import queries as identity
from app.issued import queries as issued
from app.issued.queries import Verified
from app.web.deps import At, Form, MaybeVisitor, Session, csrf, limited, visitor
from app.web.pages import Shown, page
from app.worktime import queries as worktime

router = APIRouter(dependencies=[Depends(anyone), Depends(visitor), Depends(csrf)])

MAX_SEARCH = 200
NOT_TRACKED = Text(
    "Không có hồ sơ nào khớp với mã và khóa tra cứu này. Hãy kiểm tra lại hai giá trị in trên giấy biên nhận.",
    "No dossier matches this reference and key. Check both values as printed on the receipt.",
)
NOT_VERIFIED = Text(
    "Không có kết quả nào mang số này do cổng cấp. Hãy kiểm tra lại số, kể cả dấu gạch chéo, hoặc quét mã QR trên văn bản.",
    "The portal has issued no result under this number. Check it, slashes included, or scan the QR code on the paper.",
)


@router.get("/")
async def home(request: Request, session: Session, at: At) -> Shown:
    """Where a visitor without a link begins."""
    cards = await catalogue.listing(session, search=None, on=day_in_vietnam(at))
    return page(request, "public/home.html", cards=cards[:6], count=len(cards))


@router.get("/thu-tuc")
async def procedures(
    request: Request,
    session: Session,
    at: At,
    q: Annotated[str, Query(max_length=MAX_SEARCH)] = "",
    linh_vuc: Annotated[str, Query(max_length=MAX_SEARCH)] = "",
) -> Shown:
    """The catalogue by sector; the search ignores accents and stays while one goes from sector to sector."""
    cards = await catalogue.listing(session, search=q.strip() or None, on=day_in_vietnam(at))
    found = [(_address_of(sector), sector, tuple(group)) for sector, group in groupby(sorted(cards, key=_sector), _sector_of)]
    chosen = [each for each in found if each[0] == linh_vuc] or found
    shown: dict[str, Any] = {
        "sectors": found,
        "chosen": chosen,
        "linh_vuc": linh_vuc if len(chosen) == 1 else "",
        "total": len(cards),
    }
    return page(request, "public/procedures.html", q=q.strip(), **shown)


def _sector(card: catalogue.Card) -> tuple[str, str]:
    return fold(card.sector.vi), fold(card.title.vi)


def _sector_of(card: catalogue.Card) -> Text:
    return card.sector


def _address_of(sector: Text) -> str:
    return fold(sector.vi).replace(" ", "-")


@router.get("/thu-tuc/{slug}")
async def procedure(request: Request, session: Session, at: At, slug: str, who: MaybeVisitor) -> Shown:
    """Everything one needs to know before starting, and the date to expect an answer."""
    found = await catalogue.published(session, slug, on=day_in_vietnam(at))
    return await about(request, session, at, found, may_start=who is None or who.is_business)


async def about(request: Request, session: Session, at: At, found: Procedure, *, may_start: bool) -> Shown:
    """The public page of a version; the workshop shows a draft's with it."""
    calendar = await worktime.calendar(session)
    return page(
        request,
        "public/procedure.html",
        procedure=found,
        papers=[(paper, _certain(paper.certainty)) for paper in found.papers],
        legal=[(citation, _certain(citation.certainty)) for citation in found.legal.values()],
        fees_certain=found.fees_confirmed,
        time_certain=all(_certain(stage.certainty) for stage in found.stages),
        outlook=found.outlook(calendar, at),
        unit=await _unit_name(session, found),
        today=at,
        may_start=may_start,
    )


def _certain(mark: str | None) -> bool:
    """Whether the ministry's own mark says that the fact was found in a primary text."""
    return mark is None or mark.startswith("found")


async def _unit_name(session: Session, found: Procedure) -> Text:
    try:
        unit = await identity.unit(session, found.authority.unit)
    except NotFound:  # a procedure may be published before its unit is in the register
        return Text(found.authority.unit, found.authority.unit)
    return Text(unit.name_vi, unit.name_en or unit.name_vi)


@router.get("/tra-cuu")
async def track(request: Request, ma: Annotated[str, Query(max_length=60)] = "") -> Shown:
    """Ask for the reference and its key."""
    return page(request, "public/track.html", key=ma, error=None, found=None)


@router.post("/tra-cuu", dependencies=[Depends(limited("track", rate=10, per_seconds=60, burst=10))])
async def track_one(request: Request, session: Session, form: Form) -> Shown:
    """The degree of completion of one dossier, and nothing else. The key travels in the body, never in an address."""
    key, secret = form.get("ma").upper(), form.get("khoa")
    try:
        found = await dossiers.progress(session, key, secret)
    except NotFound:
        return page(request, "public/track.html", status=404, key=form.get("ma"), error=NOT_TRACKED, found=None)
    return page(request, "public/track.html", key=key, error=None, found=found)


@router.get("/xac-thuc", dependencies=[Depends(limited("verify", rate=30, per_seconds=60, burst=30))])
async def verify(request: Request, session: Session, at: At, so: Annotated[str, Query(max_length=60)] = "") -> Shown:
    """Check a result by its number."""
    number = so.strip().upper()
    found = await issued.by_number(session, number, today=day_in_vietnam(at)) if number else None
    return _verification(request, found, number=number, at=at)


@router.get("/xac-thuc/{secret}", dependencies=[Depends(limited("verify", rate=30, per_seconds=60, burst=30))])
async def verify_by_secret(request: Request, session: Session, at: At, secret: str) -> Shown:
    """Check the paper whose QR code was scanned."""
    found = await issued.by_secret(session, secret, today=day_in_vietnam(at))
    return _verification(request, found, number=found.number or "" if found else "", at=at, scanned=True)


def _verification(request: Request, found: Verified | None, *, number: str, at: datetime, scanned: bool = False) -> Shown:
    asked = scanned or bool(number)
    error = NOT_VERIFIED if asked and found is None else None
    return page(
        request,
        "public/verify.html",
        status=404 if error else 200,
        found=found,
        number=number,
        error=error,
        now=at,
        scanned=scanned,
    )


@router.get("/kha-nang-tiep-can")
async def accessibility(request: Request) -> Shown:
    """How far the portal can be used by everyone."""
    return page(request, "public/accessibility.html")


@router.get("/bao-ve-du-lieu")
async def privacy(request: Request) -> Shown:
    """What is kept of people, why, and how they see who read it."""
    return page(request, "public/privacy.html")


@router.get("/tro-giup")
async def help_page(request: Request) -> Shown:
    """First help: what to have at hand, signing a PDF, what a verdict means."""
    return page(request, "public/help.html")
