"""Keys that change with time: those that clients publish, and the authorization server's own."""

from datetime import datetime

from app.core.db import transaction
from app.jobs.registry import Tools
from app.sharing import client_keys, evidence, server_keys


async def fetch_client_keys(tools: Tools, at: datetime) -> None:
    """Ask clients' own addresses for their keys, on the hosts that are allowed and on no other."""
    hosts = tools.settings.client_jwks_hosts.split()
    if hosts:
        await client_keys.fetch_published(tools.sessions, hosts, loopback=tools.settings.fetch_loopback, at=at)


async def rotate_server_key(tools: Tools, at: datetime) -> None:
    """Publish the next signing keys in good time: of tokens, and of answers and manifests."""
    if tools.settings.secret_key is None:
        return
    async with transaction(tools.sessions) as session:
        secret = tools.settings.secret_key.get_secret_value().encode()
        await server_keys.rotate_when_due(session, secret=secret, at=at)
        await evidence.rotate_when_due(session, secret=secret, at=at)
