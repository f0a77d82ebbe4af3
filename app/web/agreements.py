"""Agreements for the officials of both sides: what is written, what it would deliver, how it stands, what they say of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor, ActorKind
from app.core.entry import admits
from app.core.errors import NotAllowed, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.sharing import agreements_drafts as drafts
from app.sharing import agreements_papers as papers
from app.sharing import agreements_seen as seen
from app.sharing.agreements_print import grants_of
from app.sharing.rehearsal import rehearse
from app.sharing.rules import ITEM_NAME, Remark, Status
from app.web import acts
from app.web.agreements_forms import PART_NAME
from app.web.deps import At, Form, Session, Visitor, csrf, official, signed_in
from app.web.files import attachment, download
from app.web.pages import page

HOME = "/thoa-thuan"
STATUS_NAME = {
    Status.PROPOSED: (Text("Chờ ký", "To be signed"), "yellow"),
    Status.SIGNED: (Text("Đã ký, chờ hiệu lực", "Signed, not in force"), "blue"),
    Status.ACTIVE: (Text("Đang có hiệu lực", "In force"), "green"),
    Status.SUSPENDED: (Text("Tạm dừng", "Suspended"), "red"),
    Status.ENDED: (Text("Đã chấm dứt", "Ended"), "grey"),
    Status.WITHDRAWN: (Text("Đã rút", "Withdrawn"), "grey"),
}
TURN_NAME = {
    "print": Text("Cổng đang in văn bản", "The portal is printing the paper"),
    "partner": Text("Bên khai thác ký", "The other side signs"),
    "check": Text("Cổng kiểm tra chữ ký của bên khai thác", "The portal checks the other side's signature"),
    "ministry": Text("Lãnh đạo Bộ ký", "A leader of the ministry signs"),
    "signing": Text("Cổng ký và đóng dấu", "The portal signs and seals"),
    "activation": Text("Người thứ hai đưa vào hiệu lực", "A second person brings it into force"),
}
ACT_NAME = {
    "proposed": Text("Chốt nội dung, gửi ký", "Terms fixed, sent for signing"),
    "file_given": Text("Bên khai thác nộp bản đã ký", "The other side handed in its signed file"),
    "signed": Text("Chữ ký đã được kiểm tra", "Signature checked"),
    "signature_asked": Text("Lãnh đạo Bộ đồng ý ký", "A leader of the ministry agreed to sign"),
    "activated": Text("Có hiệu lực", "In force"),
    "suspended": Text("Tạm dừng", "Suspended"),
    "resumed": Text("Tiếp tục", "Resumed"),
    "ended": Text("Chấm dứt", "Ended"),
    "withdrawn": Text("Rút", "Withdrawn"),
}
REMARK_NAME = {
    Remark.COMMENT: Text("Ý kiến", "Remark"),
    Remark.CHANGE: Text("Đề nghị sửa", "Asks for a change"),
    Remark.AGREED: Text("Đồng ý nội dung", "Agrees with the content"),
}
_READERS = (Permission.SHARING_MANAGE, Permission.SHARING_SIGN, Permission.SHARING_AGREE, Permission.AUDIT_READ)


@admits("official:agreements")
async def reader(who: Annotated[Visitor, Depends(signed_in)]) -> Actor:
    """An official of either side; of which agreements is asked of each."""
    if who.actor.kind is not ActorKind.OFFICIAL or not any(map(who.actor.may, _READERS)):
        raise NotAllowed
    return who.actor


signer = official(Permission.SHARING_SIGN)
router = APIRouter(prefix=HOME, dependencies=[Depends(reader), Depends(csrf)])
Reader = Annotated[Actor, Depends(reader)]


def theirs(actor: Actor) -> str | None:
    """The party that a contact officer is confined to; None for the ministry's own."""
    return None if seen.sees(actor, "") else actor.unit


@router.get("")
async def listing(request: Request, session: Session, actor: Reader) -> Response:
    """What concerns this official: drafts shown to them, versions, and whose turn it is."""
    party = theirs(actor)
    shown: dict[str, Any] = {
        "drafts": await seen.drafts(session, shown_to=party) if party else [],
        "versions": await seen.versions(session, party=party),
        "statuses": STATUS_NAME,
        "turns": TURN_NAME,
    }
    return page(request, "official/agreements.html", **shown)


@router.get("/ban-nhap/{draft_id}")
async def draft(request: Request, session: Session, actor: Reader, draft_id: UUID) -> Response:
    """A draft, to be read and remarked on."""
    return await _draft(request, session, actor, draft_id)


async def _draft(request: Request, session: AsyncSession, actor: Actor, draft_id: UUID, **more: Any) -> Response:
    found = await seen.draft(session, actor, draft_id)
    told: dict[str, Any] = {"draft": found, "terms": found.terms, "parts": PART_NAME, "remark_names": REMARK_NAME, "typed": {}}
    told |= {"grants": grants_of(found.terms), "item_names": ITEM_NAME}
    return page(request, "official/agreement_draft.html", **told | more)


