"""What may be asked about dossiers: one door to lists, case files and records. `visible_to` is for actions."""

from app.dossiers.case import assignees, case_file, document, issued_paper, progress, submissions
from app.dossiers.records import (
    dossier_of_number,
    events_of,
    last_event,
    ledger_of,
    procedure_of,
    recounted,
    submissions_of,
    waiting_past,
)
from app.dossiers.views import Card, CaseFile, Page
from app.dossiers.visibility import Visible, visible_to
from app.dossiers.worklist import Order, Queue, counts, mine, queues_of, worklist
from app.dossiers.writing import slot

__all__ = [
    "Card",
    "CaseFile",
    "Order",
    "Page",
    "Queue",
    "Visible",
    "assignees",
    "case_file",
    "counts",
    "document",
    "dossier_of_number",
    "events_of",
    "issued_paper",
    "last_event",
    "ledger_of",
    "mine",
    "procedure_of",
    "progress",
    "queues_of",
    "recounted",
    "slot",
    "submissions",
    "submissions_of",
    "visible_to",
    "waiting_past",
    "worklist",
]
