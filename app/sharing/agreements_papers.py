"""The paper of an agreement version: printed, signed by the other side, by the ministry's person, sealed; each step a job.

The other side signs first, with a program of its own, and its certificate must name its budget-unit code. The ministry's person
agrees on a page; the worker then puts on that signature, the seal, evidence and a time stamp, and signs the JSON as a JWS.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.audit.events import Event
from app.core import outbox
from app.core.actor import SYSTEM, Actor
from app.core.clock import in_vietnam
from app.core.errors import NotFound, WrongState
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.core.text import Text
from app.identity import queries as identity
from app.issued import qr
from app.issued.actions import PATIENCE_SECONDS
from app.issued.press import LABELS, PERSON, SEAL, TIMESTAMP, Ground, Press, Unsound, only_waits, person_key
from app.issued.render import draw_stamp, render
from app.issued.rules import WHY_NOT, wait_after
from app.sharing.agreements import note, sign_agreement, standing_at
from app.sharing.agreements_print import EDITION, Side, printed
from app.sharing.models import Agreement, AgreementPaper, Party
from app.sharing.rules import MINISTRY, Status, terms_in
from signing.jose import jws
from signing.outside import problem_of

PRINT, ACCEPT, SIGN, ERASE = "agreements.print", "agreements.accept", "agreements.sign", "documents.erase"
MOST_BYTES = 40 << 20

PROBLEMS = WHY_NOT | {
    "another-signer": Text(
        "Chứng thư số không phải của bên khai thác: mã đơn vị quan hệ ngân sách trong chứng thư khác với mã đã đăng ký.",
        "The certificate is not of the other side: its budget-unit code is not the registered one.",
    ),
    "no-budget-code": Text(
        "Chưa đăng ký mã đơn vị quan hệ ngân sách của bên khai thác, nên chưa thể biết chữ ký là của ai.",
        "The other side's budget-unit code is not registered, so nobody can tell whose signature this is.",
    ),
    "later": Text(
        "Chưa ký xong: một dịch vụ chưa trả lời. Cổng tự thử lại.",
        "Not signed yet: a service did not answer. The portal tries again by itself.",
    ),
}
"""Why the paper has not moved on, by the word that is kept."""

_UNDER_WAY = Text(
    "Văn bản đang được kiểm tra hoặc đã ký. Hãy tải lại trang.", "The paper is being checked or is signed. Reload the page."
)
_NOT_YET = Text(
    "Bên khai thác chưa ký. Bộ ký sau khi chữ ký của bên khai thác đã được kiểm tra.",
    "The other side has not signed. The ministry signs once that signature has been checked.",
)


async def order(session: AsyncSession, code: str, version: int, *, at: datetime) -> None:
    """Ask for the paper of a proposed version; a job prints it after the commit."""
    session.add(AgreementPaper(agreement=code, version=version, id=uuid7(), printed_at=at, attempts=0))
    outbox.put(session, PRINT, agreement=code, version=str(version))


async def prepare(session: AsyncSession, code: str, version: int, *, press: Press) -> None:
    """Job: print the paper with a field for every signature to come."""
    agreement, paper = await _both(session, code, version)
    if paper.prepared_key is not None or agreement.status != Status.PROPOSED:
        return
    pdf = await asyncio.to_thread(drawn, agreement, await _sides(session, agreement), paper.printed_at, press.public_url)
    paper.prepared_key = uuid7()
    await press.blobs.put_bytes(paper.prepared_key, paper.id, pdf)


def drawn(agreement: Agreement, sides: tuple[Side, Side], at: datetime, public_url: str) -> bytes:
    """The paper before any signature, with fields for ours; the other side's program adds its own. CPU: call it in a thread."""
    verify = f"{public_url.rstrip('/')}/chia-se-du-lieu/{agreement.code}"
    values = printed(terms_in(agreement.content or ""), agreement.version, sides, at=at, verify=verify)
    rendered = render(EDITION, values, qr=qr.svg(verify))
    places = {PERSON: rendered.place("person"), SEAL: rendered.place("seal")}
    boxes = [signing.FieldBox(name, LABELS[name], place.box, place.page) for name, place in places.items()]
    return signing.prepare(rendered.pdf, [*boxes, signing.FieldBox(TIMESTAMP, LABELS[TIMESTAMP], None)])


