"""A leader's approval, alone or for several, survives any interruption; a file that comes back is looked at."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.db import transaction
from app.core.errors import Incomplete, NotFound, WrongState
from app.core.ids import uuid7
from app.core.outbox import OutboxMessage
from app.dossiers.models import Dossier
from app.issued import actions, approving, queries
from app.issued.keyring import Keyring
from app.issued.models import IssuedApproval, IssuedDocument
from app.issued.press import Press
from app.issued.rules import WHY_NOT, State, Way
from app.jobs import registry
from app.notices.channels import Mailer
from app.trust import actions as trust
from signing import sign_paper
from tests.csc import Provider, provider_of
from tests.issued.conftest import LEADER, PASSPHRASE
from tests.issued.test_actions import checked, ordered, topics
from tests.pki import NOW, Pki
from tests.rows import a_dossier
from tests.signing.test_csc import refusing

LEADING = Actor(ActorKind.OFFICIAL, "Nguyễn Văn Thử", person_id=LEADER)
ANOTHER = Actor(ActorKind.OFFICIAL, "Người khác", person_id=uuid7())
KEY = b"secret of the portal, thirty-two "


@pytest.fixture
async def provider(pki: Pki) -> AsyncIterator[Provider]:
    async with provider_of(pki) as opened:
        yield opened


@pytest.fixture
def folder(keys: Path, tmp_path: Path) -> Path:
    """The seals as they are; the leader's entry is the test's."""
    for seal in keys.glob("seal-*.p12"):
        (tmp_path / seal.name).write_bytes(seal.read_bytes())
    return tmp_path


@pytest.fixture
def remote(press: Press, folder: Path, provider: Provider) -> Press:
    """The leader's key is at a remote service."""
    entry = f'kind = "csc"\nurl = "{provider.service().url}"\ncredential = "vn/official"\ntimeout_seconds = 5\n'
    (folder / f"person-{LEADER}.toml").write_text(entry)
    return replace(press, keyring=Keyring(folder, PASSPHRASE, csc_token="bearer", loopback=True))


@pytest.fixture
def desk(press: Press, folder: Path, pki: Pki) -> Press:
    """The leader signs at his desk with a token of his own."""
    (folder / "desk.crt").write_bytes(pki.cert("official").dump())
    (folder / f"person-{LEADER}.toml").write_text('kind = "upload"\ncertificate = "desk.crt"\n')
    return replace(press, keyring=Keyring(folder, PASSPHRASE))


async def waiting(session: AsyncSession, dossier: Dossier, press: Press, count: int = 1) -> list[IssuedDocument]:
    documents = [await ordered(session, dossier) for _ in range(count)]
    for document in documents:
        assert await actions.sign(session, dossier.id, document.id, press=press, at=NOW) is None, document.error
    await session.flush()
    return documents


async def approve(session: AsyncSession, documents: list[IssuedDocument], **given):
    chosen = [(document.dossier_id, document.id) for document in documents]
    return await approving.approve(session, LEADING, chosen, **({"pin": "", "otp": "", "key": KEY, "at": NOW} | given))


async def asked(session: AsyncSession, press: Press, approval_id, at=NOW) -> approving.Answer | None:
    """One run of the job."""
    batch = await approving.prepare(session, approval_id, press=press, at=at)
    if batch is None:
        return None
    answer = await approving.ask(batch, press=press, key=KEY)
    await approving.keep(session, approval_id, answer, at=at)
    await session.flush()
    return answer


async def sealed(session: AsyncSession, press: Press, document: IssuedDocument, pki: Pki):
    where = (session, document.dossier_id, document.id)
    await actions.ask_seal(*where, at=NOW)
    assert await actions.seal(*where, press=press, at=NOW) is document, document.error
    return await checked(pki, press, await press.blobs.get(document.file_key, document.dossier_id))


async def test_three_results_are_signed_under_one_approval(session, dossier, remote, provider, pki):
    documents = await waiting(session, dossier, remote, 3)
    assert [row.way for row in await queries.waiting_for(session, LEADER)] == [Way.APPROVAL] * 3
    assert provider.asked == []  # nothing leaves before he agrees

    approval_id = await approve(session, documents, pin="1234", otp="567890")
    assert (await asked(session, remote, approval_id)).problem is None
    assert provider.paths() == ["info", "authorize", "signHash"]
    assert provider.asked[1][1]["PIN"] == "1234"
    for document in documents:
        where = (session, dossier.id, document.id)
        assert await actions.complete(*where, press=remote, at=NOW) is document, document.error
    told = await queries.approval(session, LEADER, approval_id)
    assert (told.total, told.signed, told.error) == (3, 3, None)
    assert await queries.waiting_for(session, LEADER) == ()
    report = await sealed(session, remote, documents[0], pki)
    assert report.verdict == "VALID", report.codes


