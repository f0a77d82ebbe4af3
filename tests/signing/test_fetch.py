"""Where the worker may go, how long and how much: with a server on loopback that misbehaves on request."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
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
        ("http://user@other.example:80@127.0.0.2/x", "forbidden-url"),
        ("http://user@127.0.0.1/x", "forbidden-url"),
        ("http://127.0.0.1:80@other.example/x", "forbidden-url"),
        ("http://other.example\\@127.0.0.1/x", "forbidden-url"),
        ("http://127.0.0.1\\@other.example/x", "forbidden-url"),
        ("http://127.0.0.1 .other.example/x", "forbidden-url"),
        ("http://127.0.0.1\t.other.example/x", "forbidden-url"),
        ("http://１２７.0.0.1/x", "forbidden-url"),
        ("http://127。0。0。1/x", "forbidden-url"),
        ("http://127.0.0.1./x", "forbidden-host"),
        ("http://2130706433/x", "forbidden-host"),
        ("http://0x7f.0.0.1/x", "forbidden-host"),
        ("http://0177.0.0.1/x", "forbidden-host"),
        ("http://127.1/x", "forbidden-host"),
        ("http://[::ffff:127.0.0.1]/x", "forbidden-host"),
        ("http://localhost/x", "forbidden-host"),
        ("http://127.0.0.1:99999/x", "forbidden-url"),
        ("http://127.0.0.1:-1/x", "forbidden-url"),
        ("http://[::1/x", "forbidden-url"),
        ("http:///x", "forbidden-host"),
        ("//127.0.0.1/x", "forbidden-url"),
        ("", "forbidden-url"),
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
        *("::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "::ffff:0:10.0.0.1", "fec0::1"),
    ],
)
def test_inner_addresses_are_refused_in_any_disguise(address):
    assert not may_connect(address, replace(DEMO, allow_loopback=False))


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_public_addresses_are_fine(address):
    assert may_connect(address, replace(DEMO, allow_loopback=False))


PUBLIC, INNER = "8.8.8.8", "10.0.0.1"
PRODUCTION = replace(DEMO, hosts=frozenset({"ca.example"}), allow_loopback=False)


def names(monkeypatch, *answers: list[str]) -> list[str]:
    """Play the name servers: each question gets the next answer, the last one again and again; what was asked."""
    asked: list[str] = []

    async def getaddrinfo(_loop, host, port, **_more):
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("answer", [[INNER], ["127.0.0.1"], ["169.254.169.254"], [PUBLIC, INNER], [INNER, PUBLIC]], ids=",".join)
async def test_a_listed_name_that_leads_inside_is_refused(monkeypatch, answer):
    names(monkeypatch, answer)
    assert await reason("http://ca.example/x", PRODUCTION) == "forbidden-address"


async def test_a_name_is_asked_for_once_and_what_was_checked_is_called(monkeypatch):
    """DNS rebinding: the second answer would lead inside."""
    async with server(OK) as url:
        asked = names(monkeypatch, ["127.0.0.1"], [INNER])
        port = url.split(":")[2]
        allowed = replace(DEMO, hosts=frozenset({"ca.example"}))
        assert await exchange(f"http://ca.example:{port}", allowed) == b"hello"
    assert asked == ["ca.example"]


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "127.1"])
async def test_an_address_written_as_a_number_is_still_an_inner_address(number):
    listed = replace(PRODUCTION, hosts=frozenset({number}))
    assert await reason(f"http://{number}/x", listed) in ("forbidden-address", "unreachable")


async def test_what_is_packed_stays_packed():
    """A bomb of a kilobyte is a kilobyte."""
    bomb = gzip.compress(bytes(5_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with server(head + bomb) as url:
        assert await exchange(url, replace(DEMO, max_bytes=10_000)) == bomb


@pytest.mark.parametrize(
    "answer,why",
    [
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 100_000 + b"\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 50_000, "too-large"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "unreachable"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 1_000_000 + b"\r\n", "unreachable"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000, "unreachable"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "status"),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 1\r\n\r\nx", "status"),
        (b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n", "status"),
        (b"SSH-2.0-OpenSSH\r\n", "unreachable"),
        (b"\x00" * 100_000, "unreachable"),
    ],
    ids=["header", "headers", "chunks", "bad-chunk", "chunk-name", "continue", "empty", "part", "password", "ssh", "noise"],
)
async def test_a_server_that_speaks_oddly_costs_little_and_gives_nothing(answer, why):
    async with server(answer) as url:
        assert await reason(url, replace(DEMO, max_bytes=100_000, timeout_s=1.0)) in (why, "timeout")


BEGUN = {"head": b"HTTP/1.1 200 OK\r\nX: ", "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"}


@pytest.mark.parametrize("prelude", BEGUN.values(), ids=BEGUN)
async def test_a_server_that_drips_is_cut_off_all_the_same(prelude):
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(prelude)
            for _ in range(100):
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as slow:
        url = f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/"
        assert await reason(url, replace(DEMO, timeout_s=0.3)) == "timeout"


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
