"""Alembic's entry: one connection as the owner, short waits for locks, one migrator at a time."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from app.tables import METADATA

_MIGRATOR = 0x6D6F7463  # "motc": the advisory lock that keeps migrators apart


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Ours only: the job queue's tables come from its own schema file."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def _url() -> str:
    url: str = context.config.attributes["url"]
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def online() -> None:
    """Migrate the database named by the configuration."""
    engine = create_engine(_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = '1s'"))
        connection.execute(text("SET statement_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATOR})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            include_name=include_name,
            transaction_per_migration=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()


def offline() -> None:
    """Print the SQL, for review before it runs."""
    context.configure(url=_url(), target_metadata=METADATA, literal_binds=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    offline()
else:
    online()
