"""Others who can tell what state our logs were in: a time-stamp authority each hour, the parties we share data with each week.

For the worker: no transaction is open while anybody is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.audit import proofs
from app.audit.logs import sealed_logs
from app.audit.models import LogStamp
from app.audit.notes import Note, verifier_key
from app.core import outbox
from app.core.clock import day_in_vietnam
from app.core.db import Sessions, transaction
from app.core.errors import NotFound
from app.core.settings import Settings
from app.core.text import Text
from app.documents import stamping
from app.notices.channels import Letter
from app.sharing.models import Party, WitnessMail
from app.trust import actions as trust_actions
from app.trust import queries as trust

MAIL = "sharing.witness"
HOUR = timedelta(hours=1)
WRONG = frozenset({"TS_INVALID", "TS_UNTRUSTED"})
"""Of a token that proves nothing; that an authority's status is not known now proves nothing against it either."""

SUBJECT = Text("Điểm niêm phong nhật ký chia sẻ dữ liệu, tuần {week}", "Checkpoints of the data-sharing logs, week {week}")
BODY = Text(
    "Kính gửi Quý cơ quan. Dưới đây là điểm niêm phong các nhật ký của Cổng dịch vụ công Bộ Công Thương. Xin lưu thư này: "
    "nhật ký về sau phải khớp với các điểm này, nên không ai, kể cả chúng tôi, có thể sửa hay cắt bớt mà không bị phát hiện. "
    "Kiểm tra bằng clients/verifier/verify_log.py --kept, hoặc tại {url}/log/consistency.",
    "These are the checkpoints of the logs of the public service portal of MOIT. Please keep this letter: any later log must "
    "be consistent with them, so nobody, we included, can change or shorten it unnoticed. Check with "
    "clients/verifier/verify_log.py --kept, or at {url}/log/consistency.",
)


async def stamp_log(sessions: Sessions, settings: Settings, log: str, *, at: datetime) -> bool:
    """Have the newest checkpoint of `log` stamped, an hour after the last. Raises `FetchFailed`, `stamping.Unproven`."""
    if not settings.tsa_url:
        return False
    async with transaction(sessions) as session:
        note = await _unstamped(session, log, at)
        rules = await trust.fetch_rules(session, loopback=settings.fetch_loopback, also=[settings.tsa_url])
        store = await trust.snapshot(session)
    if note is None:
        return False

    async def gather(needs: Sequence[signing.Need]) -> signing.Evidence:
        return await trust_actions.gather(sessions, needs, loopback=settings.fetch_loopback, at=at)

    tsa = signing.HttpTsa(settings.tsa_url, rules)
    made = await stamping.stamp(str(note), tsa=tsa, trust=store, gather=gather, at=at)
    async with transaction(sessions) as session:
        facts = {"at": made.facts.value, "tsa": made.facts.tsa, "ends_at": made.facts.ends_at}
        kept = {"log": log, "size": note.checkpoint.size, "note": made.statement, "token": made.token, **facts}
        await session.execute(insert(LogStamp).values(kept).on_conflict_do_nothing())
    _keep_beside(settings, note, made.token)
    return True


async def _unstamped(session: AsyncSession, log: str, at: datetime) -> Note | None:
    """The newest checkpoint over something, when the last stamp is old and covers less."""
    last = await session.scalar(select(LogStamp).where(LogStamp.log == log).order_by(LogStamp.size.desc()).limit(1))
    try:
        size = (await proofs.newest(session, log)).checkpoint.size
        note = await proofs.at_size(session, log, size)
    except NotFound:
        return None
    return None if last and (last.size == size or at - last.at < HOUR) else note


def _keep_beside(settings: Settings, note: Note, token: bytes) -> None:
    """Outside the database too: note and token, as openssl reads them."""
    folder = settings.var / "audit" / "stamps"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{note.checkpoint.log}-{note.checkpoint.size}"
    (folder / f"{name}.note").write_text(str(note))
    (folder / f"{name}.tst").write_bytes(token)


@dataclass(frozen=True, slots=True)
class StampReport:
    """The stamps of one log: how many, and what does not fit."""

    stamps: int
    findings: list[str]


async def verify_stamps(session: AsyncSession, log: str, *, at: datetime) -> StampReport:
    """Each stamp against the checkpoint it covers and the trust store in force. One that nobody answers for is no finding."""
    policy = signing.Policy(at=at, trust=await trust.snapshot(session), evidence=await trust.evidence(session))
    stamps = list(await session.scalars(select(LogStamp).where(LogStamp.log == log).order_by(LogStamp.size)))
    findings = []
    for stamp in stamps:
        check = signing.verify_timestamp(stamp.token, sha256(stamp.note.encode()).digest(), policy)
        if check.code in WRONG:
            findings.append(f"stamp: the one over {stamp.size} rows does not hold ({check.code})")
        elif stamp.note != str(await _sealed(session, log, stamp.size)):
            findings.append(f"stamp: the checkpoint of {stamp.size} rows is not the one that was stamped")
    return StampReport(len(stamps), findings)


async def _sealed(session: AsyncSession, log: str, size: int) -> Note | None:
    try:
        return await proofs.at_size(session, log, size)
    except NotFound:
        return None


async def call_witnesses(session: AsyncSession, *, at: datetime) -> int:
    """Once a week: the newest checkpoint of each log to every party; each is sent by a job of its own."""
    year, number, _ = day_in_vietnam(at).isocalendar()
    week, notes = f"{year}-W{number:02}", await _notes(session)
    if not notes:
        return 0
    called = select(WitnessMail.party).where(WitnessMail.week == week)
    parties = list(await session.scalars(select(Party.code).where(Party.email != "", Party.code.not_in(called))))
    for party in parties:
        session.add(WitnessMail(week=week, party=party, at=at, notes=notes))
        outbox.put(session, MAIL, week=week, party=party)
    return len(parties)


async def _notes(session: AsyncSession) -> str:
    """The checkpoints as they stand in the letter, each with its key."""
    found = []
    for log in sealed_logs():
        try:
            note = await proofs.newest(session, log)
        except NotFound:
            continue
        found.append(f"{note}\nkey: {verifier_key(log, note.key_id)}\n")
    return "\n".join(found)


async def letter(session: AsyncSession, week: str, party: str, *, url: str) -> tuple[str, Letter]:
    """The address and the letter of one party for one week."""
    mail, to = await session.get_one(WitnessMail, (week, party)), await session.get_one(Party, party)
    subject, body = SUBJECT.filled(week=week), BODY.filled(url=url)
    return to.email, Letter(f"witness-{week}-{party}", subject, body, attached=mail.notes, at=mail.at)