async def take_signed(session: AsyncSession, actor: Actor, code: str, version: int, *, key: UUID, at: datetime) -> None:
    """The other side brings back the file (blob `key`) that it signed; a job looks at it."""
    actor.must(Permission.SHARING_AGREE)
    agreement, paper = await _both(session, code, version)
    if agreement.party != actor.unit:
        raise NotFound
    if not may_be_signed_by_partner(agreement, paper):
        raise WrongState(_UNDER_WAY, slug="being-signed")
    paper.upload_key, paper.problem = key, None
    note(session, actor, Event.AGREEMENT_FILE_GIVEN, agreement, party=agreement.party, at=at)
    outbox.put(session, ACCEPT, agreement=code, version=str(version))


def may_be_signed_by_partner(agreement: Agreement, paper: AgreementPaper) -> bool:
    """Whether the printed paper waits for the other side's signature."""
    waits = paper.prepared_key is not None and paper.upload_key is None and paper.countersigned_key is None
    return waits and agreement.status == Status.PROPOSED


async def accept(session: AsyncSession, code: str, version: int, *, press: Press, at: datetime) -> None:
    """Job: look at the file that came back. It is taken only with one valid signature of that very party on our very file."""
    agreement, paper = await _both(session, code, version)
    if paper.upload_key is None or paper.prepared_key is None or agreement.status != Status.PROPOSED:
        return
    party = await session.get_one(Party, agreement.party)
    work = _looked_at(press, paper, party.budget_code, await press.ground(session, at))
    found = await _attempt(session, paper, work, ACCEPT, at)
    if found is None:
        return
    problem, name, digest = found
    if problem:
        outbox.put(session, ERASE, document_id=paper.upload_key)
        paper.upload_key, paper.problem = None, problem
        return
    paper.countersigned_key, paper.upload_key, paper.attempts = paper.upload_key, None, 0
    whose = agreement.party
    await sign_agreement(session, SYSTEM, code=code, version=version, party=whose, signer=name, signature=digest, at=at)


async def _looked_at(press: Press, paper: AgreementPaper, budget_code: str | None, ground: Ground) -> tuple[str, str, str]:
    """A word of `PROBLEMS` or "", who signed, and the file's SHA-256."""
    if paper.prepared_key is None or paper.upload_key is None:
        raise ValueError("nothing was brought back")
    if not budget_code:
        return "no-budget-code", "", ""
    prepared = await press.blobs.get(paper.prepared_key, paper.id)
    signed = await press.blobs.get(paper.upload_key, paper.id)
    report = await press.report(signed, ground)
    if report.verdict is signing.Verdict.INDETERMINATE and only_waits(report):
        raise Unsound("revocation is not known yet")
    problem = await asyncio.to_thread(problem_of, prepared, signed, report, budget_code=budget_code)
    who = report.signatures[0].signer if report.signatures else None
    return problem or "", who.cn if who else "", report.sha256


async def ask_signature(session: AsyncSession, actor: Actor, code: str, version: int, *, at: datetime) -> None:
    """The ministry's person agrees to sign; the worker does it with that person's key."""
    actor.must(Permission.SHARING_SIGN)
    agreement, paper = await _both(session, code, version)
    if agreement.status != Status.PROPOSED or paper.signer is not None:
        raise WrongState(_UNDER_WAY, slug="being-signed")
    if paper.countersigned_key is None:
        raise WrongState(_NOT_YET, slug="not-countersigned")
    paper.signer, paper.problem = actor.person_id, None
    note(session, actor, Event.AGREEMENT_SIGNATURE_ASKED, agreement, at=at)
    outbox.put(session, SIGN, agreement=code, version=str(version))


