"""Imports every models.py, so that Alembic sees one metadata. Nothing but migrations and their tests imports this."""

import importlib.util
import pkgutil

import app
from app.core import limits, outbox
from app.core.db import Base

__all__ = ["METADATA", "limits", "outbox"]

for _package in pkgutil.iter_modules(app.__path__, "app."):
    if _package.ispkg and importlib.util.find_spec(f"{_package.name}.models"):
        importlib.import_module(f"{_package.name}.models")

METADATA = Base.metadata


def append_only() -> list[str]:
    """Tables whose rows may be added and read, never changed: marked `info={"append_only": True}` in the model."""
    return sorted(name for name, table in METADATA.tables.items() if table.info.get("append_only"))
