"""A signature whose worth cannot be told: the filer hears of a doubt that lasts, once, and when it is over."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.documents.examine import Findings
from app.documents.models import Document
from app.dossiers.actions.papers import PATIENCE
from app.notices.models import Notice
from tests.dossiers.test_acts import unknown_application
from tests.dossiers.world import World, report, unknown

NEWS = ("paper-unknown", "paper-known", "paper-refused")
FILER = "9900000048"
MINUTE = timedelta(minutes=1)


async def news(world: World, dossier_id: UUID) -> list[str]:
    await world.session.flush()
    wanted = select(Notice.kind).where(Notice.dossier_id == dossier_id, Notice.kind.in_(NEWS)).order_by(Notice.at)
    return list(await world.session.scalars(wanted))


async def test_a_doubt_that_lasts_is_told_once_and_so_is_its_end(world: World):
    dossier_id, document_id = await unknown_application(world)
    world.at += PATIENCE - 5 * MINUTE
    await world.checked(dossier_id, document_id, Findings(unknown(FILER)))
    assert await news(world, dossier_id) == []

    for _ in range(3):
        world.at += 10 * MINUTE
        await world.checked(dossier_id, document_id, Findings(unknown(FILER)))
    assert await news(world, dossier_id) == ["paper-unknown"]

    for _ in range(2):
        world.at += MINUTE
        await world.checked(dossier_id, document_id, Findings(report(FILER)))
    assert await news(world, dossier_id) == ["paper-unknown", "paper-known"]


async def test_a_doubt_that_ends_soon_is_no_news(world: World):
    dossier_id, document_id = await unknown_application(world)
    world.at += 20 * MINUTE
    await world.checked(dossier_id, document_id, Findings(report(FILER)))

    assert await news(world, dossier_id) == []


async def test_what_is_learnt_after_filing_asks_for_a_receipt_of_its_own(world: World):
    dossier_id, document_id = await unknown_application(world)
    document = await world.session.get_one(Document, (dossier_id, document_id))
    document.stamp_due_at = None
    await world.checked(dossier_id, document_id, Findings(unknown(FILER)))
    assert document.stamp_due_at is None, "nothing new"
    await world.checked(dossier_id, document_id, Findings(report(FILER)))
    assert document.stamp_due_at == world.at
