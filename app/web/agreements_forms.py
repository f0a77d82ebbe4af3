"""From the pages of a draft agreement to its terms: each part changes its own members and leaves the others."""

import re
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset, Field
from app.sharing.rules import ITEM_NAME, Basis, Grant, Purpose, Terms
from app.web.acts import day
from app.web.deps import Posted

SPARE_ROWS = 2
_MOST_ROWS = 20
_VALUES = re.compile(r"[,;\n]")


class Part(StrEnum):
    """The pages of a draft; data have a page for each dataset besides."""

    GENERAL = "chung"
    PURPOSES = "muc-dich"
    DATA = "du-lieu"
    ITEMS = "noi-dung"


PART_NAME = {
    Part.GENERAL: Text("Tên, thời hạn, hạn xóa dữ liệu", "Title, term, deletion"),
    Part.PURPOSES: Text("Mục đích và căn cứ pháp lý", "Purposes and legal basis"),
    Part.DATA: Text("Dữ liệu, trường và giới hạn", "Data, fields and limits"),
    Part.ITEMS: Text("Mười hai nội dung thống nhất", "The twelve items"),
}
_PART_OF = {"purposes": Part.PURPOSES, "legal_basis": Part.PURPOSES, "items": Part.ITEMS, "grants": Part.DATA}

Change = Callable[[Terms], Terms]


def part_of(where: str) -> Part:
    """The page on which a fault of the terms is put right."""
    return _PART_OF.get(where.partition(".")[0], Part.GENERAL)


def change_of(part: Part, form: Posted) -> Change:
    """What the posted page of a part does to the terms. `Incomplete` for a day that does not exist."""
    made = {Part.GENERAL: _general, Part.PURPOSES: _purposes, Part.ITEMS: _items}[part]
    return made(form)


def _general(form: Posted) -> Change:
    begin, end = day(form, "valid_from"), day(form, "valid_to")
    title, within = Text(form.get("title_vi"), form.get("title_en")), number(form.get("delete_within_days"))
    return lambda now: replace(now, title=title, valid_from=begin, valid_to=end, delete_within_days=within or 0)


def _purposes(form: Posted) -> Change:
    rows = range(_MOST_ROWS)
    purposes = (
        Purpose(form.get(f"purpose.{n}.code"), Text(form.get(f"purpose.{n}.vi"), form.get(f"purpose.{n}.en"))) for n in rows
    )
    bases = (Basis(form.get(f"basis.{n}.van_ban"), form.get(f"basis.{n}.dieu_khoan")) for n in rows)
    kept = tuple(one for one in purposes if one.code or one.title.vi or one.title.en)
    given = tuple(one for one in bases if one.van_ban or one.dieu_khoan)
    return lambda now: replace(now, purposes=kept, legal_basis=given)


def _items(form: Posted) -> Change:
    items = {key: form.get(f"item.{key}") for key in ITEM_NAME}
    return lambda now: replace(now, items=items)


def grant_change(dataset: Dataset, form: Posted) -> Change:
    """What the page of one dataset does: no field ticked takes the dataset out."""
    ticked, known = set(form.all("field")), SCHEMAS[dataset].fields
    fields = tuple(field.name for field in known if field.name in ticked)
    articles = {name: Basis(form.get(f"basis.{name}.van_ban"), form.get(f"basis.{name}.dieu_khoan")) for name in fields}
    made = Grant(
        dataset=dataset,
        fields=fields,
        row_filter={field.name: values for field in known if (values := _values(form.get(f"filter.{field.name}")))},
        rate=number(form.get("rate")) or 0,
        quota_day=number(form.get("quota_day")) or 0,
        signed_response=bool(form.get("signed_response")),
        notify_subject=bool(form.get("notify_subject")),
        hidden_days=number(form.get("hidden_days")),
        hidden_basis=form.get("hidden_basis") or None,
        field_basis={name: basis for name, basis in articles.items() if basis.van_ban or basis.dieu_khoan},
    )

    def change(now: Terms) -> Terms:
        others = [grant for grant in now.grants if grant.dataset != dataset]
        every = [*others, made] if fields else others
        return replace(now, grants=tuple(sorted(every, key=lambda grant: list(Dataset).index(grant.dataset))))

    return change


def _values(text: str) -> list[str]:
    return [value.strip() for value in _VALUES.split(text) if value.strip()]


def number(text: str) -> int | None:
    """A whole number as typed; None when it is none or far too long."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def filterable(dataset: Dataset) -> list[Field]:
    """The fields by whose value records may be chosen: plain text, no dates."""
    return [field for field in SCHEMAS[dataset].fields if field.kind == "string" and field.format is None]
