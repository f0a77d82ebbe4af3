"""An enterprise asks back about a reading of its data, or complains; the ministry passes it on and answers in time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core import outbox
from app.core.actor import SYSTEM, Actor
from app.core.errors import Incomplete, NotAllowed, NotFound, Problem, WrongState
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.core.text import Text
from app.notices import actions as notices
from app.notices.channels import Letter
from app.notices.wording import Kind as Told
from app.sharing import reads
from app.sharing.models import AccessEvent, AccessSubject, Party, ReadQuestion, ReadRevealed
from app.worktime import queries as worktime

FORWARD = "sharing.forward"
ANSWER_DAYS = 7
"""Working days for an answer to a complaint about shared data (Nghị định 278/2025/NĐ-CP; article to be confirmed)."""
SHORTEST, LONGEST = 10, 2000

TOO_SHORT = Text(
    "Hãy viết điều doanh nghiệp muốn hỏi, từ {shortest} đến {longest} ký tự.",
    "Write what you want to know, {shortest} to {longest} characters.",
).filled(shortest=SHORTEST, longest=LONGEST)
CHOOSE = Text("Hãy chọn hỏi lại hoặc phản ánh.", "Choose a question or a complaint.")
ASKED_ALREADY = Text(
    "Doanh nghiệp đã hỏi về lần xem này và đang chờ trả lời. Hãy đợi câu trả lời rồi hỏi tiếp.",
    "You have asked about this reading already and the answer is due. Wait for it, then ask again.",
)
ANSWERED = Text("Câu hỏi này đã được trả lời. Hãy tải lại trang.", "This has been answered already. Reload the page.")
SUBJECT = Text("Doanh nghiệp hỏi về một lần xem dữ liệu, vụ việc {case}", "An enterprise asks about a reading, case {case}")
BODY = Text(
    "Kính gửi Quý cơ quan. Một doanh nghiệp {kind} về việc Quý cơ quan đọc dữ liệu chia sẻ: mã nhật ký {event}, vụ việc {case}. "
    "Nội dung: «{text}». Xin trả lời Bộ Công Thương trước ngày {by} để Bộ trả lời doanh nghiệp đúng hạn.",
    "An enterprise {kind_en} about your reading of shared data: log entry {event}, case {case}. It says: “{text}”. "
    "Please answer the ministry before {by}, so that it can answer the enterprise in time.",
)


class Kind(StrEnum):
    """What the enterprise wants."""

    QUESTION = "question"
    COMPLAINT = "complaint"


class Voice(StrEnum):
    """Whose answer it is."""

    MINISTRY = "ministry"
    CONSUMER = "consumer"


VERBS = {Kind.QUESTION: Text("hỏi lại", "asks"), Kind.COMPLAINT: Text("phản ánh", "complains")}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as pages show it."""

    id: UUID
    event_id: UUID
    tax_code: str
    agency: Text
    kind: Kind
    text: str
    asked_at: datetime
    answer_by: datetime
    answer: str | None
    answer_of: Voice | None
    answered_at: datetime | None


async def ask(session: AsyncSession, actor: Actor, event_id: UUID, *, kind: str, text: str, at: datetime) -> UUID:
    """Ask about one reading of the enterprise's own data. `NotFound` for any other, `WrongState` while one is unanswered."""
    if actor.tax_code is None:
        raise NotAllowed
    read = await reads.read_of(session, actor.tax_code, event_id, at=at)
    wrong = [Problem("kind", "required", CHOOSE)] if kind not in set(Kind) else []
    if not SHORTEST <= len(text.strip()) <= LONGEST:
        wrong.append(Problem("text", "length", TOO_SHORT))
    if wrong:
        raise Incomplete(wrong)
    if any(one.answered_at is None for one in await asked_by(session, actor.tax_code, [event_id])):
        raise WrongState(ASKED_ALREADY, slug="asked-already")
    by = (await worktime.calendar(session)).due_of(at, ANSWER_DAYS, "working_day")
    asked = ReadQuestion(id=uuid7(), event_id=event_id, tax_code=actor.tax_code, party=read.party, kind=kind, text=text.strip())
    asked.asked_at, asked.answer_by = at, by
    session.add(asked)
    _remember(session, actor, Event.READ_QUESTIONED, asked.id, at)
    outbox.put(session, FORWARD, question_id=asked.id)
    return asked.id


