"""What a dossier's row and history say of held papers, changes of version and corrections, as doors show it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.catalogue.procedure import Procedure
from app.core.text import Text
from app.dossiers.known import REGISTER
from app.dossiers.lifecycle import Act
from app.dossiers.models import DossierEvent
from app.dossiers.views import HeldPaper, VersionMove


def held_papers(procedure: Procedure, held: Mapping[str, str]) -> tuple[HeldPaper, ...]:
    """The papers that were not asked for."""
    papers = [paper for paper in procedure.papers if paper.id in held]
    return tuple(HeldPaper(paper.id, paper.name, None if held[paper.id] == REGISTER else held[paper.id]) for paper in papers)


def moves_of(kept: Iterable[Mapping[str, Any]]) -> tuple[VersionMove, ...]:
    """What was decided about newer versions, oldest first."""
    return tuple(
        VersionMove(
            before=told["from"],
            after=told["to"],
            stays=told.get("stays", False),
            dropped=tuple(Text(text["vi"], text["en"]) for text in told.get("dropped", [])),
            at=datetime.fromisoformat(told["at"]),
            by=told["by"],
        )
        for told in kept
    )


def correction_in(events: Iterable[DossierEvent]) -> str | None:
    """What the latest inspection wants put right."""
    ordered = [event.payload.get("correct") for event in events if event.act == Act.ORDER_CORRECTION]
    return ordered[-1] if ordered else None
