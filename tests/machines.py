"""A portal in this process and clients that can say anything: what the tests of tokens, proofs, reads and filing share."""

import asyncio
import base64
import json
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM
from app.core.blobs import Blobs
from app.core.db import Sessions, transaction
from app.core.direct import Direct
from app.core.settings import Settings
from app.core.text import Text
from app.fees.gateway import Vnpay
from app.main import create_app
from app.registers import actions as registers
from app.registers.rules import Dataset
from app.sharing import actions, agreements
from app.sharing.proofs import hash_of
from app.sharing.rules import ITEMS, MINISTRY, Basis, Grant, Purpose, Terms

ISSUER = "http://127.0.0.1:8000"
TOKEN_URL = f"{ISSUER}/oauth/token"
PREFIX = f"{ISSUER}/api/sharing/v1"
LICENCE_URL = f"{PREFIX}/licences/07%2F2026%2FGCN-UBCT"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FIELDS = ("number", "title", "status", "holder_name", "holder_tax_code")
HOLDER = "9900000030"

CLIENT_KEY = ECKey.generate_key("P-256", {"kid": "c1"})
EDWARDS_KEY = OKPKey.generate_key("Ed25519", {"kid": "e1"})
RSA_KEY = RSAKey.generate_key(2048, {"kid": "r1"})
PROOF_KEY = ECKey.generate_key("P-256")
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "c1"})


def now() -> int:
    return int(clock.now().timestamp())


def compact(header: dict[str, Any], claims: Any, key: Any) -> str:
    """A JWS of whatever is given: members that are None are left out; `alg: none` and foreign names are signed as asked."""
    header = {name: value for name, value in header.items() if value is not None}
    if isinstance(claims, dict):
        claims = {name: _now_plus(value) for name, value in claims.items() if value is not None}
    signed = f"{_b64(json.dumps(header).encode())}.{_b64(json.dumps(claims).encode())}"
    if header.get("alg") == "none":
        return f"{signed}."
    return f"{signed}.{_b64(_signature(header, signed.encode(), key))}"


@dataclass(frozen=True)
class FromNow:
    """A moment so many seconds from when the message is signed."""

    seconds: int


def _now_plus(value: Any) -> Any:
    return now() + value.seconds if isinstance(value, FromNow) else value


def _signature(header: dict[str, Any], signed: bytes, key: Any) -> bytes:
    if isinstance(key, ECKey):
        r, s = decode_dss_signature(key.private_key.sign(signed, ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    algorithm = jws.JWSRegistry(algorithms=[header["alg"]]).get_alg(header["alg"])
    return algorithm.sign(signed, key)


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Machine:
    """A client that signs whatever it is told to; `nonce` is the last the server gave."""

    http: httpx.AsyncClient
    client_id: str = "cuc-thue"
    nonce: str | None = None
    agreement: str = "TT-01"
    token: str = ""
    form: dict[str, Any] = field(default_factory=dict)
    got_at: int = 0

    def assertion(self, header: dict[str, Any] | None = None, key: Any = CLIENT_KEY, **claims: Any) -> str:
        said = {"iss": self.client_id, "sub": self.client_id, "aud": ISSUER, "iat": now(), "exp": now() + 60}
        return compact({"alg": "ES256", "kid": "c1", **(header or {})}, said | {"jti": uuid.uuid4().hex} | claims, key)

    def proof(self, header: dict[str, Any] | None = None, key: Any = PROOF_KEY, **claims: Any) -> str:
        said = {"htm": "GET", "htu": LICENCE_URL, "iat": now(), "jti": uuid.uuid4().hex, "nonce": self.nonce}
        said |= {"ath": hash_of(self.token)} if self.token else {}
        public = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False), **(header or {})}
        return compact(public, said | claims, key)

    def details(self, **members: Any) -> str:
        return json.dumps([{"type": "moit.shared-data", "agreement": self.agreement, "purpose": "kiem-tra-thue", **members}])

    async def ask(self, *, proofs: list[str] | None = None, assertion: str | None = None, **form: Any) -> httpx.Response:
        """A token request; a member that is None is left out, a list is repeated."""
        said = {
            "grant_type": "client_credentials",
            "scope": "licences.read",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
            "authorization_details": self.details(),
        } | form
        sent = {name: value for name, value in said.items() if value is not None}
        if proofs is None:
            proofs = [self.proof(htm="POST", htu=TOKEN_URL, ath=None)]
        answer = await self.http.post(TOKEN_URL, data=sent, headers=[("DPoP", one) for one in proofs])
        self.nonce = answer.headers["dpop-nonce"]
        return answer

    async def get_token(self, **form: Any) -> str:
        """A good token; asks twice when the nonce was not known yet."""
        if self.nonce is None:
            await self.ask(**form)
        answer = await self.ask(**form)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        self.form, self.got_at = form, now()
        return self.token

    async def refresh(self) -> None:
        """A new token when the last is half-way: modules may run longer than a token lives."""
        if now() > self.got_at + 120:
            await self.get_token(**self.form)

    async def read(
        self,
        url: str = LICENCE_URL,
        *,
        proofs: list[str] | None = None,
        scheme: str = "DPoP",
        name: str = "DPoP",
        **headers: str | bytes,
    ) -> httpx.Response:
        """A read of shared data with the last token."""
        if proofs is None:
            proofs = [self.proof(htu=url.split("?", maxsplit=1)[0])]
        said = [("Authorization", f"{scheme} {self.token}"), *((name, one) for one in proofs)]
        said += list({"Case-Ref": "HS-1", **{name.replace("_", "-"): value for name, value in headers.items()}}.items())
        answer = await self.http.get(url, headers=[(key, value) for key, value in said if value])
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Any other call with the last token."""
        url = f"{ISSUER}{path}"
        headers = {"Authorization": f"DPoP {self.token}", "DPoP": self.proof(htm=method, htu=url.split("?", maxsplit=1)[0])}
        answer = await self.http.request(method, url, headers=headers | request.pop("headers", {}), **request)
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer


@dataclass
class Portal:
    """The portal in this process, on the test database."""

    app: FastAPI
    http: httpx.AsyncClient
    sessions: Sessions
    settings: Settings
    blobs: Blobs


@pytest.fixture(scope="session")
def the_app(database, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """Built once: building the routes costs more than most tests."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    own = {"secret_key": secrets.token_urlsafe(32), "blob_key": key, "gateway_secret": secrets.token_hex(16)}
    return create_app(Settings(DATABASE_URL=database.app_url, var=tmp_path_factory.mktemp("var"), **own))


