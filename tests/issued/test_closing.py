"""A closed register book is a sealed file with its lines attached; closing it twice is closing it once."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM
from app.dossiers.actions import closing
from app.dossiers.models import Dossier
from app.identity.actions import put_unit
from app.issued import actions, numbering
from app.issued.press import Press
from tests.issued.samples import SAMPLES
from tests.pki import NOW
from tests.rows import a_dossier

DESK = "G02.990"
THEN = datetime(2025, 3, 4, 2, tzinfo=UTC)


async def test_a_volume_is_sealed_with_its_lines_and_its_gaps(session: AsyncSession, dossier: Dossier, press: Press) -> None:
    await put_unit(session, DESK, "Bộ phận Một cửa", "One-stop desk", None, "one_stop_desk", demo=True)
    there = a_dossier(desk=DESK, state="in_review", number="G02-20250304-0000002", received_at=THEN)
    away = a_dossier(desk="H26.990", state="in_review", number="G02-20250304-0000001", received_at=THEN)
    session.add_all([there, away])
    await session.flush()
    for row in (away, there):  # the first number of the year goes to another desk
        form = await actions.order(session, SAMPLES["form-01"], dossier_id=row.id, unit=row.desk, series="TNHS", at=THEN)
        form.number = await numbering.reserve(session, "TNHS", dossier_id=row.id, issued_id=form.id, at=THEN)
    for _ in range(2):
        await closing.close(session, DESK, 2025, by="Vũ Thị Mẫu", press=press, at=NOW)
        await session.flush()
    volume = await closing.volume_of(session, SYSTEM, DESK, 2025, 1)
    assert (volume.entries, volume.volumes, volume.closed_by) == (1, 1, "Vũ Thị Mẫu")
    assert volume.facts["gaps"] == [{"first": 1, "last": 1, "why": "ghi ở sổ của H26.990"}]
    pdf = await press.blobs.get(volume.file_key, volume.file_key)
    report = await press.report(pdf, await press.ground(session, NOW))
    assert report.verdict == "VALID"
