"""Mend a result that went out: revoke it, or put a new one in its place. What happened stays as it was."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Conflict, NotAllowed, WrongState
from app.core.text import Text
from app.dossiers.actions.licence import restate_licence
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.outcome import facts_of, four_eyes
from app.dossiers.actions.saying import must_say
from app.dossiers.actions.steps import unit_of
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.queries import last_event, procedure_of, visible_to
from app.dossiers.visibility import BUSY, waited_in_vain
from app.issued import actions as issued
from app.issued import queries as issued_queries
from app.issued.facts import Result
from app.issued.models import IssuedDocument
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.tasks import actions as tasks
from app.tasks import queries as task_queries

_SAY_WHY = Text(
    "Hãy ghi rõ lý do và căn cứ; nội dung này được gửi cho doanh nghiệp và hiện ở trang xác thực.",
    "Give the reason and its legal ground; the enterprise and whoever verifies the result will read it.",
)
_NOT_IN_FORCE = Text("Kết quả này không còn hiệu lực.", "This result is no longer in force.")
_UNDER_WAY = Text(
    "Văn bản thay thế đang được ký, đóng dấu. Hãy chờ văn thư phát hành.",
    "A replacement is being signed and sealed. Wait until the records officer has issued it.",
)
_NOT_THE_SIGNER = Text(
    "Chỉ người giữ thẩm quyền ký kết quả tại đơn vị mới được ký văn bản thay thế.",
    "Only someone who may sign results of this unit can sign the replacement.",
)


async def revoke(session: AsyncSession, actor: Actor, dossier_id: UUID, *, reason: str, at: datetime) -> None:
    """The result is no longer in force, from now on and for everyone who verifies or reads it. A replacement under way falls."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.CORRECT)
    said = must_say(reason, _SAY_WHY)
    result = await _in_force(session, dossier)
    procedure = await procedure_of(session, dossier)

    await _drop_replacement(session, actor, dossier, reason=said, at=at)
    await issued.revoke(session, actor, dossier.id, result.id, reason=said, at=at)
    await restate_licence(session, dossier, procedure, result, "revoked", at=at)
    dossier.result_id = result.id
    payload = {"way": "revoked", "issued": str(result.id), "number": result.number, "reason": said}
    await move(session, actor, dossier, Act.CORRECT, procedure=procedure, payload=payload, at=at)
    told: dict[str, str | int] = {"number": dossier.number or ""}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.RESULT_REVOKED, params=told, at=at)


async def replace(session: AsyncSession, actor: Actor, dossier_id: UUID, *, reason: str, at: datetime) -> UUID:
    """Order a new result under a new number, with the same term, from what was filed and the business register of today.

    It is signed, sealed by the records officer and published like the first one; until then the old one stays in force.
    """
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.CORRECT)
    said = must_say(reason, _SAY_WHY)
    old = await _in_force(session, dossier)
    if await issued_queries.replacement_under_way(session, dossier.id):
        raise WrongState(_UNDER_WAY, slug="replacement-under-way")
    procedure = await procedure_of(session, dossier)
    step = next(step for step in procedure.process if step.decides)
    if step.role not in actor.roles or unit_of(dossier, step.role) != actor.unit:
        raise NotAllowed(_NOT_THE_SIGNER, slug="not-the-signer")
    await four_eyes(session, actor, dossier, step)

    document = await issued.order(
        session,
        await _facts(session, actor, dossier, procedure, step, old, said),
        dossier_id=dossier.id,
        unit=dossier.unit,
        at=at,
        template=old.template,
        series=old.series,
        personal_signer=actor.person_id,
        valid_until=old.valid_until,
        replaces=old.id,
    )
    dossier.result_id = document.id
    payload = {"way": "replaced", "issued": str(document.id), "replaces": str(old.id), "number": old.number, "reason": said}
    await move(session, actor, dossier, Act.CORRECT, procedure=procedure, payload=payload, at=at)
    return document.id


async def supersede(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, document: IssuedDocument, *, at: datetime
) -> None:
    """`document` is published: what it replaces is out of force, for the reason that was given when it was ordered."""
    if document.replaces is None:
        return
    old = await issued_queries.one(session, dossier.id, document.replaces)
    ordered = await last_event(session, dossier.id, Act.CORRECT, "replaces")
    reason = ordered.payload["reason"] if ordered else ""
    await issued.revoke(session, SYSTEM, dossier.id, old.id, reason=reason, at=at)
    await restate_licence(session, dossier, procedure, old, "replaced", by=document.number, at=at)


async def _in_force(session: AsyncSession, dossier: Dossier) -> IssuedDocument:
    result = await issued_queries.result_in_force(session, dossier.id)
    if result is None:
        raise WrongState(_NOT_IN_FORCE, slug="not-in-force")
    return result


async def _facts(
    session: AsyncSession, actor: Actor, dossier: Dossier, procedure: Procedure, step: Step, old: IssuedDocument, reason: str
) -> Result:
    """What the first one printed, with the day it was valid from, and what it replaces why."""
    first = old.facts
    day = date.fromisoformat(first["valid_from"]) if first["valid_from"] else day_in_vietnam(old.asked_at)
    reasons = "\n".join(first["reasons"])
    facts = await facts_of(session, actor, dossier, procedure, step, outcome=dossier.decision or "", reasons=reasons, day=day)
    of_day = f"{day_in_vietnam(old.asked_at):%d/%m/%Y}"
    note = f"Văn bản này thay thế văn bản số {old.number} ngày {of_day}. Lý do: {reason}"
    return facts.model_copy(update={"paragraphs": (*facts.paragraphs, note)})


async def _drop_replacement(session: AsyncSession, actor: Actor, dossier: Dossier, *, reason: str, at: datetime) -> None:
    pending = await issued_queries.replacement_under_way(session, dossier.id)
    if pending is None:
        return
    try:
        await issued.void(session, actor, dossier.id, pending.id, reason=reason, at=at)
    except DBAPIError as error:  # the job that signs or seals it has it in hand right now
        raise (Conflict(BUSY, slug="busy") if waited_in_vain(error) else error) from error
    for task in await task_queries.open_of(session, dossier.id):
        if task.kind == "issue":
            tasks.cancel(task, at=at)
