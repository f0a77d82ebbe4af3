"""Random calendars and ledgers for the clock, the same in the words of `app.worktime` and of the simulator; and their comparison.

`python -m tests.worktime.drawn 100000 [SEED]` compares that many and prints the seed; `make audit` runs it.
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from app.core.clock import VIETNAM
from app.core.text import Text
from app.worktime import ledger
from app.worktime.calendar import Calendar, SpecialDay
from app.worktime.explained import explain
from app.worktime.ledger import Entry, Kind
from tests.worktime import simulator
from tests.worktime.simulator import Happening, PaperCalendar

FIRST, DAYS = date(2024, 1, 1), 3_653
CASES_PER_CALENDAR = 25
DAYS_OFF = ("holiday", "compensatory", "swap_off")
HOURS = (
    [(time(8), time(12)), (time(13), time(17))],
    [(time(7, 30), time(11, 30)), (time(13, 30), time(17, 30))],
    [(time(7), time(11)), (time(12), time(15))],
)
UNITS = ("working_day",) * 10 + ("day",) * 4 + ("working_hour",) * 5 + ("instant",)
FOLLOWS = {
    "running": ("pause", "pause", "pause", "restart", "new_limit", "extend", "extend", "end"),
    "paused": ("resume", "resume", "resume", "restart", "new_limit", "end"),
    "between": ("start",),
}


@dataclass(frozen=True)
class Case:
    """One ledger twice."""

    calendar: Calendar
    paper: PaperCalendar
    entries: list[Entry]
    happenings: list[Happening]


def cases(count: int, chance: random.Random) -> Iterator[Case]:
    """So many of them; a calendar serves a few."""
    for number in range(count):
        if number % CASES_PER_CALENDAR == 0:
            paper = paper_calendar(chance)
            calendar = printed(paper, chance)
        happenings = drawn(chance)
        yield Case(calendar, paper, [entry_of(each) for each in happenings], happenings)


def paper_calendar(chance: random.Random) -> PaperCalendar:
    """Ten years with any number of days that differ, both ways: holidays, and worked days of rest."""
    weekdays = chance.choice([{0, 1, 2, 3, 4}] * 4 + [{0, 1, 2, 3, 4, 5}, {0, 2, 4}])
    share = chance.choice([0, 0.03, 0.03, 0.1, 0.3])
    odd = [FIRST + timedelta(days=n) for n in range(DAYS) if chance.random() < share]
    different = {day: (day.weekday() not in weekdays) if chance.random() < 0.8 else chance.random() < 0.5 for day in odd}
    return PaperCalendar(
        weekdays, different, chance.choice(HOURS), chance.choice([time(15), time(14, 30)]), chance.random() < 0.8
    )


def printed(paper: PaperCalendar, chance: random.Random) -> Calendar:
    """The same calendar as the portal keeps it."""
    kinds = {day: "swap_working" if works else chance.choice(DAYS_OFF) for day, works in paper.different.items()}
    days = {day: SpecialDay(kind, Text("ngày", "day"), "found", "") for day, kind in kinds.items()}  # type: ignore[arg-type]
    morning, afternoon = paper.hours
    return Calendar("drawn", frozenset(paper.weekdays), morning, afternoon, paper.late, days, (), paper.keeps_promise)


def drawn(chance: random.Random) -> list[Happening]:
    """A limit that begins somewhere in the ten years, and what befalls it."""
    at = datetime.combine(FIRST, time(0)) + timedelta(days=chance.randrange(DAYS - 700), minutes=15 * chance.randrange(96))
    found, state = [Happening("start", at, *a_length(chance))], "running"
    for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 4, 5, 6])):
        at += timedelta(minutes=15 * chance.randrange(chance.choice([1, 40, 2_500])))
        what = chance.choice(FOLLOWS[state])
        found.append(Happening(what, at, *_lengths(what, found, chance)))
        state = {"pause": "paused", "end": "between"}.get(what, "running")
    return found


def _lengths(what: str, before: list[Happening], chance: random.Random) -> tuple[float | None, str | None]:
    if what == "extend":
        own = next(each.unit for each in reversed(before) if each.what in simulator.BEGINS and each.unit)
        units = ["working_day", "working_day", "day", "working_day" if own == "instant" else own]
        return chance.randint(1, 20), chance.choice(units)
    return a_length(chance) if what in ("start", "new_limit") else (None, None)


def a_length(chance: random.Random) -> tuple[float, str]:
    """A length that laws know: whole and half working days, days, hours; now and then `within the day`."""
    unit = chance.choice(UNITS)
    if unit == "instant":
        return 0, unit
    within_the_day = unit != "working_hour" and chance.random() < 0.03
    whole = 0 if within_the_day else chance.randint(1, chance.choice([7, 45]))
    return whole + (0.5 if unit != "day" and chance.random() < 0.2 else 0), unit


def entry_of(each: Happening) -> Entry:
    """The entry that the portal would write."""
    kind = Kind.END_STAGE if each.what == "end" else Kind(each.what)
    length = None if each.length is None else Decimal(str(each.length))
    return Entry(kind, "s", each.at.replace(tzinfo=VIETNAM), length, each.unit)  # type: ignore[arg-type]


def difference(case: Case) -> str | None:
    """What the two disagree on, if anything; and the last line of the explanation says the same day."""
    expected = simulator.due(case.happenings, case.paper)
    found = ledger.due(case.entries, case.calendar)
    local = found.astimezone(VIETNAM).replace(tzinfo=None) if found else None
    said = explain(case.entries, case.calendar)[-1] if len(case.entries) == 1 else None
    if local == expected and (said is None or said.at == found):
        return None
    happened = "\n".join(f"  {each.what} {each.at} {each.length or ''} {each.unit or ''}" for each in case.happenings)
    return f"ledger {local}, simulator {expected}, explained {said}\n{happened}"


def compare(count: int, seed: int) -> list[str]:
    """All differences among so many drawn cases."""
    return [found for case in cases(count, random.Random(seed)) if (found := difference(case))]


def main() -> None:
    """Compare as many as the first argument says."""
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**31)
    differences = compare(int(sys.argv[1]), seed)
    sys.stdout.write(
        f"The legal clock against the simulator: {sys.argv[1]} cases, {len(differences)} differences, seed {seed}.\n"
    )
    if differences:
        sys.exit("\n".join(differences[:5]))


if __name__ == "__main__":
    main()
