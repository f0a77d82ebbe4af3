"""Headers of every answer of the portal. The policy allows no inline script and no inline style, anywhere."""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.settings import Settings


def content_policy(settings: Settings) -> str:
    """The content security policy. A form POST that ends in a redirect to the gateway or the sign-in needs their origins too."""
    elsewhere = sorted({_origin(settings.gateway_url), _origin(settings.oidc_issuer)})
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            " ".join(["form-action 'self'", *elsewhere]),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ]
    )


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


class SafeHeaders:
    """Adds the security headers; an answer that set its own policy (a download in a sandbox) keeps it."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.fixed = {
            "content-security-policy": content_policy(settings),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            # Not "no-referrer": that makes browsers send `Origin: null` with our own forms.
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "access-control-allow-origin": settings.issuer,  # said, so that no front in between allows more
            "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        }
        if settings.https:
            self.fixed["strict-transport-security"] = "max-age=31536000; includeSubDomains"
        self._raw = [(name.encode(), value.encode()) for name, value in self.fixed.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; touch only the start of HTTP answers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                own = {name for name, _ in given}
                message["headers"] = given + [header for header in self._raw if header[0] not in own]
            await send(message)

        await self.app(scope, receive, with_headers)
