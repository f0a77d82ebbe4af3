"""Judges from elsewhere: packages of npm, pinned by the lock file here, installed once; Node from the system or from a wheel."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.web import assets
from tests.machines import agency, portal, the_app

__all__ = ["agency", "portal", "the_app"]

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"

Judge = Callable[..., dict[str, int]]


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the judges' packages beside their scripts. No script of a package runs."""
    npm = assets._npm()
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    with (HERE.parents[1] / ".setup.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (PACKAGES / ".stamp").is_file() or (PACKAGES / ".stamp").read_text() != lock:
            subprocess.run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True, timeout=180)
            (PACKAGES / ".stamp").write_text(lock)
    return npm[0] if len(npm) > 1 else str(shutil.which("node"))


def environment(told: dict[str, Any]) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", ""), "TOLD": json.dumps(told)}


@pytest.fixture(scope="session")
def judge(node: str) -> Judge:
    """Run a script and give what it counted; whatever did not hold fails the test in the judge's own words."""

    def run(script: str, told: dict[str, Any]) -> dict[str, int]:
        done = subprocess.run(
            [node, HERE / script], env=environment(told), cwd=HERE, capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def background(node: str) -> Iterator[Callable[[str, dict[str, Any]], str]]:
    """Start a script that serves; the answer is the first line it prints. All end with the run."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, told: dict[str, Any]) -> str:
        process = subprocess.Popen(
            [node, HERE / script], env=environment(told), cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=10)
