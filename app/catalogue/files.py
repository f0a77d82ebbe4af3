"""The exchange form of the catalogue: `data/<slug>/<version>.yaml`, read safely and hashed by content, not by layout."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any

import yaml

DATA = files("app.catalogue") / "data"
# libyaml where the wheel brings it: fifty definitions are read at every start.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def texts() -> dict[str, str]:
    """Every shipped file by `slug/version`, in order, as it is written."""
    found = {}
    for folder in sorted((each for each in DATA.iterdir() if each.is_dir()), key=lambda each: each.name):
        for file in sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name):
            found[f"{folder.name}/{file.name.removesuffix('.yaml')}"] = file.read_text("utf-8")
    return found


def definitions() -> dict[str, dict[str, Any]]:
    """Every shipped version by `slug/version`, in order."""
    return {name: definition(text) for name, text in texts().items()}


def definition(text: str) -> dict[str, Any]:
    """One shipped file, read."""
    read: dict[str, Any] = yaml.load(text, LOADER)  # noqa: S506  (both are safe loaders)
    return read


def plain(value: Any) -> Any:
    """A definition as JSON: dates become ISO text."""
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def sha256(definition: Mapping[str, Any]) -> str:
    """The fingerprint of a definition's content: the same whatever comments, quoting or order of keys the file has."""
    canonical = json.dumps(plain(definition), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def shipped(slug: str, version: int) -> str | None:
    """The file of one shipped version, as it is written."""
    return texts().get(f"{slug}/{version}")


def sha256_of(text: str) -> str:
    """The fingerprint of a shipped file's content."""
    return sha256(definition(text))
