"""The public page that checks the signatures of any PDF. Nothing is stored, and it works without scripts."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.core.clock import now
from app.core.db import transaction
from app.core.entry import anyone
from app.core.errors import Incomplete
from app.core.multipart import heard_out
from app.core.text import Text
from app.documents import anyone as desk
from app.documents.anyone import Checked
from app.web.deps import Visitor, csrf, same_origin, visitor
from app.web.pages import Shown, page
from app.web.uploads import Upload

router = APIRouter(prefix="/kiem-tra-chu-ky", dependencies=[Depends(anyone)])
FIELDS = {"tax_code": "ma_so_thue", "file": "tep", "": "tep"}


@router.get("", dependencies=[Depends(visitor), Depends(csrf)])
async def ask(request: Request) -> Shown:
    """What the check does, and a place for the file."""
    return _shown(request)


async def whoever(request: Request) -> Visitor | None:
    """Whoever sends a file, found in a transaction that ends before the file is read; everybody is counted."""
    same_origin(request)
    sessions, at = request.app.state.sessions, now()
    async with transaction(sessions) as session:
        who = await visitor(request, session, at)
    async with heard_out(request.stream, most=desk.MOST_SENT):
        await desk.admit(sessions, request.client.host if request.client else "", at=at)
    return who


@router.post("")
async def check(request: Request, who: Annotated[Visitor | None, Depends(whoever)]) -> Shown:
    """Judge one PDF and say what was found; a tax code may be asked about."""
    async with heard_out(request.stream, most=desk.MOST_SENT), request.app.state.counter.place() as path:
        incoming = Upload(request, who.csrf if who else "")
        try:
            await incoming.begin()
            code = desk.tax_code_of(incoming.fields.get("ma_so_thue", ""))
            state = request.app.state
            found = await desk.check(state.sessions, state.counter, incoming.chunks(), path, tax_code=code, at=now())
        except Incomplete as refusal:
            await incoming.drain()
            return _refused(request, refusal, incoming.fields.get("ma_so_thue", ""))
    return _shown(request, found=found, name=incoming.name)


def _refused(request: Request, refusal: Incomplete, typed: str) -> Shown:
    status = 413 if refusal.slug == "too-large" else 422
    problem = refusal.problems[0]
    return _shown(request, status=status, wrong=(FIELDS.get(problem.where, "tep"), problem.text), typed=typed)


def _shown(
    request: Request,
    *,
    status: int = 200,
    found: Checked | None = None,
    name: str = "",
    wrong: tuple[str, Text] | None = None,
    typed: str = "",
) -> Shown:
    values = {"found": found, "name": name, "wrong": wrong, "problems": [wrong] if wrong else [], "typed": typed}
    return page(request, "public/check_signature.html", status=status, most_mb=desk.MOST_MB, **values)
