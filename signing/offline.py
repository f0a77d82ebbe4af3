"""Run a coroutine that has no reason to wait: the engine is async for its fetchers, and we give it none."""

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """No event loop, so it works inside one too; a coroutine that waits for anything is a bug and raises."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    work.close()
    raise RuntimeError("a check tried to wait for something")
