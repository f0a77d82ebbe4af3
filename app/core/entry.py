"""Marks that doors put on their dependencies, so that a test can walk all routes and see who may enter each."""

from collections.abc import Callable
from typing import TypeVar

_Function = TypeVar("_Function", bound=Callable[..., object])


def admits(who: str) -> Callable[[_Function], _Function]:
    """Mark a dependency that lets only `who` pass (`anyone`, `business`, `official:dossier.receive`, `client:filing`, …)."""

    def mark(dependency: _Function) -> _Function:
        dependency.admits = who  # type: ignore[attr-defined]  # a mark that the house tests read
        return dependency

    return mark


def records_view(dependency: _Function) -> _Function:
    """Mark the dependency that writes the audit row of a view of personal data."""
    dependency.records_view = True  # type: ignore[attr-defined]  # a mark that the house tests read
    return dependency


@admits("anyone")
async def anyone() -> None:
    """The dependency of a public route: says on purpose that no one is turned away."""
