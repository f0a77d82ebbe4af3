"""A file from a page: the multipart body must carry the page's token before the file."""

from secrets import compare_digest

from starlette.requests import Request

from app.core.multipart import FilePost, NotMultipart
from app.web.deps import Forged


class Upload(FilePost):
    """One posted file of a page of ours. `begin()` reads as far as the file's first byte; `chunks()` then yields the file."""

    def __init__(self, request: Request, token: str) -> None:
        """`token` is the page's. `Forged` when the body is no multipart form."""
        try:
            super().__init__(request.headers.get("content-type", ""), request.stream())
        except NotMultipart:
            raise Forged from None
        self._token = token

    async def read_fields(self) -> None:
        """Read the fields before the file. `Forged` unless they hold the page's token."""
        await super().read_fields()
        if not compare_digest(self.fields.get("csrf", "").encode(), self._token.encode()):
            raise Forged
