"""What is printed in passing while a dossier is being worked on: the fee notice and the control sheet (form 06). Pure."""

from collections.abc import Iterable, Sequence
from datetime import date

from app.catalogue.procedure import FeeDue, Procedure
from app.dossiers.printed import Head
from app.issued.facts import Demand, FeeNotice, HandOver, ProcessControl

_UNPAID = {"return": "Hồ sơ được trả lại.", "stop": "Hồ sơ bị dừng giải quyết."}


def fee_notice(head: Head, due: Sequence[FeeDue], *, pay_by: date) -> FeeNotice:
    """What has fallen due; `pay_by` is the last day. A ground that is not certain is left out."""
    demands = tuple(
        Demand(title=one.fee.title.vi, amount=one.amount, legal_basis=_ground(head.procedure, one.fee.legal)) for one in due
    )
    otherwise = " ".join(dict.fromkeys(_UNPAID[one.fee.unpaid_after.then] for one in due))
    return FeeNotice(**head.values, demands=demands, amount=sum(one.amount for one in due), pay_by=pay_by, otherwise=otherwise)


def _ground(procedure: Procedure, legal_id: str) -> str:
    ground = procedure.legal[legal_id]
    return ground.cite if ground.certain else ""


def control_sheet(head: Head, rows: Sequence[HandOver], *, lead: str, others: Iterable[str], kept_by: str) -> ProcessControl:
    """Form 06; `lead` decides, `others` were asked."""
    return ProcessControl(**head.values, lead_agency=lead, other_agencies=tuple(others), rows=tuple(rows), kept_by=kept_by)
