"""Sets the demo world up: secrets and keys on disk, then rows in the database. Both may be run again at any time."""

import base64
import dataclasses
import json
import secrets
from collections.abc import Callable, Collection
from datetime import datetime
from itertools import product
from pathlib import Path
from uuid import UUID

from joserfc.jwk import ECKey
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import actions as catalogue
from app.core.actor import SYSTEM
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.demo import agreeing, consumer
from app.demo.personas import DIRECT_SELLER, ENTERPRISES, LEADERS, PERSONAS, RETAILER, UNITS, Persona
from app.demo.pki import SEALS, fingerprint_of, make_keys, pki_of
from app.identity import actions as identity
from app.identity import queries as people
from app.identity import roster
from app.sharing import common_lists
from app.trust import actions as trust
from app.trust import queries as trusted
from app.worktime import actions as worktime


def prepare(settings: Settings) -> None:
    """Make what is missing on disk: secrets, keys, the certificate authority, key containers.

    Nothing is replaced but what was made from a certificate that has changed since.
    """
    if settings.production:
        raise RuntimeError("the demo world is not for production")
    keys, demo = settings.var / "keys", settings.var / "demo"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    demo.mkdir(parents=True, exist_ok=True)
    for path in (keys / "oidc-client.jwk", demo / "id.jwk"):
        _once(path, lambda: json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    make_secrets(settings.var)
    make_keys((demo / "pki").absolute())
    _make_containers(settings)


def make_secrets(var: Path) -> None:
    """Make the secrets of the portal that lives in `var`, where there are none yet."""
    (var / "demo").mkdir(parents=True, exist_ok=True)
    _once(var / "demo" / "env", _new_env)


def env(settings: Settings) -> dict[str, str]:
    """The secrets that `prepare` made and kept in `var/demo/env`, and the places that follow from the settings."""
    path = settings.var / "demo" / "env"
    if not path.exists():
        return {}
    kept = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return kept | {
        "MOTCUA_SIGNING_KEYS": str((settings.var / "keys" / "signing").absolute()),
        "MOTCUA_TSA_URL": settings.demo_url.rstrip("/") + "/pki/vn/tsa/tsa",
    }


def with_env(settings: Settings) -> Settings:
    """The settings with the demo's secrets in the places that nobody has set."""
    made = {name.removeprefix("MOTCUA_").lower(): value for name, value in env(settings).items()}
    missing = {name: value for name, value in made.items() if getattr(settings, name) is None}
    secret = {name: SecretStr(value) for name, value in missing.items() if name not in ("signing_keys", "tsa_url")}
    plain = {"signing_keys": Path(missing["signing_keys"])} if "signing_keys" in missing else {}
    address = {"tsa_url": missing["tsa_url"]} if "tsa_url" in missing else {}
    return settings.model_copy(update={**secret, **plain, **address})


async def load(sessions: Sessions, settings: Settings, *, at: datetime) -> None:
    """Write the demo's rows, each only where it is missing or has changed."""
    async with transaction(sessions) as session:
        await common_lists.adopt_all(session, at=at)  # before enterprises, whose provinces are codes of it
        await load_people(session, settings, at)
        await _load_trust(session, settings, at)
        await worktime.seed(session, at=at)
        await catalogue.seed(session, at=at)
    async with transaction(sessions) as session:
        folder = settings.var / "demo" / "clients"
        await consumer.seed(session, folder=folder, at=at)
        for tax_code in (DIRECT_SELLER, RETAILER):
            await consumer.seed_company(session, folder, tax_code=tax_code, name=ENTERPRISES[tax_code].name_vi, at=at)
    await agreeing.seed(sessions, settings, at=at)


def who_is_who(settings: Settings) -> str:
    """What `make run` prints: where to go and who one can be."""
    units = {code: name for code, name, *_ in UNITS}
    lines = [
        "",
        f"  Một Cửa: {settings.public_url}   (đăng nhập / sign in: {settings.public_url}/dang-nhap)",
        "  Chọn một người ở trang định danh dùng thử, không cần mật khẩu. Pick a person, no password:",
    ]
    for persona in PERSONAS.values():
        where = f"MST {persona.tax_code}" if persona.tax_code else units[persona.unit or ""]
        lines.append(f"    {persona.name:<22} {persona.title.vi}; {where}")
    lines += [
        f"  Tệp PDF ký mẫu để nộp thử / signed sample papers: {settings.var / 'demo' / 'files'}",
        f"  Thư gửi đi / mail sent: {settings.var / 'demo' / 'mail'}",
        "",
    ]
    return "\n".join(lines)


def _once(path: Path, make: Callable[[], str]) -> None:
    """Write a file unless it is there."""
    if not path.exists():
        _put(path, make().encode())


def _put(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.rename(path)


def _new_env() -> str:
    made = {
        "MOTCUA_SECRET_KEY": secrets.token_urlsafe(32),
        "MOTCUA_BLOB_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "MOTCUA_GATEWAY_SECRET": secrets.token_hex(32),
        "MOTCUA_SIGNING_PASSPHRASE": secrets.token_urlsafe(32),
    }
    return "".join(f"{name}={value}\n" for name, value in made.items())


def _make_containers(settings: Settings) -> None:
    """One PKCS#12 file for each seal and each leader, as the signing job finds them."""
    ready = with_env(settings)
    folder, phrase = ready.signing_keys, ready.signing_passphrase
    if folder is None or phrase is None:
        raise RuntimeError("var/demo/env names no place for signing keys")
    mark, fingerprint = folder / ".made", fingerprint_of(settings)
    if mark.exists() and mark.read_text() == fingerprint:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for label, name in _containers(settings):
        container = pki_of(settings).pkcs12(label, label, phrase.get_secret_value().encode())
        _put(folder / f"{name}.p12", container)
    mark.write_text(fingerprint)


def _containers(settings: Settings) -> list[tuple[str, str]]:
    """Label in the PKI and file name: `seal-{unit}` and `person-{person id}`."""
    seals = [(f"seal-{unit}", f"seal-{unit}") for unit in SEALS]
    return seals + [(leader.subject, f"person-{leader.person_id(settings.oidc_issuer)}") for leader in LEADERS]


async def load_people(session: AsyncSession, settings: Settings, at: datetime) -> None:
    """Units, enterprises, and everyone of the demo with their roles."""
    await identity.adopt_units(session, SYSTEM, roster.shipped(), at=at)
    for organisation in ENTERPRISES.values():
        await identity.put_enterprise(session, organisation, source="demo", at=at)
    held = await people.held_roles(session, at=at)
    for persona in PERSONAS.values():
        await _load_persona(session, settings.oidc_issuer, persona, held, at)


async def _load_persona(
    session: AsyncSession, issuer: str, persona: Persona, held: Collection[tuple[UUID, str, str]], at: datetime
) -> None:
    person_id = await identity.put_person(
        session,
        issuer,
        persona.subject,
        persona.name,
        persona.email,
        persona.personal_number,
        person_id=persona.person_id(issuer),
    )
    for role, unit in product(persona.roles, persona.units):
        if (person_id, role, unit) not in held:
            identity.give_role(session, SYSTEM, person_id, role, unit, at=at)


async def _load_trust(session: AsyncSession, settings: Settings, at: datetime) -> None:
    wanted = pki_of(settings).trust()
    in_force = await trusted.snapshot(session)
    if dataclasses.replace(in_force, epoch=0) == wanted:
        return
    key = trust.store_key(settings)
    await trust.put_into_force(session, SYSTEM, wanted, "Kho tin cậy của môi trường dùng thử", key=key, at=at)
