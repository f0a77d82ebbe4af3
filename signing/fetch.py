"""The only sockets of this library: revocation data and time stamps, fetched by the job worker and by nobody else."""

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from signing.evidence import Evidence, Item, Need, Source
from signing.limits import MIB
from signing.revocation import read_item

log = logging.getLogger(__name__)
_PORTS = {"http": 80, "https": 443}
_AT_ONCE = 4
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that the Internet routes; `is_global` also says yes to forms outside it that may lead inside."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_MOST_SAID = 4096
"""Of an answer that is a refusal: enough for the word that says why."""


@dataclass(frozen=True)
class FetchRules:
    """Where the worker may go. `allow_loopback` is for the demo world alone and opens other ports as well."""

    hosts: frozenset[str]
    allow_loopback: bool = False
    max_bytes: int = 10 * MIB
    timeout_s: float = 5.0


class FetchFailed(Exception):
    """Nothing usable came back.

    `reason`: forbidden-host, forbidden-address, forbidden-url, too-large, timeout, status, unreachable, unreadable.
    """

    def __init__(self, reason: str, detail: str = "", *, status: int = 0, answer: bytes = b"") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.status, self.answer = reason, status, answer


@dataclass(frozen=True)
class HttpTsa:
    """A time-stamping authority over HTTP, asked with the same care."""

    url: str
    rules: FetchRules

    async def __call__(self, request: bytes) -> bytes:
        """Raises FetchFailed."""
        return await exchange(self.url, self.rules, body=request, kind="application/timestamp-query")


async def fetch(need: Need, rules: FetchRules) -> Item:
    """Ask an authority. Raises FetchFailed."""
    kind = "application/ocsp-request" if need.source is Source.OCSP else ""
    der = await exchange(need.url, rules, body=need.request, kind=kind)
    try:
        return read_item(need.source, need.url, der)
    except (ValueError, TypeError, KeyError) as broken:
        raise FetchFailed("unreadable", type(broken).__name__) from broken


async def gather(needs: Iterable[Need], rules: FetchRules) -> Evidence:
    """Ask all of them; what fails is left out, and the check that follows says REV_UNKNOWN."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def ask(need: Need) -> Item | None:
        async with gate:
            try:
                return await fetch(need, rules)
            except FetchFailed as failed:
                log.warning("revocation data not fetched: %s %s %s", need.source, urlsplit(need.url).hostname, failed)
                return None

    answers = await asyncio.gather(*(ask(need) for need in needs))
    return Evidence().with_items(answer for answer in answers if answer is not None)


async def exchange(
    url: str, rules: FetchRules, *, body: bytes | None = None, kind: str = "", headers: Mapping[str, str] | None = None
) -> bytes:
    """One request to one checked address: no redirect, no proxy, no packing, counted while it arrives."""
    sent = {"Accept-Encoding": "identity", **({"Content-Type": kind} if kind else {}), **(headers or {})}
    try:
        async with asyncio.timeout(rules.timeout_s):
            addresses = await _checked_addresses(url, rules)
            return await _request(url, addresses, rules, body, sent)
    except TimeoutError as late:
        raise FetchFailed("timeout", f"{rules.timeout_s} s") from late
    except (aiohttp.ClientError, OSError) as broken:
        raise FetchFailed("unreachable", type(broken).__name__) from broken


async def _request(
    url: str, addresses: list[ResolveResult], rules: FetchRules, body: bytes | None, headers: Mapping[str, str]
) -> bytes:
    connector = aiohttp.TCPConnector(resolver=_Pinned(addresses), use_dns_cache=False, force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector, auto_decompress=False, trust_env=False) as session,
        session.request(
            "POST" if body is not None else "GET", url, data=body, headers=headers, allow_redirects=False
        ) as response,
    ):
        if response.status != 200:
            said = await response.content.read(_MOST_SAID)
            raise FetchFailed("status", str(response.status), status=response.status, answer=said)
        return await _counted(response, rules.max_bytes)


async def _counted(response: aiohttp.ClientResponse, most: int) -> bytes:
    """The declared length is only a claim."""
    received = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        received += chunk
        if len(received) > most:
            raise FetchFailed("too-large", f"more than {most} bytes")
    return bytes(received)


async def _checked_addresses(url: str, rules: FetchRules) -> list[ResolveResult]:
    """Resolve once, look at every address, and connect to just these: a name may answer differently next time."""
    scheme, host, port = _plain(url)
    host, port = _allowed(scheme, host, port, rules)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for _, _, _, _, address in found:
        if not may_connect(str(address[0]), rules):
            raise FetchFailed("forbidden-address", host)
    return [_resolved(host, entry) for entry in found]


def _plain(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address that every parser reads alike: no user, no blank, no backslash, ASCII alone."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as odd:
        raise FetchFailed("forbidden-url", "not an address") from odd
    if "@" in parts.netloc or "\\" in url or not all("!" <= sign <= "~" for sign in url):
        raise FetchFailed("forbidden-url", "not plain")
    return parts.scheme, host, port


def _allowed(scheme: str, host: str, port: int | None, rules: FetchRules) -> tuple[str, int]:
    if scheme not in _PORTS:
        raise FetchFailed("forbidden-url", scheme)
    if host not in rules.hosts:
        raise FetchFailed("forbidden-host", host)
    if port not in (None, *_PORTS.values()) and not rules.allow_loopback:
        raise FetchFailed("forbidden-url", f"port {port}")
    return host, port or _PORTS[scheme]


def may_connect(address: str, rules: FetchRules) -> bool:
    """Public addresses only; addresses wrapped in another family are unwrapped first."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _unwrapped(ip)
    if ip.is_loopback:
        return rules.allow_loopback
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST:
        return False
    return ip.is_global and not ip.is_multicast


def _unwrapped(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def _resolved(host: str, entry: tuple[Any, ...]) -> ResolveResult:
    family, _, proto, _, address = entry
    return ResolveResult(hostname=host, host=address[0], port=address[1], family=family, proto=proto, flags=socket.AI_NUMERICHOST)


class _Pinned(AbstractResolver):
    """Answers with what was checked."""

    def __init__(self, addresses: list[ResolveResult]) -> None:
        self._addresses = addresses

    async def resolve(
        self,
        host: str,  # noqa: ARG002  # the library calls it so
        port: int = 0,  # noqa: ARG002  # the library calls it so
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002  # the library calls it so
    ) -> list[ResolveResult]:
        """The name was resolved before, once."""
        return self._addresses

    async def close(self) -> None:
        """Nothing is held."""
