"""A business is told in its list and by mail; a mail server that is down only delays it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.outbox import OutboxMessage
from app.core.text import Text
from app.notices import actions, queries
from app.notices.channels import Letter, Mailer
from app.notices.models import Delivery
from app.notices.wording import Kind
from tests.rows import AT, a_dossier, an_enterprise

TAX_CODE = "9900000030"


class Box:
    """What a real mail server took; `refuse` is the answer it gives instead."""

    def __init__(self) -> None:
        self.mails: list = []
        self.refuse = ""

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  (the library's name)
        if self.refuse:
            return self.refuse
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 taken"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
async def mailer(box: Box) -> AsyncIterator[Mailer]:
    async with await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        yield Mailer("127.0.0.1", port, "khong-tra-loi@motcua.example", "https://portal.example")


@pytest.fixture
def down(unused_tcp_port: int) -> Mailer:
    return Mailer("127.0.0.1", unused_tcp_port, "khong-tra-loi@motcua.example", "https://portal.example")


async def told(session: AsyncSession, **enterprise) -> actions.Notice:
    dossier = a_dossier()
    session.add_all([dossier, an_enterprise(**enterprise)])
    await session.flush()
    notice = await actions.tell(
        session, tax_code=TAX_CODE, dossier_id=dossier.id, kind=Kind.RESULT_READY, params={"number": "G02-1"}, at=AT
    )
    await session.flush()
    return notice


async def _delivery(session: AsyncSession, notice: actions.Notice) -> Delivery:
    return await session.get_one(Delivery, (notice.id, "email"))


async def test_a_notice_stands_in_the_list_and_goes_out_in_both_languages(session, mailer, box):
    notice = await told(session)
    await actions.deliver(session, notice.id, mailer=mailer, at=AT)

    [(to, mail)] = box.mails
    assert to == ["hop-thu@vi-du.example"]
    assert mail["Subject"] == "Hồ sơ G02-1 đã có kết quả / The result of dossier G02-1 is ready"
    text = mail.get_content()
    assert "đã được ký và đóng dấu" in text
    assert "signed and sealed" in text
    assert f"https://portal.example/ho-so/{notice.dossier_id}" in text
    assert TAX_CODE not in text
    assert "Ví Dụ" not in text
    delivery = await _delivery(session, notice)
    assert (delivery.state, delivery.attempts, delivery.sent_at) == ("sent", 1, AT)


async def test_what_was_sent_is_not_sent_again_and_a_repeat_would_carry_the_same_id(session, mailer, box):
    notice = await told(session)
    await actions.deliver(session, notice.id, mailer=mailer, at=AT)
    await actions.deliver(session, notice.id, mailer=mailer, at=AT)
    assert len(box.mails) == 1
    (await _delivery(session, notice)).state = "waiting"  # as after a crash between sending and committing
    await actions.deliver(session, notice.id, mailer=mailer, at=AT)
    assert len({mail["Message-ID"] for _, mail in box.mails}) == 1


async def test_a_server_that_is_down_delays_the_mail_and_nothing_else(session, mailer, box, down):
    notice = await told(session)
    await actions.deliver(session, notice.id, mailer=down, at=AT)
    delivery = await _delivery(session, notice)
    assert (delivery.state, delivery.attempts, delivery.error) == ("waiting", 1, "unreachable")
    await session.flush()
    again = (await session.scalars(select(OutboxMessage).where(OutboxMessage.not_before.is_not(None)))).one()
    assert (again.topic, again.not_before) == ("notices.deliver", AT + timedelta(minutes=1))

    await actions.deliver(session, notice.id, mailer=mailer, at=again.not_before)
    assert (delivery.state, delivery.error, len(box.mails)) == ("sent", None, 1)


async def test_a_mail_that_is_refused_again_and_again_is_given_up(session, mailer, box):
    box.refuse = "550 no such mailbox"
    notice = await told(session)
    delivery = await _delivery(session, notice)
    for _ in range(actions.MOST_ATTEMPTS + 2):
        await actions.deliver(session, notice.id, mailer=mailer, at=AT)
    assert (delivery.state, delivery.attempts, delivery.error) == ("failed", actions.MOST_ATTEMPTS, "mail-rejected-550")


async def test_an_enterprise_without_an_address_is_told_in_the_portal_only(session, down):
    notice = await told(session, email=None)
    await actions.deliver(session, notice.id, mailer=down, at=AT)
    assert [shown.id for shown in await queries.mine(session, TAX_CODE)] == [notice.id]
    assert (await session.scalars(select(OutboxMessage))).all() == []


async def test_the_list_shows_the_newest_first_and_remembers_what_was_read(session):
    first = await told(session)
    second = await actions.tell(
        session, tax_code=TAX_CODE, dossier_id=None, kind=Kind.SUBMITTED, params={"reference": "R"}, at=AT + timedelta(hours=1)
    )
    assert [shown.id for shown in await queries.mine(session, TAX_CODE)] == [second.id, first.id]
    assert await queries.unread(session, TAX_CODE) == 2
    assert await queries.unread(session, "9900000048") == 0
    await actions.mark_read(session, TAX_CODE, at=AT)
    assert await queries.unread(session, TAX_CODE) == 0
    assert all(shown.read_at == AT for shown in await queries.mine(session, TAX_CODE))


async def test_a_notice_without_its_parameters_is_refused_when_it_is_told(session):
    with pytest.raises(ValueError, match="number"):
        await actions.tell(session, tax_code=TAX_CODE, dossier_id=None, kind=Kind.RECEIVED, params={"due": "x"}, at=AT)


async def test_a_letter_to_another_agency_brings_its_text_for_machines_unchanged(mailer, box):
    note = f"motcua/access\n3\n{'A' * 43}=\n2026-11-23T01:02:03.000004+00:00\n\n— motcua/access {'B' * 92}\n"
    letter = Letter("witness-1", Text("Tuần", "Week"), Text("Kính gửi", "Dear"), AT, attached=note)
    for _ in range(2):
        await mailer.write(letter, "a@example.vn")

    [(to, mail), (_, again)] = box.mails
    assert (to, mail["Subject"], note in mail.get_content().replace("\r\n", "\n")) == (["a@example.vn"], "Tuần / Week", True)
    assert mail["Message-ID"] == again["Message-ID"] == "<witness-1@portal.example>"
