"""The leader's queue: look, tick, confirm once; each for itself, and nothing twice."""

import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pikepdf
import pytest
from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.db import transaction
from app.demo.browsing import Browser, Page
from app.dossiers.actions import process
from app.issued.models import IssuedDocument
from app.tasks.queries import open_of
from tests.dossiers.world import World
from tests.issued.test_render import text_of
from tests.web.test_official import UNIT, Office, office, reviewed

__all__ = ["office"]


@pytest.fixture
async def waiting(office: Office) -> list[str]:
    """Two dossiers before the leader: one to be granted, one to be refused."""
    return [await office.have(reviewed), await office.have(refused)]


async def refused(world: World) -> UUID:
    dossier_id = await world.paid()
    await world.proposed(dossier_id, UNIT, "refused", "Chưa đủ vốn điều lệ.")
    await world.step(world.actors[f"head_{UNIT}"], dossier_id)
    await world.step(world.actors[f"leader_{UNIT}"], dossier_id)
    return dossier_id


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


def box_of(page: Page, address: str) -> str:
    """What the box of this dossier sends."""
    at = page.text.index(f'value="{id_of(address)}:')
    return page.text[at + 7 : page.text.index('"', at + 7)]


async def results(office: Office, *addresses: str) -> int:
    async with office.sessions() as session:
        wanted = select(func.count()).select_from(IssuedDocument).where(IssuedDocument.personal_signer.is_not(None))
        return await session.scalar(wanted.where(IssuedDocument.dossier_id.in_([UUID(id_of(each)) for each in addresses]))) or 0


async def confirmed(leader: Browser, *addresses: str) -> Page:
    """The page that asks once more."""
    shown = await leader.get("/can-bo/ky-so")
    return await leader.send(shown, shown.form("/xac-nhan"), {"chon": [box_of(shown, each) for each in addresses]})


async def test_the_leader_sees_what_is_proposed_and_the_pdf_that_would_be_signed(office: Office, waiting: list[str]) -> None:
    leader = await office.be("lc-918")
    shown = await leader.get("/can-bo/ky-so")
    assert shown.status == 200
    assert "Chưa đủ vốn điều lệ." in shown.text
    for address, words in zip(waiting, ("GIẤY CHỨNG NHẬN", "Chưa đủ vốn điều lệ"), strict=True):
        looked = await leader.get(f"{address}/xem-truoc.pdf")
        assert looked.headers["content-type"] == "application/pdf"
        text = text_of(looked.content)
        assert words.lower() in text.lower()
        assert _is_draft(looked.content)
        assert await office.state(address) == "in_review"
    assert await results(office, *waiting) == 0


def _is_draft(content: bytes) -> bool:
    """The mark across the page is turned, so that no text is read from it: the attached values tell."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        told = json.loads(pdf.attachments["du-lieu.json"].get_file().read_bytes())
    return told["draft"] is True and told["number"] is None


async def test_ticked_results_are_signed_after_one_confirmation_and_a_second_click_signs_nothing(
    office: Office, waiting: list[str]
) -> None:
    leader = await office.be("lc-918")
    asked = await confirmed(leader, *waiting)
    assert "Ký 2 kết quả?" in asked.text
    assert await results(office, *waiting) == 0
    done = await leader.send(asked, asked.form("/ky-so/ky"))
    assert "Đã quyết định 2 hồ sơ" in done.text
    assert [await office.state(each) for each in waiting] == ["decided", "decided"]
    again = await leader.send(asked, asked.form("/ky-so/ky"))
    assert again.status == 200
    assert "không ký lần thứ hai" in again.text
    assert await results(office, *waiting) == 2
    with pytest.raises(ValueError, match="substring"):
        box_of(await leader.get("/can-bo/ky-so"), waiting[0])


async def test_one_that_changed_meanwhile_is_reported_and_the_other_is_signed(office: Office, waiting: list[str]) -> None:
    leader = await office.be("lc-918")
    asked = await confirmed(leader, *waiting)
    async with transaction(office.sessions) as session:
        dossier_id, actors = UUID(id_of(waiting[0])), await _actors(office)
        back = [("leader", "back"), ("leader", "back"), ("head", "back")]
        for who, verb in [*back, ("officer", "propose"), ("head", "on"), ("leader", "on")]:
            await _turn(session, dossier_id, actors[who], verb)
    done = await leader.send(asked, asked.form("/ky-so/ky"))
    assert "Đề xuất đã thay đổi" in done.text
    assert "Đã quyết định 1 hồ sơ" in done.text
    assert [await office.state(each) for each in waiting] == ["in_review", "decided"]


async def _actors(office: Office) -> dict[str, Actor]:
    from app.demo.personas import OFFICIALS
    from tests.web.test_official import played

    subjects = {"leader": "lc-918", "head": "lp-918", "officer": "cv-918-1"}
    people = {each.subject: each for each in OFFICIALS}
    return {name: played(people[subject], office.settings) for name, subject in subjects.items()}


async def _turn(session, dossier_id: UUID, who: Actor, verb: str) -> None:
    from app.dossiers.actions import decide

    await session.flush()
    at, task = datetime.now(UTC), (await open_of(session, dossier_id))[0].id
    if verb == "back":
        await process.send_back(session, who, dossier_id, task, reason="Xem lại.", at=at)
    elif verb == "on":
        await process.complete_step(session, who, dossier_id, task, note="", at=at)
    else:
        await decide.propose(session, who, dossier_id, task, outcome="refused", reasons="Khác.", facts={}, at=at)


async def test_nothing_ticked_and_nonsense_sign_nothing(office: Office, waiting: list[str]) -> None:
    leader = await office.be("lc-918")
    shown = await leader.get("/can-bo/ky-so")
    nothing = await leader.send(shown, shown.form("/xac-nhan"))
    assert nothing.status == 422
    assert "Hãy chọn ít nhất một hồ sơ" in nothing.text
    csrf = shown.form("/xac-nhan").fields["csrf"][0]
    for chosen in ([], ["x"], [f"{id_of(waiting[0])}:x"], ["1:2"]):
        sent = {"csrf": csrf, "chon": chosen}
        answer = await leader.http.post("/can-bo/ky-so/ky", data=sent, headers={"origin": leader.portal})
        assert answer.status_code == 422, chosen
    assert await results(office, *waiting) == 0


async def test_only_a_leader_of_the_unit_has_the_queue(office: Office, waiting: list[str]) -> None:
    for subject in ("cv-918-1", "mc-1"):
        other = await office.be(subject)
        assert (await other.get("/can-bo/ky-so")).status == 403
        assert (await other.get(f"{waiting[0]}/xem-truoc.pdf")).status == 403
    elsewhere = await office.be("lc-914")
    shown = await elsewhere.get("/can-bo/ky-so")
    assert id_of(waiting[0]) not in shown.text
    assert (await elsewhere.get(f"{waiting[0]}/xem-truoc.pdf")).status == 404
    box = box_of(await (await office.be("lc-918")).get("/can-bo/ky-so"), waiting[0])
    csrf = next(form for form in shown.forms() if form.fields.get("csrf")).fields["csrf"][0]
    sent = {"csrf": csrf, "chon": [box]}
    answer = await elsewhere.http.post("/can-bo/ky-so/ky", data=sent, headers={"origin": elsewhere.portal})
    assert "Chưa ký" in answer.text
    assert await office.state(waiting[0]) == "in_review"
