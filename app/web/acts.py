"""One act asked for by a form: done, or refused with what its page needs to say so."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Incomplete, NotFound, Problem, Refusal
from app.core.text import Text
from app.web.deps import Posted

NO_DAY = Text("Hãy nhập ngày, tháng, năm có thật.", "Enter a real day, month and year.")


async def refused(session: AsyncSession, deed: Callable[[], Awaitable[object]]) -> dict[str, Any] | None:
    """Do `deed`; nothing when it was done, else the status and the problems for the page, with nothing of it kept."""
    try:
        async with session.begin_nested():
            await deed()
    except NotFound:
        raise
    except Incomplete as refusal:
        return {"status": 422, "problems": tuple(refusal.problems)}
    except Refusal as refusal:
        return {"status": 409, "problems": (Problem("", refusal.slug, refusal.text),)}
    return None


def day(form: Posted, name: str) -> date:
    """The day of a date field. `Incomplete` when there is no such day."""
    try:
        year, month, number = (int(form.get(f"{name}-{part}")) for part in ("year", "month", "day"))
        return date(year, month, number)
    except (ValueError, OverflowError):
        raise Incomplete([Problem(name, "bad-day", NO_DAY)]) from None
