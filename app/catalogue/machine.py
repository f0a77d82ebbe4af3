"""Answers from a machine: refused when they hide something, do not fit the schema, or change what is not theirs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsonschema_rs

from app.catalogue.procedure import Procedure
from app.core.errors import Problem
from app.core.text import Text, has_unwanted

MAX_SIGNS = 200_000
MAX_DEPTH = 32

TOO_LARGE = Text(
    "Nội dung tờ khai quá lớn. Hãy rút gọn, hoặc đưa phần dài vào tệp đính kèm.",
    "The form's content is too large. Shorten it, or put the long part into an attached file.",
)
UNKNOWN_FIELD = Text(
    "Tờ khai này không có mục “{name}”. Hãy bỏ mục này, hoặc tải lại tờ khai nếu trang đã cũ.",
    "This form has no field “{name}”. Leave it out, or reload the form if the page is old.",
)
_HIDDEN = Text(
    "Nội dung có ký tự ẩn hoặc ký tự không hợp lệ. Hãy bỏ các ký tự này.",
    "The content holds hidden or invalid characters. Remove them.",
)
_TOO_DEEP = Text("Nội dung lồng nhau quá sâu.", "The content is nested too deeply.")
_LOCKED = Text(
    "Mục này do cổng tính hoặc lấy từ cơ sở dữ liệu, không sửa được. Hãy bỏ mục này khỏi yêu cầu.",
    "This field is computed or taken from a register and cannot be changed. Leave it out of the request.",
)
_SHAPE = {
    "type": Text("Kiểu dữ liệu chưa đúng.", "The type of the value is wrong."),
    "enum": Text("Giá trị không có trong danh sách.", "The value is not in the list."),
    "const": Text("Giá trị này phải là đồng ý (true).", "This value must be true."),
    "maxLength": Text("Nội dung quá dài.", "The text is too long."),
    "minLength": Text("Nội dung để trống.", "The text is empty."),
    "maxItems": Text("Có quá nhiều dòng.", "There are too many rows."),
    "minItems": Text("Có quá ít dòng.", "There are too few rows."),
    "minimum": Text("Số quá nhỏ.", "The number is too small."),
    "maximum": Text("Số quá lớn.", "The number is too large."),
    "uniqueItems": Text("Có giá trị lặp lại.", "A value is repeated."),
    "pattern": Text("Giá trị chưa đúng dạng.", "The value does not have the right form."),
}
_OTHERWISE = Text("Giá trị chưa hợp lệ.", "The value is not valid.")


def unclean(given: Mapping[str, Any]) -> list[Problem]:
    """Hidden characters anywhere (keys too), too much, or too deep: looked at before anything else."""
    found, signs = [], 0
    for where, text, depth in _texts(given, "", 1):
        signs += len(text)
        if depth > MAX_DEPTH:
            return [Problem("", "too-deep", _TOO_DEEP)]
        if signs > MAX_SIGNS:
            return [Problem("", "too-large", TOO_LARGE)]
        if has_unwanted(text):
            found.append(Problem("" if has_unwanted(where) else where, "hidden-characters", _HIDDEN))
    return found


def hopeless(problems: Sequence[Problem]) -> bool:
    """Whether it is no use to look further: there is too much, or it goes too deep."""
    return any(problem.slug in ("too-deep", "too-large") and not problem.where for problem in problems)


def _texts(value: Any, where: str, depth: int) -> Iterator[tuple[str, str, int]]:
    """Every text in `value`, keys included, with its path; stops below the greatest depth."""
    if isinstance(value, Mapping):
        parts = [(str(name), inner) for name, inner in value.items()]
        yield from ((where, name, depth) for name, _ in parts)
    elif isinstance(value, list):
        parts = [(str(number), inner) for number, inner in enumerate(value)]
    else:
        yield where, value if isinstance(value, str) else "", depth
        return
    yield where, "", depth
    for name, inner in parts if depth <= MAX_DEPTH else ():
        yield from _texts(inner, f"{where}.{name}" if where else name, depth + 1)


def refused(validator: jsonschema_rs.Draft202012Validator, given: Mapping[str, Any]) -> list[Problem]:
    """What does not fit the schema. What is missing is no fault of a draft; filing asks for it."""
    found: list[Problem] = []
    for error in validator.iter_errors(dict(given)):
        kind: Any = error.kind
        where = ".".join(str(part) for part in error.instance_path)
        if kind.name == "additionalProperties":
            found += [_unknown(f"{where}.{name}" if where else name) for name in kind.unexpected]
        elif kind.name != "required":
            found.append(Problem(where, kind.name, _SHAPE.get(kind.name, _OTHERWISE)))
    return found


def _unknown(name: str) -> Problem:
    return Problem(
        name, "unknown-field", Text(UNKNOWN_FIELD.vi.replace("{name}", name), UNKNOWN_FIELD.en.replace("{name}", name))
    )


def unknown(name: str) -> Problem:
    """A form with a field that its page does not have; a long or odd name is shortened before it is shown."""
    return _unknown("".join(sign for sign in name[:60] if sign.isprintable()))


def changed(procedure: Procedure, given: Mapping[str, Any], settled: Mapping[str, Any]) -> list[Problem]:
    """Locked and computed answers may be repeated as they are, never changed."""
    fixed = [field.id for field in procedure.fields if not field.given_by_person]
    return [Problem(name, "locked", _LOCKED) for name in fixed if name in given and given[name] != settled.get(name)]
