"""Bring a database to the newest schema. Run under the owner's role; the application's role only receives grants."""

import time
from pathlib import Path
from urllib.parse import urlsplit

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

FOLDER = Path(__file__).parents[2] / "migrations"
_TRIES = 10
_PAUSE_SECONDS = 1.0


def config(owner_url: str, app_url: str) -> Config:
    """Alembic's configuration for one database; the role in `app_url` is the one that grants go to."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["url"] = owner_url
    made.attributes["app_role"] = urlsplit(app_url).username or "postgres"
    return made


def upgrade(owner_url: str, app_url: str, revision: str = "head") -> None:
    """Migrate up. Locks are waited for one second at a time, at most ten times, so that running code is never blocked."""
    for left in reversed(range(_TRIES)):
        try:
            return command.upgrade(config(owner_url, app_url), revision)
        except OperationalError as error:
            if not left or "lock timeout" not in str(error):
                raise
            time.sleep(_PAUSE_SECONDS)
    return None


def downgrade(owner_url: str, app_url: str, revision: str) -> None:
    """Migrate down to `revision`; for rehearsals and tests."""
    command.downgrade(config(owner_url, app_url), revision)


def head() -> str | None:
    """The newest revision this code knows."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    return ScriptDirectory.from_config(made).get_current_head()


async def current(session: AsyncSession) -> str | None:
    """The revision the database is at."""
    return (await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
