"""`make bench` and `make bench-NAME`: run the areas, keep build/bench.json, print it as a table."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import export, form, machine, receive, sealing, sharing, signature, submit

AREAS: dict[str, Callable[[], dict[str, Any]]] = {
    "submit": submit.run,
    "receive": receive.run,
    "signature": signature.run,
    "form": form.run,
    "sharing": lambda: sharing.run() | {"sealing": sealing.run(), "export": export.run()},
}
FILE = Path("build/bench.json")


def main() -> None:
    """Run the named areas, or all."""
    names = sys.argv[1:] or list(AREAS)
    if unknown := [name for name in names if name not in AREAS]:
        sys.exit(f"There is no area {unknown[0]}; there are: {', '.join(AREAS)}.")
    told = json.loads(FILE.read_text()) if FILE.exists() else {}
    for name in names:
        print(f"{name} …", flush=True)
        told[name] = AREAS[name]() | {"machine": machine.facts()}
        FILE.parent.mkdir(exist_ok=True)
        FILE.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    for name in names:
        _show(name, told[name])


def _show(name: str, values: dict[str, Any]) -> None:
    nested = {key: value for key, value in values.items() if isinstance(value, dict) and key != "machine"}
    flat = {key: value for key, value in values.items() if key != "machine" and key not in nested}
    print(f"\n{name}")
    for key, value in flat.items():
        print(f"  {key:<24} {value}")
    for title, inner in nested.items():
        print(f"  {title:<24} " + "  ".join(f"{key} {value}" for key, value in inner.items()))


if __name__ == "__main__":
    main()
