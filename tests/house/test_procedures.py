"""Procedures are data: each can be filed as it stands, released ones never change, and no code knows one by name."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest

from app.catalogue import files
from app.catalogue.check import check_files, released
from app.catalogue.forms import Form
from app.catalogue.procedure import Procedure
from app.worktime.actions import shipped
from app.worktime.calendar import Calendar

DEFINITIONS = files.definitions()
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
# The demo and the journey play businesses that file these very procedures.
PLAYERS = ("demo", "main.py")


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_procedure_can_be_filed(name: str) -> None:
    procedure = Procedure.of(DEFINITIONS[name])
    form = Form.of(procedure)
    jsonschema_rs.meta.validate(form.json_schema())
    for page in form.pages:
        assert form.views(page.id, {})
    assert procedure.papers_needed({}, today=NOW.date())
    last = procedure.outlook(Calendar.of(shipped()), NOW)[-1]
    assert last.due > NOW or (last.stage.unit == "instant" and last.due == NOW)
    assert procedure.fee_text.vi
    assert procedure.time_limit_text.en


def test_released_versions_never_change() -> None:
    assert check_files()["errors"] == [], "put the released file back and make a new version beside it"
    unrecorded = set(DEFINITIONS) - set(released())
    assert not unrecorded, f"record the fingerprints of {unrecorded} (catalogue.files.sha256) in catalogue/data/released.json"


def test_no_code_knows_a_procedure_by_name() -> None:
    slugs = {name.split("/")[0] for name in DEFINITIONS}
    code = [path for path in Path("app").rglob("*.py") if path.parts[1] not in PLAYERS]
    knowing = {f"{path}: {slug}" for path in code for slug in slugs if slug in path.read_text("utf-8")}
    assert not knowing, "what is particular to a procedure belongs into its definition"


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_is_not_certain_is_never_said_as_law(name: str) -> None:
    """Public page, list and API say limit and fee with these sentences; a fee that is not certain is never asked for."""
    procedure = Procedure.of(DEFINITIONS[name])
    unsure = [stage for stage in procedure.stages if not stage.certain]
    assert procedure.time_limit_text.vi.count("đang được xác nhận") == len(unsure)
    assert procedure.time_limit_text.en.count("being confirmed") == len(unsure)
    waiting = [fee for fee in procedure.fees if not fee.certain]
    unknown = procedure.fees_unknown is not None
    assert procedure.fee_text.vi.count("đang được xác nhận, chưa thu") == len(waiting) + unknown
    assert procedure.fees_confirmed == (not waiting and not unknown)
    asked = [due for moment in ("filing", "after_validity_check") for due in procedure.fees_due(moment, {}, today=NOW.date())]
    assert not {due.fee.id for due in asked} & {fee.id for fee in waiting}


FREE_BY_LAW = {"chemical-import-declaration", "co-trader-profile", "promotion-lottery-registration", "promotion-notification"}


def test_only_what_was_read_to_be_free_is_called_free() -> None:
    free = {name.split("/")[0] for name, definition in DEFINITIONS.items() if not {"fees", "fees_unknown"} & definition.keys()}
    assert free == FREE_BY_LAW, "a fee that is not known is said by fees_unknown"
