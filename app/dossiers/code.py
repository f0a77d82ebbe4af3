"""What a dossier is called: the random reference at submit, the gapless legal number at receipt. Pure.

Two shapes of the legal number are in use: TT 01/2018/TT-VPCP Đ.19 (`000.00.00.G02-261122-0001`) and the one running
since 2026 (`G02-20261122-0000001`; presumably TT 03/2025/TT-VPCP, to be confirmed). Which one is a setting.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

NUMBER = re.compile(r"([A-Z0-9]{3}(\.[A-Z0-9]{2}){2}\.[A-Y]\d{2}-\d{6}-\d{4,8}|[A-Y]\d{2}(\.\d{2,3})*-\d{8}-\d{4,8})")


@dataclass(frozen=True, slots=True)
class Numbering:
    """How numbers look and whose they are. Doors make it from the settings."""

    pattern: Literal["2018", "2026"] = "2026"
    agency: str = "G02"

    def number(self, day: date, n: int) -> str:
        """The `n`-th number that the agency gives on `day` (a Vietnamese day)."""
        if self.pattern == "2018":
            return f"000.00.00.{self.agency}-{day:%y%m%d}-{n:04}"
        return f"{self.agency}-{day:%Y%m%d}-{n:07}"


def secret_hash(secret: str) -> str:
    """What we keep of the secret that opens the public progress page. 128 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def opens(secret: str, kept: str | None) -> bool:
    """Whether `secret` is the one of which `kept` is the hash."""
    return kept is not None and hmac.compare_digest(secret_hash(secret), kept)


def fingerprint(answers: Mapping[str, Any]) -> str:
    """SHA-256 of the answers as canonical JSON (sorted keys, no blanks, UTF-8): what the receipt lists."""
    canonical = json.dumps(answers, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
