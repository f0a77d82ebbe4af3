"""What a request would be allowed under a token, and why not. Looks at no record and leaves no row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_in_vietnam
from app.core.errors import NotAllowed, Refusal, TooMany, WrongState
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing.grants import FieldNotGranted, Granted, NotGranted, chosen_fields, detail_for, grant_of, must_be_granted
from app.sharing.models import Agreement, GrantUse
from app.sharing.questions import QuotaSpent, new_day_in
from app.sharing.rules import Status


class OutOfScope(NotAllowed):
    """The token was asked for with another scope."""

    slug = "insufficient-scope"


class NotInForce(WrongState):
    """The agreement does not stand any more."""

    slug = "agreement-not-in-force"


class KeyImpossible(Refusal):
    """No record can have such a key: the answer would be 404."""

    slug = "not-found"
    text = Text(
        "Khóa không đúng dạng của tập dữ liệu này, nên câu trả lời sẽ là 404.",
        "The key does not have the form of this dataset's keys, so the answer would be 404.",
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """One request in the terms of agreements. `filters`: the fields by which a list would be kept to fewer records."""

    dataset: Dataset
    action: str
    keys: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the request would be answered, with which fields, under which clause; or the refusal it would get."""

    fields: tuple[str, ...] = ()
    clause: str | None = None
    refusal: Refusal | None = None


async def check(session: AsyncSession, claims: Mapping[str, Any], wish: Wish, *, at: datetime) -> Verdict:
    """Judge `wish` by the token's claims, the agreement's standing, its fields and what is left of its limits."""
    try:
        detail = _detail(claims, wish)
    except NotAllowed as refusal:
        return Verdict(refusal=refusal)
    grant = await grant_of(session, detail, wish.dataset)
    try:
        await _must_stand(session, detail, at)
        fields = chosen_fields(wish.dataset, grant, wish.fields)
        must_be_granted(wish.dataset, grant, wish.filters)
        _must_be_possible(wish)
        await _must_be_left(session, detail, wish.dataset, grant, at)
    except (FieldNotGranted, NotInForce, KeyImpossible, TooMany) as refusal:
        return Verdict(clause=grant.clause, refusal=refusal)
    return Verdict(fields, grant.clause)


def _must_be_possible(wish: Wish) -> None:
    if wish.action == "read" and not SCHEMAS[wish.dataset].accepts_key(wish.keys[0]):
        raise KeyImpossible


def _detail(claims: Mapping[str, Any], wish: Wish) -> Mapping[str, Any]:
    """The detail of the token that gives what is wished, or a refusal that says which part of the token keeps it away."""
    scope = f"{wish.dataset}.read"
    if scope not in claims["scope"].split():
        raise OutOfScope(
            Text(
                f"Mã truy cập không có phạm vi {scope}. Hãy xin mã với phạm vi đó.",
                f"The token does not have the scope {scope}. Ask for a token with it.",
            )
        )
    try:
        return detail_for(claims, wish.dataset, wish.action)
    except NotGranted:
        codes = ", ".join(str(one.get("agreement")) for one in claims["authorization_details"])
        raise NotGranted(
            Text(
                f"Thỏa thuận {codes} không cho hành động “{wish.action}” trên {wish.dataset}. Hãy đề nghị sửa thỏa thuận.",
                f"Agreement {codes} does not give the action “{wish.action}” on {wish.dataset}. Ask for an amendment.",
            )
        ) from None


async def _must_stand(session: AsyncSession, detail: Mapping[str, Any], at: datetime) -> None:
    row = await session.get_one(Agreement, (detail["agreement"], detail["agreement_version"]))
    if row.status == Status.ACTIVE and row.valid_from <= day_in_vietnam(at) <= row.valid_to:
        return
    raise NotInForce(
        Text(
            f"Thỏa thuận {row.code} phiên bản {row.version} hiện không có hiệu lực ({row.status}). Hãy xin mã truy cập mới.",
            f"Agreement {row.code} version {row.version} is not in force now ({row.status}). Ask for a new token.",
        )
    )


async def _must_be_left(session: AsyncSession, detail: Mapping[str, Any], dataset: Dataset, grant: Granted, at: datetime) -> None:
    """Whether rate and quota have room for one question more; nothing is counted."""
    used = await session.scalar(
        select(GrantUse).where(GrantUse.agreement == detail["agreement"], GrantUse.dataset == dataset.value)
    )
    if used is None:
        return
    if used.day == day_in_vietnam(at) and used.used >= grant.quota_day:
        raise QuotaSpent(new_day_in(at))
    wait = used.tat - at - grant.gap * (grant.burst - 1)
    if wait > timedelta():
        raise TooMany(wait.seconds + 1)
