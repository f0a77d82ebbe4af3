"""Where the worker may go, how long and how much: with a server on loopback that misbehaves on request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from signing import FetchFailed, FetchRules, HttpTsa, Need, Source, check, fetch, gather, revocation_needs, sign_paper, timestamp
from signing.fetch import exchange, may_connect
from tests.pki import NOW, Pki

DEMO = FetchRules(frozenset({"127.0.0.1"}), allow_loopback=True, timeout_s=2.0)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@asynccontextmanager
async def server(answer: bytes, *, forever: bool = False) -> AsyncIterator[str]:
    """Answers every request with these bytes; `forever` keeps sending the last of them."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        try:
            while forever:
                writer.write(b"x" * 65_536)
                await writer.drain()
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/x"


async def reason(url: str, rules: FetchRules = DEMO) -> str:
    with pytest.raises(FetchFailed) as failed:
        await exchange(url, rules)
    return failed.value.reason


async def test_an_answer_arrives():
    async with server(OK) as url:
        assert await exchange(url, DEMO) == b"hello"


async def test_loopback_is_for_the_demo_world_alone():
    async with server(OK) as url:
        assert await reason(url.replace(url.split(":")[2], "80/x"), replace(DEMO, allow_loopback=False)) == "forbidden-address"
        assert await reason(url, replace(DEMO, allow_loopback=False)) == "forbidden-url"


@pytest.mark.parametrize(
    "url, why",
    [
        ("http://other.example/x", "forbidden-host"),
        ("http://127.0.0.1.nip.example/x", "forbidden-host"),
        ("http://user@other.example:80@127.0.0.2/x", "forbidden-host"),
        ("file:///etc/passwd", "forbidden-url"),
        ("ftp://127.0.0.1/x", "forbidden-url"),
        ("gopher://127.0.0.1/x", "forbidden-url"),
    ],
)
async def test_only_listed_hosts_over_http(url, why):
    assert await reason(url) == why


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"),
        *("::1", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "ff02::1"),
    ],
)
def test_inner_addresses_are_refused_in_any_disguise(address):
    assert not may_connect(address, replace(DEMO, allow_loopback=False))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_public_addresses_are_fine(address):
    assert may_connect(address, replace(DEMO, allow_loopback=False))


async def test_a_redirect_is_not_followed():
    async with server(OK) as inner, server(b"HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n" % inner.encode()) as url:
        assert await reason(url) == "status"


async def test_what_arrives_is_counted_whatever_was_announced():
    async with server(b"HTTP/1.1 200 OK\r\n\r\n", forever=True) as url:
        assert await reason(url, replace(DEMO, max_bytes=100_000)) == "too-large"


async def test_a_silent_server_is_left_alone_after_a_while():
    async with server(b"") as url:
        assert await reason(url) == "unreachable"
    async with server(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel", forever=False) as url:
        assert await reason(url) == "unreachable"


async def test_a_slow_server_is_cut_off():
    async def sleep(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(1)
        writer.close()

    async with await asyncio.start_server(sleep, "127.0.0.1", 0) as slow:
        url = f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/"
        assert await reason(url, replace(DEMO, timeout_s=0.2)) == "timeout"


async def test_nobody_there_is_unreachable():
    assert await reason("http://127.0.0.1:1/x") == "unreachable"


async def test_what_is_no_revocation_list_is_unreadable():
    async with server(OK) as url:
        with pytest.raises(FetchFailed) as failed:
            await fetch(Need(Source.CRL, url, "0"), DEMO)
    assert failed.value.reason == "unreadable"


async def test_fetched_data_makes_an_unclear_signature_valid(pki: Pki, policy, paper):
    """The way of the job worker: ask what is needed, fetch, check again offline."""
    signed = await sign_paper(paper, pki.signer("biz"))
    async with server_of(pki) as url:
        trust = replace(pki, url=url).trust_with()
        unclear = replace(policy, trust=trust, evidence=policy.evidence.__class__())
        evidence = await gather(revocation_needs(signed, trust), DEMO)

    assert {item.source for item in evidence.items} == {Source.CRL, Source.OCSP}
    assert "REV_UNKNOWN" in check(signed, unclear).codes
    assert check(signed, replace(unclear, evidence=evidence)).verdict == "VALID"


async def test_an_authority_that_is_away_leaves_a_gap_and_no_error(pki: Pki, paper):
    signed = await sign_paper(paper, pki.signer("biz"))

    assert (await gather(revocation_needs(signed, pki.trust), DEMO)).items == ()


async def test_a_time_stamp_over_http(pki: Pki):
    async with server_of(pki) as url:
        token = await timestamp(bytes(32), HttpTsa(f"{url}/vn/tsa/tsa", DEMO))

    assert len(token) > 500


@asynccontextmanager
async def server_of(pki: Pki) -> AsyncIterator[str]:
    """The authority's own services on loopback."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        length = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length")), 0)
        body, path = await reader.readexactly(length), head[0].split()[1]
        answer = await pki.tsa()(body) if "/tsa/" in path else pki.answer(_need(path, body), NOW).der
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def _need(path: str, body: bytes) -> Need:
    return Need(Source.OCSP if "/ocsp/" in path else Source.CRL, path, "", request=body)
