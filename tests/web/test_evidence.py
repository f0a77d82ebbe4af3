"""The page that proves a filed file: what was kept, and what it is worth now."""

from functools import partial
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.core.settings import Settings
from app.documents import stamping
from app.documents.actions import attach
from app.documents.notary import Notary
from app.documents.slots import Slot
from app.dossiers.actions import papers
from app.trust import actions as trust
from signing import Pool, sign_paper
from tests import make, portal
from tests.documents.test_rules import a_need
from tests.pki import BUSINESS
from tests.web.conftest import browser_of
from tests.web.test_official import Office, submitted
from tests.years import decade


@pytest.fixture
async def filed(world: FastAPI, sessions: Sessions, settings: Settings, tmp_path_factory) -> tuple[str, Notary]:
    """The address of a signed file of a submitted dossier that waits for its stamp, and who stamps."""
    async with decade(tmp_path_factory.mktemp("decade")) as authorities, Pool(size=1) as pool:
        at = authorities.at = clock.now()
        dossier = await Office(world, sessions, settings).have(submitted)
        dossier_id, document_id = UUID(dossier.split("/")[3]), uuid7()
        content = await sign_paper(make.pdf(), authorities.pki.signer("biz"))
        stored = await world.state.blobs.put_bytes(document_id, dossier_id, content)
        async with transaction(sessions) as session:
            store, key = authorities.trust(), trust.store_key(settings)
            await trust.put_into_force(session, SYSTEM, store, "thử", key=key, at=at)
            told = {"tax_code": BUSINESS, "name": "dieu-le.pdf", "stored": stored, "document_id": document_id}
            document = await attach(session, SYSTEM, dossier_id, Slot(a_need().paper, 0), **told, at=at)
            document.filed_round = 1
            stamping.await_stamp(document, at=at)
        own = settings.model_copy(update={"tsa_url": authorities.tsa_url})
        notary = Notary(own, sessions, world.state.blobs, pool, partial(papers.checked, at=at))
        await trust.refresh(sessions, loopback=True, at=at)
        yield f"{dossier}/giay-to/{document_id}/bang-chung", notary


async def test_an_official_sees_what_is_kept_and_has_it_proven(world: FastAPI, filed: tuple[str, Notary]):
    address, notary = filed
    clerk = await browser_of(world, "mc-1")
    early = await clerk.get(address)
    assert (early.status, "sẽ tự thử lại" in early.text) == (200, True)
    assert (await clerk.get(f"{address}/kiem-tra")).status == 404

    dossier_id, document_id = (UUID(part) for part in address.split("/")[3:6:2])
    await notary.stamp(dossier_id, document_id, at=clock.now())
    kept = await clerk.get(f"{address}?lang=en")
    assert "TEST TSA" in kept.text
    assert "CRL pubca" in kept.text
    proven = await clerk.get(f"{address}/kiem-tra?lang=vi")
    assert "Được chứng minh" in proven.text, proven.text
    assert "Giống kết quả lúc nộp." in proven.text
    assert (await clerk.get(f"{address}/kiem-tra?dot=77")).status == 404
    other = await browser_of(world, portal.SELLER)
    assert (await other.get(address)).status == 403
