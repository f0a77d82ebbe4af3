"""How a party uses what its agreements give: reads, limits, and the fields that nobody has asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, String, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_in_vietnam
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset, Field
from app.sharing.models import Agreement, AgreementGrant, GrantUse, OauthClient
from app.sharing.rules import Status, Terms

WINDOW = timedelta(days=90)
"""A field that is granted and not delivered for so long is proposed for removal."""


@dataclass(frozen=True, slots=True)
class Use:
    """One dataset of an agreement in force: what is left today, what the last 90 days saw, which fields nobody used.

    `ripe`: in force for the whole 90 days, so that what is unused may go.
    """

    agreement: str
    version: int
    title: Text
    party: str
    dataset: Dataset
    actions: tuple[str, ...]
    rate: int
    quota_day: int
    used_today: int
    reads: int
    records: int
    refused: int
    last_at: datetime | None
    fields: tuple[Field, ...]
    unused: tuple[Field, ...]
    ripe: bool

    @property
    def left_today(self) -> int:
        """Records that may still be read today."""
        return max(0, self.quota_day - self.used_today)

    @property
    def dataset_title(self) -> Text:
        """What the dataset is called."""
        return SCHEMAS[self.dataset].title


async def uses(session: AsyncSession, *, party: str | None = None, at: datetime) -> list[Use]:
    """Every grant of the agreements in force, of one party or of all."""
    rows = select(Agreement, AgreementGrant, GrantUse).join(
        AgreementGrant, (AgreementGrant.agreement == Agreement.code) & (AgreementGrant.version == Agreement.version)
    )
    same = (GrantUse.agreement == Agreement.code) & (GrantUse.dataset == AgreementGrant.dataset)
    rows = rows.outerjoin(GrantUse, same).where(Agreement.status.in_([Status.ACTIVE, Status.SUSPENDED]))
    if party:
        rows = rows.where(Agreement.party == party)
    ordered = await session.execute(rows.order_by(Agreement.code, AgreementGrant.dataset))
    found = [(agreement, grant, used) for agreement, grant, used in ordered]
    counts, seen = await _counts(session, {agreement.party for agreement, _, _ in found}, at)
    return [_use(agreement, grant, used, counts, seen, at) for agreement, grant, used in found]


_COUNTS = text("""
    select agreement, dataset, count(*) filter (where status in (200, 304)) as reads,
           coalesce(sum(rows) filter (where status = 200), 0) as records,
           count(*) filter (where status not in (200, 304)) as refused, max(at) as last_at
    from access_event where client_id = any(:clients) and id >= :since group by agreement, dataset""").bindparams(
    bindparam("clients", type_=ARRAY(String))
)
_FIELDS = text("""
    select distinct agreement, dataset, field
    from access_event cross join lateral jsonb_array_elements_text(fields) as field
    where client_id = any(:clients) and id >= :since and status in (200, 304)""").bindparams(
    bindparam("clients", type_=ARRAY(String))
)


async def _counts(
    session: AsyncSession, parties: set[str], at: datetime
) -> tuple[Mapping[tuple[str, str], Any], set[tuple[str, str, str]]]:
    """Of each agreement and dataset: how often it was read; and the fields that were delivered."""
    clients = list(await session.scalars(select(OauthClient.client_id).where(OauthClient.party.in_(parties))))
    asked = {"clients": clients, "since": _first_id(at - WINDOW)}
    counts = {(row.agreement, row.dataset): row for row in await session.execute(_COUNTS, asked)}
    return counts, {(row.agreement, row.dataset, row.field) for row in await session.execute(_FIELDS, asked)}


def _first_id(since: datetime) -> UUID:
    """The smallest id (UUID v7) of a row that is not older."""
    return UUID(int=int(since.timestamp() * 1000) << 80)


def _use(
    agreement: Agreement,
    grant: AgreementGrant,
    used: GrantUse | None,
    counts: Mapping[tuple[str, str], Any],
    seen: set[tuple[str, str, str]],
    at: datetime,
) -> Use:
    dataset, row = Dataset(grant.dataset), counts.get((agreement.code, grant.dataset))
    granted = [field for field in SCHEMAS[dataset].fields if field.name in grant.fields]
    return Use(
        agreement=agreement.code,
        version=agreement.version,
        title=Text(agreement.title_vi, agreement.title_en),
        party=agreement.party,
        dataset=dataset,
        actions=tuple(grant.actions),
        rate=grant.rate,
        quota_day=grant.quota_day,
        used_today=used.used if used and used.day == day_in_vietnam(at) else 0,
        reads=row.reads if row else 0,
        records=int(row.records) if row else 0,
        refused=row.refused if row else 0,
        last_at=row.last_at if row else None,
        fields=tuple(granted),
        unused=tuple(field for field in granted if (agreement.code, grant.dataset, field.name) not in seen),
        ripe=agreement.activated_at is not None and agreement.activated_at <= at - WINDOW,
    )


def leaner(terms: Terms, found: Sequence[Use]) -> Terms:
    """The terms without the fields that nobody used; a dataset of which nothing was used goes with them. Pure."""
    gone = {use.dataset: {field.name for field in use.unused} for use in found if use.agreement == terms.code and use.ripe}
    grants = [
        replace(
            grant,
            fields=tuple(name for name in grant.fields if name not in gone.get(grant.dataset, ())),
            field_basis={name: basis for name, basis in grant.field_basis.items() if name not in gone.get(grant.dataset, ())},
        )
        for grant in terms.grants
    ]
    return replace(terms, grants=tuple(grant for grant in grants if grant.fields))
