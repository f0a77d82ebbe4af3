"""A site inspection in a browser, and the administrators' lists of agencies and keys: no axe violation, nothing too wide.

What is refused while a file or a reason is brought stands beside its field.
"""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from app.core.actor import Actor
from app.core.db import transaction
from app.demo.personas import PERSONAS
from app.identity import actions as identity
from app.identity.claims import Claims
from app.issued.models import IssuedDocument
from tests.dossiers.shapes import ANSWERS, SLUG, publish, staff
from tests.dossiers.test_ways import at_the_visit, minutes_of, ordered
from tests.dossiers.world import ANSWERS as KNOWN
from tests.dossiers.world import World
from tests.journeys.conftest import Portal, Visit, faults
from tests.tasks.photographs import jpeg
from tests.web.test_official import NAMES, played


async def prepared(portal: Portal) -> tuple[UUID, Actor, UUID, IssuedDocument]:
    """A dossier at the visit and who visits; one whose minutes wait for the business."""
    async with transaction(portal.sessions) as session:
        people = {name: played(PERSONAS[subject], portal.settings) for subject, name in NAMES.items()}
        world = World(session, datetime.now(UTC), people)
        await staff(world)
        await publish(world)
        visited, _, officer = await at_the_visit(world)
        answered = await ordered(world)
        return visited, officer, answered, await minutes_of(world, answered)


async def enter(visit: Visit, officer: Actor) -> None:
    """Sign in as somebody whom only this test knows."""
    at = datetime.now(UTC)
    claims = Claims(iss="https://id.example", sub=officer.name, acr="vneid:2", auth_time=int(at.timestamp()), name=officer.name)
    async with transaction(visit.portal.sessions) as session:
        assert officer.person_id
        cookie = await identity.sign_in(session, officer.person_id, claims, replaces=None, at=at)
    await visit.context.add_cookies([{"name": "motcua", "value": cookie, "url": visit.portal.url}])


async def test_what_is_refused_at_an_inspection_stands_beside_its_field(
    looked_at: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(KNOWN, SLUG, ANSWERS)
    visited, officer, answered, paper = await prepared(looked_at.portal)
    wrong: list[str] = []
    await enter(looked_at, officer)
    page = await looked_at.open(f"/can-bo/ho-so/{visited}")
    (tmp_path / "kho.jpg").write_bytes(jpeg("2026:11:20 09:30:00", place=None))
    await page.locator("input[type=file]").set_input_files(tmp_path / "kho.jpg")
    await page.get_by_role("button", name="Thêm ảnh").click()
    assert "Hãy ghi nơi chụp" in await page.locator("#photo-place-error").inner_text()
    wrong += await faults(page, "visit-refused")
    await page.locator("#photo-place").fill("Kho số 1")
    await page.locator("input[type=file]").set_input_files(tmp_path / "kho.jpg")
    await page.get_by_role("button", name="Thêm ảnh").click()
    await page.get_by_role("link", name="kho.jpg").wait_for()

    await looked_at.sign_in("dn-9900000030")
    page = await looked_at.open(f"/ho-so/{answered}")
    await page.get_by_role("button", name="Nộp biên bản đã ký", exact=True).click()
    assert "Hãy chọn một tệp" in await page.locator(f"#minutes-{paper.id}-error").inner_text()
    wrong += await faults(page, "minutes-no-file")
    await page.get_by_role("button", name="Không ký biên bản").click()
    assert "vì sao" in await page.locator(f"#unsigned-{paper.id}-error").inner_text()
    await page.locator(f"#unsigned-{paper.id}").fill("Không đồng ý với kết luận")
    await page.get_by_role("button", name="Không ký biên bản").click()
    await page.get_by_text("Đã ghi nhận doanh nghiệp không ký").wait_for()

    for subject, path, name in (("qt-1", "/quan-tri/don-vi", "units"), ("dl-1", "/quan-tri/khoa", "keys")):
        await looked_at.sign_in(subject)
        wrong += await faults(await looked_at.open(path), name)
    assert not wrong