@router.post("/ban-nhap/{draft_id}/y-kien")
async def remark(request: Request, session: Session, actor: Reader, at: At, draft_id: UUID, form: Form) -> Response:
    """Say something of a draft."""
    kind, about = form.get("kind"), form.get("about")
    known = Remark(kind) if kind in set(Remark) else Remark.COMMENT
    place = about if about in set(PART_NAME) else ""

    async def say() -> None:
        await drafts.remark(session, actor, draft_id, kind=known, about=place, text=form.get("text"), at=at)

    if problems := await acts.refused(session, say):
        return await _draft(request, session, actor, draft_id, typed=dict(form.pairs), **problems)
    ours = actor.may(Permission.SHARING_MANAGE)
    to = f"/quan-tri/chia-se/ban-nhap/{draft_id}" if ours else f"{HOME}/ban-nhap/{draft_id}"
    return RedirectResponse(to, status_code=303)


@router.get("/ban-nhap/{draft_id}/dien-tap")
async def rehearse_draft(request: Request, session: Session, actor: Reader, at: At, draft_id: UUID) -> Response:
    """Exactly what the other side would receive under the draft, on synthetic data."""
    found = await seen.draft(session, actor, draft_id)
    told: dict[str, Any] = {"party": found.party, "code": found.code, "version": None, "draft_id": draft_id}
    return page(request, "official/agreement_rehearsal.html", rehearsals=rehearse(found.terms, at=at), **told)


@router.get("/{code}/{version}")
async def version(request: Request, session: Session, actor: Reader, code: str, version: int) -> Response:
    """One version: its terms, signatures, steps and differences; and what this official may do."""
    return await version_page(request, session, actor, code, version)


async def version_page(request: Request, session: AsyncSession, actor: Actor, code: str, number: int, **more: Any) -> Response:
    """The page of a version, again when an act was refused."""
    found = await seen.version(session, code, within(number), by=actor)
    told: dict[str, Any] = {
        "found": found,
        "terms": found.terms,
        "grants": grants_of(found.terms) if found.terms else [],
        "turn": TURN_NAME.get(seen.waits_for(found.row, found.paper)),
        "statuses": STATUS_NAME,
        "act_names": ACT_NAME,
        "why": papers.PROBLEMS.get(found.paper.problem or "") if found.paper else None,
        "proposed_by_me": found.proposer == actor.ref,
        "item_names": ITEM_NAME,
        "is_partner": theirs(actor) == found.row.party,
    }
    return page(request, "official/agreement.html", **told | more)


@router.get("/{code}/{version}/dien-tap")
async def rehearse_version(request: Request, session: Session, actor: Reader, at: At, code: str, version: int) -> Response:
    """The rehearsal of a version."""
    found = await seen.version(session, code, within(version), by=actor)
    if found.terms is None:
        raise NotFound
    told: dict[str, Any] = {"party": found.party, "code": code, "version": version, "draft_id": None}
    return page(request, "official/agreement_rehearsal.html", rehearsals=rehearse(found.terms, at=at), **told)


@router.get("/{code}/{version}/van-ban.pdf")
async def paper(request: Request, session: Session, actor: Reader, code: str, version: int) -> Response:
    """The paper as far as it has come: to be signed, or with its signatures."""
    return paper_of(request, await seen.version(session, code, within(version), by=actor))


@router.get("/{code}/{version}/thoa-thuan.json")
async def machine_form(session: Session, actor: Reader, code: str, version: int) -> Response:
    """The canonical JSON whose hash both sides sign."""
    return json_of(await seen.version(session, code, within(version), by=actor))


@router.get("/{code}/{version}/thoa-thuan.jws")
async def machine_signature(session: Session, actor: Reader, code: str, version: int) -> Response:
    """The ministry's signature over it, for machines."""
    return jws_of(await seen.version(session, code, within(version), by=actor))


@router.post("/{code}/{version}/ky", dependencies=[Depends(signer)])
async def sign(request: Request, session: Session, actor: Reader, at: At, code: str, version: int) -> Response:
    """A leader of the ministry agrees to sign; the worker signs with that leader's key."""
    if problems := await acts.refused(session, lambda: papers.ask_signature(session, actor, code, within(version), at=at)):
        return await version_page(request, session, actor, code, version, **problems)
    return RedirectResponse(f"{HOME}/{code}/{version}", status_code=303)


def paper_of(request: Request, found: seen.Version) -> Response:
    """The PDF of a version, as far as it has come. `NotFound` before it is printed."""
    paper = found.paper
    key = (paper.file_key or paper.countersigned_key or paper.prepared_key) if paper else None
    if paper is None or key is None:
        raise NotFound
    name = f"{found.row.code}-v{found.row.version}.pdf"
    return download(request, key, paper.id, name=name, media_type="application/pdf", size=0)


def json_of(found: seen.Version) -> Response:
    """The canonical JSON of a version."""
    if found.row.content is None:
        raise NotFound
    return attachment(found.row.content, name=f"{found.row.code}-v{found.row.version}.json", media_type="application/json")


def jws_of(found: seen.Version) -> Response:
    """The compact JWS of a version. `NotFound` until the ministry has signed."""
    if found.row.jws is None:
        raise NotFound
    return attachment(found.row.jws, name=f"{found.row.code}-v{found.row.version}.jws", media_type="application/jose")


def within(number: int) -> int:
    """A number that the database's integers hold. `NotFound` for any other."""
    if not 0 < number < 2**31:
        raise NotFound
    return number
