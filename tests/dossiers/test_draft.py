"""Writing a dossier, and everything that must not be written."""

import pytest
from sqlalchemy import select

from app.core.actor import ANYONE, Actor, ActorKind
from app.core.errors import Conflict, Incomplete, NotAllowed, NotFound, WrongState
from app.core.ids import uuid7
from app.core.outbox import OutboxMessage
from app.core.permissions import Permission, Role
from app.documents.examine import Findings
from app.documents.queries import papers_of
from app.dossiers.actions import draft, submit, supplement
from app.dossiers.actions.supplement import Item
from app.dossiers.models import Dossier
from app.dossiers.queries import slot
from tests.dossiers.world import PROMOTION, World, altered, report, unknown, unsigned


async def test_a_draft_begins_with_what_the_register_knows_under_todays_version(world: World):
    dossier = await world.dossier(await draft.start(world.session, world.retailer, PROMOTION, at=world.at))
    assert dossier.answers["tax_code"] == "9900000048"
    assert (dossier.version, dossier.unit, dossier.desk) == (1, "G02.914", "G02.990")


async def test_an_unknown_procedure_is_not_found(world: World):
    with pytest.raises(NotFound):
        await draft.start(world.session, world.retailer, "no-such-procedure", at=world.at)


async def test_only_someone_with_a_mandate_to_draft_begins(world: World):
    withheld = frozenset({Permission.DOSSIER_DRAFT})
    viewer = Actor(ActorKind.BUSINESS, tax_code="9900000048", roles=frozenset({Role.APPLICANT}), withheld=withheld)
    for actor in (viewer, ANYONE, world.desk):
        with pytest.raises(NotAllowed):
            await draft.start(world.session, actor, PROMOTION, at=world.at)


async def test_a_page_keeps_what_could_be_read_and_says_what_is_wrong(world: World):
    dossier_id = await draft.start(world.session, world.retailer, PROMOTION, at=world.at)
    pairs = [("programme_name", "Tết an khang"), ("start_date-day", "31"), ("start_date-month", "2"), ("start_date-year", "2027")]
    saved = await draft.save_page(world.session, world.retailer, dossier_id, "chuong-trinh", pairs, revision=1, at=world.at)
    assert "start_date" in {problem.where for problem in saved.problems}
    assert (await world.dossier(dossier_id)).answers["programme_name"] == "Tết an khang"


async def test_two_people_who_save_at_once_do_not_overwrite_each_other(world: World):
    dossier_id = await draft.start(world.session, world.retailer, PROMOTION, at=world.at)
    pairs = [("contact_person", "A")]
    await draft.save_page(world.session, world.retailer, dossier_id, "thuong-nhan", pairs, revision=1, at=world.at)
    other = [("contact_person", "B")]
    with pytest.raises(Conflict):
        await draft.save_page(world.session, world.retailer, dossier_id, "thuong-nhan", other, revision=1, at=world.at)


async def test_a_page_that_saved_itself_before_its_button_was_pressed_is_no_second_editor(world: World):
    dossier_id = await draft.start(world.session, world.retailer, PROMOTION, at=world.at)
    pairs = [("contact_person", "A")]
    await draft.save_page(world.session, world.retailer, dossier_id, "thuong-nhan", pairs, revision=1, at=world.at)
    again = await draft.save_page(world.session, world.retailer, dossier_id, "thuong-nhan", pairs, revision=1, at=world.at)
    assert again.revision == 3


async def test_unknown_fields_from_a_machine_are_refused_and_nothing_is_kept(world: World):
    dossier_id = await draft.start(world.session, world.retailer, PROMOTION, at=world.at)
    saved = await draft.save_json(world.session, world.retailer, dossier_id, {"colour": "red"}, revision=None, at=world.at)
    assert [problem.slug for problem in saved.problems] == ["unknown-field"]
    assert "colour" not in (await world.dossier(dossier_id)).answers


async def test_a_foreign_dossier_looks_missing(world: World):
    dossier_id = await world.begin(PROMOTION, world.retailer)
    for act in (
        draft.discard(world.session, world.seller, dossier_id, at=world.at),
        submit.submit(world.session, world.seller, dossier_id, at=world.at),
        draft.discard(world.session, world.retailer, uuid7(), at=world.at),
    ):
        with pytest.raises(NotFound):
            await act


async def test_submit_lists_everything_that_is_wrong_at_once(world: World):
    dossier_id = await draft.start(world.session, world.retailer, PROMOTION, at=world.at)
    await world.checked(dossier_id, await world.attach(world.retailer, dossier_id, "rules"), Findings(unsigned()))
    with pytest.raises(Incomplete) as refused:
        await submit.submit(world.session, world.retailer, dossier_id, at=world.at)
    found = {(problem.where, problem.slug) for problem in refused.value.problems}
    assert {("programme_name", "required"), ("application", "paper-missing"), ("rules", "paper-refused")} <= found


async def test_a_second_submit_is_answered_with_the_first_ones_reference(world: World):
    dossier_id = await world.ready(PROMOTION, world.retailer)
    first = await submit.submit(world.session, world.retailer, dossier_id, at=world.at)
    with pytest.raises(WrongState) as refused:
        await submit.submit(world.session, world.retailer, dossier_id, at=world.at)
    assert refused.value.slug == "already-submitted"
    assert first.reference in refused.value.text.vi


async def test_an_enterprise_that_has_suspended_business_cannot_file(world: World):
    from app.identity import queries as identity

    dossier_id = await world.ready(PROMOTION, world.retailer)
    (await identity.enterprise(world.session, "9900000048")).status = "tạm ngừng"
    with pytest.raises(Incomplete) as refused:
        await submit.submit(world.session, world.retailer, dossier_id, at=world.at)
    assert "enterprise-suspended" in {problem.slug for problem in refused.value.problems}


