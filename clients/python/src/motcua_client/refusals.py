"""What the portal refuses, as exceptions that say it in both languages."""

from dataclasses import dataclass
from typing import Any, Self

import httpx


@dataclass(frozen=True, slots=True)
class Fault:
    """One of several things wrong with a request: where, and what."""

    where: str
    slug: str
    detail: str
    detail_vi: str


class Refused(Exception):
    """A problem document (RFC 9457). `slug` is stable; `title` is English, `title_vi` Vietnamese; `help` explains it."""

    def __init__(
        self, status: int, told: dict[str, Any], *, retry_after_s: int | None = None, request_id: str | None = None
    ) -> None:
        self.status = status
        self.slug = str(told.get("slug", ""))
        self.title, self.title_vi = str(told.get("title", "")), str(told.get("title_vi", ""))
        self.help = str(told.get("type", ""))
        self.faults = tuple(
            Fault(each.get("where", ""), each.get("slug", ""), each.get("detail", ""), each.get("detail_vi", ""))
            for each in told.get("problems", ())
        )
        self.retry_after_s, self.request_id = retry_after_s, request_id
        super().__init__(f"{status} {self.slug}: {self.title}")

    @classmethod
    def told_by(cls, response: httpx.Response) -> Self:
        """The refusal in `response`; one without a problem document keeps its status."""
        try:
            told = response.json()
        except ValueError:
            told = {}
        wait = response.headers.get("Retry-After", "")
        return cls(
            response.status_code,
            told if isinstance(told, dict) else {},
            retry_after_s=int(wait) if wait.isdecimal() else None,
            request_id=response.headers.get("Request-Id"),
        )


class Resync(Refused):
    """The change feed began anew (410): take an export, then follow from its cursor."""


class AuthorizationRefused(Exception):
    """No token was given out: the OAuth `error` and what the server said of it."""

    def __init__(self, error: str, description: str, status: int) -> None:
        self.error, self.description, self.status = error, description, status
        super().__init__(f"{error}: {description}" if description else error)

    @classmethod
    def told_by(cls, response: httpx.Response) -> Self:
        """The refusal of the authorization server in `response`."""
        try:
            told = response.json()
        except ValueError:
            told = {}
        if not isinstance(told, dict):
            told = {}
        return cls(str(told.get("error", "server_error")), str(told.get("error_description", "")), response.status_code)
