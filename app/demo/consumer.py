"""Another agency's system, and a company's own: keys on disk, and a small DPoP client for the journey."""

import json
import os
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.actor import SYSTEM
from app.demo.personas import TAX_OFFICE
from app.demo.pki import PARTNERS
from app.registers.rules import Dataset
from app.sharing import actions, scopes
from app.sharing.proofs import hash_of
from app.sharing.rules import MINISTRY

CLIENT = "cuc-thue"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def filing_client_of(tax_code: str) -> str:
    """The id of a company's own filing client in the demo."""
    return f"filing-{tax_code}"


def key_of(folder: Path, client_id: str) -> ECKey:
    """The client's private key, made on first use and kept for its owner alone."""
    path = folder / f"{client_id}.jwk"
    if path.exists():
        return ECKey.import_key(json.loads(path.read_text()))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(key.as_dict(private=True), file)
    return key


async def seed(session: AsyncSession, folder: Path, *, at: datetime) -> None:
    """The tax office and its client; `agreeing` makes the agreement under which it reads. Changes nothing the second time."""
    await _party(session, MINISTRY, "Bộ Công Thương", "Ministry of Industry and Trade", at)
    await _party(session, TAX_OFFICE, "Cục Thuế (minh họa)", "Tax Department (demo)", at, budget_code=PARTNERS[TAX_OFFICE])
    jwks = [key_of(folder, CLIENT).as_dict(private=False)]
    reads = [f"{dataset}.read" for dataset in (Dataset.LICENCES, Dataset.DOSSIERS)]
    await actions.register_client(
        session,
        SYSTEM,
        client_id=CLIENT,
        party=TAX_OFFICE,
        name="Hệ thống quản lý thuế (minh họa)",
        scopes=reads,
        jwks=jwks,
        at=at,
    )


async def _party(
    session: AsyncSession, code: str, name_vi: str, name_en: str, at: datetime, *, budget_code: str | None = None
) -> None:
    contact = {"contact": "Đầu mối chia sẻ dữ liệu (minh họa)", "phone": "000", "email": "du-lieu@motcua.example"}
    names = {"code": code, "name_vi": name_vi, "name_en": name_en}
    await actions.register_party(session, SYSTEM, **names, **contact, budget_code=budget_code, at=at)


async def seed_company(session: AsyncSession, folder: Path, *, tax_code: str, name: str, at: datetime) -> None:
    """A company as a party, and its own filing client. Changes nothing the second time."""
    await _party(session, f"DN-{tax_code}", name, name, at)
    client_id = filing_client_of(tax_code)
    await actions.register_client(
        session,
        SYSTEM,
        client_id=client_id,
        party=f"DN-{tax_code}",
        name=name,
        scopes=[scopes.FILING],
        jwks=[key_of(folder, client_id).as_dict(private=False)],
        tax_code=tax_code,
        at=at,
    )


class Consumer:
    """A client as an integrator would write it: one token per scope and agreement, a proof per call, the server's nonce."""

    def __init__(self, http: httpx.AsyncClient, issuer: str, client_id: str, folder: Path) -> None:
        self.http, self.issuer, self.client_id = http, issuer, client_id
        self.key = key_of(folder, client_id)
        self.proof_key = ECKey.generate_key("P-256")
        self.nonce: str | None = None
        self.tokens: dict[str, tuple[str, datetime]] = {}

    async def get(self, path: str, *, scope: str, agreement: str, purpose: str, case_ref: str) -> httpx.Response:
        """Read shared data for a case; `path` is unescaped, as people write it."""
        details = [{"type": scopes.SHARED_DATA, "agreement": agreement, "purpose": purpose}]
        token = await self.token(scope, details)
        return await self._call("GET", quote(path, safe="/?=&,"), token, headers={"Case-Ref": case_ref})

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, json: Any = None, content: bytes | None = None
    ) -> httpx.Response:
        """File by machine."""
        token = await self.token(scopes.FILING, [])
        return await self._call(method, quote(path, safe="/?=&,"), token, headers=headers or {}, json=json, content=content)

    async def token(self, scope: str, details: list[dict[str, str]]) -> str:
        """An access token, asked for again when less than a minute of the last is left."""
        place = json.dumps([scope, details])
        token, ends = self.tokens.get(place, ("", clock.now()))
        if ends < clock.now() + timedelta(minutes=1):
            answer = await self._ask(scope, details)
            token, ends = answer["access_token"], clock.now() + timedelta(seconds=answer["expires_in"])
            self.tokens[place] = token, ends
        return token

    async def _ask(self, scope: str, details: list[dict[str, str]]) -> dict[str, Any]:
        answer = await self._post_form(scope, details)
        if answer.status_code == 400 and answer.json().get("error") == "use_dpop_nonce":
            answer = await self._post_form(scope, details)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def _post_form(self, scope: str, details: list[dict[str, str]]) -> httpx.Response:
        url = f"{self.issuer}/oauth/token"
        form = {"grant_type": "client_credentials", "scope": scope, "client_assertion_type": _ASSERTION}
        form |= {"client_assertion": self.assertion()} | ({"authorization_details": json.dumps(details)} if details else {})
        return self._noted(await self.http.post(url, data=form, headers={"DPoP": self.proof("POST", url)}))

    async def _call(self, method: str, path: str, token: str, *, headers: Mapping[str, str], **body: Any) -> httpx.Response:
        answer = await self._call_once(method, f"{self.issuer}{path}", token, headers, body)
        if "use_dpop_nonce" in answer.headers.get("www-authenticate", ""):
            answer = await self._call_once(method, f"{self.issuer}{path}", token, headers, body)
        return answer

    async def _call_once(
        self, method: str, url: str, token: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        proof = {"Authorization": f"DPoP {token}", "DPoP": self.proof(method, url, token)}
        return self._noted(await self.http.request(method, url, headers={**headers, **proof}, **body))

    def _noted(self, answer: httpx.Response) -> httpx.Response:
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        return answer

    def assertion(self) -> str:
        """Who we are, signed: for the authorization server alone, for a minute, once."""
        now = int(clock.now().timestamp())
        claims = {"iss": self.client_id, "sub": self.client_id, "aud": self.issuer, "iat": now, "exp": now + 60}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, {**claims, "jti": uuid.uuid4().hex}, self.key)

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """A proof for this one call, bound to the token and to the server's last nonce."""
        claims = {
            "htm": method,
            "htu": url.split("?", maxsplit=1)[0],
            "iat": int(clock.now().timestamp()),
            "jti": uuid.uuid4().hex,
        }
        claims |= {"nonce": self.nonce} if self.nonce else {}
        claims |= {"ath": hash_of(token)} if token else {}
        header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.proof_key.as_dict(private=False)}
        return jwt.encode(header, claims, self.proof_key)
