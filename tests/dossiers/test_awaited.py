"""The signers whose standing is kept fresh: of what is filed and not decided."""

from app.dossiers import awaited
from app.dossiers.models import Dossier
from tests.dossiers.test_acts import unknown_application
from tests.dossiers.world import World


async def test_only_signers_of_filed_and_undecided_dossiers_are_asked_about_ahead(world: World):
    dossier_id, _ = await unknown_application(world)
    await world.session.flush()
    found = await awaited.serials(world.session)
    assert found
    assert all(serial.isdecimal() for serial in found)

    (await world.session.get_one(Dossier, dossier_id)).ended_at = world.at
    await world.session.flush()
    assert await awaited.serials(world.session) == frozenset()
