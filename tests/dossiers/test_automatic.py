"""What the portal answers by itself, and dossiers when another version of their procedure comes into force."""

import copy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import yaml
from sqlalchemy import select

from app.catalogue import actions as catalogue
from app.catalogue import files
from app.core.actor import SYSTEM
from app.core.errors import WrongState
from app.core.outbox import OutboxMessage
from app.documents.examine import Findings
from app.dossiers.actions import automatic, deliver, draft, version
from app.dossiers.actions.submit import submit
from app.dossiers.code import Numbering
from app.dossiers.lifecycle import State
from app.dossiers.queries import case_file, events_of
from app.issued.rules import State as IssuedState
from tests.dossiers.world import ANSWERS, PROMOTION, World, unknown

INSTANT = "instant-answer"
_PROCESS = """
- {id: receive, kind: receive, stage: answer, automatic: true}
- id: answer
  stage: answer
  automatic: true
  decides: true
  sign: organisation
  number: {series: KB-TN}
  title: {vi: Trả lời, en: Answer}
- {id: post_check, stage: after, role: case_officer, days: 5, title: {vi: Hậu kiểm, en: Check afterwards}}
"""
_STAGES = """
- {id: answer, title: {vi: trả lời, en: answer}, length: 0, unit: instant, starts_on: accepted, legal: L1, certainty: found}
- id: after
  title: {vi: hậu kiểm, en: after}
  length: 5
  unit: working_day
  starts_on: {end_of: answer}
  after_result: true
  legal: L1
  certainty: found
"""


def shaped(**changed: Any) -> dict[str, Any]:
    return copy.deepcopy(files.definitions()[f"{PROMOTION}/1"]) | changed


