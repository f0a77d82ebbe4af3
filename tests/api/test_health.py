from datetime import timedelta

import pytest
from sqlalchemy import text

from app.audit import seal
from app.core import clock
from app.core.db import engine_for, sessions_of, transaction


async def test_a_portal_with_its_database_and_store_is_ready(visitor):
    answer = await visitor.get("/readyz")

    assert answer.json() == {
        "ready": True,
        "checks": dict.fromkeys(["not_stopping", "database", "migrations", "store", "disk"], True),
        "alarms": [],
    }


async def test_without_a_database_it_is_alive_but_not_ready(main_app, visitor, tmp_path):
    main_app.state.sessions = sessions_of(engine_for(f"postgresql://nobody@/none?host={tmp_path}"))

    alive, ready = await visitor.get("/livez"), await visitor.get("/readyz")

    assert (alive.status_code, ready.status_code) == (200, 503)
    assert not ready.json()["checks"]["database"]


@pytest.mark.parametrize("age, alarms", [(30, []), (90, ["checkpoint:access"])], ids=["fresh", "old"])
async def test_a_log_that_nobody_seals_is_an_alarm_and_keeps_nobody_out(visitor, main_app, settings, age, alarms):
    async with transaction(main_app.state.sessions) as session:
        signed_at = clock.now() - timedelta(seconds=age)
        await seal.beat(session, "access", seal.checkpoint_key(settings), at=signed_at)

    answer, numbers = await visitor.get("/readyz"), await visitor.get("/metrics")

    assert (answer.status_code, answer.json()["alarms"]) == (200, alarms)
    assert f'motcua_checkpoint_age_seconds{{log="access"}} {str(age)[0]}' in numbers.text


async def test_behind_the_newest_schema_it_is_not_ready(visitor, owner):
    newest = await owner.scalar(text("SELECT version_num FROM alembic_version"))
    await owner.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    await owner.commit()
    answer = await visitor.get("/readyz")
    await owner.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    await owner.commit()

    assert answer.status_code == 503
    assert answer.json()["checks"] == answer.json()["checks"] | {"database": True, "migrations": False}


async def test_a_process_that_is_stopping_asks_for_no_more_requests(main_app, visitor):
    main_app.state.stopping = True

    assert (await visitor.get("/readyz")).status_code == 503


async def test_numbers_are_for_the_inside_only(main_app, visitor):
    from httpx import ASGITransport, AsyncClient

    outside = ASGITransport(main_app, client=("113.160.1.1", 1))
    async with AsyncClient(transport=outside, base_url="http://127.0.0.1:8000") as stranger:
        refused = await stranger.get("/metrics")
    shown = await visitor.get("/metrics")

    assert refused.status_code == 404
    assert "motcua_outbox_age_seconds 0.0" in shown.text
    assert "motcua_requests_total" in shown.text


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_probes_answer_without_a_session(visitor, path):
    assert (await visitor.get(path)).status_code == 200
