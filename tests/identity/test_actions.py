"""Roles by two persons, the first administrator, and forms that outlive their session."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.audit.models import AuditRow
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.ids import uuid7
from app.core.permissions import Permission, Role
from app.identity import actions, queries
from app.identity.claims import Claims, Organisation
from app.identity.kept import Kept
from app.identity.models import KeptForm, WebSession
from app.identity.rules import KEPT_FORM_LIFE, withheld_by

AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
SECRET = b"bi mat cua cong"
TYPED = [("title", "Chương trình khuyến mại mùa đông"), ("note", "\ud800 dòng\x00 lạ"), ("title", "hai lần")]


async def _person(session, subject: str) -> UUID:
    return await actions.put_person(session, "https://id.example", subject, f"Người {subject}", None, None)


async def _administrator(session, subject: str) -> Actor:
    person_id = await _person(session, subject)
    return Actor(kind=ActorKind.OFFICIAL, person_id=person_id, unit="G02", roles=frozenset({Role.SYSTEM_ADMIN}))


@pytest.fixture
async def unit(session):
    await actions.put_unit(session, "G02", name_vi="Bộ", name_en="Ministry", parent=None, kind="ministry", demo=False)


async def test_a_role_takes_two_administrators(session, unit):
    first, second = await _administrator(session, "qt-1"), await _administrator(session, "qt-2")
    someone = await _person(session, "cv-1")

    asked = await actions.ask_role(session, first, someone, Role.CASE_OFFICER, "G02", at=AT)
    (waiting,) = await queries.waiting_roles(session)
    assert (waiting.id, waiting.name, waiting.asked_by_name) == (asked, "Người cv-1", "Người qt-1")
    assert await queries.officials(session, "G02", Role.CASE_OFFICER, at=AT) == []

    with pytest.raises(NotAllowed) as refusal:
        await actions.confirm_role(session, first, asked, at=AT)
    assert refusal.value.slug == "same-person"

    await actions.confirm_role(session, second, asked, at=AT)
    assert [p.id for p in await queries.officials(session, "G02", Role.CASE_OFFICER, at=AT)] == [someone]
    assert await queries.waiting_roles(session) == []
    with pytest.raises(Conflict):
        await actions.confirm_role(session, second, asked, at=AT)
    with pytest.raises(Conflict):
        await actions.ask_role(session, first, someone, Role.CASE_OFFICER, "G02", at=AT)
    logged = (await session.scalars(select(AuditRow.action).order_by(AuditRow.id))).all()
    assert [action for action in logged if "role" in action] == ["identity.role_asked", "identity.role_granted"]


async def test_a_role_that_was_turned_down_is_not_given(session, unit):
    first, second = await _administrator(session, "qt-1"), await _administrator(session, "qt-2")
    asked = await actions.ask_role(session, first, await _person(session, "cv-1"), Role.CASE_OFFICER, "G02", at=AT)
    await actions.reject_role(session, second, asked, at=AT)
    with pytest.raises(Conflict):
        await actions.confirm_role(session, second, asked, at=AT)


async def test_only_administrators_deal_in_roles(session, unit):
    officer = Actor(kind=ActorKind.OFFICIAL, person_id=await _person(session, "cv-1"), roles=frozenset({Role.CASE_OFFICER}))
    for attempt in (
        actions.ask_role(session, officer, officer.person_id, Role.SYSTEM_ADMIN, "G02", at=AT),
        actions.confirm_role(session, officer, uuid7(), at=AT),
        actions.reject_role(session, officer, uuid7(), at=AT),
        actions.end_role(session, officer, uuid7(), at=AT),
    ):
        with pytest.raises(NotAllowed):
            await attempt


async def test_a_role_for_nobody_or_nowhere_is_not_found(session, unit):
    administrator = await _administrator(session, "qt-1")
    with pytest.raises(NotFound):
        await actions.ask_role(session, administrator, uuid7(), Role.CASE_OFFICER, "G02", at=AT)
    with pytest.raises(NotFound):
        await actions.ask_role(session, administrator, administrator.person_id, Role.CASE_OFFICER, "G99", at=AT)


async def test_a_role_ends_at_once_and_one_administrator_suffices(session, unit):
    administrator = await _administrator(session, "qt-1")
    someone = await _person(session, "cv-1")
    actions.give_role(session, SYSTEM, someone, Role.CASE_OFFICER, "G02", at=AT)
    (grant,) = await queries.grants(session, at=AT)
    await actions.end_role(session, administrator, grant.id, at=AT + timedelta(days=1))
    assert await queries.grants(session, at=AT + timedelta(days=1)) == []


async def test_the_first_administrator_is_made_without_a_second_and_never_again(session):
    who = {"issuer": "https://id.example", "name": "Quản trị", "email": None, "unit": "G02", "at": AT}
    made = await actions.create_first_admin(session, subject="qt-1", **who)
    assert [p.id for p in await queries.officials(session, "G02", Role.SYSTEM_ADMIN, at=AT)] == [made]
    with pytest.raises(Conflict):
        await actions.create_first_admin(session, subject="qt-2", **who)


@pytest.mark.parametrize(
    "rights,left",
    [
        (["draft", "sign", "pay", "view"], {"draft", "submit", "withdraw", "pay"}),
        (["draft", "view"], {"draft"}),
        (["pay"], {"pay"}),
        (["view"], set()),
    ],
)
def test_a_mandate_carries_its_rights_and_no_others(rights, left):
    every = {Permission(f"dossier.{name}") for name in ("draft", "submit", "withdraw", "pay")}
    assert {str(permission).removeprefix("dossier.") for permission in every - withheld_by(rights)} == left


def _claims() -> Claims:
    told = Organisation(tax_code="9900000030", name_vi="Công ty Ví Dụ")
    return Claims(iss="https://id.example", sub="dn", acr="vneid:org", auth_time=1_795_000_000, name="Ai Đó", organisation=told)


async def _signed_in(session) -> tuple[str, Actor]:
    person_id = await actions.meet(session, _claims())
    cookie = await actions.sign_in(session, person_id, _claims(), replaces=None, at=AT)
    return cookie, (await queries.session_actor(session, cookie, at=AT)).actor


async def _kept(session, cookie: str, browser: str = "trinh-duyet", at: datetime = AT + timedelta(hours=1)):
    place = {"path": "/ho-so/1/to-khai/2", "pairs": TYPED}
    return await actions.keep_form(session, cookie=cookie, browser=browser, secret=SECRET, at=at, **place)


async def test_what_was_typed_when_the_session_ran_out_is_there_after_signing_in_again(session):
    cookie, actor = await _signed_in(session)
    form_id = await _kept(session, cookie)
    kept = await actions.take_form(session, actor, form_id, browser="trinh-duyet", secret=SECRET, at=AT + timedelta(hours=1))
    assert kept == Kept("/ho-so/1/to-khai/2", TYPED)


async def test_a_kept_form_shows_nothing_in_the_table(session):
    cookie, _ = await _signed_in(session)
    await _kept(session, cookie)
    (row,) = await session.scalars(select(KeptForm))
    assert "khuyến mại".encode() not in row.body
    assert b"to-khai" not in row.body


async def test_a_kept_form_is_for_the_same_person_in_the_same_browser_for_an_hour(session):
    cookie, actor = await _signed_in(session)
    form_id = await _kept(session, cookie)
    soon = AT + timedelta(hours=1)
    other = Actor(kind=ActorKind.BUSINESS, person_id=await _person(session, "khac"), tax_code="9900000030")
    for who, browser, secret, at in (
        (other, "trinh-duyet", SECRET, soon),
        (actor, "trinh-duyet-khac", SECRET, soon),
        (actor, None, SECRET, soon),
        (actor, "trinh-duyet", b"khac", soon),
        (actor, "trinh-duyet", SECRET, soon + KEPT_FORM_LIFE),
    ):
        with pytest.raises(NotFound):
            await actions.take_form(session, who, form_id, browser=browser, secret=secret, at=at)


async def test_nothing_is_kept_for_a_session_that_was_signed_out_or_never_was(session):
    cookie, actor = await _signed_in(session)
    assert await _kept(session, "khong-co") is None
    assert await _kept(session, cookie, browser="") is None
    await actions.sign_out(session, actor, cookie, at=AT)
    assert await _kept(session, cookie) is None


async def test_a_form_too_long_to_keep_is_not_kept(session):
    cookie, _ = await _signed_in(session)
    pairs = [("x", "a" * 300_000)]
    kept = await actions.keep_form(session, cookie=cookie, browser="b", path="/", pairs=pairs, secret=SECRET, at=AT)
    assert kept is None


async def test_what_has_expired_is_forgotten_but_a_session_stays_as_long_as_a_form_may_come(session):
    cookie, _ = await _signed_in(session)
    await _kept(session, cookie, at=AT)
    await actions.sweep(session, at=AT + timedelta(hours=9))
    assert (await session.scalars(select(KeptForm))).all() == []
    assert len((await session.scalars(select(WebSession))).all()) == 1
    await actions.sweep(session, at=AT + timedelta(hours=17))
    assert (await session.scalars(select(WebSession))).all() == []


async def test_signing_in_does_not_overwrite_what_a_registry_said_of_an_enterprise(session):
    registered = Organisation(tax_code="9900000030", name_vi="Tên theo đăng ký", email="dk@vi-du.example")
    await actions.put_enterprise(session, registered, source="registry", at=AT)
    await _signed_in(session)
    known = await queries.enterprise(session, "9900000030")
    assert (known.name_vi, known.source) == ("Tên theo đăng ký", "registry")
    assert await queries.mail_addresses(session, "9900000030") == ["dk@vi-du.example"]
    assert (await queries.prefill(session, "9900000030"))["name_vi"] == "Tên theo đăng ký"
