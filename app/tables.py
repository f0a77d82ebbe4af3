"""Imports every models.py and *_models.py, so that Alembic sees one metadata. Only migrations and their tests import this."""

import importlib
import pkgutil

import app
from app.core import limits, outbox
from app.core.db import Base

__all__ = ["METADATA", "limits", "outbox"]

for _package in pkgutil.iter_modules(app.__path__, "app."):
    if _package.ispkg:
        _rooms = pkgutil.iter_modules(importlib.import_module(_package.name).__path__, f"{_package.name}.")
        for _room in _rooms:
            if _room.name.endswith((".models", "_models")):
                importlib.import_module(_room.name)

METADATA = Base.metadata


def append_only() -> list[str]:
    """Tables whose rows may be added and read, never changed: marked `info={"append_only": True}` in the model."""
    return sorted(name for name, table in METADATA.tables.items() if table.info.get("append_only"))
