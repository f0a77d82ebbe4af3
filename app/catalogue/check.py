"""`motcua procedures check`: every shipped version through the linter, and against what earlier releases published."""

import json
from collections.abc import Mapping
from typing import Any

from app.catalogue import files
from app.catalogue.lint import lint

RELEASED = files.DATA / "released.json"


def check_files() -> dict[str, Any]:
    """Counts of what is shipped, how many procedures come from an in-depth study, and everything that is wrong."""
    return check(files.definitions(), released())


def check(shipped: Mapping[str, Mapping[str, Any]], recorded: Mapping[str, str]) -> dict[str, Any]:
    """The same for given definitions by `slug/version`, and the fingerprints that releases have recorded."""
    slugs = {str(each.get("procedure")) for each in shipped.values()}
    deep = {str(each.get("procedure")) for each in shipped.values() if _is_in_depth(each)}
    errors = [error for name, each in shipped.items() for error in _errors(name, each)]
    errors += _changed(shipped, recorded)
    return {"procedures": len(slugs), "versions": len(shipped), "in_depth": len(deep), "errors": errors}


def _is_in_depth(definition: Mapping[str, Any]) -> bool:
    source = definition.get("source")
    return isinstance(source, Mapping) and source.get("kind") == "in-depth"


def _errors(name: str, definition: Mapping[str, Any]) -> list[dict[str, str]]:
    found = [
        {"file": name, "where": problem.where, "error": problem.slug, "text": problem.text.en} for problem in lint(definition)
    ]
    if name != f"{definition.get('procedure')}/{definition.get('version')}":
        text = "The folder and the file must be named after the procedure and the version."
        found.append({"file": name, "where": "procedure", "error": "file-name", "text": text})
    return found


def released() -> dict[str, str]:
    """The fingerprints of the versions that releases have published."""
    recorded: dict[str, str] = json.loads(RELEASED.read_text("utf-8"))
    return recorded


def _changed(shipped: Mapping[str, Mapping[str, Any]], recorded: Mapping[str, str]) -> list[dict[str, str]]:
    text = "A published version never changes. Put the file back and make a new version beside it."
    wrong = [name for name, sha256 in recorded.items() if name not in shipped or files.sha256(shipped[name]) != sha256]
    return [{"file": name, "where": "", "error": "released-version-changed", "text": text} for name in wrong]
