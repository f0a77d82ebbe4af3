"""One posted file, read as a stream: the fields before it, then its bytes. Nothing goes through the system's temp folder."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.core.errors import Incomplete, Problem, TooMany
from app.core.text import Text, file_name

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_FIELD = 4_000
MAX_HEADERS = 20
DRAINED = 130_000_000
OTHER_FIELD = Text(
    "Tệp phải được gửi trong trường “{wanted}” của biểu mẫu. Hãy đổi tên trường rồi gửi lại.",
    "The file belongs into the field “{wanted}” of the form. Rename the field and send it again.",
)
NO_FILE = Text("Hãy chọn một tệp trước khi tải lên.", "Choose a file before you upload.")
BROKEN = Text(
    "Tệp chưa đến trọn vẹn nên chưa được lưu. Hãy kiểm tra kết nối rồi tải lên lại.",
    "The file did not arrive whole and was not stored. Check your connection and upload it again.",
)


@asynccontextmanager
async def heard_out(body: Callable[[], AsyncGenerator[bytes]], *, most: int, seconds: float = 20) -> AsyncGenerator[None]:
    """Where a body may be refused unread: read it on so far, or a browser that is still sending never shows the refusal."""
    try:
        yield
    except TooMany:
        seen = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(body()) as unread:
                async for part in unread:
                    seen += len(part)
                    if seen > most:
                        break
        raise


class NotMultipart(ValueError):
    """The body is no multipart form."""


def _refused(text: Text, slug: str) -> Incomplete:
    return Incomplete([Problem("", slug, text)], text, slug=slug)


@dataclass(slots=True)
class _Part:
    headers: dict[str, str] = field(default_factory=dict)
    name: str = ""
    is_file: bool = False
    wanted: bool = False


class FilePost:
    """One posted file. `begin()` reads as far as the file's first byte; `chunks()` then yields the file."""

    def __init__(self, content_type: str, body: AsyncGenerator[bytes], *, field: str | None = None) -> None:
        """Raises `NotMultipart` when the type names no boundary. A file in another field than `field` is refused."""
        _, options = parse_options_header(content_type)
        if not options.get(b"boundary"):
            raise NotMultipart
        self.fields: dict[str, str] = {}
        self.name = ""
        self.size = 0
        self._field = field
        self._astray = False
        self._body = body
        self._part = _Part()
        self._header = ["", ""]
        self._ready: list[bytes] = []
        self._whole = False
        self._parser = MultipartParser(options[b"boundary"], self._callbacks())

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._part_begins,
            "on_header_field": lambda data, start, end: self._add_header(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._add_header(1, data[start:end]),
            "on_header_end": self._header_ends,
            "on_headers_finished": self._headers_end,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_end": self._ends,
        }

    async def begin(self) -> None:
        """Read the fields before the file. `Incomplete` when no file follows."""
        await self.read_fields()
        if self._astray:
            raise _refused(OTHER_FIELD.filled(wanted=self._field), "file-field")
        if not self.name:
            raise _refused(NO_FILE, "file-missing")

    async def read_fields(self) -> None:
        """Read as far as the file's first byte, or to the end."""
        while not self.name and not self._astray and not self._whole and await self._more():
            pass

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the file. Raises `Incomplete` when the body ends early or the file is empty."""
        while True:
            ready, self._ready = self._ready, []
            for chunk in ready:
                self.size += len(chunk)
                yield chunk
            if self._whole or not await self._more():
                break
        for chunk in self._ready:
            self.size += len(chunk)
            yield chunk
        if not self._whole:
            raise _refused(BROKEN, "upload-broken")
        if not self.size:
            raise _refused(NO_FILE, "file-missing")

    async def drain(self) -> None:
        """Read on without keeping, so that a refusal reaches a browser that is still sending; only so far."""
        seen = 0
        async with aclosing(self._body) as body:
            async for part in body:
                seen += len(part)
                if seen > DRAINED:
                    return

    async def _more(self) -> bool:
        part = await anext(self._body, None)
        if not part:
            return part is not None and not self._whole
        try:
            self._parser.write(part)
        except MultipartParseError:
            raise _refused(BROKEN, "upload-broken") from None
        return True

    def _part_begins(self) -> None:
        self._part = _Part()

    def _add_header(self, which: int, piece: bytes) -> None:
        self._header[which] += piece.decode("latin-1")

    def _header_ends(self) -> None:
        name, value = self._header
        if len(self._part.headers) < MAX_HEADERS:
            self._part.headers[name.lower()] = value
        self._header = ["", ""]

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._part.headers.get("content-disposition", "").encode("latin-1"))
        self._part.name = options.get(b"name", b"").decode(errors="replace")
        given = options.get(b"filename")
        self._part.is_file = given is not None
        if given and self._field not in (None, self._part.name):
            self._astray = True
        elif given and not self.name:  # the first named file counts; a browser sends an empty name when none was chosen
            self.name = file_name(given.decode(errors="replace"))
            self._part.wanted = True

    def _data(self, piece: bytes) -> None:
        if not self._part.is_file:
            known = self.fields.get(self._part.name, "")
            if len(self.fields) < MAX_HEADERS and len(known) < MAX_FIELD:
                self.fields[self._part.name] = known + piece.decode(errors="replace")
        elif self._part.wanted:
            self._ready.append(piece)

    def _ends(self) -> None:
        self._whole = True
