"""A press with a real certificate authority behind it: keys as files, time stamps and revocation answered in memory."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from joserfc.jwk import OKPKey
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM
from app.core.blobs import Blobs
from app.core.ids import uuid7
from app.dossiers.models import Dossier
from app.issued.keyring import Keyring
from app.issued.press import Press
from app.trust import actions as trust
from signing import Evidence, Need, Pool
from tests.pki import NOW, Pki, build
from tests.rows import a_dossier

LEADER = uuid7()
PASSPHRASE = b"pass phrase of the test"


@pytest.fixture(scope="session")
def pki(tmp_path_factory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def keys(pki: Pki, tmp_path_factory) -> Path:
    """The unit's seal and the leader's key, as the portal finds them; other units have none of their own."""
    folder = tmp_path_factory.mktemp("keys")
    names = {"seal-G02.918": "seal", "seal-G02": "seal", "seal-G02.666": "evilbiz", f"person-{LEADER}": "official"}
    for name, label in names.items():
        (folder / f"{name}.p12").write_bytes(_container(pki, label))
    return folder


def _container(pki: Pki, label: str) -> bytes:
    key = serialization.load_pem_private_key(pki.key_pem(label), None)
    certificates = [x509.load_der_x509_certificate(der) for der in (pki.cert(label).dump(), *pki.chain(label))]
    lock = serialization.BestAvailableEncryption(PASSPHRASE)
    return pkcs12.serialize_key_and_certificates(label.encode(), key, certificates[0], certificates[1:], lock)


@pytest.fixture(scope="session")
async def pool() -> AsyncIterator[Pool]:
    async with Pool(size=1) as opened:
        yield opened


@pytest.fixture
def press(pki: Pki, keys: Path, pool: Pool, blobs: Blobs) -> Press:
    async def gather(needs: Iterable[Need], _at: datetime) -> Evidence:
        return await pki.gather(needs)

    return Press(
        blobs=blobs,
        pool=pool,
        public_url="https://portal.example",
        agency="G02",
        keyring=Keyring(keys, PASSPHRASE),
        stamper=lambda _rules: pki.tsa(),
        gather=gather,
    )


@pytest.fixture
def broken(press: Press) -> Press:
    """The same press while the time-stamping authority is down."""

    async def down(_request: bytes) -> bytes:
        raise ConnectionError("time stamps are out of order")

    return replace(press, stamper=lambda _rules: down)


@pytest.fixture
async def dossier(session: AsyncSession, pki: Pki) -> Dossier:
    await trust.put_into_force(session, SYSTEM, pki.trust, "test", key=OKPKey.generate_key("Ed25519"), at=NOW)
    row = a_dossier()
    session.add(row)
    await session.flush()
    return row
