"""The trust store by two persons; answers of authorities fetched, kept and used, on the demo's own authorities."""

import asyncio
import dataclasses
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

import signing
from app.core import clock
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.db import Sessions, transaction
from app.core.errors import Conflict, NotAllowed
from app.core.permissions import Role
from app.demo.papers import altered, draw
from app.demo.sign import sign
from app.identity.actions import put_person
from app.trust import actions, queries
from app.trust.models import RevocationEvidence, TrustEpoch
from tests.trust.conftest import Authorities

DIRECT_SELLER = "9900000030"


async def _in_force(sessions: Sessions, trust: signing.TrustSnapshot, settings) -> None:
    async with transaction(sessions) as session:
        await actions.put_into_force(session, SYSTEM, trust, "thử", key=actions.store_key(settings), at=clock.now())


async def _check(sessions: Sessions, pdf: bytes) -> signing.Report:
    """As the job does: what is missing is fetched, then the check runs without network."""
    async with transaction(sessions) as session:
        trust = await queries.snapshot(session)
    needs = signing.revocation_needs(pdf, trust)
    evidence = await actions.gather(sessions, needs, loopback=True, at=clock.now())
    return signing.check(pdf, signing.Policy(at=clock.now(), trust=trust, evidence=evidence, gate=signing.Gate()))


async def _administrator(session, subject: str) -> Actor:
    person_id = await put_person(session, "https://id.example", subject, subject, None, None)
    return Actor(kind=ActorKind.OFFICIAL, person_id=person_id, roles=frozenset({Role.SYSTEM_ADMIN}))


async def test_nobody_is_trusted_before_the_first_epoch(session):
    assert await queries.snapshot(session) == signing.NO_TRUST


async def test_the_trust_store_changes_by_two_persons_and_keeps_its_history(session, settings, authorities):
    first, second = await _administrator(session, "qt-1"), await _administrator(session, "qt-2")
    key, at = actions.store_key(settings), clock.now()
    wanted = authorities.pki.trust()

    asked = await actions.propose(session, first, wanted, "Thêm hai gốc", at=at)
    assert await queries.snapshot(session) == signing.NO_TRUST
    with pytest.raises(NotAllowed):
        await actions.adopt(session, first, asked, key=key, at=at)
    assert await actions.adopt(session, second, asked, key=key, at=at) == 1
    await session.flush()
    assert await queries.snapshot(session) == dataclasses.replace(wanted, epoch=1)

    fewer = dataclasses.replace(wanted, anchors=wanted.anchors[:1])
    asked = await actions.propose(session, second, fewer, "Bỏ một gốc", at=at)
    await actions.adopt(session, first, asked, key=key, at=at)
    await session.flush()
    assert (await queries.snapshot(session)).anchors == wanted.anchors[:1]
    assert [(row.epoch, row.note) for row in await queries.epochs(session)] == [(2, "Bỏ một gốc"), (1, "Thêm hai gốc")]


async def test_a_proposal_that_was_turned_down_is_never_adopted(session, settings, authorities):
    first, second = await _administrator(session, "qt-1"), await _administrator(session, "qt-2")
    asked = await actions.propose(session, first, authorities.pki.trust(), "Không", at=clock.now())
    await actions.reject(session, second, asked, at=clock.now())
    with pytest.raises(Conflict):
        await actions.adopt(session, second, asked, key=actions.store_key(settings), at=clock.now())


async def test_an_epoch_that_someone_wrote_into_the_table_is_found(session, settings, authorities):
    key = actions.store_key(settings)
    await actions.put_into_force(session, SYSTEM, authorities.pki.trust(), "thật", key=key, at=clock.now())
    await session.flush()
    assert await queries.broken_epochs(session, key) == []
    other = dataclasses.replace(authorities.pki.trust(), epoch=1, intermediates=())
    await session.execute(update(TrustEpoch).values(content=other.to_json()))
    session.expire_all()
    assert await queries.broken_epochs(session, key) == [1]
    other_key = actions.store_key(settings.model_copy(update={"secret_key": SecretStr("khóa khác")}))
    assert await queries.broken_epochs(session, other_key) == [1]