async def sign(session: AsyncSession, code: str, version: int, *, press: Press, at: datetime) -> None:
    """Job: the person's signature, the ministry's seal, evidence and time stamp on the paper; a JWS over the JSON."""
    agreement, paper = await _both(session, code, version)
    if paper.signer is None or paper.countersigned_key is None or agreement.status != Status.PROPOSED:
        return
    person = await identity.person(session, paper.signer)
    work = _signed(press, agreement, paper, person.name, await press.ground(session, at))
    made = await _attempt(session, paper, work, SIGN, at)
    if made is None:
        return
    pdf, agreement.jws = made
    stored = await press.blobs.put_bytes(key := uuid7(), paper.id, pdf)
    paper.file_key, paper.sha256, paper.size = key, stored.sha256, stored.size
    who, digest = person.name, stored.sha256
    await sign_agreement(session, SYSTEM, code=code, version=version, party=MINISTRY, signer=who, signature=digest, at=at)


async def _signed(press: Press, agreement: Agreement, paper: AgreementPaper, name: str, ground: Ground) -> tuple[bytes, str]:
    if paper.countersigned_key is None or paper.signer is None:
        raise ValueError("nobody has agreed to sign this")
    pdf, tsa = await press.blobs.get(paper.countersigned_key, paper.id), press.stamper(ground.rules)
    shown = f"{in_vietnam(ground.at):%d/%m/%Y %H:%M:%S} +07:00"
    key, seal = person_key(paper.signer), f"seal-{press.agency}"
    theirs = {"signer": name, "at": shown, "shape": "personal"}
    pdf = await signing.seal(pdf, await _seat(press, PERSON, key, theirs, (165, 56)), tsa)
    ours = {"organisation": "Bộ Công Thương", "at": shown, "shape": "round"}
    pdf = await signing.seal(pdf, await _seat(press, SEAL, seal, ours, (102.05, 102.05)), tsa)
    pdf = await signing.finish(pdf, tsa, ground.trust, partial(_evidence, press, ground), field=TIMESTAMP)
    await press.examine(pdf, ground, strict=True)
    return pdf, await jws((agreement.content or "").encode(), await press.keyring.signer(seal))


async def _seat(press: Press, field: str, key: str, said: dict[str, Any], size: tuple[float, float]) -> signing.Seat:
    drawing = said | {"picture": press.keyring.picture(key), "width": size[0], "height": size[1]}
    stamp = signing.stamp_style(await asyncio.to_thread(draw_stamp, drawing))
    return signing.Seat(await press.keyring.signer(key), field, stamp=stamp)


async def _evidence(press: Press, ground: Ground, needs: Sequence[signing.Need]) -> signing.Evidence:
    return await press.gather(needs, ground.at)


async def _attempt(session: AsyncSession, paper: AgreementPaper, work: Any, topic: str, at: datetime) -> Any:
    """Do the work, or say that it comes later and ask for another try. Nothing is raised, so that what happened is kept."""
    paper.attempts += 1
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            done = await work
    except SQLAlchemyError:
        raise  # the transaction is broken: nothing can be noted in it
    except Exception:  # noqa: BLE001  (whatever went wrong, the page says that we try again, and a job does)
        paper.problem = "later"
        again = at + wait_after(paper.attempts)
        outbox.put(session, topic, not_before=again, agreement=paper.agreement, version=str(paper.version))
        return None
    paper.problem = None
    return done


async def _both(session: AsyncSession, code: str, version: int) -> tuple[Agreement, AgreementPaper]:
    """The version and its paper, both locked. `NotFound` for a version that has none."""
    agreement = await standing_at(session, code, version, *Status)
    chosen = select(AgreementPaper).where(AgreementPaper.agreement == code, AgreementPaper.version == version)
    paper = await session.scalar(chosen.with_for_update().execution_options(populate_existing=True))
    if paper is None:
        raise NotFound
    return agreement, paper


async def _sides(session: AsyncSession, agreement: Agreement) -> tuple[Side, Side]:
    rows = await session.scalars(select(Party).where(Party.code.in_([MINISTRY, agreement.party])))
    known = {row.code: Side(row.code, Text(row.name_vi, row.name_en), row.contact, row.budget_code) for row in rows}
    return known[MINISTRY], known[agreement.party]
