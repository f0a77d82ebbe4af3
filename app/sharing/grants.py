"""What an agreement in force gives on one dataset, as a read of shared data needs to know it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotAllowed
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing.keys import Ring
from app.sharing.models import Agreement, AgreementGrant


class FieldNotGranted(NotAllowed):
    """A field outside the agreement; the text names the clauses the agreement rests on."""

    slug = "field-not-granted"


class NotGranted(NotAllowed):
    """The token's agreement does not give this dataset, or not in this way."""

    slug = "insufficient-scope"
    text = Text(
        "Thỏa thuận của mã truy cập này không gồm dữ liệu được hỏi. Hãy xin mã với đúng thỏa thuận và phạm vi.",
        "The agreement of this token does not cover these data. Ask for a token with the right agreement and scope.",
    )


@dataclass(frozen=True, slots=True)
class Granted:
    """What an agreement version gives on one dataset; never changes, so a process keeps it."""

    party: str
    fields: tuple[str, ...]
    row_filter: tuple[tuple[str, tuple[str, ...]], ...]
    legal_basis: str
    clause: str
    rate: int
    quota_day: int
    hidden_days: int | None
    hidden_basis: str | None
    signed_response: bool = False

    @property
    def gap(self) -> timedelta:
        """The time between two questions when they come evenly."""
        return timedelta(seconds=3600 / self.rate)

    @property
    def burst(self) -> int:
        """How many questions may come at once: what an hour allows in three minutes, and twenty at least."""
        return max(20, self.rate // 20)


def detail_for(claims: Mapping[str, Any], dataset: Dataset, action: str) -> Mapping[str, Any]:
    """The authorization detail of the token that covers `action` on `dataset`. Raises `NotGranted`."""
    for detail in claims["authorization_details"]:
        if (
            dataset in detail.get("datatypes", ())
            and action in detail["actions"]
            and f"{dataset}.read" in claims["scope"].split()
        ):
            return detail  # type: ignore[no-any-return]  # claims have no types
    raise NotGranted


async def grant_of(session: AsyncSession, detail: Mapping[str, Any], dataset: Dataset) -> Granted:
    """The grant behind a detail."""
    found = await session.execute(
        select(Agreement, AgreementGrant)
        .join(AgreementGrant, (AgreementGrant.agreement == Agreement.code) & (AgreementGrant.version == Agreement.version))
        .where(Agreement.code == detail["agreement"], Agreement.version == detail["agreement_version"])
        .where(AgreementGrant.dataset == dataset)
    )
    agreement, grant = found.one()
    clause = "; ".join(f"{basis['van_ban']} {basis['dieu_khoan']}" for basis in agreement.legal_basis)
    return Granted(
        party=agreement.party,
        fields=tuple(grant.fields),
        row_filter=tuple(sorted((name, tuple(values)) for name, values in grant.row_filter.items())),
        legal_basis=json.dumps(agreement.legal_basis, ensure_ascii=False),
        clause=f"{agreement.code} v{agreement.version}: {clause}",
        rate=grant.rate,
        quota_day=grant.quota_day,
        hidden_days=grant.hidden_days,
        hidden_basis=grant.hidden_basis,
        signed_response=grant.signed_response,
    )


def known_grant(ring: Ring, detail: Mapping[str, Any], dataset: Dataset) -> Granted | None:
    """The grant behind a detail, when this process has met it."""
    return ring.grants.get((detail["agreement"], detail["agreement_version"], dataset.value))


def keep_grant(ring: Ring, detail: Mapping[str, Any], dataset: Dataset, grant: Granted) -> None:
    """Remember the grant behind a detail; it never changes."""
    ring.grants[(detail["agreement"], detail["agreement_version"], dataset.value)] = grant


def chosen_fields(dataset: Dataset, grant: Granted, wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns to read: all that are granted, or the wanted ones among them. Raises `FieldNotGranted`."""
    if not wanted:
        return grant.fields
    must_be_granted(dataset, grant, wanted)
    return tuple(name for name in grant.fields if name in wanted)


def must_be_granted(dataset: Dataset, grant: Granted, names: Sequence[str]) -> None:
    """Refuse fields outside the agreement, whether there are such fields or not. Raises `FieldNotGranted`."""
    if refused := [name for name in names if name not in grant.fields]:
        known = [name for name in refused if name in SCHEMAS[dataset].names]
        shown = ", ".join(known) or "?"
        raise FieldNotGranted(
            Text(
                f"Thỏa thuận {grant.clause} không gồm trường: {shown}. Hãy bỏ trường đó hoặc đề nghị sửa thỏa thuận.",
                f"Agreement {grant.clause} does not give the field: {shown}. Leave it out or ask for an amendment.",
            )
        )
