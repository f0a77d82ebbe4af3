"""A rehearsal delivers what a read would: the granted fields of the records that pass the filter."""

from datetime import timedelta

from app.core import clock
from app.registers.rules import SCHEMAS, Dataset
from app.sharing.rehearsal import rehearse
from app.sharing.rules import Grant
from tests.machines import FIELDS, terms

AT = clock.now()


def test_exactly_the_granted_fields_of_records_that_pass_the_filter_are_delivered():
    grant = Grant(Dataset.LICENCES, FIELDS, row_filter={"status": ["valid"], "holder_province": ["01", "79"]})
    told = rehearse(terms(grants=(grant,)), at=AT)[0]
    assert 0 < told.passed < told.looked_at
    assert {tuple(record) for record in told.records} == {FIELDS}
    assert {record["status"] for record in told.records} == {"valid"}
    assert {field.name for field in told.refused} == SCHEMAS[Dataset.LICENCES].names - set(FIELDS)


def test_a_filter_that_no_made_up_record_passes_is_shown_on_one_that_does():
    told = rehearse(terms(grants=(Grant(Dataset.LICENCES, ("number", "kind"), row_filter={"kind": ["rare"]}),)), at=AT)[0]
    assert (told.passed, [record["kind"] for record in told.records]) == (0, ["rare"])


def test_the_enterprise_would_see_the_read_when_its_hiding_ends():
    hidden = Grant(Dataset.LICENCES, ("number",), hidden_days=30, hidden_basis="Luật Thanh tra, Điều 1")
    licences, lists = rehearse(terms(grants=(hidden, Grant(Dataset.CODELISTS, ("list",)))), at=AT)
    assert licences.seen
    assert licences.seen.from_when == AT + timedelta(days=30)
    assert lists.seen is None  # code lists are about nobody
