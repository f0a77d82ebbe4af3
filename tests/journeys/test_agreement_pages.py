"""Agreements in a browser: no axe violation, nothing wider than the window."""

from app.core import clock
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.db import transaction
from app.core.permissions import Role
from app.demo import agreeing
from app.demo.personas import PERSONAS, STEWARD, TAX_OFFICE
from app.sharing import actions, agreements, agreements_drafts
from app.sharing.rules import MINISTRY
from tests.journeys.conftest import Portal, Visit, faults

DESK, READ, PUBLIC = "/quan-tri/chia-se", "/thoa-thuan", "/chia-se-du-lieu"


async def prepared(portal: Portal) -> str:
    """Parties, the demo's agreement in force (signed as the jobs enter it), and an amendment being drafted: its id."""
    at = clock.now()
    person_id = PERSONAS[STEWARD.subject].person_id(portal.settings.oidc_issuer)
    steward = Actor(ActorKind.OFFICIAL, STEWARD.name, person_id, unit=MINISTRY, roles=frozenset({Role.DATA_OFFICER}))
    contact = {"contact": "Đầu mối", "phone": "000", "email": "a@example.vn"}
    async with transaction(portal.sessions) as session:
        for code, vi, en in ((MINISTRY, "Bộ Công Thương", "MOIT"), (TAX_OFFICE, "Cục Thuế", "Tax Department")):
            await actions.register_party(session, SYSTEM, code=code, name_vi=vi, name_en=en, **contact, at=at)
        made = await agreements.propose_agreement(session, SYSTEM, agreeing.terms(at), at=at)
        said = {"code": made.code, "version": 1, "signature": made.content_hash, "at": at}
        for side in (TAX_OFFICE, MINISTRY):
            await agreements.sign_agreement(session, SYSTEM, party=side, signer=side, **said)
        await agreements.activate_agreement(session, SYSTEM, code=made.code, version=1, at=at)
        draft_id = await agreements_drafts.amend(session, steward, made.code, at=at)
        await agreements_drafts.show(session, steward, draft_id, at=at)
    return str(draft_id)


async def test_the_pages_of_agreements_have_no_fault(looked_at: Visit) -> None:
    draft = f"{DESK}/ban-nhap/{await prepared(looked_at.portal)}"
    await looked_at.sign_in("dl-1")
    wrong: list[str] = []
    page = await looked_at.open(f"{draft}/du-lieu/licences")
    await page.locator('input[name=field][value="signer"]').check()
    wrong += await faults(page, "agreement-dataset")
    await page.locator("form[action$='/licences'] button").click()
    wrong += await faults(page, "agreement-draft")
    page = await looked_at.open(f"{READ}/{agreeing.AGREEMENT}/1")
    wrong += await faults(page, "agreement")
    await looked_at.sign_in("ct-1")
    page = await looked_at.open(draft.replace(DESK, READ) + "/dien-tap")
    wrong += await faults(page, "agreement-rehearsal")
    page = await looked_at.open(f"{PUBLIC}/{agreeing.AGREEMENT}")
    wrong += await faults(page, "agreement-public")
    assert not wrong
