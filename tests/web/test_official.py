"""Officials' pages: every act at its address, what is refused and to whom, what is remembered of every look."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.audit.models import AuditRow
from app.core import clock
from app.core.actor import Actor, ActorKind
from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.core.permissions import Role
from app.core.settings import Settings
from app.demo.browsing import Browser, Page
from app.demo.personas import BUSINESSES, OFFICIALS, Persona
from app.documents.examine import Findings
from app.dossiers.actions import decide, deliver, submit, warn
from app.dossiers.models import Dossier
from app.issued.models import IssuedDocument
from app.issued.rules import State as IssuedState
from tests.dossiers.world import LICENCE, PROMOTION, World, unknown
from tests.web.conftest import browser_of

UNIT = "G02.918"


def played(persona: Persona, settings: Settings) -> Actor:
    """The demo person as an actor, for what happened before a test begins."""
    kind = ActorKind.OFFICIAL if persona.roles else ActorKind.BUSINESS
    roles = frozenset(persona.roles or (Role.APPLICANT,))
    person_id = persona.person_id(settings.oidc_issuer)
    return Actor(kind, name=persona.name, person_id=person_id, tax_code=persona.tax_code, unit=persona.unit, roles=roles)


NAMES = {"dn-9900000030": "seller", "dn-9900000048": "retailer", "mc-1": "desk"} | {
    f"{short}-918{number}": f"{name}_{UNIT}"
    for short, number, name in (("cv", "-1", "officer"), ("lp", "", "head"), ("lc", "", "leader"), ("vt", "", "clerk"))
}


@dataclass
class Office:
    """The portal with its officials, and dossiers brought as far as a test wants them."""

    app: FastAPI
    sessions: Sessions
    settings: Settings

    async def be(self, subject: str) -> Browser:
        """A browser in which this person is signed in."""
        return await browser_of(self.app, subject)

    async def have(self, deed: Callable[[World], Awaitable[UUID]]) -> str:
        """The address of a dossier to which `deed` has happened."""
        async with transaction(self.sessions) as session:
            people = {NAMES[each.subject]: each for each in (*BUSINESSES, *OFFICIALS) if each.subject in NAMES}
            world = World(session, datetime.now(UTC), {name: played(each, self.settings) for name, each in people.items()})
            return f"/can-bo/ho-so/{await deed(world)}"

    async def state(self, address: str) -> str:
        """The dossier's state as stored."""
        async with self.sessions() as session:
            return str((await session.scalars(select(Dossier.state).where(Dossier.id == _id(address)))).one())


def _id(address: str) -> UUID:
    return UUID(address.split("/")[3])


@pytest.fixture
def office(world: FastAPI, sessions: Sessions, settings: Settings) -> Office:
    """Everyone at work."""
    return Office(world, sessions, settings)


async def act(browser: Browser, address: str, end: str, **values: str) -> Page:
    """Open the dossier, fill the form of one act and send it."""
    shown = await browser.get(address)
    return await browser.send(shown, shown.form(end), values)


async def submitted(world: World) -> UUID:
    return await world.submitted(LICENCE, world.seller)


async def received(world: World) -> UUID:
    return await world.received(LICENCE, world.seller)


async def in_review(world: World) -> UUID:
    return await world.in_review(LICENCE, world.seller, UNIT)


async def reviewed(world: World) -> UUID:
    """Before the leader, with a proposal."""
    dossier_id = await world.paid()
    await world.proposed(dossier_id, UNIT, "granted", "Đủ điều kiện.")
    await world.step(world.actors[f"head_{UNIT}"], dossier_id)
    await world.step(world.actors[f"leader_{UNIT}"], dossier_id)
    return dossier_id


async def drafted(world: World) -> UUID:
    """Before the head of division, with a proposal."""
    dossier_id = await world.paid()
    await world.proposed(dossier_id, UNIT, "granted", "Đủ điều kiện.")
    return dossier_id


async def signed(world: World) -> UUID:
    """Decided, the personal signature is on."""
    dossier_id = await reviewed(world)
    leader = world.actors[f"leader_{UNIT}"]
    issued_id = await decide.decide(world.session, leader, dossier_id, outcome="granted", reasons="", at=world.at)
    document = await world.result(await world.dossier(dossier_id))
    document.state, document.signed_key, document.signed_at = IssuedState.SIGNED, uuid7(), world.at
    await world.session.flush()
    await decide.signed(world.session, dossier_id, issued_id, at=world.at)
    return dossier_id


async def sealed(world: World) -> UUID:
    """The result is with the business."""
    dossier_id = await reviewed(world)
    leader = world.actors[f"leader_{UNIT}"]
    await decide.decide(world.session, leader, dossier_id, outcome="granted", reasons="", at=world.at)
    await world.sealed(dossier_id, UNIT)
    return dossier_id


