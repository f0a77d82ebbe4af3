"""One answer: from what a person typed, or a machine sent, to the value we store. Refuses in words for that field."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from app.catalogue import words
from app.catalogue.functions import date_of
from app.catalogue.questions import CHOICES, NUMERIC, FieldType, FormField
from app.core.text import Text, has_unwanted, nfc

_GROUPED = re.compile(r"-?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?")
_EMAIL = re.compile(r"[^@\s\"<>()\[\],;:\\]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{5,24}")
_IDENTITY = re.compile(r"[A-Z0-9]{6,20}")
_HS_CODE = re.compile(r"[0-9]{6}([0-9]{2}){0,2}")
_CAS_NO = re.compile(r"([0-9]{2,7})-([0-9]{2})-([0-9])")
_TAX_CODE = re.compile(r"[0-9]{10}(-?[0-9]{3})?")
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_MAX_DIGITS = 15  # beyond it a JSON number is no longer exact
_LENGTHS = {FieldType.LONG_TEXT: 5_000, FieldType.COMPUTED: 20_000, FieldType.EMAIL: 254, FieldType.URL: 500}
_LENGTH = 500

DateParts = tuple[str, str, str]


class WrongAnswer(ValueError):
    """What was given cannot be the answer; `slug` is stable, `text` is for the person."""

    def __init__(self, slug: str, vi: str, en: str) -> None:
        super().__init__(slug)
        self.slug, self.text = slug, Text(vi, en)


def named(field: FormField) -> Text:
    """The field's label as it stands inside a sentence."""
    return Text(_small(field.label.vi), _small(field.label.en))


def _small(label: str) -> str:
    return label[0].lower() + label[1:] if len(label) > 1 and not label[1].isupper() else label


def is_tax_code(text: str) -> bool:
    """Ten digits with the right check digit, or those with a three-digit branch.

    N10 = 10 − (Σ weights mod 11); when that gives 10 the code is never issued.
    """
    if not _TAX_CODE.fullmatch(text):
        return False
    check = 10 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False)) % 11
    return check == int(text[9])


def missing(field: FormField) -> WrongAnswer:
    """The refusal of a blank that must not be."""
    name = named(field)
    if field.must_be_true:
        return WrongAnswer("required", f"Bạn cần xác nhận {name.vi}.", f"You must confirm: {name.en}.")
    if field.type in CHOICES or field.type in (FieldType.BOOL, FieldType.COUNTRY, FieldType.REFERENCE):
        return WrongAnswer("required", f"Chọn {name.vi}.", f"Select {name.en}.")
    return WrongAnswer("required", f"Nhập {name.vi}.", f"Enter {name.en}.")


def from_text(field: FormField, text: str) -> Any:
    """The value of one typed text; blank gives `None`. Raises `WrongAnswer`."""
    clean = _clean(field, text)
    if not clean:
        return None
    if field.type in NUMERIC:
        return within(field, _number(field, clean))
    if field.type is FieldType.BOOL:
        return _yes_no(field, clean)
    return _READERS.get(field.type, _as_is)(field, clean)


def from_date_parts(field: FormField, parts: DateParts) -> str | None:
    """Day, month and year inputs as an ISO date; all blank gives `None`."""
    if not any(part.strip() for part in parts):
        return None
    try:
        day, month, year = (int(part.encode("ascii")) for part in parts)
        return date(year, month, day).isoformat() if 1900 <= year <= 2200 else _bad_date(field)
    except (ValueError, OverflowError):
        return _bad_date(field)


def from_json(field: FormField, value: Any) -> Any:
    """A machine's value of the right JSON type, checked as a typed one would be. Raises `WrongAnswer`."""
    if field.type is FieldType.MULTI_CHOICE:
        return chosen(field, value)
    if field.type is FieldType.DATE:
        return value if isinstance(value, str) and date_of(value) else _bad_date(field)
    if field.type in NUMERIC:
        return within(field, value)
    return from_text(field, value) if isinstance(value, str) else value


def chosen(field: FormField, values: list[str]) -> list[str]:
    """The chosen options, each once, in the order of the definition."""
    known = list(words.choices(field))
    if any(value not in known for value in values):
        raise _no_option(field)
    return [option for option in known if option in values]


def within(field: FormField, value: float) -> float:
    """A number inside the field's limits; whole numbers stay whole."""
    name, exact = named(field), Decimal(str(value))
    if not exact.is_finite() or len(exact.as_tuple().digits) > _MAX_DIGITS or abs(exact) >= 10**_MAX_DIGITS:
        raise WrongAnswer("too-large", f"Số ở {name.vi} quá lớn.", f"The number in {name.en} is too large.")
    least = field.min if field.min is not None else Decimal(0) if field.type is FieldType.MONEY_VND else None
    if least is not None and exact < least:
        floor = words.number(least), words.number(least, "en")
        raise WrongAnswer(
            "too-small", f"{field.label.vi} phải từ {floor[0]} trở lên.", f"{field.label.en} must be at least {floor[1]}."
        )
    if field.max is not None and exact > field.max:
        ceiling = words.number(field.max), words.number(field.max, "en")
        raise WrongAnswer(
            "too-large", f"{field.label.vi} không được quá {ceiling[0]}.", f"{field.label.en} must be at most {ceiling[1]}."
        )
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _clean(field: FormField, text: str) -> str:
    if has_unwanted(text):
        name = named(field)
        raise WrongAnswer(
            "hidden-characters",
            f"Phần {name.vi} có ký tự ẩn. Hãy xóa và gõ lại thay vì dán.",
            f"There are hidden characters in {name.en}. Delete it and type it instead of pasting.",
        )
    lines = [" ".join(line.split()) for line in nfc(text).splitlines()]
    clean = ("\n" if field.type is FieldType.LONG_TEXT else " ").join(lines).strip()
    longest = field.max_length or _LENGTHS.get(field.type, _LENGTH)
    if len(clean) > longest:
        raise WrongAnswer(
            "too-long",
            f"{field.label.vi} không được dài quá {longest} ký tự.",
            f"{field.label.en} must be {longest} characters or fewer.",
        )
    return clean


