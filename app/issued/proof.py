"""A working print: the document as it stands this moment, without number, seal or record. Nothing is kept of it.

Printed by a process of its own: Typst keeps what it worked out for the next ten documents, and ten volumes of the register book
are more than a gigabyte (measured), which no web process may grow to.
"""

import asyncio
import json
import sys
from datetime import datetime
from typing import Any

from app.core.clock import day_in_vietnam
from app.core.errors import Unreachable
from app.core.text import Text
from app.issued import qr
from app.issued.editions import edition, in_force
from app.issued.facts import Sheet
from app.issued.render import render
from app.issued.values import printed

PATIENCE_SECONDS = 25
_ONE_AT_A_TIME = asyncio.Semaphore(1)
_TOO_SLOW = Text(
    "Hệ thống đang bận nên chưa in được văn bản. Hãy thử lại sau ít phút.",
    "The system is too busy to print the document now. Try again in a few minutes.",
)


async def print_now(facts: Sheet, *, link: str, at: datetime) -> bytes:
    """The document as a PDF that says it is not sealed; its QR code holds `link`, a page of officials."""
    asked = json.dumps(values_of(facts, link=link, at=at)).encode()
    try:
        async with _ONE_AT_A_TIME, asyncio.timeout(PATIENCE_SECONDS):
            return await _ask(asked)
    except TimeoutError:
        raise Unreachable(_TOO_SLOW, slug="printer-busy") from None


def values_of(facts: Sheet, *, link: str, at: datetime) -> dict[str, Any]:
    """What is printed, with the mark of a working print."""
    layout = in_force(facts.template, day_in_vietnam(at))
    said = facts.model_dump(mode="json")
    return printed(said, kind=facts.kind, edition=layout, title=facts.title, number=None, at=at, verify=link) | {"proof": True}


async def _ask(asked: bytes) -> bytes:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "app.issued.proof", stdin=pipe, stdout=pipe)
    try:
        pdf, _ = await process.communicate(asked)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the print ended with code {process.returncode}")
    return pdf


def _print(values: dict[str, Any]) -> bytes:
    return render(edition(values["template"], values["edition"]), values, qr=qr.svg(values["verify"])).pdf


if __name__ == "__main__":
    sys.stdout.buffer.write(_print(json.load(sys.stdin)))
