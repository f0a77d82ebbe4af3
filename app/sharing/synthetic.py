"""Records that nobody could take for real ones: for the rehearsal of an agreement and for the sandbox. Pure and seeded.

The same dataset, count and seed give the same records. Every field of the dataset is there, so that a rehearsal shows each
field that an agreement gives; tax codes begin with 98, which no province has, and pass the check digit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from app.registers.rules import SCHEMAS, Dataset, Field

_FIRST_DAY = date(2026, 1, 1)
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_TRADES = ("Hóa chất", "May mặc", "Cơ khí", "Điện máy", "Thực phẩm", "Bán lẻ", "Xăng dầu", "Vận tải")
_SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ")
_LICENCES = ("example-certificate", "example-licence", "example-registration", "example-confirmation")
_STATES = (("in_review", 2), ("awaiting_supplement", 3), ("finished", 4), ("stopped", 6))
KEYS = {
    Dataset.LICENCES: "number",
    Dataset.DOSSIERS: "number",
    Dataset.ENTERPRISES: "tax_code",
    Dataset.PROCEDURES: "slug",
    Dataset.CODELISTS: "list",
}
"""The field that holds a record's key."""
SUBJECTS = {Dataset.LICENCES: "holder_tax_code", Dataset.DOSSIERS: "holder_tax_code", Dataset.ENTERPRISES: "tax_code"}
"""The field that holds the tax code of whom a record is about; the other datasets are about nobody."""


def records(dataset: Dataset, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """`count` records of `dataset`, each with every field of it; their keys (see `KEYS`) differ."""
    return [_record(dataset, _Case.of(dataset, n, seed)) for n in range(1, count + 1)]


def subject_of(dataset: Dataset, record: Mapping[str, Any]) -> str | None:
    """The tax code of whom `record` is about."""
    field = SUBJECTS.get(dataset)
    return record[field] if field else None


def tax_code(number: int) -> str:
    """A well-formed tax code of nobody; the next of nine digits whose check digit is none of eleven."""
    body = f"98{number % 10**6:06}0"
    check = 10 - _weighed(body) % 11
    return body + str(check) if check < 10 else f"{body[:-1]}1{10 - _weighed(body[:-1] + '1') % 11}"


def _weighed(body: str) -> int:
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True))


@dataclass(frozen=True, slots=True)
class _Case:
    """What the fields of one record share, so that they fit each other."""

    n: int
    chance: Random
    tax_code: str
    company: str
    day: date

    @classmethod
    def of(cls, dataset: Dataset, n: int, seed: int) -> "_Case":
        chance = Random(f"{dataset}/{seed}/{n}")  # noqa: S311  (repeatable samples, no secret)
        number = seed * 1000 + n
        company = f"Công ty TNHH {chance.choice(_TRADES)} Thử Nghiệm {number:04}"
        return cls(n, chance, tax_code(number), company, _FIRST_DAY + timedelta(days=chance.randrange(300)))

    @property
    def person(self) -> str:
        return f"{self.chance.choice(_SURNAMES)} Văn Thử {self.n:04}"

    @property
    def address(self) -> str:
        return f"Số {self.n} đường Thử Nghiệm, phường Minh Họa"


_MAKERS: dict[Dataset, dict[str, Callable[[_Case], Any]]] = {
    Dataset.LICENCES: {
        "number": lambda c: f"{c.n}/THU-{c.day.year}",
        "kind": lambda c: c.chance.choice(_LICENCES),
        "title": lambda _: "Giấy chứng nhận (dữ liệu thử nghiệm)",
        "status": lambda c: c.chance.choice(("valid", "valid", "valid", "expired", "revoked", "replaced")),
        "status_history": lambda c: [{"status": "valid", "from": c.day.isoformat()}],
        "replaced_by": lambda c: f"{c.n + 1}/THU-{c.day.year}",
        "holder_tax_code": lambda c: c.tax_code,
        "holder_name": lambda c: c.company,
        "holder_address": lambda c: c.address,
        "holder_province": lambda c: c.chance.choice(("01", "31", "48", "79")),
        "issued_on": lambda c: c.day.isoformat(),
        "valid_from": lambda c: c.day.isoformat(),
        "valid_to": lambda c: (c.day + timedelta(days=1826)).isoformat(),
        "issuer": lambda _: "G02",
        "issuer_name": lambda _: "Bộ Công Thương",
        "signer": lambda c: c.person,
        "dossier_number": lambda c: f"G02-{c.day:%y%m%d}-{c.n:04}",
        "document_sha256": lambda c: f"{c.chance.getrandbits(256):064x}",
        "facts": lambda _: {"pham_vi": "thử nghiệm"},
    },
    Dataset.DOSSIERS: {
        "number": lambda c: f"G02-{c.day:%y%m%d}-{c.n:04}",
        "procedure": lambda c: c.chance.choice(_LICENCES),
        "unit": lambda _: "G02",
        "holder_tax_code": lambda c: c.tax_code,
        "state": lambda c: _STATES[c.n % len(_STATES)][0],
        "national_status": lambda c: _STATES[c.n % len(_STATES)][1],
        "received_at": lambda c: f"{c.day}T01:30:00Z",
        "due_at": lambda c: f"{c.day + timedelta(days=20)}T10:00:00Z",
        "ended_at": lambda c: f"{c.day + timedelta(days=12)}T03:00:00Z",
    },
    Dataset.ENTERPRISES: {
        "tax_code": lambda c: c.tax_code,
        "name_vi": lambda c: c.company,
        "name_en": lambda c: f"Synthetic Company {c.n:04} Ltd.",
        "head_office": lambda c: c.address,
        "province": lambda c: c.chance.choice(("01", "31", "48", "79")),
        "legal_form": lambda _: "TNHH hai thành viên",
        "founded": lambda c: (c.day - timedelta(days=3000)).isoformat(),
        "status": lambda _: "đang hoạt động",
        "legal_representative": lambda c: c.person,
    },
    Dataset.PROCEDURES: {
        "slug": lambda c: f"thu-tuc-thu-nghiem-{c.n}",
        "code": lambda c: f"9.{c.n:06}",
        "version": lambda _: 1,
        "title_vi": lambda c: f"Thủ tục thử nghiệm {c.n}",
        "title_en": lambda c: f"Synthetic procedure {c.n}",
        "field": lambda _: "Lĩnh vực thử nghiệm",
        "unit": lambda _: "G02",
        "time_limit": lambda _: "20 ngày làm việc",
        "valid_from": lambda c: c.day.isoformat(),
    },
    Dataset.CODELISTS: {
        "list": lambda c: f"DanhMucThu{c.n}",
        "entries": lambda _: [{"code": "0", "name_vi": "mã thử", "name_en": "synthetic code"}],
    },
}


def _record(dataset: Dataset, case: _Case) -> dict[str, Any]:
    makers = _MAKERS[dataset]
    return {field.name: makers.get(field.name, _plain(field))(case) for field in SCHEMAS[dataset].fields}


def _plain(field: Field) -> Callable[[_Case], Any]:
    """For a field that came to the dataset after this file: a value of its kind."""
    if field.format == "date":
        return lambda case: case.day.isoformat()
    if field.format == "date-time":
        return lambda case: f"{case.day}T01:30:00Z"
    values: dict[str, Any] = {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}
    return lambda _: values.get(field.kind, "thử nghiệm")
