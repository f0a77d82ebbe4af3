"""Pages for what went wrong: what, why, what to do; in both languages; never a bare code."""

from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from app.audit.record import refused
from app.core import clock
from app.core.db import transaction
from app.core.errors import Incomplete, NotAllowed, NotFound, Refusal, TooMany, WrongState
from app.core.text import Text
from app.identity import actions as identity
from app.identity.rules import browser_cookie, session_cookie
from app.web.deps import SignInNeeded, posted
from app.web.pages import page

TITLES = {
    403: Text("Bạn không thể thực hiện việc này", "You may not do this"),
    404: Text("Không tìm thấy trang", "Page not found"),
    405: Text("Địa chỉ này không nhận cách gửi đó", "This address does not take that request"),
    409: Text("Chưa thực hiện được", "This could not be done"),
    413: Text("Nội dung gửi lên quá lớn", "Too much was sent"),
    422: Text("Có nội dung cần sửa", "Something must be corrected"),
    429: Text("Quá nhiều yêu cầu", "Too many requests"),
    500: Text("Hệ thống gặp sự cố", "Something went wrong"),
    503: Text("Hệ thống tạm thời chưa sẵn sàng", "Temporarily not available"),
}
NEXT = {
    403: Text(
        "Nếu bạn cho rằng đây là nhầm lẫn, hãy đăng xuất và đăng nhập lại bằng đúng tài khoản.",
        "If you think this is a mistake, sign out and sign in with the right account.",
    ),
    404: Text(
        "Nếu bạn gõ địa chỉ, hãy kiểm tra lại. Hồ sơ của tổ chức khác không hiển thị với bạn.",
        "If you typed the address, check it. Dossiers of other organisations are not shown to you.",
    ),
    503: Text("Không có gì bị mất; hãy thử lại sau ít phút.", "Nothing is lost; try again in a few minutes."),
    500: Text(
        "Sự cố đã được ghi lại. Nội dung đã lưu trước đó không bị mất; hãy thử lại sau ít phút.",
        "The fault has been recorded. What was saved before is not lost; try again in a few minutes.",
    ),
}


async def answer(request: Request, refusal: Refusal, status: int) -> Response:
    """The page of a refusal. Refusals of people who are signed in are remembered."""
    visitor = getattr(request.state, "visitor", None)
    if isinstance(refusal, NotFound | NotAllowed | WrongState) and visitor:
        await refused(
            request.app.state.sessions,
            visitor.actor,
            "page.refused",
            refusal.slug,
            subject_kind="page",
            subject_id=str(request.path_params.get("dossier_id", request.url.path))[:200],
            at=clock.now(),
        )
    problems = [(problem.where, problem.text) for problem in refusal.problems] if isinstance(refusal, Incomplete) else []
    shown = page(
        request,
        "public/refused.html",
        status=status,
        title=TITLES.get(status, TITLES[409]),
        text=refusal.text,
        next_step=NEXT.get(status),
        problems=problems,
    )
    if isinstance(refusal, TooMany):
        shown.headers["retry-after"] = str(refusal.retry_after_seconds)
    return shown


async def to_sign_in(request: Request, _: Exception) -> Response:
    """Send the visitor to sign in and back; a form that was posted into an ended session is kept first."""
    back = _here(request) if request.method in {"GET", "HEAD"} else await _keep(request)
    return RedirectResponse("/dang-nhap?" + urlencode({"tiep": back}), status_code=303)


def _here(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _page_of_form(request: Request) -> str:
    """A page that can be opened, near a form that could not be kept: the dossier, or the list."""
    dossier = request.path_params.get("dossier_id")
    if dossier is None:
        return "/"
    return f"/can-bo/ho-so/{dossier}" if request.url.path.startswith("/can-bo") else f"/ho-so/{dossier}"


async def _keep(request: Request) -> str:
    """Where to go on after sign-in: the kept form, or the page it stood on when nothing could be kept."""
    try:
        typed = await posted(request)
    except Refusal:  # a file, or no form of ours
        return _page_of_form(request)
    https = request.app.state.settings.https
    async with transaction(request.app.state.sessions) as session:
        key = await identity.keep_form(
            session,
            cookie=request.cookies.get(session_cookie(https=https)),
            browser=request.cookies.get(browser_cookie(https=https)),
            path=request.url.path,
            pairs=[pair for pair in typed.pairs if pair[0] != "csrf"],
            secret=request.app.state.settings.secret_key.get_secret_value().encode(),
            at=clock.now(),
        )
    return f"/tiep-tuc/{key}" if key else _page_of_form(request)


def install(app: FastAPI) -> None:
    """Teach `app` to send people to sign in."""
    app.add_exception_handler(SignInNeeded, to_sign_in)
