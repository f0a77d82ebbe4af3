"""The pages for integrators: open to all where nothing is secret, and each side's own use and keys."""

import html
import io
import re
import tarfile
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.demo.browsing import Browser, Page, WebForm
from app.demo.personas import TAX_OFFICE
from app.registers.rules import Dataset
from app.sharing import actions
from app.sharing.rules import Grant
from motcua_client import ClientKey
from tests.machines import CLIENT_KEY, FIELDS, agree, party, terms
from tests.web.conftest import browser_of

HOME, DESK = "/nha-phat-trien", "/nha-phat-trien/cua-toi"


@pytest.fixture(scope="module")
async def partner(world: FastAPI) -> Browser:
    """The contact officer of an agency with one client and one agreement, which nobody has used for a hundred days."""
    async with transaction(world.state.sessions) as session:
        for code in ("G02", TAX_OFFICE):
            await party(session, code)
        own = {"scopes": ["licences.read"], "jwks": [CLIENT_KEY.as_dict(private=False)]}
        await actions.register_client(session, SYSTEM, client_id="cuc-thue", party=TAX_OFFICE, name="Thuế", **own, at=clock.now())
        grants = (Grant(Dataset.LICENCES, FIELDS), Grant(Dataset.DOSSIERS, ("number", "state")))
        await agree(session, terms(party=TAX_OFFICE, grants=grants))
        await session.execute(text("update agreement set activated_at = :at"), {"at": clock.now() - timedelta(days=100)})
    return await browser_of(world, "ct-1")


@pytest.mark.parametrize("path", ["", "/mau", "/mo-ta", "/mo-ta?giao_dien=log", "/loi", "/tuan-thu"])
async def test_what_is_no_secret_is_open_to_all(world: FastAPI, path: str) -> None:
    assert (await (await browser_of(world)).get(HOME + path)).status == 200


async def test_the_interfaces_are_listed_without_scripts(world: FastAPI) -> None:
    shown = await (await browser_of(world)).get(f"{HOME}/mo-ta")
    assert "POST /api/sharing/v1/me/check" in shown.text
    assert "GET /api/sharing/v1/licences/{key}" in shown.text


async def test_the_catalogue_of_refusals_has_what_a_read_may_meet(world: FastAPI) -> None:
    shown = await (await browser_of(world)).get(f"{HOME}/loi")
    slugs = set(re.findall(r'id="([\w-]+)"', shown.text))
    assert {"case-ref-required", "field-not-granted", "cursor-invalid", "quota-spent", "use_dpop_nonce"} <= slugs


async def test_the_library_comes_as_pip_takes_it(world: FastAPI) -> None:
    answer = await (await browser_of(world)).http.get(f"{HOME}/motcua-client.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        names = archive.getnames()
    assert {"motcua-client/pyproject.toml", "motcua-client/src/motcua_client/py.typed"} <= set(names)
    assert not any("__pycache__" in name for name in names)


async def test_a_party_sees_its_own_use_and_what_it_never_used(partner: Browser) -> None:
    shown = await partner.get(DESK)
    assert "TT-01 v1" in shown.text
    assert "holder_tax_code" in shown.text
    assert "5.000 lần một giờ" in shown.text


async def test_a_key_is_changed_without_a_gap(partner: Browser) -> None:
    shown, key = await partner.get(DESK), ClientKey.generate("moi")
    added = await partner.send(shown, _adding(shown), {"introduction": key.introduction("http://127.0.0.1:8000", "cuc-thue")})
    assert added.text.count("Dùng được") == 2
    ended = await partner.send(added, added.form("/cuc-thue/c1/ket-thuc"), {})
    assert ended.text.count("Dùng được") == 1
    last = await partner.send(ended, ended.form("/cuc-thue/moi/ket-thuc"), {})
    assert (last.status, "khóa dùng được cuối cùng" in last.text) == (409, True)


def _adding(shown: Page) -> WebForm:
    return next(form for form in shown.forms() if form.action.endswith("/khoa/cuc-thue"))


async def test_a_key_that_does_not_introduce_itself_is_refused(partner: Browser) -> None:
    shown = await partner.get(DESK)
    refused = await partner.send(shown, _adding(shown), {"introduction": "x.y.z"})
    assert refused.status == 422
    assert "Không đọc được" in html.unescape(refused.text)


async def test_the_ministry_drafts_the_leaner_version_and_the_party_may_not(world: FastAPI, partner: Browser) -> None:
    officer = await browser_of(world, "dl-1")
    async with transaction(world.state.sessions) as session:
        await session.execute(USED, {"at": clock.now(), "id": "01a20000-0000-7000-8000-000000000001"})
    shown = await officer.get(DESK)
    draft = await officer.send(shown, shown.form("/gon/TT-01"), {})
    assert draft.status == 200
    async with transaction(world.state.sessions) as session:
        grants = (await session.execute(text("select terms -> 'grants' from agreement_draft"))).scalar_one()
    assert [(one["dataset"], one["fields"]) for one in grants] == [("licences", ["number", "status"])]
    answer = await partner.http.post(f"{DESK}/gon/TT-01", data={"csrf": "x"}, headers={"origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 403


USED = text("""
    insert into access_event (id, at, party, client_id, agreement, agreement_version, purpose, legal_basis, action, dataset, key,
      fields, rows, status, jti, jkt, proof, case_ref, salt)
    values (uuid_in(replace(substr(lpad(to_hex((extract(epoch from cast(:at as timestamptz)) * 1000)::bigint), 12, '0'), 1, 12)
      || substr(replace(:id, '-', ''), 13), ' ', '')::cstring), :at, 'CT', 'cuc-thue', 'TT-01', 1, 'kiem-tra-thue', '[]', 'read',
      'licences', 'x', '["number", "status"]', 1, 200, 'j', 'k', '', 'HS-1', 's')""")


async def test_other_officials_and_businesses_stay_out(world: FastAPI) -> None:
    assert (await (await browser_of(world, "cv-918-1")).get(DESK)).status in {403, 404}
