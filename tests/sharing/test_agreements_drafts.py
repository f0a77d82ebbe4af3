"""Drafting an agreement: page by page, both sides speak, and the proposal takes exactly what was written."""

from dataclasses import replace
from uuid import uuid4

import pytest

from app.core import clock
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.errors import Conflict, Incomplete, NotFound, WrongState
from app.core.permissions import Role
from app.core.text import Text
from app.identity.models import Person
from app.registers.rules import Dataset
from app.sharing import agreements, agreements_seen
from app.sharing import agreements_drafts as drafts
from app.sharing.agreements_diff import differences
from app.sharing.models import Agreement
from app.sharing.rules import Basis, Grant, Purpose, Remark
from tests.machines import FIELDS, agree, party, terms

AT = clock.now()


async def person(session, unit: str, role: Role) -> Actor:
    who = Person(id=uuid4(), issuer="i", subject=uuid4().hex, name=f"Người {unit}")
    session.add(who)
    await session.flush()
    return Actor(ActorKind.OFFICIAL, who.name, person_id=who.id, unit=unit, roles=frozenset({role}))


@pytest.fixture
async def steward(session) -> Actor:
    await party(session, "G02")
    await party(session, "CT")
    return await person(session, "G02", Role.DATA_OFFICER)


@pytest.fixture
async def partner(session) -> Actor:
    return await person(session, "CT", Role.CONTACT_OFFICER)


async def test_a_draft_is_written_page_by_page_and_becomes_the_version_that_was_written(session, steward: Actor):
    draft_id = await drafts.begin(session, steward, code="TT-01", party="CT", at=AT)
    with pytest.raises(Incomplete) as refused:
        await drafts.propose(session, steward, draft_id, 1, at=AT)
    assert {problem.where for problem in refused.value.problems} >= {"title", "purposes", "legal_basis", "grants", "items"}
    await drafts.save(session, steward, draft_id, 1, lambda now: replace(now, title=terms().title), at=AT)
    with pytest.raises(Conflict):
        await drafts.save(session, steward, draft_id, 1, lambda now: replace(now, title=Text("khác", "other")), at=AT)
    await drafts.save(session, steward, draft_id, 2, lambda _: terms(code="TT-99"), at=AT)
    made = await drafts.propose(session, steward, draft_id, 3, at=AT)
    row = await session.get_one(Agreement, ("TT-01", made.version))
    assert (row.content, row.status) == (terms().content(1).decode(), "proposed")
    with pytest.raises(NotFound):
        await agreements_seen.draft(session, steward, draft_id)


async def test_the_other_side_reads_a_draft_once_it_is_shown_and_says_what_must_change(session, steward: Actor, partner: Actor):
    draft_id = await drafts.begin(session, steward, code="TT-01", party="CT", at=AT)
    said = {"kind": Remark.CHANGE, "about": "grants.licences", "text": "Cần thêm tình trạng", "at": AT}
    for refused in (agreements_seen.draft(session, partner, draft_id), drafts.remark(session, partner, draft_id, **said)):
        with pytest.raises(NotFound):
            await refused
    await drafts.show(session, steward, draft_id, at=AT)
    await drafts.remark(session, partner, draft_id, **said)
    await drafts.remark(session, partner, draft_id, kind=Remark.AGREED, about="", text="", at=AT)
    with pytest.raises(WrongState):
        await drafts.remark(session, steward, draft_id, kind=Remark.AGREED, about="", text="", at=AT)
    shown = await agreements_seen.draft(session, partner, draft_id)
    assert {(one.kind, one.ours) for one in shown.remarks} == {("change", False), ("agreed", False)}


async def test_another_agency_sees_nothing_of_it(session, steward: Actor):
    draft_id = await drafts.begin(session, steward, code="TT-01", party="CT", at=AT)
    await drafts.show(session, steward, draft_id, at=AT)
    await agree(session, terms(code="TT-02"))
    stranger = await person(session, "G06", Role.CONTACT_OFFICER)
    for refused in (
        agreements_seen.draft(session, stranger, draft_id),
        drafts.remark(session, stranger, draft_id, kind=Remark.COMMENT, about="", text="?", at=AT),
        agreements_seen.version(session, "TT-02", 1, by=stranger),
    ):
        with pytest.raises(NotFound):
            await refused
    assert await agreements_seen.drafts(session, shown_to="G06") == []


async def test_an_amendment_begins_from_what_is_in_force_and_says_what_it_changes(session, steward: Actor):
    with pytest.raises(NotFound):
        await drafts.amend(session, steward, "TT-01", at=AT)
    await agree(session, terms())
    draft_id = await drafts.amend(session, steward, "TT-01", at=AT)
    with pytest.raises(WrongState):
        await drafts.amend(session, steward, "TT-01", at=AT)
    await drafts.save(session, steward, draft_id, 1, lambda now: replace(now, delete_within_days=10), at=AT)
    shown = await agreements_seen.draft(session, steward, draft_id)
    assert [line.text.vi for line in shown.lines] == ["Hạn xóa dữ liệu: 30 ngày → 10 ngày."]


async def test_everybody_sees_what_is_in_force_and_nothing_that_is_not(session, steward: Actor):
    await agree(session, terms())
    await agreements.propose_agreement(session, SYSTEM, terms(), at=AT)
    assert [(card.code, card.version) for card in await agreements_seen.in_force(session, at=AT)] == [("TT-01", 1)]
    assert await agreements_seen.current(session, "TT-01") == 1
    with pytest.raises(NotFound):
        await agreements_seen.version(session, "TT-01", 2)


def _grant(**changes) -> tuple[Grant, ...]:
    return (replace(Grant(Dataset.LICENCES, FIELDS, row_filter={"status": ["valid"]}), **changes),)


SIGNER = {"signer": Basis("Luật 91/2025/QH15", "Điều 9")}
CHANGES = {
    "a field": (_grant(fields=(*FIELDS, "signer"), field_basis=SIGNER), "thêm trường “Người ký” (cá nhân), theo Luật", True),
    "fewer fields": (_grant(fields=FIELDS[:-1]), "bỏ trường “Mã số thuế của đơn vị được cấp”", False),
    "more records": (_grant(row_filter={"status": ["valid", "expired"]}), "valid, expired", True),
    "no filter": (_grant(row_filter={}), "không còn: Chỉ các bản ghi", True),
    "fewer records": (_grant(row_filter={"status": ["valid"], "issuer": ["G02"]}), "“Mã cơ quan cấp” là: G02", False),
    "more often": (_grant(rate=6000), "6000 lần đọc mỗi giờ", True),
    "hidden": (_grant(hidden_days=9, hidden_basis="Luật Thanh tra"), "tạm ẩn với doanh nghiệp 9 ngày", True),
    "a dataset": ((*_grant(), Grant(Dataset.DOSSIERS, ("number",))), "Thêm dữ liệu: Tình trạng hồ sơ", True),
}


@pytest.mark.parametrize("grants,words,widens", CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_data_is_said_in_words_and_marked_when_it_opens_more(grants, words, widens):
    lines = differences(terms(grants=_grant()), terms(grants=grants))
    assert any(words in line.text.vi and line.widens is widens for line in lines)


def test_what_does_not_change_is_not_said():
    assert differences(terms(), terms()) == []
    other = terms(purposes=(*terms().purposes, Purpose("x", Text("Thống kê", "Statistics"))), title=Text("Tên mới", "New"))
    assert {line.text.vi for line in differences(terms(), other)} == {
        "Thêm mục đích: Thống kê.",
        "Tên: “Chia sẻ giấy phép” → “Tên mới”.",
    }
