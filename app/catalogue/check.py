"""`motcua procedures check`: every shipped version through the linter, and against what earlier releases published."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalogue import files
from app.catalogue.lint import lint
from app.catalogue.reading import read
from app.core.errors import Problem

RELEASED = files.DATA / "released.json"


def check_files() -> dict[str, Any]:
    """Counts of what is shipped, how many procedures come from an in-depth study, and everything that is wrong."""
    return check_texts(files.texts(), released())


def check_named(texts: Mapping[str, str]) -> dict[str, Any]:
    """The same for files an author is writing, wherever they lie."""
    return _told(texts, {}, at_home=False)


def check_texts(texts: Mapping[str, str], recorded: Mapping[str, str]) -> dict[str, Any]:
    """The same for shipped files as they are written, by `slug/version`; each error with its line."""
    return _told(texts, recorded, at_home=True)


def _told(texts: Mapping[str, str], recorded: Mapping[str, str], *, at_home: bool) -> dict[str, Any]:
    written = {name: read(text) for name, text in texts.items()}
    problems = {name: each.problems for name, each in written.items()}
    told = check({name: each.definition for name, each in written.items()}, recorded, problems, at_home=at_home)
    for error in told["errors"]:
        error["line"] = written[error["file"]].line_of(error["where"]) if error["file"] in written else 1
    return told


def check(
    shipped: Mapping[str, Mapping[str, Any]],
    recorded: Mapping[str, str],
    known: Mapping[str, Sequence[Problem]] | None = None,
    *,
    at_home: bool = True,
) -> dict[str, Any]:
    """The same for given definitions by `slug/version`, and the fingerprints that releases have recorded.

    `known`: what the linter has already said about each. `at_home`: the names must be those of the content.
    """
    slugs = {str(each.get("procedure")) for each in shipped.values()}
    deep = {str(each.get("procedure")) for each in shipped.values() if _is_in_depth(each)}
    problems = known if known is not None else {name: lint(each) for name, each in shipped.items()}
    errors = [error for name in shipped for error in _errors(name, problems[name])]
    errors += [error for name, each in shipped.items() if at_home for error in _misplaced(name, each)]
    errors += _changed(shipped, recorded)
    return {"procedures": len(slugs), "versions": len(shipped), "in_depth": len(deep), "errors": errors}


def _is_in_depth(definition: Mapping[str, Any]) -> bool:
    source = definition.get("source")
    return isinstance(source, Mapping) and source.get("kind") == "in-depth"


def _errors(name: str, problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"file": name, "where": problem.where, "error": problem.slug, "text": problem.text.en} for problem in problems]


def _misplaced(name: str, definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    if name == f"{definition.get('procedure')}/{definition.get('version')}":
        return []
    text = "The folder and the file must be named after the procedure and the version."
    return [{"file": name, "where": "procedure", "error": "file-name", "text": text}]


def released() -> dict[str, str]:
    """The fingerprints of the versions that releases have published."""
    recorded: dict[str, str] = json.loads(RELEASED.read_text("utf-8"))
    return recorded


def _changed(shipped: Mapping[str, Mapping[str, Any]], recorded: Mapping[str, str]) -> list[dict[str, Any]]:
    text = "A published version never changes. Put the file back and make a new version beside it."
    wrong = [name for name, sha256 in recorded.items() if name not in shipped or files.sha256(shipped[name]) != sha256]
    return [{"file": name, "where": "", "error": "released-version-changed", "text": text} for name in wrong]
