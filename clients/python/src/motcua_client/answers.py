"""What the portal answers, as values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

import httpx

_LIMIT = re.compile(r'"(?P<name>[a-z]+)";r=(?P<left>\d+);t=(?P<seconds>\d+)')


@dataclass(frozen=True, slots=True)
class Limits:
    """What may still be asked: at once within the hour's rate, and today."""

    left_now: int | None
    left_today: int | None

    @classmethod
    def told_by(cls, response: httpx.Response) -> Self:
        """From the RateLimit header."""
        left = {each["name"]: int(each["left"]) for each in _LIMIT.finditer(response.headers.get("RateLimit", ""))}
        return cls(left.get("hour"), left.get("day"))


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the fields that the agreement gives. `log_entry` is the read's own entry in the public log."""

    key: str
    fields: dict[str, Any]
    etag: str
    log_entry: str
    limits: Limits

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


@dataclass(frozen=True, slots=True)
class Item:
    """One of many records."""

    key: str
    version: int
    etag: str
    fields: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    @classmethod
    def told(cls, told: dict[str, Any]) -> Self:
        """From the portal's document."""
        return cls(told["key"], told["version"], told["etag"], told["record"])


@dataclass(frozen=True, slots=True)
class Found:
    """The records of a look-up; `missing` are keys that do not exist or are not yours to see."""

    items: tuple[Item, ...]
    missing: tuple[str, ...]
    log_entry: str

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Change:
    """One record that changed since. `record` is None when it was deleted."""

    key: str
    op: Literal["upsert", "delete"]
    version: int
    record: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Changes:
    """A stretch of the feed. Keep `next` once its items are safe: asking again from there loses nothing and repeats little."""

    items: tuple[Change, ...]
    next: str
    up_to_date: bool
    lag_s: float

    def __iter__(self) -> Iterator[Change]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Subscription:
    """An address that is told of changes; `secret` signs what arrives there."""

    id: str
    dataset: str
    url: str
    status: str
    secret: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of an export."""

    url: str
    sha256: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Export:
    """An export job. `feed_cursor` is where the change feed goes on from the moment of the export."""

    id: str
    status: str
    files: tuple[File, ...]
    manifest_jws: str | None
    feed_cursor: str | None
    expires_at: datetime | None

    @classmethod
    def told(cls, told: dict[str, Any]) -> Self:
        """From the job's document."""
        ends = told.get("expires_at")
        return cls(
            id=told["id"],
            status=told["status"],
            files=tuple(File(each["url"], each["sha256"], each["rows"], each["bytes"]) for each in told.get("files") or ()),
            manifest_jws=told.get("manifest_jws"),
            feed_cursor=told.get("feed_cursor"),
            expires_at=datetime.fromisoformat(ends) if ends else None,
        )
