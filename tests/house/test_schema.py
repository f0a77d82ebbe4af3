"""The schema: migrations and models agree, and a dossier's own tables lead their key with it."""

import secrets

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import sql
from sqlalchemy import create_engine

from app.core import embedded, migrate
from app.tables import METADATA, append_only
from tests.conftest import SERVER

# Found by their own key, so that a look-up by number or by enterprise asks one row of one place.
LOOKUPS = {
    *("access_event", "audit_row", "delivery", "dossier_number", "gateway_notice", "idempotency_key"),
    *("issued_number", "issued_secret", "notice", "payment_attempt"),
}


@pytest.fixture
def empty():
    name = f"house_{secrets.token_hex(4)}"
    yield embedded.addresses(SERVER, database=name)
    with psycopg.connect(embedded.ensure(SERVER), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def differences(owner_url: str) -> list[object]:
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://"))
    ours = {"include_name": lambda name, kind, _: not (kind == "table" and name.startswith("procrastinate_"))}
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=ours | {"compare_type": True}), METADATA)
    engine.dispose()
    return found


def test_the_migrations_build_exactly_what_the_models_say(database):
    found = differences(database.owner_url)

    assert not found, f"Write a migration for what the models changed: {found}"


def test_migrations_go_up_from_empty_down_one_and_up_again(empty):
    app_url, owner_url = empty

    migrate.upgrade(owner_url, app_url)
    migrate.downgrade(owner_url, app_url, "-1")
    migrate.upgrade(owner_url, app_url)

    assert not differences(owner_url)


def test_a_dossiers_own_tables_lead_their_key_with_it():
    own = {name: table for name, table in METADATA.tables.items() if "dossier_id" in table.c and name not in LOOKUPS}
    wrong = [name for name, table in own.items() if next(iter(table.primary_key.columns)).name != "dossier_id"]

    assert own
    assert not wrong, f"Lead the primary key with dossier_id, so that a dossier lives in one place: {wrong}"


def test_no_relationship_loads_by_accident():
    from app.core.db import Base

    wrong = [
        f"{mapper.class_.__name__}.{relation.key}"
        for mapper in Base.registry.mappers
        for relation in mapper.relationships
        if relation.lazy != "raise"
    ]

    assert not wrong, f'Relationships are lazy="raise": queries say what they load: {wrong}'


def test_what_the_application_may_do_is_what_was_reviewed(database):
    with psycopg.connect(database.owner_url) as connection:
        rows = connection.execute(
            "SELECT table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type) "
            "FROM information_schema.role_table_grants "
            "WHERE grantee = %s AND table_schema = 'public' AND table_name NOT LIKE 'procrastinate%%' GROUP BY table_name",
            [embedded.APP],
        ).fetchall()
    granted = dict(rows)

    assert granted.pop("alembic_version") == "SELECT"
    expected = {name: "INSERT SELECT" if name in append_only() else "DELETE INSERT SELECT UPDATE" for name in METADATA.tables}
    assert granted == expected
