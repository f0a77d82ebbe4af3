"""Questions about sharing, for pages: which agreements and clients there are."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing.models import Agreement, AgreementGrant, ClientKey, OauthClient, Party
from app.sharing.rules import Grant, Purpose, Status


def purposes_of(stored: list[Any]) -> list[Purpose]:
    """The purposes of an agreement row."""
    return [Purpose(one["code"], Text(one["title"]["vi"], one["title"]["en"])) for one in stored]


@dataclass(frozen=True, slots=True)
class AgreementCard:
    """An agreement version as lists show it."""

    code: str
    version: int
    title: Text
    party: Text
    status: str
    purposes: tuple[Text, ...]
    datasets: tuple[Text, ...]
    valid_from: date
    valid_to: date
    content_hash: str


async def agreements(session: AsyncSession, *, party: str | None = None) -> list[AgreementCard]:
    """All agreement versions, or those of one party; the newest of each first."""
    rows = await session.execute(
        select(Agreement, Party)
        .join(Party, Party.code == Agreement.party)
        .where(Agreement.party == party if party else Agreement.code.is_not(None))
        .order_by(Agreement.code, Agreement.version.desc())
    )
    pairs = list(rows)
    grants = await session.scalars(select(AgreementGrant).order_by(AgreementGrant.dataset))
    given: dict[tuple[str, int], list[Text]] = {}
    for grant in grants:
        given.setdefault((grant.agreement, grant.version), []).append(SCHEMAS[Dataset(grant.dataset)].title)
    return [_card(agreement, owner, given.get((agreement.code, agreement.version), [])) for agreement, owner in pairs]


def _card(agreement: Agreement, party: Party, datasets: list[Text]) -> AgreementCard:
    return AgreementCard(
        code=agreement.code,
        version=agreement.version,
        title=Text(agreement.title_vi, agreement.title_en),
        party=Text(party.name_vi, party.name_en),
        status=agreement.status,
        purposes=tuple(purpose.title for purpose in purposes_of(agreement.purposes)),
        datasets=tuple(datasets),
        valid_from=agreement.valid_from,
        valid_to=agreement.valid_to,
        content_hash=agreement.content_hash,
    )


def good_keys(at: datetime) -> ColumnElement[bool]:
    """The condition that a client's key may be used at `at`."""
    ended = ClientKey.valid_to.is_not(None) & (ClientKey.valid_to <= at)
    return (ClientKey.valid_from <= at) & ~ended & ClientKey.revoked_at.is_(None)


@dataclass(frozen=True, slots=True)
class ClientCard:
    """A client as lists show it; `kids` are its keys that are good now."""

    client_id: str
    name: str
    party: Text
    scopes: tuple[str, ...]
    tax_code: str | None
    status: str
    kids: tuple[str, ...]


async def clients(session: AsyncSession, *, at: datetime) -> list[ClientCard]:
    """All clients, by party and id."""
    rows = await session.execute(
        select(OauthClient, Party).join(Party, Party.code == OauthClient.party).order_by(OauthClient.party, OauthClient.client_id)
    )
    pairs = list(rows)
    good = (
        (ClientKey.valid_from <= at) & (ClientKey.valid_to.is_(None) | (ClientKey.valid_to > at)) & ClientKey.revoked_at.is_(None)
    )
    kids: dict[str, list[str]] = {}
    for key in await session.scalars(select(ClientKey).where(good).order_by(ClientKey.kid)):
        kids.setdefault(key.client_id, []).append(key.kid)
    return [
        ClientCard(
            client_id=client.client_id,
            name=client.name,
            party=Text(party.name_vi, party.name_en),
            scopes=tuple(client.scopes),
            tax_code=client.tax_code,
            status=client.status,
            kids=tuple(kids.get(client.client_id, ())),
        )
        for client, party in pairs
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a client may do at this moment: for `/me`."""

    client: ClientCard
    agreements: tuple[AgreementCard, ...]


async def standing(session: AsyncSession, client_id: str, *, at: datetime) -> Standing:
    """The client and the agreements of its party."""
    card = next(card for card in await clients(session, at=at) if card.client_id == client_id)
    party = await session.scalar(select(OauthClient.party).where(OauthClient.client_id == client_id))
    return Standing(card, tuple(await agreements(session, party=party)))


@dataclass(frozen=True, slots=True)
class Agreed:
    """What one agreement in force gives a client: for the description of exactly that."""

    code: str
    version: int
    title: Text
    clause: str
    purposes: tuple[Purpose, ...]
    valid_from: date
    valid_to: date
    grants: tuple[Grant, ...]


async def agreed(session: AsyncSession, client_id: str, code: str) -> Agreed:
    """The version of an agreement of the client's own party that is in force. Raises `NotFound`, for a foreign one too."""
    chosen = (
        select(Agreement)
        .join(OauthClient, OauthClient.party == Agreement.party)
        .where(OauthClient.client_id == client_id, Agreement.code == code)
        .where(Agreement.status.in_([Status.ACTIVE.value, Status.SUSPENDED.value]))
    )
    row = await session.scalar(chosen)
    if row is None:
        raise NotFound
    here = (AgreementGrant.agreement == row.code) & (AgreementGrant.version == row.version)
    grants = await session.scalars(select(AgreementGrant).where(here).order_by(AgreementGrant.dataset))
    return Agreed(
        code=row.code,
        version=row.version,
        title=Text(row.title_vi, row.title_en),
        clause="; ".join(f"{basis['van_ban']} {basis['dieu_khoan']}" for basis in row.legal_basis),
        purposes=tuple(purposes_of(row.purposes)),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        grants=tuple(map(_grant, grants)),
    )


def _grant(row: AgreementGrant) -> Grant:
    return Grant(
        dataset=Dataset(row.dataset),
        fields=tuple(row.fields),
        actions=tuple(row.actions),
        row_filter=row.row_filter,
        rate=row.rate,
        quota_day=row.quota_day,
        signed_response=row.signed_response,
    )
