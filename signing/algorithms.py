"""Algorithms by date: the table is data (`algorithms.toml`), so that a retirement is an edit and not a program."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from importlib.resources import files
from typing import Any

from asn1crypto import algos, keys
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint

_HANOI = timezone(timedelta(hours=7))
_ALLOWED = AlgorithmUsageConstraint(allowed=True)


@dataclass(frozen=True)
class Permission:
    """Allowed for keys of at least `bits` (0 for digests), up to and with the moment `until` (None: no end known)."""

    name: str
    bits: int = 0
    until: datetime | None = None

    def holds(self, name: str, bits: int, moment: datetime | None) -> bool:
        """Without a moment only what has no end."""
        in_time = self.until is None or (moment is not None and moment <= self.until)
        return self.name == name and bits >= self.bits and in_time


class Algorithms(CMSAlgorithmUsagePolicy):
    """The table in the library's words; reasons are codes of ours."""

    def __init__(self, digests: Iterable[Permission], signing_keys: Iterable[Permission]) -> None:
        self._digests, self._keys = tuple(digests), tuple(signing_keys)

    @classmethod
    def from_toml(cls, text: str) -> "Algorithms":
        """Raises KeyError or TypeError on another shape."""
        table = tomllib.loads(text)
        return cls(_permissions(table["digest"]), _permissions(table["key"]))

    def digest_algorithm_allowed(self, algo: algos.DigestAlgorithm, moment: datetime | None) -> AlgorithmUsageConstraint:
        """Asked by the library."""
        return self._digest(algo["algorithm"].native, moment)

    def signature_algorithm_allowed(
        self, algo: algos.SignedDigestAlgorithm, moment: datetime | None, public_key: keys.PublicKeyInfo | None
    ) -> AlgorithmUsageConstraint:
        """Asked by the library."""
        if public_key is not None and (reason := self.key_problem(public_key, moment)):
            return AlgorithmUsageConstraint(allowed=False, failure_reason=reason)
        try:
            return self._digest(algo.hash_algo, moment)
        except ValueError:  # the algorithm does not name its digest; the signed attributes do
            return _ALLOWED

    def key_problem(self, key: keys.PublicKeyInfo, moment: datetime | None) -> str | None:
        """The code to report, or None for a key that is long enough and of a kind that the law names."""
        kind, bits = str(key.algorithm), bits_of(key)
        if any(known.holds(kind, bits, moment) for known in self._keys):
            return None
        return "ALG_WEAK_KEY" if any(known.name == kind for known in self._keys) else "ALG_NOT_ALLOWED"

    def digest_problem(self, name: str, moment: datetime | None) -> str | None:
        """The code to report, or None."""
        if any(known.holds(name, 0, moment) for known in self._digests):
            return None
        return "ALG_SHA1" if name == "sha1" else "ALG_NOT_ALLOWED"

    def _digest(self, name: str, moment: datetime | None) -> AlgorithmUsageConstraint:
        reason = self.digest_problem(name, moment)
        return AlgorithmUsageConstraint(allowed=False, failure_reason=reason) if reason else _ALLOWED


def bits_of(key: keys.PublicKeyInfo) -> int:
    """0 for a key of a kind that the table cannot measure, or one that makes no sense."""
    try:
        return int(key.bit_size) if key.algorithm in ("rsa", "rsassa_pss", "ec") else 0
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):  # a modulus of 0, a point that is none
        return 0


def _permissions(rows: Iterable[Mapping[str, Any]]) -> list[Permission]:
    return [Permission(name, row.get("bits", 0), _end_of(row.get("until"))) for row in rows for name in row["names"]]


def _end_of(day: date | None) -> datetime | None:
    return datetime.combine(day, time.max, _HANOI).astimezone(UTC) if day else None


ALGORITHMS = Algorithms.from_toml(files("signing").joinpath("algorithms.toml").read_text(encoding="utf-8"))