async def test_a_worker_may_die_between_any_two_steps(session, dossier, remote, provider, pki):
    """Nothing but the tables and the stored files is carried from one step to the next."""
    document = (await waiting(session, dossier, remote))[0]
    dossier_id, issued_id = dossier.id, document.id
    approval_id = await approve(session, [document])
    first = await approving.prepare(session, approval_id, press=remote, at=NOW)
    await _forget(session)
    again = await approving.prepare(session, approval_id, press=remote, at=NOW)
    assert again.waiting[issued_id].digest == first.waiting[issued_id].digest  # the telephone shows the same
    await approving.keep(session, approval_id, await approving.ask(again, press=remote, key=KEY), at=NOW)
    await _forget(session)
    assert await approving.prepare(session, approval_id, press=remote, at=NOW) is None
    signed = await actions.complete(session, dossier_id, issued_id, press=remote, at=NOW)
    assert signed is not None
    await _forget(session)
    assert await actions.complete(session, dossier_id, issued_id, press=remote, at=NOW) is None
    report = await sealed(session, remote, await queries.one(session, dossier_id, issued_id), pki)
    assert report.verdict == "VALID", report.codes


async def _forget(session: AsyncSession) -> None:
    await session.flush()
    session.expire_all()


async def test_a_time_stamp_that_fails_costs_no_second_approval(session, dossier, remote, broken, provider):
    document = (await waiting(session, dossier, remote))[0]
    await asked(session, remote, await approve(session, [document]))
    down = replace(broken, keyring=remote.keyring)
    where = (session, dossier.id, document.id)
    assert await actions.complete(*where, press=down, at=NOW) is None
    assert "time stamps are out of order" in document.error
    assert await actions.complete(*where, press=remote, at=NOW) is document
    assert provider.paths().count("authorize") == 1


async def test_a_silent_service_is_asked_again_with_the_same_digests_until_it_is_too_late(session, dossier, remote, provider):
    document = (await waiting(session, dossier, remote))[0]
    approval_id = await approve(session, [document], pin="1234")
    provider.instead = refusing("server_error", 503)
    assert (await asked(session, remote, approval_id)).problem == "unreachable"
    again = (await session.scalars(select(OutboxMessage).where(OutboxMessage.not_before.is_not(None)))).one()
    assert (again.topic, again.not_before) == ("issued.approve", NOW + timedelta(seconds=15))
    await asked(session, remote, approval_id)
    hashes = [said["hash"] for path, said, _ in provider.asked if path.endswith("authorize")]
    assert hashes[0] == hashes[1]

    late = NOW + approving.PATIENCE + timedelta(seconds=1)
    assert await asked(session, remote, approval_id, at=late) is None
    assert (await queries.approval(session, LEADER, approval_id)).error == WHY_NOT["too-late"]
    assert (await session.get_one(IssuedApproval, approval_id)).secret is None
    provider.instead = lambda _path, _said: None
    assert (await asked(session, remote, await approve(session, [document], at=late), at=late)).problem is None


@pytest.mark.parametrize("word, reason", [("invalid_pin", "wrong-pin"), ("access_denied", "refused")])
async def test_a_refusal_is_told_the_leader_and_not_tried_again(session, dossier, remote, provider, word, reason):
    document = (await waiting(session, dossier, remote))[0]
    provider.instead = refusing(word)
    await asked(session, remote, await approve(session, [document], pin="9999"))

    row = (await queries.waiting_for(session, LEADER))[0]
    assert (row.error, row.approval_id) == (WHY_NOT[reason], None)
    assert "issued.complete" not in await topics(session)
    stored = (await session.scalars(select(IssuedApproval))).one()
    assert (stored.secret, stored.error) == (None, reason)


async def test_more_than_the_service_takes_at_once_is_told(session, dossier, remote):
    documents = await waiting(session, dossier, remote, 4)
    await asked(session, remote, await approve(session, documents))
    assert {row.error for row in await queries.waiting_for(session, LEADER)} == {WHY_NOT["too-many"]}


async def test_a_pin_is_kept_sealed_and_only_until_it_is_used(session, dossier, remote):
    document = (await waiting(session, dossier, remote))[0]
    approval_id = await approve(session, [document], pin="7531902468", otp="86420")
    stored = await session.get_one(IssuedApproval, approval_id)
    assert b"7531902468" not in stored.secret
    assert b"86420" not in stored.secret
    for message in await session.scalars(select(OutboxMessage)):
        assert "7531902468" not in str(message.payload)
    await asked(session, remote, approval_id)
    assert stored.secret is None


async def test_nobody_approves_for_another_and_nothing_twice(session, dossier, remote):
    document = (await waiting(session, dossier, remote))[0]
    chosen = [(dossier.id, document.id)]
    given = {"pin": "", "otp": "", "key": KEY, "at": NOW}
    with pytest.raises(NotFound):
        await approving.approve(session, ANOTHER, chosen, **given)
    with pytest.raises(Incomplete):
        await approving.approve(session, LEADING, [], **given)
    approval_id = await approving.approve(session, LEADING, chosen, **given)
    with pytest.raises(WrongState):
        await approving.approve(session, LEADING, chosen, **given)
    with pytest.raises(NotFound):
        await queries.approval(session, ANOTHER.person_id, approval_id)