WAY = [
    (submitted, "mc-1", "/tiep-nhan", {}, "received"),
    (submitted, "mc-1", "/tu-choi", {"reason": "Không thuộc thẩm quyền.", "proper_authority": "Sở"}, "refused_at_intake"),
    (received, "lc-918", "/phan-cong", {"assignee": "cv-918-1"}, "in_review"),
    (in_review, "lc-918", "/phan-cong-lai", {"assignee": "cv-918-2", "reason": "Chuyên viên nghỉ phép."}, "in_review"),
    (in_review, "cv-918-1", "/hoan-thanh", {"note": "Đủ giấy tờ."}, "in_review"),
    (in_review, "lc-918", "/gia-han", {"days": "3", "reason": "Cần xác minh."}, "in_review"),
    (World.paid, "cv-918-1", "/de-xuat", {"outcome": "refused", "reasons": "Chưa đủ điều kiện."}, "in_review"),
    (reviewed, "lc-918", "/quyet-dinh", {"outcome": "granted"}, "decided"),
    (signed, "vt-918", "/phat-hanh", {}, "decided"),
    (sealed, "mc-1", "/tra-ket-qua", {}, "returned"),
    (drafted, "lp-918", "/tra-lai", {"reason": "Bổ sung căn cứ."}, "in_review"),
    (sealed, "lc-918", "/thu-hoi-ket-qua", {"reason": "Cấp sai thẩm quyền."}, "issued"),
    (sealed, "lc-918", "/thay-the-ket-qua", {"reason": "In sai tên doanh nghiệp."}, "issued"),
]


@pytest.mark.parametrize("deed, who, end, values, state", WAY, ids=[row[2][1:] for row in WAY])
async def test_each_act_is_done_at_its_address(
    office: Office, deed: Callable[[World], Awaitable[UUID]], who: str, end: str, values: dict[str, str], state: str
) -> None:
    address = await office.have(deed)
    chosen = {name: _chosen(office, value) if name == "assignee" else value for name, value in values.items()}
    answer = await act(await office.be(who), address, end, **chosen)
    assert answer.status == 200
    assert "Đã ghi nhận" in answer.text
    assert await office.state(address) == state


def _chosen(office: Office, subject: str) -> str:
    return str(next(each for each in OFFICIALS if each.subject == subject).person_id(office.settings.oidc_issuer))


REFUSED = [
    (submitted, "mc-1", "/tu-choi", {"proper_authority": "Sở Công Thương Đà Nẵng"}, "Sở Công Thương Đà Nẵng"),
    (received, "lc-918", "/phan-cong", {}, "Hãy chọn một người trong danh sách."),
    (in_review, "lc-918", "/phan-cong-lai", {"reason": "Nghỉ phép dài ngày"}, "Nghỉ phép dài ngày"),
    (in_review, "lc-918", "/gia-han", {"days": "ba", "reason": "Cần xác minh thêm"}, "Cần xác minh thêm"),
    (World.paid, "cv-918-1", "/de-xuat", {"reasons": "Đã xem từng giấy tờ"}, "Đã xem từng giấy tờ"),
    (reviewed, "lc-918", "/quyet-dinh", {"outcome": "refused", "reasons": ""}, 'value="refused" checked'),
    (drafted, "lp-918", "/tra-lai", {"reason": " "}, "Hãy ghi rõ lý do trả lại"),
    (sealed, "lc-918", "/thu-hoi-ket-qua", {"reason": "Dài " * 1500}, "dài quá 5.000 ký tự"),
    (sealed, "lc-918", "/thay-the-ket-qua", {}, "Hãy ghi rõ lý do và căn cứ"),
]


@pytest.mark.parametrize("deed, who, end, values, kept", REFUSED, ids=[row[2][1:] for row in REFUSED])
async def test_a_refused_act_shows_the_dossier_again_with_what_was_typed(
    office: Office, deed: Callable[[World], Awaitable[UUID]], who: str, end: str, values: dict[str, str], kept: str
) -> None:
    address = await office.have(deed)
    before = await office.state(address)
    answer = await act(await office.be(who), address, end, **values)
    assert answer.status == 422
    assert "govuk-error-summary" in answer.text
    assert kept in answer.text
    assert await office.state(address) == before


async def test_whoever_gets_a_step_back_reads_why_before_the_form(office: Office) -> None:
    address = await office.have(drafted)
    await act(await office.be("lp-918"), address, "/tra-lai", reason="Thiếu ý kiến ngân hàng.")
    officer = await office.be("cv-918-1")
    shown = await officer.get(address)
    assert "Thiếu ý kiến ngân hàng." in shown.text
    assert shown.form("/de-xuat")
    with pytest.raises(LookupError):
        shown.form("/tra-lai")


