"""For whoever connects a system: the first ten minutes, samples, the interfaces, refusals, and what judges us. Open to all."""

import gzip
import io
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.responses import Response

from app.core.entry import anyone
from app.core.errors import NotFound
from app.core.text import Text
from app.web import problems
from app.web.deps import visitor
from app.web.pages import page

HOME = "/nha-phat-trien"
CLIENTS = Path(__file__).resolve().parents[2] / "clients"
SAMPLES = {"read.py": "Python", "read.mjs": "JavaScript", "read.sh": "curl"}


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface for machines: what it is for, where its description is, and how its addresses begin."""

    title: Text
    description: str
    prefix: str


INTERFACES = {
    "sharing": Interface(Text("Dữ liệu dùng chung", "Shared data"), "/api/sharing/openapi.yaml", "/api/sharing/v1"),
    "filing": Interface(Text("Nộp hồ sơ bằng máy", "Filing by machine"), "/api/filing/openapi.yaml", "/api/filing/v1"),
    "signature": Interface(
        Text("Kiểm tra chữ ký số", "Checking signatures"), "/api/signature/openapi.yaml", "/api/signature/check"
    ),
    "log": Interface(Text("Bằng chứng của nhật ký", "Proofs of the logs"), "/log/openapi.yaml", "/log/"),
}
OAUTH_ERRORS = {
    "invalid_client": Text(
        "Khẳng định (client_assertion) không dùng được: sai khóa, sai aud, hết hạn, dùng lại jti. Hãy ký khẳng định mới, aud là "
        "địa chỉ của cổng, và xem khóa còn hiệu lực không.",
        "The client_assertion is no good: wrong key or aud, expired, jti used before. Sign a new one with the portal's address "
        "as aud, and see whether the key is still good.",
    ),
    "use_dpop_nonce": Text(
        "Bằng chứng DPoP thiếu nonce của cổng. Hãy ký lại với giá trị của DPoP-Nonce trong câu trả lời.",
        "The DPoP proof lacks the portal's nonce. Sign again with the DPoP-Nonce of this answer.",
    ),
    "invalid_dpop_proof": Text(
        "Bằng chứng DPoP sai hoặc đã dùng. Hãy xem htm, htu, ath, iat và ký một bằng chứng mới cho mỗi lần gọi.",
        "The DPoP proof is wrong or was used before. Look at htm, htu, ath and iat, and sign a new one for each call.",
    ),
    "invalid_token": Text(
        "Mã truy cập hết hạn, bị thu hồi, hoặc thỏa thuận không còn hiệu lực. Hãy xin mã mới.",
        "The token has ended, was revoked, or its agreement is not in force any more. Ask for a new one.",
    ),
    "invalid_scope": Text(
        "Ứng dụng không được đăng ký phạm vi này, hoặc các phạm vi thuộc hai tài nguyên khác nhau.",
        "The client is not registered for this scope, or the scopes belong to two resources.",
    ),
    "invalid_authorization_details": Text(
        "Không có thỏa thuận đang có hiệu lực nào cho điều được hỏi. Hãy xem mã thỏa thuận, mục đích và dữ liệu.",
        "No agreement in force gives what was asked. Look at the agreement's code, the purpose and the datasets.",
    ),
    "slow_down": Text(
        "Xin mã quá nhiều lần. Hãy dùng lại mã truy cập trong 300 giây và chờ theo Retry-After.",
        "Too many requests for tokens. Use each token for its 300 seconds, and wait as Retry-After says.",
    ),
}

router = APIRouter(prefix=HOME, dependencies=[Depends(anyone), Depends(visitor)])


@router.get("")
async def start(request: Request) -> Response:
    """The first ten minutes: from nothing to a record that was read, command by command."""
    settings = request.app.state.settings
    sandbox = settings.issuer if settings.sandbox else settings.sandbox_url.rstrip("/")
    return page(request, "developer/start.html", here=settings.issuer, sandbox=sandbox, in_sandbox=settings.sandbox)


@router.get("/mau")
async def samples(request: Request) -> Response:
    """The same read in three languages; the very files that tests run."""
    texts = {name: (CLIENTS / "samples" / name).read_text() for name in SAMPLES}
    return page(request, "developer/samples.html", samples=texts, names=SAMPLES, sandbox=request.app.state.settings.sandbox_url)


@router.get("/mau/{name}")
async def sample(name: str) -> Response:
    """One sample as a file."""
    if name not in SAMPLES:
        raise NotFound
    text = (CLIENTS / "samples" / name).read_text()
    return Response(text, media_type="text/plain", headers={"content-disposition": f'attachment; filename="{name}"'})


@router.get("/motcua-client.tar.gz")
async def library() -> Response:
    """The Python client as pip takes it."""
    return Response(_archive(), media_type="application/gzip")


@cache
def _archive() -> bytes:
    """The same bytes from every process: no time, no owner."""
    root, plain = CLIENTS / "python", io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for path in sorted(
            [root / "pyproject.toml", root / "README.md", *root.glob("src/motcua_client/*.py"), *root.glob("src/**/py.typed")]
        ):
            about = tarfile.TarInfo(f"motcua-client/{path.relative_to(root)}")
            content = path.read_bytes()
            about.size, about.mode = len(content), 0o644
            archive.addfile(about, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


@router.get("/mo-ta")
async def interfaces(request: Request, giao_dien: str = "sharing", swagger: str = "") -> Response:
    """Every operation of an interface: a plain table; Swagger UI, from our own files, for whoever asks for it."""
    chosen = giao_dien if giao_dien in INTERFACES else "sharing"
    found = operations(request.app, INTERFACES[chosen].prefix)
    return page(request, "developer/interfaces.html", chosen=chosen, interfaces=INTERFACES, operations=found, swagger=swagger)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an interface."""

    method: str
    path: str
    title: Text


def operations(app: FastAPI, prefix: str) -> list[Operation]:
    """What is offered below `prefix`, by path."""
    found = [
        Operation(method, (context.path or "").replace(":path", ""), Text(*_both(context.original_route.summary or "")))
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and context.original_route.summary and context.include_in_schema
        for method in sorted(context.methods or ())
    ]
    return sorted((one for one in found if one.path.startswith(prefix)), key=lambda one: (one.path, one.method))


def _both(summary: str) -> tuple[str, str]:
    vi, _, en = summary.partition(" / ")
    return vi, en or vi


@router.get("/loi")
async def refusals(request: Request) -> Response:
    """Every refusal a machine may meet: its slug, its status, its cause, its cure."""
    return page(request, "developer/refusals.html", refusals=problems.known(), oauth=OAUTH_ERRORS)


@router.get("/tuan-thu")
async def conformance(request: Request) -> Response:
    """Which standards, and which programs of others say so."""
    return page(request, "developer/conformance.html")