@pytest.mark.parametrize(
    "label,change,verdict,code",
    [
        ("biz-9900000030", None, "VALID", None),
        ("biz-9900000030", altered, "INVALID", "SIG_HASH_MISMATCH"),
        ("revoked-biz-9900000030", None, "INVALID", "CERT_REVOKED"),
        ("evil-biz-9900000030", None, "INDETERMINATE", "CERT_UNTRUSTED"),
    ],
)
async def test_papers_of_the_demo_are_judged_as_their_names_say(sessions, settings, authorities, label, change, verdict, code):
    await _in_force(sessions, authorities.pki.trust(), settings)
    pdf = await _signed(authorities, label)
    report = await _check(sessions, change(pdf) if change else pdf)
    assert (str(report.verdict), code is None or code in report.codes) == (verdict, True), report.codes


async def _signed(authorities: Authorities, label: str) -> bytes:
    return await asyncio.to_thread(sign, authorities.pki, draw("Đơn đề nghị", DIRECT_SELLER), label)


async def test_an_answer_that_still_serves_is_not_asked_for_again(sessions, settings, authorities):
    await _in_force(sessions, authorities.pki.trust(), settings)
    pdf = await _signed(authorities, "biz-9900000030")
    await _check(sessions, pdf)
    first = len(authorities.calls)
    assert first > 0
    await _check(sessions, pdf)
    assert len(authorities.calls) == first


async def test_when_nobody_answers_the_check_says_unknown_and_not_bad(sessions, settings, authorities):
    await _in_force(sessions, authorities.pki.trust(), settings)
    pdf = await _signed(authorities, "biz-9900000030")
    authorities.silent = True
    assert (await _check(sessions, pdf)).verdict == signing.Verdict.INDETERMINATE
    authorities.silent = False
    assert (await _check(sessions, pdf)).verdict == signing.Verdict.VALID


async def test_refreshing_fetches_every_list_once_and_again_when_due(sessions, settings, authorities):
    await _in_force(sessions, authorities.pki.trust(), settings)
    now = clock.now()
    assert await actions.refresh(sessions, loopback=True, at=now) == 5
    assert await actions.refresh(sessions, loopback=True, at=now + timedelta(minutes=1)) == 0
    async with transaction(sessions) as session:
        assert len((await queries.evidence(session)).items) == 5
        rows = await session.scalars(select(RevocationEvidence.kind))
        assert set(rows) == {"crl"}


async def test_a_host_outside_the_trust_store_is_never_called(sessions, settings, authorities):
    elsewhere = signing.Need(signing.Source.CRL, "http://127.0.0.2:1/x.crl", "00")
    await _in_force(sessions, authorities.pki.trust(), settings)
    assert (await actions.gather(sessions, [elsewhere], loopback=True, at=clock.now())).items == ()


async def test_on_the_third_day_lists_are_fresh_and_yesterdays_signature_still_counts(
    sessions, settings, authorities, monkeypatch
):
    await _in_force(sessions, authorities.pki.trust(), settings)
    pdf = await _signed(authorities, "biz-9900000030")
    await _check(sessions, pdf)
    monkeypatch.setenv(clock.SHIFT_VARIABLE, str(3 * 86400))
    report = await _check(sessions, pdf)
    assert report.verdict == signing.Verdict.VALID, report.codes
    async with transaction(sessions) as session:
        assert all(item.next_update > clock.now() for item in (await queries.evidence(session)).items)


async def test_a_list_from_a_day_to_come_is_not_kept(sessions, settings, authorities):
    await _in_force(sessions, authorities.pki.trust(), settings)
    long_ago = clock.now() - timedelta(days=200)
    assert await actions.refresh(sessions, loopback=True, at=long_ago) == 0
    assert await actions.refresh(sessions, loopback=True, at=clock.now()) == 5


async def test_what_was_said_of_a_signer_is_asked_again_ahead_while_a_decision_waits(sessions, settings, authorities):
    await _in_force(sessions, authorities.pki.trust(), settings)
    pdf = await _signed(authorities, "biz-9900000030")
    report = await _check(sessions, pdf)
    serial = str(int(report.signatures[0].signer.serial, 16))
    async with transaction(sessions) as session:
        later = await session.scalar(select(RevocationEvidence.next_update).where(RevocationEvidence.serial == serial))
    authorities.calls.clear()

    await actions.refresh(sessions, loopback=True, at=later)
    assert not any("/ocsp/" in call for call in authorities.calls), "nothing waits for a decision"
    await actions.refresh(sessions, loopback=True, serials=[serial], at=later)
    assert len([call for call in authorities.calls if "/ocsp/" in call]) == 1
