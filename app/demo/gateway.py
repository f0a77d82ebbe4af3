"""A sandbox payment gateway: shaped like VNPAY 2.1.0, in another process, moving no money.

It checks the signature of what the portal asks, lets a person pay or cancel, tells the portal by IPN until the portal answers,
and sends the browser back. It remembers in memory: after a restart an old payment page can be answered again.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from app.core import clock
from app.core.settings import Settings
from app.core.text import Text
from app.fees.gateway import TIME, is_signed, read, signed_query

PAY_PATH = "/paymentv2/vpcpay.html"
_HERE = Path(__file__).parent
_PAGES = Environment(loader=PackageLoader("app.demo"), autoescape=True)

# What a person can answer, as VNPAY's codes: response code and transaction status.
ANSWERS = {"pay": ("00", "00"), "cancel": ("24", "02"), "expired": ("11", "02")}
# The portal has heard a notice when it says so; anything else is tried again.
HEARD = frozenset({"00", "02"})
WAITS_SECONDS = (0.0, 0.5, 2.0, 8.0, 30.0)

FORGED = Text(
    "Yêu cầu thanh toán không hợp lệ. Hãy quay lại Cổng và bắt đầu lại.",
    "This payment request is not valid. Go back to the portal and start again.",
)


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """One merchant: the portal."""

    terminal: str
    secret: str
    ipn_url: str

    @classmethod
    def of(cls, settings: Settings) -> "GatewayConfig":
        """The portal these settings describe."""
        if settings.gateway_secret is None:
            raise ValueError("set MOTCUA_GATEWAY_SECRET: the sandbox gateway shares it with the portal")
        ipn_url = f"{settings.public_url.rstrip('/')}/api/payments/vnpay/ipn"
        return cls(settings.gateway_terminal, settings.gateway_secret.get_secret_value(), ipn_url)


@dataclass
class Till:
    """What the gateway remembers: the answer given to each reference, and notices still on their way."""

    config: GatewayConfig
    waits: tuple[float, ...] = WAITS_SECONDS
    answered: dict[str, dict[str, str]] = field(default_factory=dict)
    underway: set[asyncio.Task[bool]] = field(default_factory=set)

    def trusts(self, asked: Mapping[str, str]) -> bool:
        """Whether the portal made this request, complete."""
        whole = {"vnp_TxnRef", "vnp_Amount", "vnp_ReturnUrl", "vnp_ExpireDate"} <= asked.keys()
        return whole and asked.get("vnp_TmnCode") == self.config.terminal and is_signed(self.config.secret, asked)

    def answer(self, asked: Mapping[str, str], choice: str, *, at: datetime) -> dict[str, str]:
        """The fields of notice and return. A reference is answered once; asking again gives the same."""
        late = clock.in_vietnam(at).strftime(TIME) > asked["vnp_ExpireDate"]
        said = ANSWERS["expired" if late else choice]
        return self.answered.setdefault(asked["vnp_TxnRef"], _fields(asked, said, at=at))

    async def notify(self, fields: Mapping[str, str]) -> bool:
        """Tell the portal until it has heard, or give up; the portal would then have to ask."""
        url = f"{self.config.ipn_url}?{signed_query(self.config.secret, fields)}"
        async with httpx.AsyncClient(timeout=10) as client:
            for wait in self.waits:
                await asyncio.sleep(wait)
                if await _heard(client, url):
                    return True
        return False

    async def notify_soon(self, fields: Mapping[str, str]) -> None:
        """Give the portal two seconds to hear before the browser comes back; go on in the background if it needs longer."""
        notice = asyncio.create_task(self.notify(fields))
        self.underway.add(notice)
        notice.add_done_callback(self.underway.discard)
        await asyncio.wait({notice}, timeout=2)


def create_app(config: GatewayConfig, *, waits: tuple[float, ...] = WAITS_SECONDS) -> Starlette:
    """The gateway as an application of its own, mounted in the outside world."""
    app = Starlette(
        routes=[
            Route(PAY_PATH, show, methods=["GET"]),
            Route("/paymentv2/answer", answered, methods=["POST"]),
            Route("/gateway.css", style, methods=["GET"]),
        ]
    )
    app.state.till = Till(config, waits)
    return app


async def show(request: Request) -> Response:
    """The payment page: what is paid, to whom, and two buttons."""
    till: Till = request.app.state.till
    asked = read(request.url.query)
    if not till.trusts(asked):
        return _page(request, "gateway_refused.html", 400, text=FORGED)
    return _page(
        request,
        "gateway.html",
        lang="en" if asked.get("vnp_Locale") == "en" else "vi",
        query=request.url.query,
        amount=int(asked["vnp_Amount"]) // 100,
        info=asked.get("vnp_OrderInfo", ""),
        txn_ref=asked["vnp_TxnRef"],
        returns_to=_origin(asked["vnp_ReturnUrl"]),
    )


async def answered(request: Request) -> Response:
    """The person has chosen: tell the portal, then send the browser back to it."""
    till: Till = request.app.state.till
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    asked, choice = read(form.get("query", "")), form.get("answer", "")
    if choice not in {"pay", "cancel"} or not till.trusts(asked):
        return _page(request, "gateway_refused.html", 400, text=FORGED)
    fields = till.answer(asked, choice, at=clock.now())
    await till.notify_soon(fields)
    joint = "&" if "?" in asked["vnp_ReturnUrl"] else "?"
    return RedirectResponse(f"{asked['vnp_ReturnUrl']}{joint}{signed_query(till.config.secret, fields)}", 303)


async def style(_: Request) -> Response:
    """The one style sheet."""
    return FileResponse(_HERE / "templates" / "gateway.css", media_type="text/css")


def _fields(asked: Mapping[str, str], said: tuple[str, str], *, at: datetime) -> dict[str, str]:
    number = str(10_000_000 + secrets.randbelow(90_000_000))
    return {
        "vnp_Amount": asked["vnp_Amount"],
        "vnp_BankCode": "NCB",
        "vnp_BankTranNo": f"VNP{number}",
        "vnp_CardType": "ATM",
        "vnp_OrderInfo": asked.get("vnp_OrderInfo", ""),
        "vnp_PayDate": clock.in_vietnam(at).strftime(TIME),
        "vnp_ResponseCode": said[0],
        "vnp_TmnCode": asked["vnp_TmnCode"],
        "vnp_TransactionNo": number,
        "vnp_TransactionStatus": said[1],
        "vnp_TxnRef": asked["vnp_TxnRef"],
    }


async def _heard(client: httpx.AsyncClient, url: str) -> bool:
    try:
        reply = await client.get(url)
        return reply.status_code == 200 and reply.json().get("RspCode") in HEARD
    except (httpx.HTTPError, ValueError):
        return False


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _page(request: Request, template: str, status: int = 200, *, returns_to: str = "", **values: Any) -> HTMLResponse:
    base = request.scope.get("root_path", "")
    body = _PAGES.get_template(template).render(base=base, **values)
    # The form's answer is a redirect to the portal: browsers check form-action against that address too.
    policy = f"default-src 'none'; style-src 'self'; form-action 'self' {returns_to}; base-uri 'none'; frame-ancestors 'none'"
    safe = {"content-security-policy": policy, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(body, status, {**safe, "x-content-type-options": "nosniff"})
