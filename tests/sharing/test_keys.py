"""The server's keys follow one another, and a stolen one is withdrawn; clients' published keys come from listed hosts only."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import Sessions, transaction
from app.core.errors import NotFound
from app.sharing import actions, client_keys, server_keys
from app.sharing.keys import PUBLISHED_AHEAD, TOKEN_LIFE, load_ring
from tests.machines import CLIENT_KEY, ISSUER, OTHER_KEY, party

SECRET = b"khoa-thu-nghiem-khoa-thu-nghiem-32"


async def _states(session, at) -> list[str]:
    return [card.state for card in await server_keys.server_keys(session, at=at)]


async def test_the_next_key_is_published_before_it_signs_and_the_last_stays_while_its_tokens_live(session):
    start = clock.now()
    first = (await load_ring(session, ISSUER, SECRET, at=start)).active.kid
    assert await server_keys.rotate_when_due(session, secret=SECRET, at=start) is None
    due = start + server_keys.KEY_LIFE
    second = await server_keys.rotate_when_due(session, secret=SECRET, at=due)
    assert await server_keys.rotate_when_due(session, secret=SECRET, at=due) is None
    for later, signing, published in [
        (timedelta(), first, {first, second}),
        (PUBLISHED_AHEAD, second, {first, second}),
        (PUBLISHED_AHEAD + 2 * TOKEN_LIFE, second, {second}),
    ]:
        ring = await load_ring(session, ISSUER, SECRET, at=due + later)
        assert (ring.active.kid, {key.kid for key in ring.published.keys}) == (signing, published)
    assert await _states(session, due) == ["next", "active"]
    assert await _states(session, due + PUBLISHED_AHEAD) == ["active", "past"]


async def test_a_withdrawn_key_is_no_longer_published_and_another_signs_at_once(session):
    at = clock.now()
    stolen = (await load_ring(session, ISSUER, SECRET, at=at)).active.kid
    await server_keys.withdraw_server_key(session, SYSTEM, kid=stolen, secret=SECRET, at=at)
    ring = await load_ring(session, ISSUER, SECRET, at=at)
    assert [key.kid for key in ring.published.keys] == [ring.active.kid] != [stolen]
    assert await _states(session, at) == ["active", "withdrawn"] or await _states(session, at) == ["withdrawn", "active"]
    with pytest.raises(NotFound):
        await server_keys.withdraw_server_key(session, SYSTEM, kid=stolen, secret=SECRET, at=at)


class _Keys(BaseHTTPRequestHandler):
    """A client's own address: a set with a good key, one that has a private part, and rubbish; other paths mislead."""

    asked: list[str]

    def do_GET(self):
        self.asked.append(self.path)
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("location", "/keys")
            self.end_headers()
            return
        private = {**CLIENT_KEY.as_dict(private=True), "kid": "bi-mat"}
        body = {"/keys": json.dumps({"keys": [OTHER_KEY.as_dict(private=False), private, 7]}), "/large": "x" * 70_000}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body.get(self.path, "[").encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def published() -> Iterator[str]:
    handler = type("Keys", (_Keys,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def _fetch(sessions: Sessions, uri: str, *, hosts=("127.0.0.1",), loopback: bool = True) -> list[str]:
    at = clock.now()
    async with transaction(sessions) as session:
        await party(session, "CT")
        own = {"scopes": ["licences.read"], "jwks": [{**CLIENT_KEY.as_dict(private=False), "kid": "cu"}], "jwks_uri": uri}
        await actions.register_client(session, SYSTEM, client_id="cuc-thue", party="CT", name="Thuế", **own, at=at)
    await client_keys.fetch_published(sessions, hosts, loopback=loopback, at=at + timedelta(seconds=1))
    async with transaction(sessions) as session:
        found = await client_keys.own_keys(session, "cuc-thue", at=at + timedelta(seconds=1))
        return [card.kid for card in found if card.good]


async def test_keys_that_a_client_publishes_are_fetched_and_only_sound_ones_taken(published, sessions: Sessions):
    assert await _fetch(sessions, f"{published}/keys") == ["c1"]
    async with transaction(sessions) as session:
        fetched, origin = (
            await session.execute(
                text("select jwks_fetched_at, origin from oauth_client natural join client_key where kid = 'c1'")
            )
        ).one()
    assert (fetched is not None, origin) == (True, "published")


REFUSED = {
    "a host that is not listed": ("/keys", {"hosts": ("khac.example",)}),
    "no loopback outside the demo": ("/keys", {"loopback": False}),
    "a redirect": ("/moved", {}),
    "too large": ("/large", {}),
    "not JSON": ("/rubbish", {}),
}


@pytest.mark.parametrize("path,rules", REFUSED.values(), ids=REFUSED)
async def test_what_may_not_be_fetched_or_read_changes_no_key(published, sessions: Sessions, path, rules):
    assert await _fetch(sessions, f"{published}{path}", **rules) == ["cu"]
