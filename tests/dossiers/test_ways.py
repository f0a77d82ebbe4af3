"""A dossier takes its own way: other units are asked, a site is inspected, papers that are held are not asked for."""

import pytest

from app.core.actor import Actor
from app.core.blobs import Stored
from app.core.errors import Incomplete, NotFound, WrongState
from app.core.ids import uuid7
from app.dossiers.actions import assign, decide, draft, inspect, lapse, minutes, opinions, photos, process, receive
from app.dossiers.actions.inspect import Visit
from app.dossiers.actions.submit import submit
from app.dossiers.lifecycle import State
from app.dossiers.queries import case_file, procedure_of
from app.dossiers.visibility import visible_to
from app.issued import queries as issued
from app.issued.models import IssuedDocument
from app.issued.rules import Kind
from app.issued.rules import State as IssuedState
from app.registers.models import SharedRecord
from app.tasks.queries import open_of
from tests.dossiers.shapes import ANSWERS, CHEMICALS, HANOI, LEGAL, SLUG, TRADE, publish, staff
from tests.dossiers.world import ANSWERS as KNOWN
from tests.dossiers.world import World
from tests.tasks.photographs import jpeg


@pytest.fixture
async def chemists(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The procedure is published and its units are staffed."""
    await staff(world)
    await publish(world)
    monkeypatch.setitem(KNOWN, SLUG, ANSWERS)
    return world


async def received(world: World, **changed: object):
    dossier_id = await world.begin(SLUG, world.seller, **changed)
    dossier = await world.dossier(dossier_id)
    procedure = await procedure_of(world.session, dossier)
    for need in procedure.papers_needed(dossier.answers, today=world.at.date(), held=dossier.held):
        if need.paper.per is None:
            await _file(world, dossier_id, need.paper.id)
        else:
            await _file(world, dossier_id, need.paper.id, row=0)
    await submit(world.session, world.seller, dossier_id, at=world.at)
    await receive.receive(world.session, world.desk, dossier_id, at=world.at)
    return dossier_id


async def _file(world: World, dossier_id, paper: str, row: int | None = None) -> None:
    from app.core.blobs import Stored
    from app.core.ids import uuid7
    from app.documents.examine import Findings
    from app.dossiers.actions import draft
    from tests.dossiers.world import report

    document_id = uuid7()
    stored = Stored("ab" * 32, 1000)
    await draft.attach(
        world.session, world.seller, dossier_id, paper=paper, place=0, row=row, name="t.pdf", stored=stored,
        document_id=document_id, at=world.at,
    )  # fmt: skip
    await world.checked(dossier_id, document_id, Findings(report(world.seller.tax_code or "")))


def who(world: World, role: str, unit: str) -> Actor:
    return world.actors[f"{role}_{unit}"]


async def in_check(world: World):
    """Assigned; the case officer has the check in hand."""
    dossier_id = await received(world)
    officer = who(world, "case_officer", CHEMICALS)
    await assign.assign(world.session, who(world, "unit_leader", CHEMICALS), dossier_id, assignee=officer.person_id, at=world.at)
    return dossier_id


async def open_steps(world: World, dossier_id) -> list[tuple[str, str]]:
    await world.session.flush()
    return [(task.step, task.unit) for task in await open_of(world.session, dossier_id)]


async def do(world: World, actor: Actor, dossier_id, step: str) -> None:
    await world.session.flush()
    task = next(task for task in await open_of(world.session, dossier_id) if task.step == step)
    await process.complete_step(world.session, actor, dossier_id, task.id, at=world.at)


async def answer(world: World, dossier_id, unit: str, opinion: str = "agree", text: str = "") -> None:
    await world.session.flush()
    task = next(task for task in await open_of(world.session, dossier_id) if task.unit == unit and task.kind == "opinion")
    actor = who(world, "case_officer", unit)
    await opinions.give(world.session, actor, dossier_id, task.id, opinion=opinion, text=text, at=world.at)


async def test_the_answers_settle_the_way_when_the_dossier_is_received(chemists: World) -> None:
    plain = await received(chemists, kind="trade")
    special = await received(chemists)
    assert (await chemists.dossier(plain)).stage == "plain"
    assert (await chemists.dossier(special)).stage == "special"
    assert await open_steps(chemists, plain) == [("assign", CHEMICALS)]
    assert await open_steps(chemists, special) == [("assign2", CHEMICALS)]


async def test_other_units_work_beside_the_visit_and_the_draft_waits_for_the_last_of_them(chemists: World) -> None:
    dossier_id = await in_check(chemists)
    officer, leader = who(chemists, "case_officer", CHEMICALS), who(chemists, "unit_leader", CHEMICALS)
    await do(chemists, officer, dossier_id, "check2")
    assert sorted(await open_steps(chemists, dossier_id)) == [("opinions2", LEGAL), ("opinions2", TRADE), ("team2", CHEMICALS)]
    await do(chemists, leader, dossier_id, "team2")
    visit = Visit("pass", site="Số 1, Hà Nội", findings="Kho: đạt", hosts=("Lê Mẫu",))
    task = next(task for task in await open_of(chemists.session, dossier_id) if task.step == "visit")
    await inspect.inspect(chemists.session, officer, dossier_id, task.id, visit=visit, at=chemists.at)
    await answer(chemists, dossier_id, LEGAL)
    await answer(chemists, dossier_id, HANOI)
    assert await open_steps(chemists, dossier_id) == [("opinions2", TRADE)]
    await answer(chemists, dossier_id, TRADE, "disagree", "Chưa phù hợp quy hoạch")
    assert await open_steps(chemists, dossier_id) == [("draft2", CHEMICALS)]


async def test_an_overdue_opinion_is_gone_without_and_never_taken_for_consent(chemists: World) -> None:
    dossier_id = await in_check(chemists)
    officer = who(chemists, "case_officer", CHEMICALS)
    await do(chemists, officer, dossier_id, "check2")
    asked = [task for task in await open_of(chemists.session, dossier_id) if task.kind == "opinion"]
    with pytest.raises(WrongState):
        await opinions.go_without(chemists.session, officer, dossier_id, asked[0].id, reason="Chậm", at=chemists.at)
    chemists.later(days=30)
    await opinions.go_without(chemists.session, officer, dossier_id, asked[0].id, reason="Quá hạn", at=chemists.at)
    assert (asked[0].state, asked[0].outcome) == ("cancelled", None)


async def test_a_unit_that_is_asked_sees_the_dossier_and_not_what_the_others_said(chemists: World) -> None:
    dossier_id = await in_check(chemists)
    legal, trade = who(chemists, "case_officer", LEGAL), who(chemists, "case_officer", TRADE)
    with pytest.raises(NotFound):
        await visible_to(legal).one(chemists.session, dossier_id)
    await do(chemists, who(chemists, "case_officer", CHEMICALS), dossier_id, "check2")
    await answer(chemists, dossier_id, TRADE, "comment", "Cần xem lại")
    case = await case_file(chemists.session, legal, dossier_id, at=chemists.at)
    assert {task.unit for task in case.tasks if task.kind == "opinion"} == {LEGAL}
    inside = await case_file(chemists.session, who(chemists, "unit_leader", CHEMICALS), dossier_id, at=chemists.at)
    assert {task.unit for task in inside.tasks if task.kind == "opinion"} == {LEGAL, TRADE}
    assert trade.unit != legal.unit


async def at_the_visit(world: World):
    """The dossier, the open task of the visit, and whose it is."""
    dossier_id = await in_check(world)
    officer = who(world, "case_officer", CHEMICALS)
    await do(world, officer, dossier_id, "check2")
    await do(world, who(world, "unit_leader", CHEMICALS), dossier_id, "team2")
    return dossier_id, next(task.id for task in await open_of(world.session, dossier_id) if task.step == "visit"), officer


async def ordered(world: World, findings: str = "Kho: chưa đạt"):
    """The inspection wants something put right within ten days."""
    dossier_id, task, officer = await at_the_visit(world)
    visit = Visit("correct", site="Hà Nội", findings=findings, correct="Lắp quạt", days=10)
    await inspect.inspect(world.session, officer, dossier_id, task, visit=visit, at=world.at)
    return dossier_id


async def test_a_step_ends_in_a_numbered_document_which_the_minutes_cite(chemists: World) -> None:
    dossier_id = await ordered(chemists)
    (made,) = [one for one in await issued.of_dossier(chemists.session, dossier_id) if one.kind == Kind.STEP_DOCUMENT]
    assert (made.number, made.template) == ("01/2026/QĐ-KT", "decision")
    assert made.personal_signer == who(chemists, "unit_leader", CHEMICALS).person_id
    cited = (await minutes_of(chemists, dossier_id)).facts["decision"]
    assert cited == "Quyết định thành lập đoàn kiểm tra số 01/2026/QĐ-KT"
    made.state = IssuedState.SIGNED
    await decide.signed(chemists.session, dossier_id, made.id, at=chemists.at)
    assert made.seal_asked_at == chemists.at


async def minutes_of(world: World, dossier_id) -> IssuedDocument:
    """The minutes of the visit, as a job would have left them: sealed."""
    (found,) = [one for one in await issued.of_dossier(world.session, dossier_id) if one.kind == Kind.MINUTES]
    found.state = IssuedState.READY
    return found


async def test_findings_are_printed_with_their_results(chemists: World) -> None:
    dossier_id = await ordered(chemists, findings="Kho chứa | chưa đạt | thiếu quạt\nBiển báo|đạt\nLối thoát")
    facts = (await minutes_of(chemists, dossier_id)).facts
    assert [(found["item"], found["result"], found["note"]) for found in facts["findings"]] == [
        ("Kho chứa", "chưa đạt", "thiếu quạt"),
        ("Biển báo", "đạt", ""),
        ("Lối thoát", "", ""),
    ]


async def test_photographs_are_printed_with_time_and_place_and_others_are_refused(chemists: World) -> None:
    dossier_id, task, officer = await at_the_visit(chemists)
    before, given = chemists.at, {"key": uuid7(), "name": "kho.jpg", "stored": Stored("0" * 64, 10), "place": ""}
    taken = f"{before:%Y:%m:%d} 08:00:00"
    for head, wrong in (
        (b"%PDF-1.7", "no-picture"),
        (jpeg("2099:01:01 00:00:00"), "no-time"),
        (jpeg(taken, place=None), "required"),
    ):
        with pytest.raises(Incomplete) as refused:
            await photos.attach(chemists.session, officer, dossier_id, task, **given, head=head, at=before)
        assert wrong in {each.slug for each in refused.value.problems}
    await photos.attach(chemists.session, officer, dossier_id, task, **given, head=jpeg(taken), at=before)
    visit = Visit("pass", site="Hà Nội", findings="Kho | đạt")
    await inspect.inspect(chemists.session, officer, dossier_id, task, visit=visit, at=before)
    (photo,) = (await minutes_of(chemists, dossier_id)).facts["photos"]
    assert (photo["file_name"], photo["place"], photo["taken_at"][11:]) == ("kho.jpg", "21.02500, 105.85000", "08:00:00+07:00")
    with pytest.raises(WrongState):
        await photos.attach(chemists.session, officer, dossier_id, task, **given, head=jpeg(taken), at=before)


async def test_minutes_wait_for_the_business_until_it_is_noted_that_it_does_not_sign(chemists: World) -> None:
    dossier_id = await ordered(chemists)
    paper, seller = await minutes_of(chemists, dossier_id), chemists.seller
    case = await case_file(chemists.session, seller, dossier_id, at=chemists.at)
    assert [(one.issued_id, one.standing) for one in case.minutes] == [(paper.id, "waiting")]
    with pytest.raises(Incomplete):
        await minutes.refuse(chemists.session, seller, dossier_id, paper.id, reason=" ", at=chemists.at)
    with pytest.raises(NotFound):
        await minutes.refuse(chemists.session, chemists.retailer, dossier_id, paper.id, reason="Không", at=chemists.at)
    await minutes.refuse(chemists.session, seller, dossier_id, paper.id, reason="Không đồng ý kết luận", at=chemists.at)
    case = await case_file(chemists.session, seller, dossier_id, at=chemists.at)
    assert [(one.standing, one.note) for one in case.minutes] == [("not-signed", "Không đồng ý kết luận")]
    with pytest.raises(WrongState):
        await minutes.bring(chemists.session, seller, dossier_id, paper.id, key=uuid7())


async def test_a_correction_stops_the_clock_until_the_business_reports_it(chemists: World) -> None:
    dossier_id = await ordered(chemists)
    dossier = await chemists.dossier(dossier_id)
    assert (dossier.state, dossier.clock_paused) == (State.AWAITING_CORRECTION, True)
    case = await case_file(chemists.session, chemists.seller, dossier_id, at=chemists.at)
    assert case.must_correct == "Lắp quạt"
    chemists.later(days=3)
    await inspect.report_corrected(chemists.session, chemists.seller, dossier_id, text="Đã lắp", at=chemists.at)
    assert (dossier.state, dossier.clock_paused) == (State.IN_REVIEW, False)
    assert ("visit", CHEMICALS) in await open_steps(chemists, dossier_id)


async def test_a_correction_nobody_reports_goes_back_to_whoever_inspected(chemists: World) -> None:
    dossier_id = await ordered(chemists)
    await chemists.session.flush()
    assert await lapse.lapse_overdue(chemists.session, chemists.at.replace(month=12, day=20)) == 1
    assert (await chemists.dossier(dossier_id)).state == State.IN_REVIEW
    assert ("visit", CHEMICALS) in await open_steps(chemists, dossier_id)


async def test_what_the_ministry_holds_is_not_asked_for(chemists: World) -> None:
    dossier_id = await chemists.begin(SLUG, chemists.seller)
    dossier = await chemists.dossier(dossier_id)
    assert dossier.held == {"registration": "register"}
    case = await case_file(chemists.session, chemists.seller, dossier_id, at=chemists.at)
    assert "registration" not in {paper.id for paper in case.papers}
    assert [paper.id for paper in case.held] == ["registration"]
    assert {"old", "charter"} <= {paper.id for paper in case.papers}


async def test_a_paper_of_an_earlier_granted_dossier_is_not_asked_for_again_while_it_is_young_enough(chemists: World) -> None:
    earlier = await chemists.dossier(await received(chemists))
    earlier.decision = "granted"
    again = await chemists.dossier(await chemists.begin(SLUG, chemists.seller))
    assert again.held == {"registration": "register", "charter": earlier.number}
    case = await case_file(chemists.session, chemists.seller, again.id, at=chemists.at)
    assert {paper.id: paper.where for paper in case.held}["charter"] == earlier.number
    assert "charter" not in {paper.id for paper in case.papers}
    other = await chemists.dossier(await draft.start(chemists.session, chemists.retailer, SLUG, at=chemists.at))
    assert "charter" not in other.held
    chemists.later(days=3 * 366)
    late = await chemists.dossier(await draft.start(chemists.session, chemists.seller, SLUG, at=chemists.at))
    assert "charter" not in late.held


async def test_an_earlier_result_fills_the_form_and_stands_for_the_paper(chemists: World) -> None:
    licence = {"number": "7/GP-TN", "kind": SLUG, "title": "Giấy phép", "status": "valid", "holder_address": "Số 9, Hà Nội"}
    chemists.session.add(
        SharedRecord(
            dataset="licences", key="7/GP-TN", version=1, etag="e", doc=licence, subject_ref=chemists.seller.tax_code,
            changed_at=chemists.at, deleted=False,
        )
    )  # fmt: skip
    await chemists.session.flush()
    begun = await chemists.dossier(await draft.start(chemists.session, chemists.seller, SLUG, at=chemists.at))
    assert (begun.answers["old_licence"], begun.answers["old_site"]) == ("7/GP-TN", "Số 9, Hà Nội")
    assert begun.held["old"] == "7/GP-TN"


async def test_a_check_that_only_flags_lets_the_dossier_through_and_shows_the_official_a_mark(chemists: World) -> None:
    much = [ANSWERS["chemicals"][0] | {"mass": 20_000}]
    dossier_id = await received(chemists, chemicals=much)
    case = await case_file(chemists.session, who(chemists, "unit_leader", CHEMICALS), dossier_id, at=chemists.at)
    assert [flag.en for flag in case.flags] == ["A very large mass: look closely."]
    assert (await case_file(chemists.session, chemists.seller, dossier_id, at=chemists.at)).flags == ()