FILES = {
    "the filer's own over the whole file": (lambda: report("9900000048"), True),
    "not known yet": (lambda: unknown("9900000048"), True),
    "another enterprise's": (lambda: report("9900000030"), False),
    "none": (unsigned, False),
    "one that was altered": (lambda: altered("9900000048"), False),
}


@pytest.mark.parametrize("signature", FILES)
async def test_a_paper_the_filer_must_sign_is_judged_at_submit(world: World, signature: str):
    made, accepted = FILES[signature]
    dossier_id = await world.ready(PROMOTION, world.retailer)
    await world.checked(dossier_id, await world.attach(world.retailer, dossier_id, "application"), Findings(made()))
    if accepted:
        await submit.submit(world.session, world.retailer, dossier_id, at=world.at)
        return
    with pytest.raises(Incomplete) as refused:
        await submit.submit(world.session, world.retailer, dossier_id, at=world.at)
    assert {problem.where for problem in refused.value.problems} == {"application"}


async def test_another_file_in_the_same_place_replaces_the_first_which_is_erased(world: World):
    dossier_id = await world.begin(PROMOTION, world.retailer)
    first = await world.attach(world.retailer, dossier_id, "rules")
    second = await world.attach(world.retailer, dossier_id, "rules")
    await world.session.flush()
    assert [document.id for document in await papers_of(world.session, dossier_id)] == [second]
    erased = select(OutboxMessage.payload).where(OutboxMessage.topic == "documents.erase")
    assert [payload["document_id"] for payload in await world.session.scalars(erased)] == [str(first)]


async def test_a_file_name_is_shown_without_path_or_hidden_characters(world: World):
    dossier_id = await world.begin(PROMOTION, world.retailer)
    await world.attach(world.retailer, dossier_id, "rules", name="..\\..\\etc/thể\u202elệ\x00.pdf")
    await world.session.flush()
    assert [document.name for document in await papers_of(world.session, dossier_id)] == ["thểlệ.pdf"]


@pytest.mark.parametrize("name,slug", [("bang.exe", "wrong-format"), ("khongduoi", "wrong-format")])
async def test_a_file_of_another_format_stays_out(world: World, name: str, slug: str):
    dossier_id = await world.begin(PROMOTION, world.retailer)
    with pytest.raises(Incomplete) as refused:
        await world.attach(world.retailer, dossier_id, "rules", name=name)
    assert [problem.slug for problem in refused.value.problems] == [slug]


@pytest.mark.parametrize("paper,place,row", [("nope", 0, None), ("rules", 1, None), ("rules", -1, None), ("rules", 0, 0)])
async def test_a_place_the_procedure_does_not_know_is_not_found(world: World, paper: str, place: int, row: int | None):
    dossier_id = await world.begin(PROMOTION, world.retailer)
    with pytest.raises(NotFound):
        await slot(world.session, world.retailer, dossier_id, paper, place=place, row=row)


async def test_a_paper_has_its_own_limit(world: World):
    dossier_id = await world.begin("multi-level-selling-certificate", world.seller)
    place = await slot(world.session, world.seller, dossier_id, "operation_papers", place=0, row=None)
    assert place.max_bytes == 50 * 1024 * 1024


async def test_a_discarded_draft_is_gone_and_nothing_filed_can_be_discarded(world: World):
    dossier_id = await world.ready(PROMOTION, world.retailer)
    await draft.discard(world.session, world.retailer, dossier_id, at=world.at)
    assert await world.session.scalar(select(Dossier.id).where(Dossier.id == dossier_id)) is None

    filed = await world.submitted(PROMOTION, world.retailer)
    await supplement.ask_at_intake(world.session, world.desk, filed, [Item("paper", "rules")], reason="Thiếu trang", at=world.at)
    with pytest.raises(WrongState):
        await draft.discard(world.session, world.retailer, filed, at=world.at)


async def test_in_a_supplement_only_the_marked_items_can_change(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    items = [Item("field", "details"), Item("paper", "rules")]
    await supplement.ask_at_intake(world.session, world.desk, dossier_id, items, reason="Thiếu", at=world.at)
    before = dict((await world.dossier(dossier_id)).answers)

    sent = before | {"details": "Quay số ngày 10/02/2027.", "programme_name": "Tên khác"}
    saved = await draft.save_json(world.session, world.retailer, dossier_id, sent, revision=None, at=world.at)
    assert [(problem.where, problem.slug) for problem in saved.problems] == [("programme_name", "not-open")]

    revision = (await world.dossier(dossier_id)).revision
    pairs = [("programme_name", "Tên khác"), ("details", "Quay số ngày 10/02/2027.")]
    saved = await draft.save_page(
        world.session, world.retailer, dossier_id, "chuong-trinh", pairs, revision=revision, at=world.at
    )
    assert saved.problems == ()
    after = (await world.dossier(dossier_id)).answers
    assert after == before | {"details": "Quay số ngày 10/02/2027."}
    with pytest.raises(WrongState):
        await world.attach(world.retailer, dossier_id, "application")


async def test_what_was_filed_stays_as_evidence_when_a_supplement_replaces_it(world: World):
    from app.documents.models import Document

    dossier_id = await world.submitted(PROMOTION, world.retailer)
    await supplement.ask_at_intake(world.session, world.desk, dossier_id, [Item("paper", "rules")], reason="Thiếu", at=world.at)
    await world.attach(world.retailer, dossier_id, "rules")
    await world.session.flush()
    rows = await world.session.scalars(select(Document).where(Document.dossier_id == dossier_id, Document.paper == "rules"))
    assert sorted((document.removed_at is None, document.filed_round) for document in rows) == [(False, 0), (True, None)]
