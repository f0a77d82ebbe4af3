"""Common code lists (danh mục dùng chung): a record for each list and one for each code, with its earlier names."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.text import Text
from app.registers.actions import put
from app.registers.models import CodeEntry, SharedRecord
from app.registers.rules import SCHEMAS, Dataset

INLINE = 300
"""The record of a longer list does not repeat its codes: they have records of their own."""


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a list, as a source file gives it. `periods` are its earlier names, the oldest first."""

    code: str
    name_vi: str
    name_en: str
    valid_from: date | None = None
    valid_to: date | None = None
    certainty: str = "found"
    parent: str | None = None
    replaced_by: tuple[str, ...] = ()
    periods: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list: its name, what it is called, whence it comes, and whether only a few of its codes are here."""

    name: str
    title: Text
    codes: Sequence[Code] = field(repr=False)
    source: str | None = None
    sample: bool = False


async def adopt(session: AsyncSession, given: CodeList, *, at: datetime) -> int:
    """Write a list and share it; how many of its codes are new or changed.

    A code that is no longer given keeps its row and its record, because old dossiers use it; to end one, give it a last day.
    """
    for code in given.codes:
        if not SCHEMAS[Dataset.CODELISTS].accepts_key(f"{given.name}/{code.code}"):
            raise ValueError(f"{given.name}: “{code.code}” cannot be a code")
    known = {row.code: row for row in await session.scalars(select(CodeEntry).where(CodeEntry.list == given.name))}
    shared = await _shared(session, given.name)
    changed = [code for code in given.codes if code.code not in shared or not _is_same(known.get(code.code), code, given)]
    for code in changed:
        await _write(session, given, code, at)
    await put(
        session, Dataset.CODELISTS, given.name, _record_of_list(given, len({*known, *(c.code for c in given.codes)})), None, at=at
    )
    return len(changed)


async def is_ours(session: AsyncSession, given: CodeList) -> bool:
    """Whether the list is not there yet, or came from the same source as `given`."""
    row = await session.get(SharedRecord, (Dataset.CODELISTS.value, given.name))
    return row is None or row.doc.get("source") == given.source


async def _shared(session: AsyncSession, name: str) -> set[str]:
    """The codes of a list that have a record."""
    of_list = SharedRecord.key.startswith(f"{name}/", autoescape=True)
    keys = await session.scalars(
        select(SharedRecord.key).where(SharedRecord.dataset == Dataset.CODELISTS.value, of_list, ~SharedRecord.deleted)
    )
    return {key.removeprefix(f"{name}/") for key in keys}


def _row(given: CodeList, code: Code) -> dict[str, Any]:
    listed = {"replaced_by": list(code.replaced_by), "periods": [dict(period) for period in code.periods]}
    return asdict(code) | listed | {"sample": given.sample, "source": given.source}


def _is_same(row: CodeEntry | None, code: Code, given: CodeList) -> bool:
    return row is not None and all(getattr(row, name) == value for name, value in _row(given, code).items())


async def _write(session: AsyncSession, given: CodeList, code: Code, at: datetime) -> None:
    values = _row(given, code)
    row = insert(CodeEntry).values(list=given.name, **values)
    await session.execute(row.on_conflict_do_update(index_elements=["list", "code"], set_=values))
    await put(session, Dataset.CODELISTS, f"{given.name}/{code.code}", _record_of_code(given, values), None, at=at)


def _record_of_code(given: CodeList, row: Mapping[str, Any]) -> dict[str, Any]:
    days = {name: row[name].isoformat() for name in ("valid_from", "valid_to") if row[name]}
    said = {name: value for name, value in row.items() if name not in {"certainty", "valid_from", "valid_to"}}
    return {"list": given.name} | {name: value for name, value in said.items() if value not in (None, [])} | days


def _record_of_list(given: CodeList, size: int) -> dict[str, Any]:
    doc: dict[str, Any] = {"list": given.name, "title_vi": given.title.vi, "title_en": given.title.en, "size": size}
    doc |= {"sample": given.sample} | ({"source": given.source} if given.source else {})
    entries = [{"code": code.code, "name_vi": code.name_vi, "name_en": code.name_en} for code in given.codes]
    return doc | ({"entries": entries} if len(entries) <= INLINE else {})
