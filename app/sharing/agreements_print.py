"""What is printed of an agreement, from its terms. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core.clock import in_vietnam
from app.core.text import Text
from app.issued.editions import Edition
from app.registers.rules import SCHEMAS, Field, FieldClass
from app.sharing.rules import ITEM_NAME, Grant, Terms

EDITION = Edition("agreement", 1, "NĐ 30/2020/NĐ-CP, Phụ lục I", date(2020, 3, 5), "wording of our own, to be confirmed")
CLASS_NAME = {
    FieldClass.PUBLIC: Text("Công khai", "Public"),
    FieldClass.INTERNAL: Text("Nội bộ", "Internal"),
    FieldClass.PERSONAL: Text("Cá nhân", "Personal"),
}
_PROVIDES = "bên cung cấp dữ liệu"
_CONSUMES = "bên khai thác dữ liệu"


@dataclass(frozen=True, slots=True)
class Side:
    """A party as the paper names it."""

    code: str
    name: Text
    contact: str
    budget_code: str | None


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A granted field: its name in the data, its title, how personal it is, and the article of its own that allows it."""

    name: str
    title: Text
    classed: Text
    basis: str


@dataclass(frozen=True, slots=True)
class GrantShown:
    """What is given of one dataset."""

    title: Text
    fields: tuple[FieldShown, ...]
    limits: tuple[Text, ...]


def class_name(classed: FieldClass) -> Text:
    """How personal a field is, in words; a class without words of its own is treated as the strictest."""
    return CLASS_NAME.get(classed, Text("Nhạy cảm", "Sensitive"))


def printed(terms: Terms, version: int, sides: tuple[Side, Side], *, at: datetime, verify: str) -> dict[str, Any]:
    """One JSON for the template: first the providing side, then the other."""
    provider = sides[0]
    return {
        "facts": {
            "governing_body": f"{provider.name.vi} –",
            "office": sides[1].name.vi,
            "subject": terms.title.vi,
            "place": "Hà Nội",
            "legal_basis": [f"{one.van_ban}, {one.dieu_khoan}" for one in terms.legal_basis],
            "agreement": _agreement(terms, version, sides),
        },
        "title_vi": terms.title.vi,
        "title_en": terms.title.en,
        "number": f"{terms.code}/{version}",
        "legal_basis": EDITION.legal_basis,
        "at": in_vietnam(at).replace(microsecond=0).isoformat(),
        "verify": verify,
    }


def _agreement(terms: Terms, version: int, sides: tuple[Side, Side]) -> dict[str, Any]:
    return {
        "version": version,
        "content": terms.content(version).decode(),
        "content_hash": terms.content_hash(version),
        "sides": [_side(side, role) for side, role in zip(sides, (_PROVIDES, _CONSUMES), strict=True)],
        "purposes": [_named(one.title) | {"code": one.code} for one in terms.purposes],
        "grants": [_grant(grant) for grant in grants_of(terms)],
        "items": [
            {"name": name.vi, "english": name.en, "text": terms.items[key]}
            for key, name in ITEM_NAME.items()
            if key in terms.items
        ],
        "valid_from": str(terms.valid_from),
        "valid_to": str(terms.valid_to),
        "delete_within_days": terms.delete_within_days,
    }


def _side(side: Side, role: str) -> dict[str, Any]:
    known = {"code": side.code, "name": side.name.vi, "english": side.name.en, "contact": side.contact}
    return known | {"role": role, "budget_code": side.budget_code or ""}


def _named(title: Text) -> dict[str, str]:
    return {"title": title.vi, "english": title.en}


def _grant(grant: GrantShown) -> Mapping[str, Any]:
    fields = [{"name": one.name, "title": one.title.vi, "class": one.classed.vi, "basis": one.basis} for one in grant.fields]
    return _named(grant.title) | {"fields": fields, "limits": [limit.vi for limit in grant.limits]}


def grants_of(terms: Terms) -> list[GrantShown]:
    """What is given, as people read it: on paper and on pages."""
    return [
        GrantShown(
            SCHEMAS[grant.dataset].title,
            tuple(_field(grant, field) for field in SCHEMAS[grant.dataset].fields if field.name in grant.fields),
            tuple(limits_of(grant)),
        )
        for grant in terms.grants
    ]


def _field(grant: Grant, field: Field) -> FieldShown:
    basis = grant.field_basis.get(field.name)
    article = f"{basis.van_ban}, {basis.dieu_khoan}" if basis else ""
    return FieldShown(field.name, field.title, class_name(field.classed), article)


def limits_of(grant: Grant) -> list[Text]:
    """Which records, how often, signed or not, and what the subject is told: each as a sentence."""
    titles = {field.name: field.title for field in SCHEMAS[grant.dataset].fields}
    said = [
        Text(
            f"Chỉ các bản ghi có “{titles[name].vi}” là: {', '.join(values)}.",
            f"Only records whose “{titles[name].en}” is: {', '.join(values)}.",
        )
        for name, values in sorted(grant.row_filter.items())
    ]
    said.append(
        Text(
            f"Không quá {grant.rate} lần đọc mỗi giờ và {grant.quota_day} lần mỗi ngày.",
            f"No more than {grant.rate} reads an hour and {grant.quota_day} a day.",
        )
    )
    if grant.signed_response:
        said.append(Text("Mỗi trả lời được ký số (RFC 9421).", "Every answer is signed (RFC 9421)."))
    if grant.notify_subject:
        said.append(Text("Doanh nghiệp được báo mỗi khi bị đọc.", "The enterprise is told of every read."))
    if grant.hidden_days:
        said.append(
            Text(
                f"Lần đọc được tạm ẩn với doanh nghiệp {grant.hidden_days} ngày, theo {grant.hidden_basis}.",
                f"A read is hidden from the enterprise for {grant.hidden_days} days, under {grant.hidden_basis}.",
            )
        )
    return said