async def test_a_soft_key_may_wait_for_approval_as_well(session, dossier, press, keys, folder):
    (folder / f"person-{LEADER}.p12").write_bytes((keys / f"person-{LEADER}.p12").read_bytes())
    (folder / f"person-{LEADER}.toml").write_text('kind = "pkcs12"\napproval = true\n')
    press = replace(press, keyring=Keyring(folder, PASSPHRASE))
    documents = await waiting(session, dossier, press, 2)
    await asked(session, press, await approve(session, documents))
    for document in documents:
        assert await actions.complete(session, dossier.id, document.id, press=press, at=NOW) is document, document.error


async def test_what_is_voided_while_it_waits_is_not_put_before_the_key(session, dossier, remote, provider):
    document = (await waiting(session, dossier, remote))[0]
    approval_id = await approve(session, [document])
    document.revoked_at = NOW
    assert await asked(session, remote, approval_id) is None
    assert provider.asked == []


async def test_a_file_signed_at_the_desk_comes_back_and_is_sealed(session, dossier, desk, pki):
    document = (await waiting(session, dossier, desk))[0]
    given = await queries.file_to_sign(session, LEADER, dossier.id, document.id)
    prepared = await desk.blobs.get(given.key, dossier.id)
    assert given.name == "01-2026-GCN-UBCT.pdf"
    signed, key = await sign_paper(prepared, pki.signer("official")), uuid7()
    await desk.blobs.put_bytes(key, dossier.id, signed)

    await approving.take_signed(session, LEADING, dossier.id, document.id, key=key, at=NOW)
    assert await actions.accept(session, dossier.id, document.id, press=desk, at=NOW) is document, document.error
    assert document.state == State.SIGNED
    report = await sealed(session, desk, document, pki)
    assert report.verdict == "VALID", report.codes
    assert len(report.signatures) == 3


async def test_a_file_that_is_not_ours_plus_his_signature_waits_again_with_the_reason(session, dossier, desk, pki, paper):
    document = (await waiting(session, dossier, desk))[0]
    prepared = await desk.blobs.get(document.prepared_key, dossier.id)
    wrong = {
        "other-bytes": await sign_paper(paper, pki.signer("official")),
        "another-signer": await sign_paper(prepared, pki.signer("seal")),
        "not-valid": await sign_paper(prepared, pki.signer("biz")),
        "not-one": prepared + b"\n",
    }
    for reason, content in wrong.items():
        key = uuid7()
        await desk.blobs.put_bytes(key, dossier.id, content)
        await approving.take_signed(session, LEADING, dossier.id, document.id, key=key, at=NOW)
        assert await actions.accept(session, dossier.id, document.id, press=desk, at=NOW) is None
        assert (await queries.waiting_for(session, LEADER))[0].error == WHY_NOT[reason], document.error


async def test_a_file_is_given_out_and_taken_back_by_its_signer_alone(session, dossier, desk):
    document = (await waiting(session, dossier, desk))[0]
    with pytest.raises(NotFound):
        await queries.file_to_sign(session, ANOTHER.person_id, dossier.id, document.id)
    with pytest.raises(NotFound):
        await approving.take_signed(session, ANOTHER, dossier.id, document.id, key=uuid7(), at=NOW)
    with pytest.raises(WrongState):
        await approve(session, [document])
    await approving.take_signed(session, LEADING, dossier.id, document.id, key=uuid7(), at=NOW)
    with pytest.raises(WrongState):
        await approving.take_signed(session, LEADING, dossier.id, document.id, key=uuid7(), at=NOW)


@pytest.fixture
def paper() -> bytes:
    from tests import make

    return make.pdf()


def test_every_reason_is_said_in_two_languages():
    assert all(text.vi and text.en for text in WHY_NOT.values())


async def test_the_jobs_bring_an_approval_from_the_outbox_to_the_key_and_back(sessions, settings, remote, pool, pki):
    async with transaction(sessions) as session:
        await trust.put_into_force(session, SYSTEM, pki.trust, "test", key=OKPKey.generate_key("Ed25519"), at=NOW)
        dossier = a_dossier()
        session.add(dossier)
        document = await ordered(session, dossier)
    tools = registry.Tools(settings, sessions, remote.blobs, pool, remote, Mailer.of(settings))
    await registry.JOBS["issued.sign"](tools, {"dossier_id": str(dossier.id), "issued_id": str(document.id)}, NOW)
    async with transaction(sessions) as session:
        chosen, key = [(dossier.id, document.id)], approving.box_key(settings)
        approval_id = await approving.approve(session, LEADING, chosen, pin="1234", otp="", key=key, at=NOW)
    for _ in range(2):  # a job may be called twice
        await registry.JOBS["issued.approve"](tools, {"approval_id": str(approval_id)}, NOW)

    async with transaction(sessions) as session:
        told = await queries.approval(session, LEADER, approval_id)
        assert (told.error, told.done_at is not None) == (None, True)
        assert (await queries.one(session, dossier.id, document.id)).signature is not None
        assert (await topics(session)).count("issued.complete") == 1
