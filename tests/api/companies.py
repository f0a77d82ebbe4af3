"""A company's own client and the ministry it files with, for the tests of filing by machine."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.sharing import actions
from tests.dossiers import world as ministry
from tests.dossiers.world import PROMOTION, PROMOTION_ANSWERS, RETAILER, World
from tests.machines import CLIENT_KEY, Machine, Portal, party
from tests.make import pdf

ROOT = "/api/filing/v1"
PAPERS = ("application", "rules", "prize_evidence", "quality_papers")


class Company(Machine):
    """A company's own client."""

    async def post(self, path: str, body=None, key: str | None = None, **headers):
        headers = {"Idempotency-Key": key or uuid4().hex, **headers}
        return await self.call("POST", f"{ROOT}{path}", headers={k: v for k, v in headers.items() if v}, json=body)

    async def get(self, path: str):
        return await self.call("GET", f"{ROOT}{path}")

    async def put(self, path: str, body):
        return await self.call("PUT", f"{ROOT}{path}", json=body)

    async def upload(self, dossier: str, paper: str, content: bytes | None = None, name: str = "tep.pdf", place: int = 0):
        sent = pdf(3000) if content is None else content
        return await self.call("PUT", f"{ROOT}/dossiers/{dossier}/papers/{paper}/{place}?name={name}", content=sent)

    async def start(self, procedure: str = PROMOTION) -> str:
        answer = await self.post("/dossiers", {"procedure": procedure})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def fill(self, dossier: str) -> None:
        """Put what the register knew and the answers of the tests."""
        known = (await self.get(f"/dossiers/{dossier}")).json()["answers"]
        answer = await self.put(f"/dossiers/{dossier}/answers", {"answers": known | PROMOTION_ANSWERS})
        assert answer.status_code == 200, answer.text

    async def ready(self) -> str:
        """A draft that may be submitted."""
        dossier = await self.start()
        await self.fill(dossier)
        for paper in PAPERS:
            answer = await self.upload(dossier, paper)
            assert answer.status_code == 201, answer.text
        return dossier


@contextmanager
def at_noon() -> Iterator[None]:
    """The portal's clock stands where the ministry of the tests lives: dates in answers never grow old."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(clock.SHIFT_VARIABLE, str(int((ministry.AT - datetime.now(UTC)).total_seconds()) + 60))
        yield


@pytest.fixture
def noon() -> Iterator[None]:
    with at_noon():
        yield


@pytest.fixture
async def world(noon, portal: Portal) -> World:
    async with transaction(portal.sessions) as session:
        return await ministry.build(session)


async def company(portal: Portal, tax_code: str) -> Company:
    async with transaction(portal.sessions) as session:
        await party(session, f"DN-{tax_code}")
        jwks = [CLIENT_KEY.as_dict(private=False)]
        said = {
            "client_id": f"filing-{tax_code}",
            "party": f"DN-{tax_code}",
            "name": "Phần mềm của công ty",
            "scopes": ["filing"],
        }
        await actions.register_client(session, SYSTEM, **said, jwks=jwks, tax_code=tax_code, at=clock.now())
    client = Company(portal.http, f"filing-{tax_code}")
    await client.get_token(scope="filing", authorization_details=None)
    return client


@pytest.fixture
async def retailer(world: World, portal: Portal) -> Company:
    return await company(portal, RETAILER)


@asynccontextmanager
async def at_the_ministry(portal: Portal, world: World) -> AsyncIterator[World]:
    """The same people in a session of their own, now."""
    async with transaction(portal.sessions) as session:
        yield World(session, at=clock.now(), actors=world.actors)
