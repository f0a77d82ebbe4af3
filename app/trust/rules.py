"""When an answer of a certificate authority still serves, and when to ask again."""

from datetime import datetime, timedelta

UNDATED_LIFE = timedelta(minutes=10)
"""How long an answer without `nextUpdate` serves."""
ASK_AT_LEAST_EVERY = timedelta(hours=6)
"""An authority that revokes out of turn publishes a new list before the old one ends."""
ASK_AT_MOST_EVERY = timedelta(minutes=10)
SKEW = timedelta(minutes=10)
"""How far an authority's clock may be ahead of ours."""
MOST_ASKED_AHEAD = 100
"""So many OCSP questions in one turn of the refreshing job; what is left comes a minute later."""
KEPT_AFTER_END = timedelta(days=1)


def serves(this_update: datetime, next_update: datetime | None, at: datetime) -> bool:
    """Whether an answer may be used at `at` without asking again."""
    return this_update <= at < (next_update or this_update + UNDATED_LIFE)


def due(this_update: datetime, next_update: datetime | None, fetched_at: datetime, at: datetime) -> bool:
    """Whether to ask again now: it no longer serves, or its last third has begun, or it was fetched long ago."""
    if not serves(this_update, next_update, at):
        return True
    ends = next_update or this_update + UNDATED_LIFE
    last_third = ends - (ends - this_update) / 3
    age = at - fetched_at
    return age >= ASK_AT_LEAST_EVERY or (at >= last_third and age >= ASK_AT_MOST_EVERY)