async def test_a_revoked_result_is_marked_for_the_business_and_for_whoever_verifies_it(office: Office) -> None:
    address = await office.have(sealed)
    leader, business = await office.be("lc-918"), await office.be("dn-9900000030")
    await act(leader, address, "/thu-hoi-ket-qua", reason="Cấp sai thẩm quyền.")
    async with office.sessions() as session:
        found = select(IssuedDocument.number).where(IssuedDocument.dossier_id == _id(address), IssuedDocument.kind == "result")
        number = (await session.scalars(found)).one()
    assert "Cấp sai thẩm quyền." in (await business.get(address.removeprefix("/can-bo"))).text
    verified = await business.get(f"/xac-thuc?so={number}")
    assert "bị thu hồi" in verified.text
    assert "Cấp sai thẩm quyền." in verified.text
    shown = await leader.get(address)
    for end in ("/thu-hoi-ket-qua", "/thay-the-ket-qua"):
        with pytest.raises(LookupError):
            shown.form(end)


async def test_a_replacement_is_sealed_by_the_clerk_and_the_old_number_leads_to_the_new(office: Office) -> None:
    address = await office.have(sealed)
    leader, clerk = await office.be("lc-918"), await office.be("vt-918")
    await act(leader, address, "/thay-the-ket-qua", reason="In sai tên doanh nghiệp.")
    assert "đang được ký, đóng dấu" in (await leader.get(address)).text
    old, new = await _pressed(office, address, IssuedState.SIGNED)
    assert (await act(clerk, address, "/phat-hanh")).status == 200
    await _pressed(office, address, IssuedState.READY)
    verified = await clerk.get(f"/xac-thuc?so={old}")
    assert "đã được thay thế" in verified.text
    assert verified.links(new.replace("/", "%2F")) or new in verified.text
    assert "còn hiệu lực" in (await clerk.get(f"/xac-thuc?so={new}")).text
    assert "Đã được thay thế" in (await leader.get(address)).text


async def _pressed(office: Office, address: str, state: IssuedState) -> tuple[str, str]:
    """The press is played: the newest result reaches `state` and its job reports so. The numbers of the old and the new one."""
    async with transaction(office.sessions) as session:
        found = select(IssuedDocument).where(IssuedDocument.dossier_id == _id(address), IssuedDocument.kind == "result")
        old, new = (await session.scalars(found.order_by(IssuedDocument.asked_at))).all()
        at = datetime.now(UTC)
        new.state, new.signed_key, new.signed_at = state, uuid7(), at
        if state is IssuedState.READY:
            new.ready_at, new.sha256, new.size = at, "ef" * 32, 6000
        await session.flush()
        report = decide.signed if state is IssuedState.SIGNED else deliver.publish
        await report(session, _id(address), new.id, at=at)
        return old.number or "", new.number or ""


async def test_a_supplement_lists_everything_at_once_and_keeps_what_was_typed(office: Office) -> None:
    address = await office.have(submitted)
    desk = await office.be("mc-1")
    asking = f"{address}/yeu-cau-bo-sung"
    answer = await act(desk, asking, "/yeu-cau-bo-sung", reason="Thiếu trang")
    assert answer.status == 422
    assert "Hãy chọn ít nhất một mục" in answer.text
    answer = await act(desk, asking, "/yeu-cau-bo-sung", **{"paper:charter": "Thiếu trang 3"})
    assert answer.status == 422
    assert "Thiếu trang 3" in answer.text
    answer = await act(desk, asking, "/yeu-cau-bo-sung", reason="Thiếu trang", **{"paper:charter": "Thiếu trang 3"})
    assert answer.status == 200
    assert await office.state(address) == "awaiting_intake_supplement"
    assert (await desk.get(asking)).url.endswith(address)


async def test_the_officer_at_work_asks_for_a_supplement_too(office: Office) -> None:
    address = await office.have(in_review)
    asking, officer = f"{address}/yeu-cau-bo-sung", await office.be("cv-918-1")
    answer = await act(officer, asking, "/yeu-cau-bo-sung", reason="Sai số", **{"field:deposit_ref": "Số không khớp"})
    assert answer.status == 200
    assert await office.state(address) == "awaiting_supplement"