@pytest.fixture
async def instant(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A procedure that no official needs to look at first."""
    base = shaped()
    clock = base["clock"] | {"stages": yaml.safe_load(_STAGES)}
    definition = base | {"procedure": INSTANT, "clock": clock, "process": yaml.safe_load(_PROCESS)}
    await catalogue.publish(world.session, SYSTEM, definition, at=world.at)
    monkeypatch.setitem(ANSWERS, INSTANT, ANSWERS[PROMOTION])
    return world


async def _topics(world: World) -> list[str]:
    await world.session.flush()
    return list(await world.session.scalars(select(OutboxMessage.topic).where(OutboxMessage.topic == automatic.PROCEED)))


async def test_an_instant_procedure_is_received_and_answered_by_the_portal(instant: World) -> None:
    dossier_id = await instant.ready(INSTANT, instant.retailer)
    await submit(instant.session, instant.retailer, dossier_id, at=instant.at)
    assert await _topics(instant) == [automatic.PROCEED]
    await automatic.proceed(instant.session, dossier_id, numbering=Numbering(), at=instant.at)
    dossier = await instant.dossier(dossier_id)
    assert (dossier.state, dossier.decision) == (State.DECIDED, "granted")
    document = await instant.result(dossier)
    assert document.personal_signer is None
    document.state, document.ready_at, document.sha256, document.size = IssuedState.READY, instant.at, "cd" * 32, 5000
    document.number = "1/KB-TN"
    await deliver.publish(instant.session, dossier_id, document.id, at=instant.at)
    assert dossier.state == State.ISSUED
    assert dossier.number


async def test_a_file_that_is_not_yet_judged_keeps_the_portal_waiting(instant: World) -> None:
    dossier_id = await instant.begin(INSTANT, instant.retailer)
    given = await instant.with_papers(instant.retailer, dossier_id)
    await instant.checked(dossier_id, given["application.0"], Findings(unknown(instant.retailer.tax_code or "")))
    await submit(instant.session, instant.retailer, dossier_id, at=instant.at)
    await automatic.proceed(instant.session, dossier_id, numbering=Numbering(), at=instant.at)
    assert (await instant.dossier(dossier_id)).state == State.SUBMITTED


@pytest.fixture
async def slug(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """A procedure of its own for each test: a process remembers every version it has read, for ever."""
    name = f"versioned-{uuid4().hex[:8]}"
    await catalogue.publish(world.session, SYSTEM, shaped(procedure=name), at=world.at)
    monkeypatch.setitem(ANSWERS, name, ANSWERS[PROMOTION])
    return name


async def newer(world: World, slug: str, migration: str) -> None:
    """Version 2: a question fewer, one with another type, a paper fewer."""
    later = shaped(procedure=slug, version=2, migration=migration, valid_from=world.at.date())
    later["fields"] = [field for field in later["fields"] if field["id"] != "customers"]
    later["pages"] = [page | {"fields": [f for f in page["fields"] if f != "customers"]} for page in later["pages"]]
    for field in later["fields"]:
        if field["id"] == "contact_person":
            field["type"] = "long_text"
    later["documents"] = [paper for paper in later["documents"] if paper["id"] != "rules"]
    await catalogue.publish(world.session, SYSTEM, later, at=world.at)


async def test_a_version_that_moves_takes_drafts_over_and_names_what_has_no_place(world: World, slug: str) -> None:
    dossier_id = await world.ready(slug, world.retailer)
    await newer(world, slug, "move")
    assert await version.move_drafts(world.session, world.at) == 1
    dossier = await world.dossier(dossier_id)
    assert dossier.version == 2
    assert dossier.answers["programme_name"] == ANSWERS[PROMOTION]["programme_name"]
    assert not {"customers", "contact_person"} & set(dossier.answers)
    case = await case_file(world.session, world.retailer, dossier_id, at=world.at)
    assert [text.en for text in case.moves[0].dropped] == ["Contact person", "Eligible customers", "Rules of the programme"]
    assert await version.move_drafts(world.session, world.at) == 0


async def test_a_version_that_asks_lets_the_filer_of_a_draft_decide(world: World, slug: str) -> None:
    going, staying = await world.begin(slug, world.retailer), await world.begin(slug, world.retailer)
    await newer(world, slug, "ask")
    assert await version.move_drafts(world.session, world.at) == 0
    case = await case_file(world.session, world.retailer, going, at=world.at)
    assert case.newer is not None
    assert case.newer.version == 2
    assert (await version.choose(world.session, world.retailer, going, moves=True, at=world.at)) is not None
    await version.choose(world.session, world.retailer, staying, moves=False, at=world.at)
    assert ((await world.dossier(going)).version, (await world.dossier(staying)).version) == (2, 1)
    with pytest.raises(WrongState):
        await version.choose(world.session, world.retailer, staying, moves=True, at=world.at)


async def test_a_version_that_keeps_asks_nobody(world: World, slug: str) -> None:
    dossier_id = await world.begin(slug, world.retailer)
    await newer(world, slug, "keep")
    assert (await case_file(world.session, world.retailer, dossier_id, at=world.at)).newer is None
    assert await version.move_drafts(world.session, world.at) == 0


async def test_the_desk_decides_about_what_has_been_filed_and_the_history_says_so(world: World, slug: str) -> None:
    dossier_id = await world.submitted(slug, world.retailer)
    await newer(world, slug, "ask")
    moved = await version.choose(world.session, world.desk, dossier_id, moves=True, at=world.at + timedelta(hours=1))
    assert moved is not None
    await world.session.flush()
    told = (await events_of(world.session, dossier_id))[-1]
    assert (told.act, told.payload["from"], told.payload["to"]) == ("move_version", 1, 2)


async def test_a_filed_draft_tells_in_its_history_that_it_had_moved(world: World, slug: str) -> None:
    dossier_id = await world.ready(slug, world.retailer)
    await newer(world, slug, "move")
    await version.move_drafts(world.session, world.at)
    known = (await world.dossier(dossier_id)).answers
    answers = known | {"contact_person": "Lê Văn Ví Dụ"}
    await draft.save_json(world.session, world.retailer, dossier_id, answers, revision=None, at=world.at)
    await submit(world.session, world.retailer, dossier_id, at=world.at)
    await world.session.flush()
    assert (await events_of(world.session, dossier_id))[0].payload["moves"][0]["to"] == 2
