"""A working print: the document as it stands this moment, without number, seal or record. Nothing is kept of it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from app.core.clock import day_in_vietnam
from app.issued import qr
from app.issued.editions import in_force
from app.issued.facts import Sheet
from app.issued.render import render
from app.issued.values import printed

# One at a time: a volume of the register book takes about a second and a hundred megabytes.
_PRINTER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="print")


async def print_now(facts: Sheet, *, link: str, at: datetime) -> bytes:
    """The document as a PDF that says it is not sealed; its QR code holds `link`, a page of officials."""
    return await asyncio.get_running_loop().run_in_executor(_PRINTER, _print, facts, link, at)


def _print(facts: Sheet, link: str, at: datetime) -> bytes:
    layout = in_force(facts.template, day_in_vietnam(at))
    values = printed(
        facts.model_dump(mode="json"),
        kind=facts.kind,
        edition=layout,
        title=facts.title,
        number=None,
        at=at,
        verify=link,
    )
    return render(layout, values | {"proof": True}, qr=qr.svg(link)).pdf
