"""How many inputs each comparison with the engine's own code takes: a sample in `make test`, all of them in `make audit`."""

import os

ALL = 20_000


def rounds(sample: int) -> int:
    """`sample`, unless MOTCUA_AUDIT asks for everything."""
    return ALL if os.environ.get("MOTCUA_AUDIT") else sample
