"""What an amendment changes, in people's words. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.text import Text
from app.registers.rules import SCHEMAS
from app.sharing.agreements_print import class_name, limits_of
from app.sharing.rules import ITEM_NAME, Basis, Grant, Terms


@dataclass(frozen=True, slots=True)
class Line:
    """One difference. `widens`: the other side may read more than before, or with less protection."""

    text: Text
    widens: bool = False


def differences(before: Terms, after: Terms) -> list[Line]:
    """Every difference, as a person would say it; what widens the access first."""
    lines = [*_head(before, after), *_lists(before, after), *_grants(before, after), *_items(before, after)]
    return sorted(lines, key=lambda line: not line.widens)


def _head(before: Terms, after: Terms) -> Iterator[Line]:
    if before.title != after.title:
        yield Line(Text(f"Tên: “{before.title.vi}” → “{after.title.vi}”.", f"Title: “{before.title.en}” → “{after.title.en}”."))
    if (before.valid_from, before.valid_to) != (after.valid_from, after.valid_to):
        old, new = (f"{one.valid_from:%d/%m/%Y} – {one.valid_to:%d/%m/%Y}" for one in (before, after))
        yield Line(Text(f"Thời hạn: {old} → {new}.", f"Term: {old} → {new}."), after.valid_to > before.valid_to)
    if before.delete_within_days != after.delete_within_days:
        old_days, new_days = before.delete_within_days, after.delete_within_days
        text = Text(
            f"Hạn xóa dữ liệu: {old_days} ngày → {new_days} ngày.", f"Data deleted within: {old_days} days → {new_days} days."
        )
        yield Line(text, new_days > old_days)


def _lists(before: Terms, after: Terms) -> Iterator[Line]:
    old, new = ({one.code: one.title for one in terms.purposes} for terms in (before, after))
    for code in sorted(new.keys() - old.keys()):
        yield Line(Text(f"Thêm mục đích: {new[code].vi}.", f"A purpose is added: {new[code].en}."), widens=True)
    for code in sorted(old.keys() - new.keys()):
        yield Line(Text(f"Bỏ mục đích: {old[code].vi}.", f"A purpose is dropped: {old[code].en}."))
    for code in sorted(code for code in new.keys() & old.keys() if new[code] != old[code]):
        yield Line(
            Text(
                f"Mục đích “{old[code].vi}” đổi thành “{new[code].vi}”.",
                f"The purpose “{old[code].en}” becomes “{new[code].en}”.",
            ),
            widens=True,
        )
    for basis in [one for one in after.legal_basis if one not in before.legal_basis]:
        yield Line(Text(f"Thêm căn cứ: {_clause(basis)}.", f"A legal basis is added: {_clause(basis)}."))
    for basis in [one for one in before.legal_basis if one not in after.legal_basis]:
        yield Line(Text(f"Bỏ căn cứ: {_clause(basis)}.", f"A legal basis is dropped: {_clause(basis)}."))


def _grants(before: Terms, after: Terms) -> Iterator[Line]:
    for dataset, schema in SCHEMAS.items():
        old, new = before.grant(dataset), after.grant(dataset)
        name = schema.title
        if new and not old:
            yield Line(Text(f"Thêm dữ liệu: {name.vi}.", f"Data are added: {name.en}."), widens=True)
        elif old and not new:
            yield Line(Text(f"Bỏ dữ liệu: {name.vi}.", f"Data are dropped: {name.en}."))
        if new and new != old:
            yield from _grant(name, old, new)


def _grant(name: Text, old: Grant | None, new: Grant) -> Iterator[Line]:
    schema = SCHEMAS[new.dataset]
    had = old.fields if old else ()
    for field in schema.fields:
        title, kind = field.title, class_name(field.classed)
        if field.name in new.fields and field.name not in had:
            vi, en = (
                f"{name.vi}: thêm trường “{title.vi}” ({kind.vi.lower()})",
                f"{name.en}: field “{title.en}” added ({kind.en.lower()})",
            )
            basis = new.field_basis.get(field.name)
            under = (f", theo {_clause(basis)}", f", under {_clause(basis)}") if basis else ("", "")
            yield Line(Text(f"{vi}{under[0]}.", f"{en}{under[1]}."), widens=True)
        if field.name in had and field.name not in new.fields:
            yield Line(Text(f"{name.vi}: bỏ trường “{title.vi}”.", f"{name.en}: field “{title.en}” dropped."))
    if old:
        yield from _limits(name, old, new)


def _limits(name: Text, old: Grant, new: Grant) -> Iterator[Line]:
    was, now = limits_of(old), limits_of(new)
    for limit in [one for one in now if one not in was]:
        yield Line(Text(f"{name.vi}, nay: {limit.vi}", f"{name.en}, now: {limit.en}"), _is_wider(old, new))
    for limit in [one for one in was if one not in now]:
        yield Line(Text(f"{name.vi}, không còn: {limit.vi}", f"{name.en}, no longer: {limit.en}"), _is_wider(old, new))
    changed = {
        field for field in old.field_basis.keys() & new.field_basis.keys() if old.field_basis[field] != new.field_basis[field]
    }
    for field in sorted(changed):
        clause = _clause(new.field_basis[field])
        yield Line(Text(f"{name.vi}: trường “{field}” nay theo {clause}.", f"{name.en}: “{field}” is now under {clause}."))


def _is_wider(old: Grant, new: Grant) -> bool:
    """More records, more often, or longer unseen."""
    fewer_filters = any(
        set(new.row_filter.get(name, ())) - set(values) or name not in new.row_filter for name, values in old.row_filter.items()
    )
    more_often = new.rate > old.rate or new.quota_day > old.quota_day
    unseen = (new.hidden_days or 0) > (old.hidden_days or 0) or (old.notify_subject and not new.notify_subject)
    return fewer_filters or more_often or unseen


def _items(before: Terms, after: Terms) -> Iterator[Line]:
    for key, name in ITEM_NAME.items():
        if before.items.get(key) != after.items.get(key):
            yield Line(
                Text(
                    f"{name.vi}: “{before.items.get(key, '')}” → “{after.items.get(key, '')}”.",
                    f"{name.en}: “{before.items.get(key, '')}” → “{after.items.get(key, '')}”.",
                )
            )


def _clause(basis: Basis) -> str:
    return f"{basis.van_ban}, {basis.dieu_khoan}"
