"""What every route for machines shares: the transaction, the moment, and the key that makes a repeated POST harmless."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Header, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.api import strict
from app.core import clock
from app.core.db import transaction
from app.core.errors import Incomplete, Problem
from app.core.text import Text
from app.dossiers import idempotency

KEY_NEEDED = Text(
    "Thiếu hoặc sai Idempotency-Key: gửi một khóa riêng cho mỗi yêu cầu, 8 đến 100 ký tự ASCII.",
    "Idempotency-Key is missing or malformed: send a key of your own for each request, 8 to 100 ASCII characters.",
)


async def db_session(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction, committed before the answer leaves."""
    async with transaction(request.app.state.sessions) as session:
        yield session


def moment() -> datetime:
    """The time of this request."""
    return clock.now()


def idempotency_key(key: Annotated[str, Header(alias="Idempotency-Key")] = "") -> str:
    """The client's key for this request. Kept as long as the dossier, so a late retry gets the first answer."""
    if not (8 <= len(key) <= 100 and key.isascii() and key.isprintable()):
        raise Incomplete([Problem("Idempotency-Key", "idempotency-key", KEY_NEEDED)], KEY_NEEDED, slug="idempotency-key")
    return key


async def body_of(request: Request) -> bytes:
    """The raw body: the same key with another body is a conflict. No more is kept in memory than any body of ours has."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > strict.MAX_BYTES:
            raise strict.too_large()
    return bytes(body)


Session = Annotated[AsyncSession, Depends(db_session, scope="function")]
At = Annotated[datetime, Depends(moment)]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act answers: kept under the key and given again to whoever repeats the request."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    dossier_id: UUID | None = None

    def response(self, *, repeated: bool = False) -> Response:
        """The answer as it leaves."""
        headers = {"cache-control": "no-store"} | ({"idempotency-replayed": "true"} if repeated else {})
        content = b"" if self.status == 204 else orjson.dumps(self.body)
        return Response(content, self.status, headers, "application/json")


@dataclass(frozen=True, slots=True)
class OneAnswer:
    """Runs an act once for its key."""

    session: AsyncSession
    key: str
    body: bytes
    at: datetime
    target: str

    async def of(self, owner: str, act: Callable[[], Awaitable[Answer]]) -> Response:
        """The answer to `act`, or the one kept when `owner` sent this key before. Another body under it is a `Conflict`.

        A refusal is not kept: it rolls the key back with everything else, and the corrected request may use it.
        """
        signed = self.target.encode() + b"\0" + self.body
        kept = await idempotency.idempotent(self.session, owner, self.key, signed, at=self.at)
        if kept:
            return Answer(kept.status, kept.body, kept.dossier_id).response(repeated=True)
        answer = await act()
        await idempotency.remember(
            self.session, owner, self.key, status=answer.status, body=answer.body, dossier_id=answer.dossier_id
        )
        return answer.response()


def one_answer(
    request: Request,
    session: Session,
    at: At,
    key: Annotated[str, Depends(idempotency_key)],
    body: Annotated[bytes, Depends(body_of)],
) -> OneAnswer:
    """For every POST that creates or moves something."""
    return OneAnswer(session, key, body, at, f"{request.method} {request.url.path}")


Once = Annotated[OneAnswer, Depends(one_answer)]
