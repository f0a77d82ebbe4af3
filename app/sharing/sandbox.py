"""The sandbox: synthetic records, and clients that register themselves with nothing but a public key.

A portal of its own, with its own database, keys and issuer, run by the same code. Each client there is a party of its own
with an agreement of its own in force, so no two integrators meet; one may bring the terms of a real agreement to rehearse it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import import_key, thumbprint
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, Problem
from app.core.text import Text
from app.registers import actions as registers
from app.registers.rules import SCHEMAS, Dataset, FieldClass
from app.sharing import actions, agreements, scopes, synthetic
from app.sharing.models import Agreement, OauthClient, Party
from app.sharing.rules import ACTIONS, ITEM_NAME, MINISTRY, Basis, Grant, Purpose, Status, Terms, fault_of_key, terms_of

RECORDS = 60
"""Of each dataset: enough for two pages of a list."""

CODE, PURPOSE = "TN", "thu-nghiem"
_CONTACT = {"contact": "Môi trường thử nghiệm", "phone": "000", "email": "thu-nghiem@motcua.example"}
_NO_TERMS = Text(
    "Không đọc được nội dung thỏa thuận. Hãy gửi đúng tệp JSON của một phiên bản thỏa thuận.",
    "The terms cannot be read. Send the JSON file of a version of an agreement as it is.",
)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a client of the sandbox needs to know: who it is, and under which agreement and purposes it asks."""

    client_id: str
    agreement: str
    version: int
    purposes: tuple[str, ...]
    datasets: tuple[str, ...]


async def load(session: AsyncSession, *, at: datetime) -> None:
    """Write the synthetic records. The same every time; changes nothing the second time."""
    if await session.get(Party, MINISTRY):
        return
    names = {"code": MINISTRY, "name_vi": "Bộ Công Thương (thử nghiệm)", "name_en": "Ministry (sandbox)"}
    await actions.register_party(session, SYSTEM, **names, **_CONTACT, at=at)
    for dataset in Dataset:
        for record in synthetic.records(dataset, RECORDS):
            key, subject = record[synthetic.KEYS[dataset]], synthetic.subject_of(dataset, record)
            await registers.put(session, dataset, key, record, subject, at=at)


async def register(
    session: AsyncSession, jwk: Mapping[str, Any], *, terms: Mapping[str, Any] | None = None, at: datetime
) -> Registered:
    """A client for a public key, with an agreement in force: on all public fields, or on those of `terms`.

    The same key is the same client; the same terms again change nothing.
    """
    mark = _mark_of(jwk)
    client_id, party = f"thu-{mark}", f"TN-{mark}"
    wanted = _own(party, mark, _read(terms)) if terms else _all_public(party, mark, at)
    if await session.get(OauthClient, client_id) is None:
        names = {"code": party, "name_vi": f"Bên thử nghiệm {mark}", "name_en": f"Sandbox party {mark}"}
        await actions.register_party(session, SYSTEM, **names, **_CONTACT, at=at)
        said: dict[str, Any] = {"client_id": client_id, "party": party, "name": f"Ứng dụng thử nghiệm {mark}"}
        await actions.register_client(session, SYSTEM, **said, scopes=[*scopes.READS], jwks=[jwk], environment="sandbox", at=at)
    version = await _in_force(session, wanted) or await _agree(session, wanted, at)
    datasets = tuple(grant.dataset.value for grant in wanted.grants)
    return Registered(client_id, wanted.code, version, tuple(purpose.code for purpose in wanted.purposes), datasets)


def _mark_of(jwk: Mapping[str, Any]) -> str:
    """Twelve signs of the key's thumbprint (RFC 7638)."""
    if fault := fault_of_key(jwk):
        raise Incomplete([Problem("jwk", "client-key", fault)])
    try:
        import_key(dict(jwk))
        digest = thumbprint(dict(jwk))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        fault = Text("Khóa công khai không đọc được.", "The public key cannot be read.")
        raise Incomplete([Problem("jwk", "client-key", fault)]) from error
    return "".join(sign for sign in digest.lower() if sign.isalnum())[:12]


def _all_public(party: str, mark: str, at: datetime) -> Terms:
    today = day_in_vietnam(at)
    return Terms(
        code=f"{CODE}-{mark}",
        party=party,
        title=Text("Thỏa thuận thử nghiệm", "Sandbox agreement"),
        purposes=(Purpose(PURPOSE, Text("Thử nghiệm kết nối", "Trying out the connection")),),
        legal_basis=(Basis("Nghị định 278/2025/NĐ-CP", "Điều 7"),),
        items=dict.fromkeys(ITEM_NAME, "Dữ liệu thử nghiệm, không có giá trị pháp lý."),
        valid_from=today.replace(month=1, day=1),
        valid_to=today.replace(year=today.year + 5, month=12, day=31),
        grants=tuple(Grant(dataset, _public_fields(dataset), tuple(sorted(ACTIONS))) for dataset in Dataset),
    )


def _public_fields(dataset: Dataset) -> tuple[str, ...]:
    return tuple(field.name for field in SCHEMAS[dataset].fields if field.classed is FieldClass.PUBLIC)


def _read(terms: Mapping[str, Any]) -> Terms:
    try:
        return terms_of(terms)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Incomplete([Problem("terms", "agreement-terms", _NO_TERMS)]) from error


def _own(party: str, mark: str, terms: Terms) -> Terms:
    """The terms as this client's own: two who rehearse the same agreement do not meet."""
    return replace(terms, code=f"{terms.code[:50]}-{mark}", party=party)


async def _in_force(session: AsyncSession, terms: Terms) -> int | None:
    """The version in force, when it says just this."""
    row = await session.scalar(select(Agreement).where(Agreement.code == terms.code, Agreement.status == Status.ACTIVE))
    return row.version if row and row.content_hash == terms.content_hash(row.version) else None


async def _agree(session: AsyncSession, terms: Terms, at: datetime) -> int:
    """Nobody signs here: each side's line says that it is the sandbox."""
    made = await agreements.propose_agreement(session, SYSTEM, terms, at=at)
    said: dict[str, Any] = {"code": made.code, "version": made.version, "signer": "sandbox", "signature": made.content_hash}
    for party in (MINISTRY, terms.party):
        await agreements.sign_agreement(session, SYSTEM, **said, party=party, at=at)
    await agreements.activate_agreement(session, SYSTEM, code=made.code, version=made.version, at=at)
    return made.version