async def test_an_unknown_signature_is_accepted_with_a_reason_only(office: Office) -> None:
    documents: list[UUID] = []

    async def doubtful(world: World) -> UUID:
        dossier_id = await world.ready(LICENCE, world.seller)
        documents.append(await world.attach(world.seller, dossier_id, "application"))
        await world.checked(dossier_id, documents[0], Findings(unknown(world.seller.tax_code or "")))
        await submit.submit(world.session, world.seller, dossier_id, at=world.at)
        return dossier_id

    address = await office.have(doubtful)
    desk, report = await office.be("mc-1"), f"{address}/giay-to/{documents[0]}"
    assert (await act(desk, address, "/tiep-nhan")).status == 422
    assert (await act(desk, report, "/chap-nhan")).status == 422
    answer = await act(desk, report, "/chap-nhan", reason="Đã gọi cơ quan cấp chứng thư xác nhận.")
    assert "Đã chấp nhận theo thẩm quyền" in answer.text
    assert (await act(desk, address, "/tiep-nhan")).status == 200


async def test_an_act_that_is_not_this_roles_is_refused_and_changes_nothing(office: Office) -> None:
    address = await office.have(received)
    officer = await office.be("cv-918-1")
    token = next(form for form in (await officer.get(address)).forms() if form.fields.get("csrf")).fields["csrf"]
    for end in (
        "tiep-nhan",
        "tu-choi",
        "phat-hanh",
        "quyet-dinh",
        "dung",
        "gia-han",
        "tra-ket-qua",
        "tra-lai",
        "thu-hoi-ket-qua",
        "thay-the-ket-qua",
    ):
        sent = {
            "csrf": token,
            "task_id": [str(uuid4())],
            "reason": ["x"],
            "reasons": ["x"],
            "outcome": ["granted"],
            "days": ["3"],
        }
        answer = await officer.http.post(f"{address}/{end}", data=sent, headers={"Origin": officer.portal})
        assert answer.status_code in (403, 409), end
    assert await office.state(address) == "received"


async def test_another_units_dossier_looks_like_none_at_all(office: Office) -> None:
    address = await office.have(received)
    stranger = await office.be("cv-914-1")
    missing = f"/can-bo/ho-so/{uuid4()}"
    for end in ("", "/yeu-cau-bo-sung", f"/giay-to/{uuid4()}", f"/van-ban/{uuid4()}"):
        foreign, none = await stranger.get(address + end), await stranger.get(missing + end)
        assert foreign.status == none.status == 404
        assert _said(foreign) == _said(none)


def _said(page: Page) -> str:
    return page.text.partition("<main")[2].partition("</main>")[0]


async def test_a_form_without_its_token_is_not_obeyed(office: Office) -> None:
    address = await office.have(submitted)
    desk = await office.be("mc-1")
    form = (await desk.get(address)).form("/tiep-nhan")
    form.fields["csrf"] = ["wrong"]
    assert (await desk.send(await desk.get(address), form)).status == 403
    assert await office.state(address) == "submitted"


async def test_every_look_at_a_dossier_and_every_refusal_is_remembered(office: Office) -> None:
    address = await office.have(submitted)
    desk = await office.be("mc-1")
    await desk.get("/can-bo")
    await act(desk, address, "/tu-choi")
    async with office.sessions() as session:
        counted = (
            select(AuditRow.action, func.count().label("times"))
            .where(AuditRow.dossier_id == _id(address))
            .group_by(AuditRow.action)
        )
        seen = {row.action: row.times for row in await session.execute(counted)}
        lists = await session.scalar(select(func.count()).where(AuditRow.action == "worklist.viewed"))
    assert seen["dossier.viewed"] == 1
    assert lists == 1


async def test_the_list_is_narrowed_by_what_stands_in_the_address(office: Office) -> None:
    first, second = await office.have(submitted), await office.have(lambda world: world.submitted(PROMOTION, world.retailer))
    desk = await office.be("mc-1")
    both = await desk.get("/can-bo?hang=intake")
    assert both.links(first)
    assert both.links(second)
    only = await desk.get(f"/can-bo?hang=intake&thu_tuc={PROMOTION}")
    assert only.links(second)
    assert not only.links(first)
    assert "Không có hồ sơ nào" in (await desk.get("/can-bo?hang=intake&qua_han=1&trang_thai=submitted")).text
    assert (await desk.get("/can-bo?hang=khong-co&trang_thai=khong-co&tu=%00")).status in (200, 404)


async def test_an_official_reads_of_limits_that_come_near_and_finds_them_in_the_list(office: Office) -> None:
    place = await office.have(lambda world: world.in_review(LICENCE, world.seller, UNIT))
    async with transaction(office.sessions) as session:
        await warn.warn_due(session, clock.now() + timedelta(days=60))
    officer = await office.be("cv-918-1")
    told = await officer.get("/can-bo/thong-bao")
    assert (told.status, bool(told.links(place))) == (200, True)
    assert "còn một ngày làm việc" in told.text
    for kind in ("", "70", "90", "last_day", "khong-co"):
        assert (await officer.get(f"/can-bo?hang=tasks_mine&canh_bao={kind}")).status == 200
