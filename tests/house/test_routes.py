"""Every route says who may enter, and whoever looks at a dossier is remembered."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.core.settings import Settings
from app.main import create_app

# Looked at by a person who shows nothing of the dossier's content, or recorded by the act itself.
NO_CONTENT: dict[str, str] = {}


def calls(dependant: Dependant) -> Iterator[Callable[..., object]]:
    """Every function that runs before the route, its own included."""
    if dependant.call:
        yield dependant.call
    for part in dependant.dependencies:
        yield from calls(part)


def routes() -> list[tuple[str, set[str], list[Callable[..., object]]]]:
    """Path, methods and functions of every route of the portal."""
    found = [
        (context.path, set(context.methods or ()), list(calls(context.dependant)))
        for context in iter_route_contexts(create_app(Settings()).routes)
        if isinstance(context.original_route, APIRoute)
    ]
    assert len(found) > 30, "The walk over app.routes finds too little; has the framework changed?"
    return found


@pytest.fixture(scope="module")
def every_route():
    return routes()


def test_every_route_says_who_may_enter(every_route):
    silent = [f"{sorted(methods)} {path}" for path, methods, functions in every_route if not any(map(_admits, functions))]

    assert not silent, (
        f"Mount a dependency marked @admits (app/core/entry.py) on the router; for the public it is `anyone`: {silent}"
    )


def test_every_page_of_a_dossier_records_who_looked(every_route):
    shown = [(path, functions) for path, methods, functions in every_route if "GET" in methods and "{dossier_id" in path]
    silent = [path for path, functions in shown if path not in NO_CONTENT and not any(map(_records, functions))]

    assert shown
    assert not silent, f"Add Depends(record_view(…)), the one dependency that writes the audit row of a view: {silent}"


def test_no_two_routes_answer_the_same_request(every_route):
    seen = [(path, method) for path, methods, _ in every_route for method in methods]
    twice = sorted({each for each in seen if seen.count(each) > 1})

    assert not twice, f"Only the first would ever answer: {twice}"


def _admits(function: Callable[..., object]) -> bool:
    return hasattr(function, "admits")


def _records(function: Callable[..., object]) -> bool:
    return hasattr(function, "records_view")
