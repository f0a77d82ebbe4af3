"""What the source itself must keep to, read as syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = ("app/web/", "app/api/", "app/jobs/", "app/demo/", "app/cli.py", "app/cli_", "app/main.py")
SOURCES = sorted([*ROOT.glob("app/**/*.py"), *ROOT.glob("signing/**/*.py")])


def name_of(path: Path) -> str:
    """The path as people say it."""
    return path.relative_to(ROOT).as_posix()


def called(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def test_nobody_commits_below_the_door():
    found = [
        f"{name_of(path)}:{line}"
        for path in SOURCES
        if not name_of(path).startswith((*DOORS, "app/core/db.py", "app/core/migrate.py", "signing/"))
        for line, name in called(path)
        if name.endswith((".commit", ".rollback", "session.begin"))
    ]

    assert not found, f"An action never commits; the door that opened the transaction does: {found}"


# Each reads the clock of the machine, not the moment of the act.
WALL_CLOCK = ("datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "time.time_ns", "func.now")
# The clock itself; the v7 ids; the log's own lines; the demo's outside world stands for other people's machines.
MAY_READ_IT = ("app/core/clock.py", "app/core/ids.py")


def test_nobody_reads_the_wall_clock_outside_the_clock():
    found = [
        f"{name_of(path)}:{line} {name}"
        for path in SOURCES
        if name_of(path) not in MAY_READ_IT
        for line, name in called(path)
        if name.endswith(WALL_CLOCK)
    ]

    assert not found, f"Time comes from outside, as `at`; a door asks app.core.clock.now(): {found}"


# Their time is not an act's: a row of a queue of their own, or the outside world that is played.
WITH_OWN_TIME = ("app/audit/", "app/core/")


def test_only_doors_ask_for_the_time():
    found = [
        f"{name_of(path)}:{line}"
        for path in SOURCES
        if not name_of(path).startswith((*DOORS, *WITH_OWN_TIME))
        for line, name in called(path)
        if name.endswith("clock.now")
    ]

    assert not found, f"Take `at` as a parameter; the door passes it down: {found}"


def test_dossiers_are_selected_in_one_place():
    # Below visible_to, which asks whose it is: the reading rooms of the heart itself.
    rooms = ("queries", "visibility", "worklist", "case", "records", "statements")
    allowed = tuple(f"app/dossiers/{room}.py" for room in rooms)
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        if not name_of(path).startswith(allowed)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"select", "sa.select", "session.get"}
        and any(ast.unparse(argument) == "Dossier" for argument in node.args)
    ]

    assert not found, f"Whose dossier it is, is asked once: go through dossiers.queries.visible_to: {found}"


def test_every_text_has_a_vietnamese_and_an_english_form():
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Text"
        and any(_is_empty(each) for each in _sides(node))
        and not all(_is_empty(each) for each in _sides(node))
    ]

    assert not found, f"A person reads Vietnamese or English; a Text has both: {found}"


def _sides(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


def _is_empty(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and not value.value.strip()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_and_its_functions_fit_in_sight(path):
    text = path.read_text()
    long = [
        f"{node.name} ({length} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := (node.end_lineno or 0) - node.lineno + 1) > 45
    ]

    assert not long, f"{name_of(path)}: a heading comment coming on is the name of a function: {long}"
    assert text.count("\n") <= 400, f"{name_of(path)}: a file past 400 lines becomes a folder"


def test_an_unwanted_word_is_not_a_file_name():
    unwanted = {"utils", "helpers", "common", "manager", "service", "services", "misc"}
    found = [name_of(path) for path in SOURCES if path.stem in unwanted or path.parent.name in unwanted]

    assert not found, f"Name it after what is in it: {found}"
