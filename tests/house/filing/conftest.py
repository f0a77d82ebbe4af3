"""One portal with its officials, keys and papers for a whole file of procedures."""

import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from httpx import ASGITransport, AsyncClient
from joserfc.jwk import OKPKey
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core import clock
from app.core.actor import SYSTEM
from app.core.blobs import blobs_of
from app.core.db import Sessions, sessions_of, transaction
from app.core.settings import Settings
from app.demo.papers import _office_file
from app.demo.personas import LEADERS
from app.identity import actions as identity
from app.identity.claims import Organisation
from app.issued.keyring import Keyring
from app.issued.press import Press
from app.jobs.registry import Tools
from app.notices.channels import Mailer
from app.registers import actions as registers
from app.registers.rules import Dataset
from app.trust import actions as trust
from signing import Evidence, Item, Need, Pool
from tests import portal
from tests.api.companies import company
from tests.conftest import Database, emptying, portal_for
from tests.house.filing.office import Office, OnceOnly
from tests.machines import ISSUER, Portal
from tests.make import pdf
from tests.pki import BUSINESS, NAME, Pki, build
from tests.signing.odd import signed

PASSPHRASE = b"pass phrase of the test"
HELD = "01/2024/GP-CN"
"""A licence the company holds, which one procedure renews."""


@pytest.fixture(scope="module")
def settings(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        DATABASE_URL=database.app_url,
        MIGRATION_DATABASE_URL=database.owner_url,
        var=tmp_path_factory.mktemp("filing") / "var",
        secret_key=secrets.token_urlsafe(32),
        blob_key=b64encode(secrets.token_bytes(32)).decode(),
        gateway_secret=secrets.token_hex(16),
    )


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
async def sessions(engine: AsyncEngine, settings: Settings, pki: Pki, database: Database) -> AsyncIterator[Sessions]:
    """The demo's people and procedures, the company, the licence it holds; emptied when the module is done."""
    made = sessions_of(engine)
    await portal.seed(made, settings)
    async with transaction(made) as session:
        await trust.put_into_force(session, SYSTEM, pki.trust, "test", key=OKPKey.generate_key("Ed25519"), at=clock.now())
        await identity.put_enterprise(session, COMPANY, source="test", at=clock.now())
        await registers.put(session, Dataset.LICENCES, HELD, _held(), BUSINESS, at=clock.now())
    yield made
    with psycopg.connect(database.admin_url, autocommit=True) as sweep:
        sweep.execute("SET session_replication_role = replica")
        sweep.execute(emptying(sweep))


COMPANY = Organisation(
    tax_code=BUSINESS,
    name_vi=NAME,
    name_en="Minh Hoa Sample JSC",
    legal_form="Cổ phần",
    founded="2015-01-15",
    head_office="Số 1 đường Ví Dụ, Hà Nội",
    province="Hà Nội",
    phone="0240000003",
    email="lienhe@vi-du.example",
    website="https://vi-du.example",
    legal_representative="Lê Văn Mẫu",
    representative_title="Giám đốc",
    status="đang hoạt động",
)


def _held() -> dict[str, object]:
    day = clock.day_in_vietnam(clock.now())
    return {
        "number": HELD,
        "kind": "foreign-branch-licence",
        "title": "Giấy phép thành lập Chi nhánh",
        "status": "valid",
        "holder_tax_code": BUSINESS,
        "holder_name": NAME,
        "valid_to": day.replace(year=day.year + 1, day=1).isoformat(),
        "facts": {},
    }


def _keys(pki: Pki, settings: Settings, folder: Path) -> Path:
    """The ministry's seal and every leader's key, as the portal finds them."""
    names = {"seal-G02": "seal"} | {f"person-{leader.person_id(settings.oidc_issuer)}": "official" for leader in LEADERS}
    made = {label: _container(pki, label) for label in set(names.values())}
    for name, label in names.items():
        (folder / f"{name}.p12").write_bytes(made[label])
    return folder


def _container(pki: Pki, label: str) -> bytes:
    key = serialization.load_pem_private_key(pki.key_pem(label), None)
    certificates = [x509.load_der_x509_certificate(der) for der in (pki.cert(label).dump(), *pki.chain(label))]
    lock = serialization.BestAvailableEncryption(PASSPHRASE)
    return pkcs12.serialize_key_and_certificates(label.encode(), key, certificates[0], certificates[1:], lock)


@pytest.fixture(scope="module")
async def tools(settings: Settings, sessions: Sessions, pki: Pki, tmp_path_factory) -> AsyncIterator[Tools]:
    told: dict[tuple[str, bytes | None], Item] = {}

    async def gather(needs: Iterable[Need], _at: datetime) -> Evidence:
        """What an authority has told holds for the whole module: it is over before the answer is old."""
        asked = {(need.url, need.request): need for need in needs}
        told.update({key: pki.answer(need, clock.now()) for key, need in asked.items() if key not in told})
        return Evidence().with_items(told[key] for key in asked)

    blobs = blobs_of(settings)
    async with Pool(size=1) as pool:
        press = Press(
            blobs=blobs,
            pool=pool,
            public_url="https://portal.example",
            agency="G02",
            keyring=Keyring(_keys(pki, settings, tmp_path_factory.mktemp("keys")), PASSPHRASE),
            stamper=lambda _rules: pki.tsa(),
            gather=gather,
        )
        yield Tools(settings, sessions, blobs, OnceOnly(pool, pki.evidence()), press, Mailer.of(settings))  # type: ignore[arg-type]  # a pool that remembers


@pytest.fixture(scope="module")
async def office(settings: Settings, sessions: Sessions, tools: Tools, pki: Pki) -> AsyncIterator[Office]:
    """The portal in this process, nobody signed in yet."""
    app = portal_for(settings)
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app=app, raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url=ISSUER) as http:
            filer = await company(Portal(app, http, sessions, settings, tools.blobs), BUSINESS)
            papers = {
                "pdf": await signed(pki, pdf(4000), tsa=pki.tsa()),
                "docx": _office_file("docx"),
                "xlsx": _office_file("xlsx"),
            }
            yield Office(app, sessions, settings, tools, filer, papers)
