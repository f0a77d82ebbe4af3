"""For everybody: which authority gets which data of the ministry, under which article, and the signed paper that says so."""

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.core.entry import anyone
from app.core.errors import NotFound
from app.sharing import agreements_seen as seen
from app.sharing.agreements_print import grants_of
from app.sharing.rules import ITEM_NAME
from app.web.agreements import STATUS_NAME, json_of, jws_of, paper_of, within
from app.web.deps import At, Session, visitor
from app.web.pages import page

router = APIRouter(prefix="/chia-se-du-lieu", dependencies=[Depends(anyone), Depends(visitor)])


@router.get("")
async def listing(request: Request, session: Session, at: At) -> Response:
    """Agreements in force."""
    found = await seen.in_force(session, at=at)
    return page(request, "public/agreements.html", agreements=[(card, grants_of(card.terms)) for card in found if card.terms])


@router.get("/{code}")
async def current(request: Request, session: Session, code: str) -> Response:
    """The version in force of one agreement, or the last that was."""
    found = await seen.version(session, code, await seen.current(session, code))
    return page(request, "public/agreement.html", **_told(found))


@router.get("/{code}/{version}")
async def version(request: Request, session: Session, code: str, version: int) -> Response:
    """One version that is or was in force."""
    return page(request, "public/agreement.html", **_told(await seen.version(session, code, within(version))))


def _told(found: seen.Version) -> dict[str, Any]:
    if found.terms is None:
        raise NotFound
    known = [one for one in found.versions if one.activated_at is not None]
    told: dict[str, Any] = {"found": found, "terms": found.terms, "grants": grants_of(found.terms), "versions": known}
    return told | {"statuses": STATUS_NAME, "item_names": ITEM_NAME}


@router.get("/{code}/{version}/van-ban.pdf")
async def paper(request: Request, session: Session, code: str, version: int) -> Response:
    """The signed paper."""
    return paper_of(request, await seen.version(session, code, within(version)))


@router.get("/{code}/{version}/thoa-thuan.json")
async def machine_form(session: Session, code: str, version: int) -> Response:
    """The canonical JSON that was signed."""
    return json_of(await seen.version(session, code, within(version)))


@router.get("/{code}/{version}/thoa-thuan.jws")
async def machine_signature(session: Session, code: str, version: int) -> Response:
    """The ministry's signature over it."""
    return jws_of(await seen.version(session, code, within(version)))