async def answer(session: AsyncSession, actor: Actor, question_id: UUID, *, text: str, voice: str, at: datetime) -> None:
    """Answer, in the ministry's own voice or with what the consumer wrote; the enterprise is told."""
    actor.must(Permission.SHARING_MANAGE)
    asked = await session.get(ReadQuestion, question_id, with_for_update=True)
    if asked is None:
        raise NotFound
    if asked.answered_at:
        raise WrongState(ANSWERED, slug="answered-already")
    if voice not in set(Voice) or not SHORTEST <= len(text.strip()) <= LONGEST:
        raise Incomplete([Problem("text", "length", TOO_SHORT)])
    asked.answer, asked.answer_of, asked.answered_at = text.strip(), voice, at
    _remember(session, actor, Event.READ_ANSWERED, asked.id, at)
    told = {"when": asked.asked_at.isoformat()}
    await notices.tell(session, tax_code=asked.tax_code, dossier_id=None, kind=Told.READ_ANSWERED, params=told, at=at)


def _remember(session: AsyncSession, actor: Actor, event: Event, question_id: UUID, at: datetime) -> None:
    record(session, actor, event, subject_kind="read_question", subject_id=question_id, at=at)


async def asked_by(session: AsyncSession, tax_code: str, events: list[UUID]) -> list[Asked]:
    """What an enterprise asked about some readings, the oldest first."""
    mine = (ReadQuestion.tax_code == tax_code, ReadQuestion.event_id.in_(events))
    return await _asked(session, select(ReadQuestion, Party).where(*mine).order_by(ReadQuestion.asked_at))


async def to_answer(session: AsyncSession, *, limit: int = 100) -> list[Asked]:
    """What waits for the ministry's answer, the most urgent first, and then what was answered last."""
    order = (ReadQuestion.answered_at.is_not(None), ReadQuestion.answered_at.desc(), ReadQuestion.answer_by)
    return await _asked(session, select(ReadQuestion, Party).order_by(*order).limit(limit))


async def _asked(session: AsyncSession, query: Select[ReadQuestion, Party]) -> list[Asked]:
    found = await session.execute(query.join(Party, Party.code == ReadQuestion.party))
    return [
        Asked(
            id=one.id,
            event_id=one.event_id,
            tax_code=one.tax_code,
            agency=Text(party.name_vi, party.name_en),
            kind=Kind(one.kind),
            text=one.text,
            asked_at=one.asked_at,
            answer_by=one.answer_by,
            answer=one.answer,
            answer_of=Voice(one.answer_of) if one.answer_of else None,
            answered_at=one.answered_at,
        )
        for one, party in found
    ]


async def letter(session: AsyncSession, question_id: UUID) -> tuple[str, Letter]:
    """The address and the letter that passes a question on to whoever read. It names the log entry, not the enterprise."""
    asked = await session.get_one(ReadQuestion, question_id)
    event, to = await session.get_one(AccessEvent, asked.event_id), await session.get_one(Party, asked.party)
    verb = VERBS[Kind(asked.kind)]
    said = {"kind": verb.vi, "kind_en": verb.en, "event": event.id, "case": event.case_ref, "text": asked.text}
    body = BODY.filled(**said, by=f"{asked.answer_by:%d/%m/%Y}")
    return to.email, Letter(f"question-{asked.id}", SUBJECT.filled(case=event.case_ref), body, at=asked.asked_at)


async def reveal(session: AsyncSession, *, at: datetime, limit: int = 200) -> int:
    """Tell the subjects of readings whose hiding has ended that they can see them now."""
    told = select(ReadRevealed.event_id).where(ReadRevealed.event_id == AccessEvent.id).exists()
    due = select(AccessEvent).where(AccessEvent.hidden_until <= at, ~told).order_by(AccessEvent.hidden_until).limit(limit)
    events = list(await session.scalars(due))
    for event in events:
        session.add(ReadRevealed(event_id=event.id, at=at))
        for tax_code in await _subjects(session, event):
            when = {"when": event.at.isoformat()}
            await notices.tell(session, tax_code=tax_code, dossier_id=None, kind=Told.READ_REVEALED, params=when, at=at)
    if events:
        record(session, SYSTEM, Event.READS_REVEALED, subject_kind="access_log", subject_id=str(len(events)), at=at)
    return len(events)


async def _subjects(session: AsyncSession, event: AccessEvent) -> set[str]:
    if event.status not in reads.DELIVERED:
        return set()
    listed = select(AccessSubject.subject_ref).where(AccessSubject.event_id == event.id).distinct()
    return {*(await session.scalars(listed)), *([event.subject_ref] if event.subject_ref else [])}
