"""One question of a consumer about shared data: what every statement needs to know of it, and what the answer says of limits."""

import json
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from app.core.clock import day_in_vietnam, in_vietnam
from app.core.errors import TooMany
from app.core.ids import uuid7
from app.core.text import Text
from app.registers.rules import Dataset
from app.sharing.grants import Granted
from app.sharing.keys import Ring
from app.sharing.proofs import MEMORY_SECONDS, Proof
from app.sharing.tokens import TokenRefused


class QuotaSpent(TooMany):
    """As many records as the agreement gives for a day."""

    slug = "quota-spent"
    text = Text(
        "Đã dùng hết số bản ghi mà thỏa thuận cho phép trong ngày. Hãy thử lại sau {seconds} giây (0 giờ, giờ Việt Nam).",
        "The agreement's quota of records for the day is spent. Try again after {seconds} s (midnight in Vietnam).",
    )


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, authenticated; under which detail of the token and which grant; for which case.

    `proof` is None for a token bound to a certificate; `bond` is the thumbprint of the key or certificate.
    """

    dataset: Dataset
    claims: Mapping[str, Any]
    detail: Mapping[str, Any]
    grant: Granted
    proof: Proof | None
    bond: str
    case_ref: str
    acting_user: str | None
    request_id: str | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left: of the hour's rate (`left` at once now, `full_in` seconds until all of it), and of the day's quota."""

    rate: int
    left: int
    full_in: int
    quota_day: int
    left_today: int
    new_day_in: int


def values_of(ring: Ring, question: Question, action: str, event_id: UUID, at: datetime) -> dict[str, Any]:
    """The values that every statement takes."""
    claims, detail, grant, proof = question.claims, question.detail, question.grant, question.proof
    gap = grant.gap
    values = {
        "jti": claims["jti"],
        "client_id": claims["client_id"],
        "agreement": detail["agreement"],
        "version": detail["agreement_version"],
        "purpose": detail["purpose"],
        "day": day_in_vietnam(at),
        "at": at,
        "gap": gap,
        "slack": gap * (grant.burst - 1),
        "quota": grant.quota_day,
        "id": event_id,
        "party": grant.party,
        "legal_basis": grant.legal_basis,
        "action": action,
        "dataset": question.dataset.value,
        "fields": _as_json(question.fields),
        "jkt": question.bond,
        "proof": "",
        "case_ref": question.case_ref,
        "acting_user": question.acting_user,
        "request_id": question.request_id,
        "hidden_until": at + timedelta(days=grant.hidden_days) if grant.hidden_days else None,
        "hidden_basis": grant.hidden_basis,
        "salt": secrets.token_hex(16),
    }
    if proof is not None:
        spent = {"epoch": ring.epoch, "proof": proof.compact, "proof_jti": proof.jti}
        values |= spent | {"expires": at + timedelta(seconds=MEMORY_SECONDS)}
    for name, allowed in grant.row_filter:
        values[f"only_{name}"] = allowed
    return values


def new_event() -> UUID:
    """The id of an access event."""
    return uuid7()


@lru_cache(1024)
def _as_json(fields: tuple[str, ...]) -> str:
    return json.dumps(fields)


def must_stand(row: Any) -> None:
    """Refuse when token, client or agreement no longer stand. Raises `TokenRefused`."""
    if not row["epoch"]:
        raise TokenRefused("use_dpop_nonce")
    if not row["stands"]:
        raise TokenRefused


def judge(row: Any, grant: Granted, at: datetime) -> Limits:
    """What the statement says of token, proof and limits. Raises `TokenRefused`, `TooMany` and `QuotaSpent`."""
    must_stand(row)
    if row["tat"] is None:
        raise QuotaSpent(new_day_in(at)) if row["quota_gone"] else TooMany(math.ceil(grant.gap.total_seconds()))
    if row["status"] is None:
        raise TokenRefused("invalid_dpop_proof")
    gap, ahead = 3600 / grant.rate, (row["tat"] - at).total_seconds()
    return Limits(
        rate=grant.rate,
        left=max(0, int(grant.burst - ahead / gap)),
        full_in=math.ceil(ahead),
        quota_day=grant.quota_day,
        left_today=max(0, grant.quota_day - row["used"]),
        new_day_in=new_day_in(at),
    )


def new_day_in(at: datetime) -> int:
    """Seconds until midnight in Vietnam, which has no summer time."""
    here = in_vietnam(at)
    return 86_400 - (here.hour * 3600 + here.minute * 60 + here.second)
