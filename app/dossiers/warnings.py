"""When officials are warned of a limit: of the stage that runs, and of each limit inside it that somebody works on. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.catalogue.procedure import Procedure
from app.core.text import Text
from app.dossiers.clock import sub_limits
from app.worktime import ledger
from app.worktime.calendar import Calendar
from app.worktime.ledger import Entry, Kind

STAGE = ""
"""What a warning about the stage itself is inside of."""

RANKS = ("70", "90", "last_day", "past")
"""The kinds of warning, the mildest first. `past` only for limits inside a stage: an overdue stage is said by its due date."""

LEADER_FROM = "90"
_AGAIN = frozenset({Kind.START, Kind.RESTART, Kind.NEW_LIMIT})


@dataclass(frozen=True, slots=True)
class Planned:
    """A warning to come. `run` tells one claim on time from the next."""

    inside: str
    kind: str
    run: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that was reached; `limit` names the limit inside the stage, nothing for the stage itself."""

    kind: str
    at: datetime
    limit: Text | None = None


def planned(
    entries: Sequence[Entry], procedure: Procedure, opened: Mapping[str, datetime], busy: Iterable[str], calendar: Calendar
) -> list[Planned]:
    """Every warning of the limits that run now; `opened` says since when a step was worked on, `busy` which are open.

    An extension makes the whole longer and so warns again; a limit inside it stays as it is.
    """
    begun = sum(entry.kind in _AGAIN for entry in entries)
    run = begun + sum(entry.kind is Kind.EXTEND for entry in entries)
    found = [Planned(STAGE, alert.kind, run, alert.at) for alert in ledger.warnings(entries, calendar)]
    for each in sub_limits(entries, procedure, opened, calendar):
        if set(each.limit.steps) & set(busy):
            found += [Planned(each.limit.id, alert.kind, begun, alert.at) for alert in each.alerts]
            found.append(Planned(each.limit.id, "past", begun, each.due))
    return found


def at_least(kind: str) -> tuple[str, ...]:
    """This kind and the graver ones; all of them for anything else."""
    return RANKS[RANKS.index(kind) :] if kind in RANKS else RANKS


def gravest(kinds: Iterable[str]) -> str:
    """The one that matters most."""
    return max(kinds, key=RANKS.index)