@asynccontextmanager
async def opened(app: FastAPI, sessions: Sessions, blobs: Blobs) -> AsyncIterator[Portal]:
    """The portal with an empty memory of keys."""
    app.state.sessions, app.state.blobs, app.state.ring = sessions, blobs, None
    app.state.gateway = Vnpay.of(app.state.settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    app.state.direct = Direct(str(app.state.settings.database_url))
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
        yield Portal(app, http, sessions, app.state.settings, blobs)
    await app.state.direct.close()


@pytest.fixture
async def portal(the_app: FastAPI, sessions: Sessions, blobs: Blobs) -> AsyncIterator[Portal]:
    async with opened(the_app, sessions, blobs) as made:
        yield made


@pytest.fixture(scope="module")
async def standing_portal(the_app: FastAPI, standing_sessions: Sessions, tmp_path_factory) -> AsyncIterator[Portal]:
    """One portal for a module whose tests change nothing that another would notice."""
    async with opened(the_app, standing_sessions, Blobs(tmp_path_factory.mktemp("blobs"), secrets.token_bytes(32))) as made:
        yield made


def terms(code: str = "TT-01", **changes: Any) -> Terms:
    """An agreement of the tax office on a few fields of licences."""
    today = clock.day_in_vietnam(clock.now())
    said = {
        "code": code,
        "party": "CT",
        "title": Text("Chia sẻ giấy phép", "Sharing licences"),
        "purposes": (Purpose("kiem-tra-thue", Text("Kiểm tra thuế", "Tax inspection")),),
        "legal_basis": (Basis("Nghị định 278/2025/NĐ-CP", "Điều 7"),),
        "items": dict.fromkeys(ITEMS, "như mẫu"),
        "valid_from": today,
        "valid_to": today.replace(year=today.year + 1, day=1),
        "grants": (Grant(Dataset.LICENCES, FIELDS),),
    }
    return Terms(**(said | changes))


async def agree(session: Any, said: Terms) -> int:
    """Propose, sign on both sides, bring into force; the version."""
    at = clock.now()
    made = await agreements.propose_agreement(session, SYSTEM, said, at=at)
    for party in (MINISTRY, said.party):
        await agreements.sign_agreement(
            session, SYSTEM, code=made.code, version=made.version, party=party, signer=party, signature="00", at=at
        )
    await agreements.activate_agreement(session, SYSTEM, code=made.code, version=made.version, at=at)
    return made.version


async def party(session: Any, code: str) -> None:
    contact = {"contact": "Đầu mối", "phone": "000", "email": "a@example.vn"}
    await actions.register_party(
        session, SYSTEM, code=code, name_vi=f"Bên {code}", name_en=f"Party {code}", **contact, at=clock.now()
    )


async def licence(session: Any, number: str = "07/2026/GCN-UBCT", **changes: Any) -> None:
    """A licence as the act of issuing writes it, with fields that are not shared."""
    doc = {
        "number": number,
        "title": "Giấy chứng nhận đăng ký hoạt động bán hàng đa cấp",
        "status": "valid",
        "holder_tax_code": HOLDER,
        "holder_name": "Công ty Ví Dụ",
        "holder_province": "01",
        "signer": "Nguyễn Văn A",
    }
    await registers.put(session, Dataset.LICENCES, number, doc | changes, HOLDER, at=clock.now())


SAFE = "select coalesce(max(changed_xid) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint, true) from shared_record"


async def fed(portal: Portal) -> None:
    """Wait until the feed may show all changes: a transaction anywhere in the cluster, other tests' too, holds it back."""
    async with asyncio.timeout(60):
        while True:
            async with transaction(portal.sessions) as session:
                if await session.scalar(text(SAFE)):
                    return
            await asyncio.sleep(0.05)


async def an_agency(portal: Portal) -> Machine:
    """The tax office's client: three keys, one agreement, one licence to read."""
    async with transaction(portal.sessions) as session:
        await party(session, "G02")
        await party(session, "CT")
        jwks = [key.as_dict(private=False) for key in (CLIENT_KEY, EDWARDS_KEY, RSA_KEY)]
        scopes = ["licences.read", "enterprises.read"]
        await actions.register_client(
            session, SYSTEM, client_id="cuc-thue", party="CT", name="Thuế", scopes=scopes, jwks=jwks, at=clock.now()
        )
        await agree(session, terms())
        await licence(session)
    return Machine(portal.http)


@pytest.fixture
async def agency(portal: Portal) -> Machine:
    return await an_agency(portal)


@pytest.fixture
async def reader(agency: Machine) -> Machine:
    """The agency with a good token and nonce."""
    await agency.get_token()
    return agency


@pytest.fixture(scope="module")
async def standing_agency(standing_portal: Portal) -> Machine:
    return await an_agency(standing_portal)


@pytest.fixture(scope="module")
async def standing_reader(standing_agency: Machine) -> Machine:
    await standing_agency.get_token()
    return standing_agency
