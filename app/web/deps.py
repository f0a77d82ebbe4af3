"""What every page's door shares: the transaction, the moment, who is there, which router they may enter, what they posted."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import compare_digest
from typing import Annotated
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.record import record
from app.core import clock, limits
from app.core.actor import Actor, ActorKind
from app.core.db import transaction
from app.core.entry import admits, records_view
from app.core.errors import NotAllowed, NotFound, Refusal
from app.core.permissions import Permission
from app.core.text import Text, has_unwanted, nfc
from app.identity import actions as identity_actions
from app.identity import queries as identity
from app.identity.rules import session_cookie
from app.notices import queries as notices

MAX_FORM_BYTES = 2_000_000
MAX_FIELDS = 5_000
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SignInNeeded(Exception):
    """Nobody is signed in, or the session has ended; the door sends the visitor to sign in and keeps what was typed."""


class Forged(NotAllowed):
    """An unsafe request without the page's token, or from another site."""

    slug = "form-not-ours"
    text = Text(
        "Biểu mẫu này đã cũ hoặc không được gửi từ cổng dịch vụ công, nên chưa có gì được lưu. Hãy tải lại trang rồi gửi lại.",
        "This form is out of date or was not sent from the portal, so nothing was saved. Reload the page and send it again.",
    )


class TooLarge(Refusal):
    """More was sent than the page takes."""

    slug = "too-large"
    text = Text(
        "Nội dung gửi lên vượt quá dung lượng cho phép. Hãy giảm dung lượng rồi gửi lại.",
        "What was sent is larger than allowed. Make it smaller and send it again.",
    )


