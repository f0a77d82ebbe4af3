"""The ten-minute start as its page says it, and the samples, against a sandbox behind a real socket."""

import asyncio
import html
import os
import re
import secrets
import shutil
import socket
import sys
from base64 import b64encode
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.core import clock
from app.core.db import transaction
from app.core.settings import Settings
from app.main import create_app
from app.sharing import sandbox
from app.web import assets

ROOT = Path(__file__).parents[2]
STEPS = re.compile(r'<pre class="mc-code"[^>]*aria-label="Lệnh của bước (\d)"[^>]*><code>(.*?)</code></pre>', re.DOTALL)


@pytest.fixture(scope="module")
async def address(database, standing_sessions, tmp_path_factory):
    """A sandbox that answers on a port of its own."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        own = {"secret_key": secrets.token_urlsafe(32), "blob_key": b64encode(secrets.token_bytes(32)).decode()}
        own["gateway_secret"] = secrets.token_hex(16)
        folder = tmp_path_factory.mktemp("sandbox")
        app = create_app(Settings(DATABASE_URL=database.app_url, var=folder, public_url=url, sandbox=True, **own))
        async with transaction(standing_sessions) as session:
            await sandbox.load(session, at=clock.now())
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
        running = asyncio.create_task(server.serve([bound.dup()]))
        async with asyncio.timeout(20):  # uvicorn offers nothing to wait for
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        yield url
        server.should_exit = True
        await running


@pytest.fixture(scope="module")
async def steps(address) -> dict[str, str]:
    """The commands of the page, as a reader copies them."""
    async with httpx.AsyncClient(base_url=address) as http:
        page = (await http.get("/nha-phat-trien")).text
    return {number: html.unescape(commands) for number, commands in STEPS.findall(page)}


async def run(folder: Path, *command: str) -> str:
    """What a command prints, in a folder of its own; the library that step 1 installs is at hand."""
    known = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "clients/python/src")}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=known, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


@pytest.fixture(scope="module")
async def begun(steps, tmp_path_factory) -> Path:
    """Where the second and third step have been followed."""
    folder = tmp_path_factory.mktemp("start")
    for number in "23":
        await run(folder, "bash", "-euc", steps[number])
    return folder


async def test_the_ten_minutes_end_with_a_record_and_a_refusal(steps, begun):
    said = await run(begun, "bash", "-euc", steps["4"])
    assert "licences: 60" in said
    assert "log entry:" in said
    assert said.splitlines()[-1].startswith("refused: field-not-granted")


async def test_a_rehearsal_gives_just_what_the_terms_give(steps, begun, address):
    terms = sandbox._all_public("TN-x", "x", clock.now()).plain()
    terms["grants"] = [{**terms["grants"][0], "fields": ["number"], "actions": ["read"]}]
    (begun / "thoa-thuan.json").write_bytes(httpx.Response(200, json=terms).content)
    said = await run(begun, "bash", "-euc", steps["5"])
    assert '"datasets":["licences"]' in said


async def test_the_javascript_sample_reads(begun):
    npm = assets._npm()
    node = npm[0] if len(npm) > 1 else str(shutil.which("node"))
    assert "log entry: 0" in await run(begun, node, str(ROOT / "clients/samples/read.mjs"))


async def test_the_curl_sample_reads(address, tmp_path):
    said = await run(tmp_path, "sh", str(ROOT / "clients/samples/read.sh"), address)
    assert '"status"' in said
    assert "log-entry: 0" in said


async def test_no_sandbox_registers_where_there_is_none(standing_portal):
    answer = await standing_portal.http.post("/api/sandbox/v1/clients", json={"jwk": {"kty": "EC"}})
    assert answer.status_code == 404


@pytest.mark.parametrize("jwk", [{}, {"kty": "EC", "kid": "a"}, {"kty": "EC", "kid": "a", "crv": "P-256", "x": "AA", "y": "AA"}])
async def test_a_key_that_is_none_is_refused(address, jwk):
    async with httpx.AsyncClient(base_url=address) as http:
        assert (await http.post("/api/sandbox/v1/clients", json={"jwk": jwk})).status_code == 422
