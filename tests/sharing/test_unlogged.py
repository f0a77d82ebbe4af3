"""A read that leaves no row in the log cannot happen: whatever is done to the log, no data come out without it."""

import pytest
from sqlalchemy import text

from app.core import embedded
from tests.machines import LICENCE_URL, Machine, Portal

FAIL = "BEGIN RAISE EXCEPTION 'disk full'; END"
DROP = "BEGIN RETURN NULL; END"
RIGHT = f"INSERT ON access_event FROM {embedded.APP}"


@pytest.fixture(params=["the row cannot be written", "the row is dropped in silence", "the right to write is gone"])
async def sabotaged(request, owner):
    """Someone with every right keeps the log from being written."""
    if "right" in request.param:
        broken, mended = [f"REVOKE {RIGHT}"], [f"GRANT {RIGHT.replace(' FROM ', ' TO ')}"]
    else:
        body = FAIL if "cannot" in request.param else DROP
        broken = [
            f"CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            "CREATE TRIGGER sabotage BEFORE INSERT ON access_event FOR EACH ROW EXECUTE FUNCTION sabotage()",
        ]
        mended = ["DROP TRIGGER sabotage ON access_event", "DROP FUNCTION sabotage()"]
    for statement in broken:
        await owner.execute(text(statement))
    await owner.commit()
    yield
    for statement in mended:
        await owner.execute(text(statement))
    await owner.commit()


async def test_without_its_row_in_the_log_no_data_come_out(reader: Machine, portal: Portal, sabotaged, owner):
    answer = await reader.read()

    assert answer.status_code >= 400
    assert not any(word in answer.text for word in ("holder_name", "Công ty Ví Dụ", "GCN-UBCT"))
    assert await owner.scalar(text("SELECT count(*) FROM access_event")) == 0


async def test_with_it_the_same_question_is_answered(reader: Machine, owner):
    assert (await reader.read(LICENCE_URL)).status_code == 200
    assert await owner.scalar(text("SELECT count(*) FROM access_event")) == 1
