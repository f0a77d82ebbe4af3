"""Setting the demo world up: once, again, and never in production."""

import base64
import stat

import pytest
from sqlalchemy import func, select

import signing
from app.catalogue import queries as catalogue
from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core import clock
from app.core.db import transaction
from app.core.permissions import Role
from app.demo import papers, world
from app.demo.personas import LEADERS, PERSONAS, RETAILER
from app.demo.pki import SEALS
from app.identity import queries as people
from app.identity.models import RoleGrant
from app.registers import queries as registers
from app.trust import queries as trust


def _files(settings) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in settings.var.rglob("*") if path.is_file()}


def test_setting_up_again_changes_no_file(made):
    before = _files(made)
    world.prepare(made)
    papers.make_files(made, (RETAILER,))
    assert _files(made) == before


def test_only_the_owner_reads_keys_and_secrets(made):
    secret = [*made.var.glob("keys/**/*.jwk"), *made.var.glob("keys/**/*.p12"), *made.var.glob("demo/pki/*.pem")]
    secret += [made.var / "demo" / "env", made.var / "demo" / "id.jwk"]
    assert len(secret) > 20
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_there_is_a_key_for_every_seal_and_every_leader(made):
    phrase = made.signing_passphrase.get_secret_value().encode()
    names = [f"seal-{unit}" for unit in SEALS] + [f"person-{leader.person_id(made.oidc_issuer)}" for leader in LEADERS]
    for name in names:
        container = (made.signing_keys / f"{name}.p12").read_bytes()
        assert signing.SoftSigner.from_pkcs12(container, phrase).chain
        with pytest.raises(ValueError, match="password"):
            signing.SoftSigner.from_pkcs12(container, b"sai")


def test_secrets_have_the_form_the_portal_reads(made):
    assert len(base64.b64decode(made.blob_key.get_secret_value())) == 32
    assert made.tsa_url == "http://127.0.0.1:8001/pki/vn/tsa/tsa"
    assert set(world.env(made)) == {
        "MOTCUA_SECRET_KEY",
        "MOTCUA_BLOB_KEY",
        "MOTCUA_GATEWAY_SECRET",
        "MOTCUA_SIGNING_PASSPHRASE",
        "MOTCUA_SIGNING_KEYS",
        "MOTCUA_TSA_URL",
    }


def test_a_secret_that_was_set_is_not_replaced(made):
    own = made.model_copy(update={"tsa_url": "https://tsa.example"})
    assert world.with_env(own).tsa_url == "https://tsa.example"


def test_production_has_no_demo_world(made):
    with pytest.raises(RuntimeError):
        world.prepare(made.model_copy(update={"environment": "production"}))


async def test_loading_twice_gives_every_role_once_and_one_epoch(made, sessions):
    for _ in range(2):
        await world.load(sessions, made, at=clock.now())
    async with transaction(sessions) as session:
        held = sum(len(p.roles) * len(p.units) for p in PERSONAS.values())
        assert await session.scalar(select(func.count()).select_from(RoleGrant)) == held
        assert [row.epoch for row in await trust.epochs(session)] == [1]
        (leader,) = await people.officials(session, "G02.918", Role.UNIT_LEADER, at=clock.now())
        assert (made.signing_keys / f"person-{leader.id}.p12").exists()
        assert [code.code for code in await registers.codes(session, "LoaiBan")] == ["0", "1", "2"]
        cards = await catalogue.listing(session, on=clock.day_in_vietnam(clock.now()))
        assert {"multi-level-selling-certificate"} <= {card.slug for card in cards}


async def test_every_step_of_every_procedure_has_someone_to_do_it(made, sessions):
    await world.load(sessions, made, at=clock.now())
    async with transaction(sessions) as session:
        for card in await catalogue.listing(session, on=clock.day_in_vietnam(clock.now())):
            procedure = await catalogue.get(session, card.slug, card.version)
            for step in procedure.process:
                for place in _places(procedure, step):
                    assert await people.officials(session, place, step.role, at=clock.now()), (card.slug, step.id, place)


def _places(procedure: Procedure, step: Step) -> list[str]:
    """Where a step is done: nowhere when the portal does it by itself."""
    unit, by = procedure.authority.unit, step.to_by
    if step.automatic:
        return []
    if step.kind == "opinions":
        return [one for one in (*step.to, *(by.units.values() if by else ()), by.otherwise if by else None) if one]
    usual = {Role.INTAKE_OFFICER: procedure.authority.receives, Role.MINISTRY_LEADER: unit.partition(".")[0]}
    return [usual.get(step.role, unit)]


def test_the_list_of_people_names_everyone_and_the_address(made):
    text = world.who_is_who(made)
    assert made.public_url in text
    assert all(persona.name in text for persona in PERSONAS.values())
