"""Signing in over HTTP, against a provider on a real port."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import delete, select, update

from app.audit.models import AuditRow
from app.core import clock
from app.core.actor import ActorKind
from app.core.db import Sessions, transaction
from app.core.errors import NotFound
from app.core.permissions import Permission, Role
from app.demo import identity_provider
from app.identity import actions, queries
from app.identity.kept import hashed
from app.identity.models import Mandate, Person, RoleGrant, WebSession
from app.identity.rules import ABSOLUTE, BUSINESS_IDLE, OFFICIAL_IDLE, browser_cookie, session_cookie
from tests.identity.conftest import Browser, parameters


async def _who(sessions: Sessions, person: Browser, *, later: timedelta = timedelta()) -> queries.SignedIn | None:
    async with transaction(sessions) as session:
        return await queries.session_actor(session, person.cookie, at=clock.now() + later)


async def _reasons(sessions: Sessions) -> list[str]:
    async with transaction(sessions) as session:
        rows = await session.scalars(select(AuditRow).where(AuditRow.subject_kind == "sign-in"))
        return [row.detail["slug"] for row in rows]


async def test_a_business_signs_in_with_its_organisation_account_and_comes_back_where_it_was(person, sessions):
    answer = await person.sign_in("dn-9900000030", back_to="/ho-so?trang=2")

    assert (answer.status_code, answer.headers["location"]) == (303, "/ho-so?trang=2")
    signed_in = await _who(sessions, person)
    assert signed_in is not None
    assert (signed_in.actor.kind, signed_in.actor.tax_code, signed_in.acr) == (ActorKind.BUSINESS, "9900000030", "vneid:org")
    assert signed_in.actor.may(Permission.DOSSIER_SUBMIT)


async def test_an_official_holds_the_roles_of_one_unit_as_the_portal_granted_them(person, sessions):
    await person.sign_in("lc-918")

    actor = (await _who(sessions, person)).actor
    assert (actor.kind, actor.unit, actor.roles) == (ActorKind.OFFICIAL, "G02.918", {Role.UNIT_LEADER})


async def test_a_role_in_the_claims_gives_nothing(person, sessions, monkeypatch):
    claims_of = identity_provider.claims_of
    monkeypatch.setattr(identity_provider, "claims_of", lambda p: {**claims_of(p), "roles": ["system_admin"]})
    await person.sign_in("cv-918-1")
    assert (await _who(sessions, person)).actor.roles == {Role.CASE_OFFICER}


async def test_someone_without_role_is_told_why_and_stays_outside_but_can_be_given_one(person, sessions, owner):
    await owner.execute(delete(RoleGrant))
    await owner.execute(delete(Person).where(Person.subject == "cv-918-1"))
    await owner.commit()
    answer = await person.sign_in("cv-918-1")
    assert answer.status_code == 403
    assert "chưa được giao vai trò" in answer.text
    assert person.cookie is None
    async with transaction(sessions) as session:
        assert "Nguyễn Văn Thử" in [one.name for one in await queries.people_of_the_ministry(session)]


def _forged(query: str, change: dict[str, str | None]) -> str:
    given = parameters(query) | change
    return urlencode({name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    "change,reason",
    [
        ({"iss": "https://may-chu-khac.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"state": "doan-mo"}, "state"),
        ({"state": "\x00"}, "state"),
        ({"state": None}, "callback"),
        ({"code": None}, "callback"),
        ({"code": "khong-co"}, "token-endpoint"),
        ({"code": None, "error": "access_denied"}, "provider:access_denied"),
        ({"code": None, "error": "\x00<script>"}, "provider:other"),
    ],
)
async def test_a_callback_that_is_not_the_providers_answer_is_refused(person, sessions, change, reason):
    answer = await person.come_back(_forged(await person.choose("dn-9900000030"), change))
    assert answer.status_code == 403
    assert "Chưa đăng nhập được" in answer.text
    assert await _reasons(sessions) == [reason]
    assert person.cookie is None


async def test_a_repeated_parameter_is_refused_before_anything_is_believed(person, sessions):
    query = await person.choose("dn-9900000030")
    assert (await person.come_back(f"{query}&code=khac")).status_code == 403
    assert await _reasons(sessions) == ["repeated-parameter"]


async def test_a_callback_counts_once_and_only_in_the_browser_that_began(person, portal, sessions):
    query = await person.choose("dn-9900000030")
    other = Browser(portal)
    assert (await other.come_back(query)).status_code == 403
    assert (await person.come_back(query)).status_code == 303
    assert (await person.come_back(query)).status_code == 403


async def test_the_code_is_not_used_when_the_issuer_is_wrong(person, provider):
    query = await person.choose("dn-9900000030")
    await person.come_back(_forged(query, {"iss": "https://may-chu-khac.example"}))
    assert parameters(query)["code"] in provider.state.codes


@pytest.mark.parametrize(
    "lie,reason",
    [
        ({"acr": "vneid:1"}, "acr"),
        ({"acr": None}, "acr"),
        ({"nonce": "cua-lan-khac"}, "id-token"),
        ({"nonce": None}, "id-token"),
        ({"aud": "he-thong-khac"}, "id-token"),
        ({"aud": ["mot-cua", "he-thong-khac"]}, "aud"),
        ({"iss": "https://may-chu-khac.example"}, "id-token"),
        ({"exp": 1_700_000_000}, "id-token"),
        ({"auth_time": None}, "auth_time"),
        ({"auth_time": 1_700_000_000}, "auth_time"),
        ({"auth_time": True}, "auth_time"),
        ({"sub": ""}, "id-token"),
        ({"sub": "x" * 256}, "claims"),
        ({"name": "Ẩn\u202edanh"}, "claims"),
        ({"organisation": {"tax_code": "99", "name_vi": "Sai"}}, "claims"),
    ],
)
async def test_an_id_token_that_lies_is_refused(person, sessions, provider, monkeypatch, lie, reason):
    encode = identity_provider.jwt.encode

    def with_lie(header, claims, key, **more):
        told = claims | lie if "nonce" in claims else claims  # the client's assertion passes here too
        return encode(header, {name: value for name, value in told.items() if value is not None}, key, **more)

    monkeypatch.setattr(identity_provider.jwt, "encode", with_lie)
    query = await person.choose("dn-9900000030")
    answer = await person.come_back(query)
    assert answer.status_code == 403
    assert await _reasons(sessions) == [reason]


async def test_an_id_token_of_another_key_is_refused(person, sessions, provider):
    query = await person.choose("dn-9900000030")
    provider.state.key = identity_provider.ECKey.generate_key("P-256")
    await person.come_back(query)
    assert await _reasons(sessions) == ["id-token"]


async def test_a_provider_that_does_not_answer_is_no_fault_of_the_person(person, sessions, provider, monkeypatch):
    query = await person.choose("dn-9900000030")
    monkeypatch.setattr(identity_provider.Provider, "redeem", lambda *_: _raise())
    answer = await person.come_back(query)
    assert answer.status_code == 503
    assert "hãy thử lại" in answer.text


def _raise():
    raise RuntimeError("down")


async def test_every_sign_in_gives_a_new_cookie_and_ends_the_session_before(person, sessions):
    first, second = await person.choose("dn-9900000030"), await person.choose("dn-9900000048")
    await person.come_back(first)
    old = person.cookie
    await person.come_back(second)

    assert person.cookie not in (None, old)
    async with transaction(sessions) as session:
        assert await queries.session_actor(session, old, at=clock.now()) is None
    assert (await _who(sessions, person)).actor.tax_code == "9900000048"


async def test_the_cookie_is_for_this_site_alone_and_its_value_is_nowhere_in_the_table(person, sessions):
    answer = await person.sign_in("dn-9900000030")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("motcua="))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    async with transaction(sessions) as session:
        row = (await session.scalars(select(WebSession))).one()
    assert row.id_hash == hashed(person.cookie)


async def test_over_https_cookies_are_bound_to_the_host_and_never_travel_in_the_clear():
    assert session_cookie(https=True).startswith("__Host-")
    assert browser_cookie(https=True).startswith("__Host-")


@pytest.mark.parametrize("persona,idle", [("dn-9900000030", BUSINESS_IDLE), ("mc-1", OFFICIAL_IDLE)])
async def test_a_session_ends_when_it_is_left_alone(person, sessions, persona, idle):
    await person.sign_in(persona)
    assert await _who(sessions, person, later=idle - timedelta(minutes=1)) is not None
    assert await _who(sessions, person, later=idle) is None


async def test_use_keeps_a_session_alive_but_not_for_ever(person, sessions):
    await person.sign_in("mc-1")
    start = clock.now()
    for minutes in range(10, 480, 10):
        at = start + timedelta(minutes=minutes)
        async with transaction(sessions) as session:
            signed_in = await queries.session_actor(session, person.cookie, at=at)
            assert signed_in is not None, minutes
            assert signed_in.stale
            await actions.keep_alive(session, person.cookie, at=at)
    assert await _who(sessions, person, later=ABSOLUTE) is None


async def test_signing_out_ends_the_session_on_the_server(person, sessions):
    await person.sign_in("dn-9900000030")
    kept, token = person.cookie, (await _who(sessions, person)).csrf
    form = {"content-type": "application/x-www-form-urlencoded"}

    assert (await person.here.post("/dang-xuat", content="csrf=sai", headers=form)).status_code == 403
    assert (await person.here.post("/dang-xuat", content=f"csrf={token}", headers=form)).status_code == 303

    assert person.cookie is None
    async with transaction(sessions) as session:
        assert await queries.session_actor(session, kept, at=clock.now()) is None


async def test_rights_that_end_during_a_session_are_gone_at_the_next_request(person, sessions, owner):
    await person.sign_in("dn-9900000030")
    await owner.execute(update(Mandate).values(valid_to=clock.now()))
    await owner.commit()
    assert await _who(sessions, person, later=timedelta(seconds=1)) is None


async def test_a_mandate_without_the_right_to_sign_withholds_submitting(person, sessions, owner):
    await person.sign_in("dn-9900000030")
    await owner.execute(update(Mandate).values(rights=["draft", "view"]))
    await owner.commit()
    actor = (await _who(sessions, person)).actor
    assert actor.may(Permission.DOSSIER_DRAFT)
    assert not actor.may(Permission.DOSSIER_SUBMIT)


@pytest.mark.parametrize("elsewhere", ["https://may-chu-khac.example/", "//khac.example", "/\\khac.example", "/a\nb", "khac", ""])
async def test_after_signing_in_nobody_is_sent_to_another_site(person, elsewhere):
    assert (await person.sign_in("dn-9900000030", back_to=elsewhere)).headers["location"] == "/"


async def test_an_official_of_several_units_works_in_one_at_a_time_and_chooses_which(person, sessions):
    await person.sign_in("lc-bct")
    before = await _who(sessions, person)
    assert len(before.elsewhere) > 10
    there = "H26.990"
    async with transaction(sessions) as session:
        await actions.work_in(session, before.actor, person.cookie, there, at=clock.now())
    after = await _who(sessions, person)
    assert (before.actor.unit, after.actor.unit) == ("G02.903", there)
    assert there not in {one.unit for one in after.elsewhere}
    async with transaction(sessions) as session:
        with pytest.raises(NotFound):
            await actions.work_in(session, after.actor, person.cookie, "G02.918", at=clock.now())