def _number(field: FormField, text: str) -> int | float:
    bare = re.sub(r"\s*(đồng|đ|vnd|vnđ)$", "", text, flags=re.IGNORECASE) if field.type is FieldType.MONEY_VND else text
    if not _GROUPED.fullmatch(bare):
        raise WrongAnswer(
            "number",
            f"{field.label.vi} phải là số, ví dụ 1.200,5 (dấu phẩy cho phần thập phân).",
            f"{field.label.en} must be a number, for example 1.200,5 (a comma before decimals).",
        )
    exact = Decimal(bare.replace(".", "").replace(",", "."))
    if field.type in (FieldType.INTEGER, FieldType.MONEY_VND) and exact != exact.to_integral_value():
        raise WrongAnswer("whole-number", f"{field.label.vi} phải là số nguyên.", f"{field.label.en} must be a whole number.")
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _bad_date(field: FormField) -> str:
    raise WrongAnswer(
        "date",
        f"{field.label.vi} phải là một ngày có thật, ví dụ 27 3 2026.",
        f"{field.label.en} must be a real date, for example 27 3 2026.",
    )


def _yes_no(field: FormField, text: str) -> bool:
    if text not in ("true", "false"):
        raise _no_option(field)
    return text == "true"


def _no_option(field: FormField) -> WrongAnswer:
    name = named(field)
    return WrongAnswer("choice", f"Chọn {name.vi} trong danh sách.", f"Choose {name.en} from the list.")


def _as_is(_field: FormField, text: str) -> str:
    return text


def _choice(field: FormField, text: str) -> str:
    if text not in words.choices(field):
        raise _no_option(field)
    return text


def _email(field: FormField, text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise WrongAnswer(
            "email", f"{field.label.vi} phải đúng dạng ten@congty.vn.", f"{field.label.en} must look like name@company.vn."
        )
    return text


def _phone(field: FormField, text: str) -> str:
    if not _PHONE.fullmatch(text) or sum(sign.isdigit() for sign in text) > 15:
        raise WrongAnswer(
            "phone",
            f"{field.label.vi} phải là số, ví dụ 024 2220 2222.",
            f"{field.label.en} must be a number such as 024 2220 2222.",
        )
    return text


def _url(field: FormField, text: str) -> str:
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and " " not in address
    except ValueError:
        good = False
    if not good:
        raise WrongAnswer(
            "url",
            f"{field.label.vi} phải là địa chỉ trang web, ví dụ https://congty.vn.",
            f"{field.label.en} must be a web address such as https://company.vn.",
        )
    return address


def _tax_code(field: FormField, text: str) -> str:
    bare = text.replace(" ", "")
    if not is_tax_code(bare):
        raise WrongAnswer(
            "tax-code",
            f"{field.label.vi} chưa đúng: 10 số, hoặc 10 số và 3 số của chi nhánh; hãy kiểm tra từng số.",
            f"{field.label.en} is not right: 10 digits, or 10 and 3 for a branch; check each digit.",
        )
    return bare if len(bare) == 10 or "-" in bare else f"{bare[:10]}-{bare[10:]}"


def _identity(field: FormField, text: str) -> str:
    bare = text.replace(" ", "").upper()
    if not _IDENTITY.fullmatch(bare):
        raise WrongAnswer(
            "id-document",
            f"{field.label.vi} gồm 6 đến 20 chữ cái không dấu hoặc chữ số.",
            f"{field.label.en} has 6 to 20 plain letters or digits.",
        )
    return bare


def _hs_code(field: FormField, text: str) -> str:
    bare = re.sub(r"[ .]", "", text)
    if not _HS_CODE.fullmatch(bare):
        raise WrongAnswer(
            "hs-code",
            f"{field.label.vi} gồm 6, 8 hoặc 10 chữ số, ví dụ 2815.11.00.",
            f"{field.label.en} has 6, 8 or 10 digits, for example 2815.11.00.",
        )
    return bare


def is_cas_no(text: str) -> bool:
    """Whether the last digit is the sum of the others, each times its place from the right, modulo ten."""
    found = _CAS_NO.fullmatch(text)
    if not found:
        return False
    digits = (found[1] + found[2])[::-1]
    return sum(place * int(digit) for place, digit in enumerate(digits, 1)) % 10 == int(found[3])


def _cas_no(field: FormField, text: str) -> str:
    bare = text.replace(" ", "")
    if not is_cas_no(bare):
        raise WrongAnswer(
            "cas-no",
            f"{field.label.vi} chưa đúng (ví dụ 7647-01-0); hãy kiểm tra từng số, cả số cuối.",
            f"{field.label.en} is not right (for example 7647-01-0); check each digit, the last one too.",
        )
    return bare


def _iso_date(field: FormField, text: str) -> str:
    return text if date_of(text) else _bad_date(field)


_READERS: Mapping[FieldType, Callable[[FormField, str], str]] = {
    FieldType.CHOICE: _choice,
    FieldType.COUNTRY: _choice,
    FieldType.HS_CODE: _hs_code,
    FieldType.CAS_NO: _cas_no,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.URL: _url,
    FieldType.TAX_CODE: _tax_code,
    FieldType.ID_DOCUMENT: _identity,
    FieldType.DATE: _iso_date,
}
