"""Processes that read hostile files call nobody, whatever addresses the files and their certificates hold."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace

from signing import NO_EVIDENCE, Policy, Pool, check, sign_paper
from tests.pki import NOW, build


async def test_a_check_calls_none_of_the_addresses_in_a_certificate(tmp_path, paper):
    called = []

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.append(writer.get_extra_info("peername"))
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        pki = await asyncio.to_thread(build, tmp_path, url)
        assert url in str(pki.cert("biz").crl_distribution_points[0].native)
        signed = await sign_paper(paper, pki.signer("biz"))
        policy = Policy(at=NOW, trust=pki.trust, evidence=NO_EVIDENCE)
        async with Pool(size=1) as pool:
            report = await pool.check(signed, policy)
            assert await pool.revocation_needs(signed, pki.trust)
        here = await asyncio.to_thread(check, signed, replace(policy))

    assert "REV_UNKNOWN" in report.codes
    assert here.codes == report.codes
    assert not called


ATTEMPTS = {
    "connect": "socket.create_connection(('127.0.0.1', 9), 1)",
    "connect-by-number": "socket.socket().connect_ex(('127.0.0.1', 9))",
    "look-up": "socket.getaddrinfo('localhost', 80)",
    "datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
    "listen": "socket.socket().bind(('127.0.0.1', 0))",
    "fetch": "urllib.request.urlopen('http://127.0.0.1:9/')",
    "program": "subprocess.run(['true'])",
}


PROGRAM = """
import json, socket, subprocess, sys, urllib.request
from signing.nursery import stay_inside
stay_inside()
held = {}
for name, attempt in json.load(sys.stdin).items():
    try:
        exec(attempt)
    except Exception as refused:
        held[name] = "stays inside" in str(refused)
print(json.dumps(held))
"""


def test_a_worker_cannot_even_try():
    asked = json.dumps(ATTEMPTS)
    ended = subprocess.run([sys.executable, "-c", PROGRAM], input=asked, capture_output=True, text=True, timeout=60, check=True)

    assert json.loads(ended.stdout) == dict.fromkeys(ATTEMPTS, True)
