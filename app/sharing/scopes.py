"""The scopes a client may hold and the resource each belongs to."""

from app.registers.rules import Dataset

FILING = "filing"
READS = {f"{dataset.value}.read": dataset for dataset in Dataset}
USAGE = "usage.find"
"""What the national tracker may ask: who read what about an enterprise that stands before it."""

ALL = (FILING, *READS, USAGE)
"""What a client is registered for."""

KEYS = "client.keys"
"""What every client may ask besides: to change its own keys. A token that reads data cannot."""

SUPPORTED = (*ALL, KEYS)

SHARED_DATA = "moit.shared-data"
"""The type of `authorization_details` that names an agreement and a purpose."""

FILING_DETAIL = "moit.filing"
"""The type of `authorization_details` of a company's own client; its tax code is ours to say."""


def resource_of(issuer: str, scopes: set[str]) -> str | None:
    """The one resource that `scopes` belong to; None when they are mixed, unknown or none at all."""
    if scopes == {FILING}:
        return filing_resource(issuer)
    if scopes == {KEYS}:
        return keys_resource(issuer)
    if scopes == {USAGE}:
        return usage_resource(issuer)
    return sharing_resource(issuer) if scopes and scopes <= set(READS) else None


def sharing_resource(issuer: str) -> str:
    """The resource indicator (RFC 8707) of the shared data."""
    return f"{issuer}/api/sharing"


def keys_resource(issuer: str) -> str:
    """The resource indicator (RFC 8707) of a client's own keys."""
    return f"{issuer}/oauth/clients/me"


def usage_resource(issuer: str) -> str:
    """The resource indicator (RFC 8707) of the tracker's questions."""
    return f"{issuer}/v2"


def filing_resource(issuer: str) -> str:
    """The resource indicator (RFC 8707) of filing by machine."""
    return f"{issuer}/api/filing"
