"""Files out: always a download in a sandbox, never shown inside the portal."""

from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse


def download(request: Request, key: UUID, dossier_id: UUID, *, name: str, media_type: str, size: int) -> StreamingResponse:
    """The stored file `key` under its shown `name`. Each chunk is authentic before it leaves."""
    headers = _headers(name)
    if size:
        headers["content-length"] = str(size)
    return StreamingResponse(request.app.state.blobs.stream(key, dossier_id), media_type=media_type, headers=headers)


def pdf(content: bytes, *, name: str) -> Response:
    """A document made this moment."""
    return Response(content, media_type="application/pdf", headers=_headers(name))


def attachment(content: str, *, name: str, media_type: str) -> Response:
    """Text that is kept in the database, as a file."""
    return Response(content, media_type=media_type, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, no-store",
    }
