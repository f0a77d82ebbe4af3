"""States of a task, and what a task is asked to be. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.core.permissions import Role


class TaskState(StrEnum):
    """A task waits, was done, or is no longer needed."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


OPINION = "opinion"
"""The kind of a task in which another unit is asked for its opinion."""

SENT_BACK = "sent_back"
"""The outcome of a task that was closed without being done: its step was returned to the one before."""


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who is to do a task."""

    person_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One step to be done: by whom (a person, or anyone of `role` in `unit`) and by when."""

    step: str
    stage: str
    kind: str
    role: Role
    unit: str
    due_at: datetime
    assignee: Assignee | None = None
