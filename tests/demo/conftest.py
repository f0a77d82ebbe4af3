"""One demo world for the tests of this folder: its keys and signed files cost seconds."""

import shutil
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.demo import papers, pki, world
from app.demo.personas import RETAILER

# Kept from run to run, as the test database is: making RSA keys takes seconds.
KEYS = Path(__file__).parents[2] / "var" / "test-keys"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a world whose files are there, for one of the two businesses."""
    settings = Settings(var=tmp_path_factory.mktemp("demo"))
    pki.make_keys(KEYS)
    shutil.copytree(KEYS, settings.var / "demo" / "pki")
    world.prepare(settings)
    papers.make_files(settings, (RETAILER,))
    return world.with_env(settings)
