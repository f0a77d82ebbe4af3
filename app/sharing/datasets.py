"""The read of one shared record.

Its statement checks that token, client and agreement stand, counts against rate and quota, spends the proof, takes the
granted columns, and writes the access event. A read without its event cannot happen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from app.core.direct import Direct
from app.sharing import statements
from app.sharing.keys import Ring
from app.sharing.questions import Limits, Question, judge, new_event, values_of


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer: 200 with a body, 304 or 404; always with the id of its access event."""

    status: int
    event_id: UUID
    body: str | None
    etag: str | None
    limits: Limits


async def read(direct: Direct, ring: Ring, question: Question, key: str, known_etags: Sequence[str], *, at: datetime) -> Reading:
    """Answer for one key in one statement. `TokenRefused` when proof, token, client or agreement no longer stand."""
    filters = tuple(name for name, _ in question.grant.row_filter)
    statement = statements.single(question.dataset, question.fields, filters, bound_by_proof=question.proof is not None)
    event_id, mark = new_event(), mark_of(question.fields)
    values = values_of(ring, question, "read", event_id, at) | {"key": key, "etags": _known(known_etags, mark)}
    row = await direct.row(statement.text, *statement.values(values))
    limits = judge(row, question.grant, at)
    etag = f"{row['etag']}.{mark}" if row["etag"] else None
    return Reading(row["status"], event_id, row["body"], etag, limits)


@lru_cache(1024)
def mark_of(fields: tuple[str, ...]) -> str:
    """Two answers with other columns are two representations; their tags must differ."""
    return hashlib.sha256(",".join(fields).encode()).hexdigest()[:8]


def _known(etags: Sequence[str], mark: str) -> list[str]:
    """The tags that are of these columns, without saying so."""
    ending = f".{mark}"
    return [tag.removesuffix(ending) for tag in etags if tag.endswith(ending)]
