"""The public check: anyone may have one PDF judged. Few at once, nothing kept, no network, and no word of it in any log.

Revocation rests on what the worker fetched before: what nobody has asked about yet is INDETERMINATE, and the page says why.
"""

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.core import limits
from app.core.db import Sessions, transaction
from app.core.errors import Incomplete, Problem, TooMany
from app.core.text import Text
from app.documents.explain import Explained, explained
from app.trust import queries as trust
from signing import Bounds, Policy, Pool, Report, binding_of, split_tax_code

MOST_MB = 25
MOST_SENT = (MOST_MB + 5) * 1024 * 1024
"""Of a body that is refused unread: so much is read on."""
PLACES = 6
AT_ONCE = 2
BODY_SECONDS = 60
_HEAD = 1024

TOO_LARGE = Text(
    f"Tệp lớn hơn {MOST_MB} MB, mức tối đa của trang kiểm tra công khai. Hãy giảm dung lượng hoặc tách tệp.",
    f"The file is larger than {MOST_MB} MB, the most this public check takes. Make it smaller or split it.",
)
NOT_PDF = Text(
    "Tệp này không phải PDF nên không có chữ ký số để kiểm tra ở đây. Hãy chọn tệp PDF đã ký.",
    "This file is not a PDF, so there is no signature to check here. Choose the signed PDF.",
)
EMPTY = Text("Tệp rỗng. Hãy chọn tệp PDF đã ký.", "The file is empty. Choose the signed PDF.")
TOO_SLOW = Text(
    "Tệp chưa đến trọn vẹn sau một phút. Hãy kiểm tra kết nối rồi gửi lại.",
    "The file had not arrived after a minute. Check your connection and send it again.",
)
WRONG_TAX_CODE = Text(
    "Mã số thuế phải có 10 chữ số, hoặc 10 và 3 (0100109106-001), đúng số kiểm tra. Có thể để trống.",
    "The tax code has ten digits, or ten and three (0100109106-001), with the right check digit. You may leave it out.",
)


class Busy(TooMany):
    """Every place is taken: nothing is wrong with what was asked."""

    slug = "checks-busy"
    text = Text(
        "Trang kiểm tra đang bận. Tệp của bạn chưa được nhận; hãy thử lại sau ít giây.",
        "The check is busy. Your file was not taken; try again in a few seconds.",
    )

    def __init__(self) -> None:
        super().__init__(5)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came out: the report as JSON, in words, and whether the tax code that was asked about signed."""

    report: dict[str, Any]
    told: Explained
    binding: dict[str, Any] | None
    at: datetime


class Counter:
    """The places of one web process and the pool behind them, which starts with the first file.

    `folder` holds a file only while it is judged.
    """

    def __init__(self, folder: Path, bounds: Bounds | None = None) -> None:
        self._folder = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._bounds = bounds or Bounds(deadline_s=20.0)
        self._free = PLACES
        self._opening = asyncio.Lock()
        self._pool: Pool | None = None
        self._closing = contextlib.AsyncExitStack()

    async def close(self) -> None:
        """End the pool and leave nothing behind."""
        await self._closing.aclose()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Path]:
        """A place and the path of its file, which is gone afterwards. Raises `Busy`."""
        if not self._free:
            raise Busy
        self._free -= 1
        try:
            await self._open()
            path = self._folder / f"{secrets.token_hex(16)}.pdf"
            try:
                yield path
            finally:
                path.unlink(missing_ok=True)
        finally:
            self._free += 1

    async def judge(self, path: Path, policy: Policy) -> Report:
        """The report on the file of a place."""
        if self._pool is None:
            raise RuntimeError("take a place first")
        return await self._pool.check(path, policy)

    async def _open(self) -> None:
        async with self._opening:
            if self._pool is None:
                sweep(self._folder.parent)
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._closing.callback(shutil.rmtree, self._folder, ignore_errors=True)
                self._pool = await self._closing.enter_async_context(Pool(AT_ONCE, self._bounds))


def sweep(folder: Path) -> None:
    """Remove what processes left behind that were killed while they judged a file."""
    for left in folder.glob("*-*"):
        if not Path(f"/proc/{left.name.partition('-')[0]}").exists():
            shutil.rmtree(left, ignore_errors=True)


async def admit(sessions: Sessions, address: str, *, at: datetime) -> int:
    """Count one check of `address`, and of everybody; how many more it may ask now. Raises `TooMany`. No address is kept."""
    one = hashlib.sha256(address.encode()).hexdigest()[:32]
    left = []
    for key, rate, burst in ((f"check:{one}", 10, 5), ("check:all", 120, 30)):
        async with transaction(sessions) as session:
            left.append(await limits.take(session, key, rate=rate, per_seconds=60, burst=burst, at=at))
    return min(left)


def tax_code_of(text: str) -> str | None:
    """The tax code that was asked about, or None when none was. Raises `Incomplete` for one that cannot be."""
    if not text.strip():
        return None
    parts = split_tax_code(text)
    if parts is None:
        raise Incomplete([Problem("tax_code", "tax-code", WRONG_TAX_CODE)], WRONG_TAX_CODE, slug="tax-code")
    return "-".join(part for part in parts if part)


async def check(
    sessions: Sessions, counter: Counter, content: AsyncIterator[bytes], path: Path, *, tax_code: str | None, at: datetime
) -> Checked:
    """Judge what arrives, at a place of the counter. Raises `Incomplete` for what is no PDF of a fitting size."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            await _spool(content, path)
    except TimeoutError:
        raise _refused(TOO_SLOW, "too-slow") from None
    async with transaction(sessions) as session:
        policy = Policy(at=at, trust=await trust.snapshot(session), evidence=await trust.evidence(session))
    report = await counter.judge(path, policy)
    binding = binding_of(report, tax_code) if tax_code else None
    return Checked(report.to_json(), explained(report, tax_code), binding, at)


async def _spool(content: AsyncIterator[bytes], path: Path) -> None:
    size, head = 0, b""
    with path.open("xb") as file:
        async for chunk in content:
            size += len(chunk)
            if size > MOST_MB * 1024 * 1024:
                raise _refused(TOO_LARGE, "too-large")
            head = head if len(head) >= _HEAD else (head + chunk)[:_HEAD]
            await asyncio.to_thread(file.write, chunk)
    if not size:
        raise _refused(EMPTY, "empty-file")
    if b"%PDF-" not in head:
        raise _refused(NOT_PDF, "not-a-pdf")


def _refused(text: Text, slug: str) -> Incomplete:
    return Incomplete([Problem("file", slug, text)], text, slug=slug)
