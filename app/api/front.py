"""The TLS front before the portal: what it alone may tell us of a client's certificate."""

import hmac

from fastapi import Request

from app.api.problem import STATUS
from app.core.errors import Refusal
from app.core.settings import Settings
from app.core.text import Text
from app.sharing.certificates import NoCertificate, thumbprint_of

CERTIFICATE = "client-cert"
"""RFC 9440. The front writes it, and takes it away from whatever comes in from outside."""

PROOF = "front-secret"
"""Ours: how the front proves that the header above is its own word, whoever else can reach our port."""


class ForgedCertificate(Refusal):
    """A certificate in a header that no TLS front of ours has written."""

    slug = "client-cert-refused"
    text = Text(
        "Tiêu đề Client-Cert chỉ do máy chủ TLS của cổng ghi. Hãy bỏ tiêu đề này và gọi địa chỉ dành cho chứng thư số.",
        "Only the portal's own TLS front writes Client-Cert. Leave the header out and call the address for certificates.",
    )


STATUS[ForgedCertificate] = 400


def client_thumbprint(request: Request) -> str | None:
    """`x5t#S256` of the certificate that the client showed to our front; None when it showed none. `ForgedCertificate`."""
    said = request.headers.getlist(CERTIFICATE)
    if not said:
        return None
    if len(said) > 1 or not _from_the_front(request):
        raise ForgedCertificate
    try:
        return thumbprint_of(said[0])
    except NoCertificate as error:
        raise ForgedCertificate from error


def _from_the_front(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    secret, shown = settings.front_secret, request.headers.getlist(PROOF)
    if secret is None or not settings.mtls_url or len(shown) != 1:
        return False
    return hmac.compare_digest(shown[0].encode(), secret.get_secret_value().encode())