BUSINESS_ONLY = Text(
    "Trang này dành cho doanh nghiệp. Bạn đang đăng nhập bằng tài khoản cán bộ.",
    "This page is for businesses. You are signed in as an official.",
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Someone signed in, as pages show them; `elsewhere`: an official in the other units where they hold roles."""

    actor: Actor
    csrf: str
    organisation: Text
    unread: int = 0
    elsewhere: tuple[Actor, ...] = ()

    @property
    def is_business(self) -> bool:
        """Whether they act for an enterprise."""
        return self.actor.kind is ActorKind.BUSINESS


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it came: pairs in order, composed text, no hidden characters.

    `typed` still has those hidden characters that can be shown to whoever pasted them; an answer to a procedure is told of them.
    """

    pairs: tuple[tuple[str, str], ...]
    typed: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first value of `name`, trimmed; "" when missing."""
        return next((value.strip() for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> list[str]:
        """Every value of `name`."""
        return [value for key, value in self.pairs if key == name]


async def db_session(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction, committed before the answer leaves."""
    async with transaction(request.app.state.sessions) as session:
        yield session


def moment() -> datetime:
    """The time of this request."""
    return clock.now()


Session = Annotated[AsyncSession, Depends(db_session, scope="function")]
At = Annotated[datetime, Depends(moment)]


async def visitor(request: Request, session: Session, at: At) -> Visitor | None:
    """Whoever is signed in; also what every page's masthead shows."""
    cookie = request.cookies.get(session_cookie(https=request.app.state.settings.https))
    signed_in = await identity.session_actor(session, cookie, at=at) if cookie else None
    if signed_in is None:
        return None
    if signed_in.stale and cookie:
        await identity_actions.keep_alive(session, cookie, at=at)
    about, unread = await _about(session, signed_in.actor)
    found = Visitor(signed_in.actor, signed_in.csrf, about, unread, signed_in.elsewhere)
    request.state.visitor = found
    return found


async def _about(session: AsyncSession, actor: Actor) -> tuple[Text, int]:
    if actor.tax_code:
        enterprise = await identity.enterprise(session, actor.tax_code)
        return Text(enterprise.name_vi, enterprise.name_en or enterprise.name_vi), await notices.unread(session, actor.tax_code)
    if actor.unit:
        unit = await identity.unit(session, actor.unit)
        unread = await notices.unread_by(session, actor.person_id) if actor.person_id else 0
        return Text(unit.name_vi, unit.name_en or unit.name_vi), unread
    return Text("", ""), 0


MaybeVisitor = Annotated[Visitor | None, Depends(visitor)]


async def posted(request: Request) -> Posted:
    """The urlencoded form of this request. Multipart is for the upload door alone, whose reader checks the token itself."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise Forged
    if not hasattr(request.state, "posted"):
        request.state.posted = _read_form(await _body(request))
    form: Posted = request.state.posted
    return form


Form = Annotated[Posted, Depends(posted)]


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            raise TooLarge
    return bytes(body)


def _read_form(body: bytes) -> Posted:
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise TooLarge from None
    cleaned = [(_clean(name), value.replace("\r\n", "\n")) for name, value in pairs]
    return Posted(
        pairs=tuple((name, _clean(value)) for name, value in cleaned),
        typed=tuple((name, nfc(_UNSTORABLE.sub("", value))) for name, value in cleaned),
    )


_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _clean(value: str) -> str:
    plain = value.replace("\r\n", "\n")
    return nfc("".join(sign for sign in plain if not has_unwanted(sign)) if has_unwanted(plain) else plain)


async def csrf(request: Request, who: MaybeVisitor) -> None:
    """Refuse an unsafe request that another site could have caused: foreign origin, or no token of this session."""
    if request.method in SAFE_METHODS:
        return
    same_origin(request)
    form = await posted(request)
    if who and not compare_digest(form.get("csrf").encode(), who.csrf.encode()):
        raise Forged


async def who_uploads(request: Request) -> Visitor:
    """Who sends a file from our own pages, found in a transaction that ends before the file is read."""
    same_origin(request)
    async with transaction(request.app.state.sessions) as session:
        who = await visitor(request, session, moment())
    if who is None:
        raise SignInNeeded
    return who


def same_origin(request: Request) -> None:
    """Raise unless the browser says that our own page sent this."""
    ours = {request.app.state.settings.public_origin, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if request.headers.get("origin") not in ours:
        raise Forged


@admits("signed-in")
async def signed_in(who: MaybeVisitor) -> Visitor:
    """Whoever is signed in, or off to sign in."""
    if who is None:
        raise SignInNeeded
    return who


@admits("business")
async def business(who: Annotated[Visitor, Depends(signed_in)]) -> Actor:
    """A person acting for an enterprise."""
    if not who.is_business:
        raise NotAllowed(BUSINESS_ONLY)
    return who.actor


def official(permission: Permission) -> Callable[[Visitor], Awaitable[Actor]]:
    """A dependency: an official who holds `permission`."""

    @admits(f"official:{permission}")
    async def enter(who: Annotated[Visitor, Depends(signed_in)]) -> Actor:
        if who.actor.kind is not ActorKind.OFFICIAL:
            raise NotAllowed
        who.actor.must(permission)
        return who.actor

    return enter


Business = Annotated[Actor, Depends(business)]


def _uuid(text: str | None) -> UUID | None:
    """The id in an address; one that is none is an address that leads nowhere."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound from None


def record_view(what: str) -> Callable[..., Awaitable[None]]:
    """A dependency for pages with personal data: who looked at `what`, of which dossier, is remembered."""

    @records_view
    async def remember(request: Request, session: Session, who: Annotated[Visitor, Depends(signed_in)], at: At) -> None:
        dossier = _uuid(request.path_params.get("dossier_id"))
        record(
            session,
            who.actor,
            f"{what}.viewed",
            subject_kind=what,
            subject_id=str(dossier or who.actor.tax_code or who.actor.unit or ""),
            dossier_id=dossier,
            at=at,
        )

    return remember


def limited(act: str, *, rate: int, per_seconds: int, burst: int) -> Callable[..., Awaitable[None]]:
    """A dependency: so many of `act` from one person, or from one address when nobody is signed in. Counted even when refused."""

    async def take(request: Request, at: At, who: MaybeVisitor) -> None:
        one = str(who.actor.person_id) if who else (request.client.host if request.client else "")
        key = f"{act}:{sha256(one.encode()).hexdigest()[:32]}"
        async with transaction(request.app.state.sessions) as session:
            await limits.take(session, key, rate=rate, per_seconds=per_seconds, burst=burst, at=at)

    return take
