"""The datasets the ministry shares, their fields and how personal each field is. Names are an API: add, never rename."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from app.core.text import Text


class Dataset(StrEnum):
    """What may be shared at all."""

    LICENCES = "licences"
    DOSSIERS = "dossiers"
    ENTERPRISES = "enterprises"
    PROCEDURES = "procedures"
    CODELISTS = "codelists"


class FieldClass(StrEnum):
    """How a field must be treated: công khai, nội bộ, cá nhân, nhạy cảm."""

    PUBLIC = "cong-khai"
    INTERNAL = "noi-bo"
    PERSONAL = "ca-nhan"
    SENSITIVE = "nhay-cam"


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a record. `kind` is its JSON Schema type; dates are `YYYY-MM-DD`, moments RFC 3339 in UTC.

    `filters`: an agreement or a list may keep to records by its value, which is text of a short list. `term` is its entry
    in the data dictionary, where several fields share one (see `dictionary_code`).
    """

    name: str
    title: Text
    kind: str = "string"
    classed: FieldClass = FieldClass.PUBLIC
    format: str | None = None
    filters: bool = False
    term: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """How long a version of a dataset is served: since when one should leave it, and when it ends; by what it is replaced."""

    version: int = 1
    deprecated_on: date | None = None
    ends_on: date | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """A dataset: what it holds, which key finds a record, which fields a record may have."""

    dataset: Dataset
    title: Text
    key_title: Text
    key_pattern: str
    fields: tuple[Field, ...]
    life: Life = Life()

    @property
    def names(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(field.name for field in self.fields)

    @property
    def filterable(self) -> tuple[str, ...]:
        """The names of the fields by which records may be kept to."""
        return tuple(field.name for field in self.fields if field.filters)

    def dictionary_code(self, field: Field) -> str:
        """The entry of the data dictionary (docs/data-dictionary.md) that says what the field means."""
        return field.term or f"{self.dataset}.{field.name}"

    def accepts_key(self, key: str) -> bool:
        """Whether `key` can be a key of this dataset at all; keeps NUL and surrogates out of SQL."""
        return key not in RESERVED and re.fullmatch(self.key_pattern, key) is not None


RESERVED = frozenset({"changes", "lookup"})
"""What an address says in the place of a key."""


def _day(name: str, vi: str, en: str) -> Field:
    return Field(name, Text(vi, en), format="date")


def _moment(name: str, vi: str, en: str) -> Field:
    return Field(name, Text(vi, en), format="date-time")


def _code(name: str, vi: str, en: str, term: str | None = None) -> Field:
    return Field(name, Text(vi, en), filters=True, term=term)


TAX_CODE = "enterprise.tax-code"
"""The entry of the data dictionary that most fields point to."""

_TAX_CODE = r"[0-9]{10}(-[0-9]{3})?|[0-9]{12}"

SCHEMAS: dict[Dataset, Schema] = {
    Dataset.LICENCES: Schema(
        Dataset.LICENCES,
        Text("Giấy phép, giấy chứng nhận, văn bản xác nhận", "Licences, certificates and confirmations"),
        Text("Số văn bản", "Number of the document"),
        r"[0-9A-Za-zĐđ./_-]{1,64}",
        (
            Field("number", Text("Số", "Number")),
            _code("kind", "Loại (mã thủ tục)", "Kind (slug of the procedure)", "procedure.slug"),
            Field("title", Text("Tên văn bản", "Title")),
            _code("status", "Tình trạng hiệu lực", "Status"),
            Field("status_history", Text("Lịch sử tình trạng hiệu lực", "History of the status"), "array"),
            Field("replaced_by", Text("Số văn bản thay thế", "Number of the document that replaces it"), term="licences.number"),
            Field("holder_tax_code", Text("Mã số thuế của đơn vị được cấp", "Tax code of the holder"), term=TAX_CODE),
            Field("holder_name", Text("Tên đơn vị được cấp", "Name of the holder"), term="enterprise.name"),
            Field("holder_address", Text("Địa chỉ trụ sở", "Head office"), term="enterprise.head-office"),
            _code("holder_province", "Mã tỉnh, thành phố", "Province code", "place.province"),
            _day("issued_on", "Ngày cấp", "Day of issue"),
            _day("valid_from", "Có hiệu lực từ", "Valid from"),
            _day("valid_to", "Có hiệu lực đến", "Valid to"),
            _code("issuer", "Mã cơ quan cấp", "Code of the issuing agency", "agency.code"),
            Field("issuer_name", Text("Cơ quan cấp", "Issuing agency")),
            Field("signer", Text("Người ký", "Signer"), classed=FieldClass.PERSONAL),
            Field("dossier_number", Text("Số hồ sơ", "Dossier number"), classed=FieldClass.INTERNAL, term="dossiers.number"),
            Field("document_sha256", Text("SHA-256 của tệp kết quả", "SHA-256 of the result file")),
            Field("facts", Text("Nội dung riêng của loại văn bản", "Facts of this kind of document"), "object"),
        ),
    ),
    Dataset.DOSSIERS: Schema(
        Dataset.DOSSIERS,
        Text("Tình trạng hồ sơ", "Status of dossiers"),
        Text("Số hồ sơ", "Dossier number"),
        r"[0-9A-Za-z./_-]{1,64}",
        (
            Field("number", Text("Số hồ sơ", "Dossier number")),
            _code("procedure", "Mã thủ tục", "Slug of the procedure", "procedure.slug"),
            _code("unit", "Mã đơn vị xử lý", "Code of the unit in charge", "agency.code"),
            Field(
                "holder_tax_code",
                Text("Mã số thuế người nộp", "Tax code of the filer"),
                classed=FieldClass.INTERNAL,
                term=TAX_CODE,
            ),
            _code("state", "Trạng thái của cổng", "State in the portal"),
            Field("national_status", Text("Mã trạng thái quốc gia", "National status code"), "integer"),
            _moment("received_at", "Tiếp nhận lúc", "Received at"),
            _moment("due_at", "Hẹn trả lúc", "Due at"),
            _moment("ended_at", "Kết thúc lúc", "Ended at"),
        ),
    ),
    Dataset.ENTERPRISES: Schema(
        Dataset.ENTERPRISES,
        Text("Doanh nghiệp", "Enterprises"),
        Text("Mã số thuế", "Tax code"),
        _TAX_CODE,
        (
            Field("tax_code", Text("Mã số thuế", "Tax code"), term=TAX_CODE),
            Field("name_vi", Text("Tên tiếng Việt", "Vietnamese name"), term="enterprise.name"),
            Field("name_en", Text("Tên tiếng Anh", "English name")),
            Field("head_office", Text("Trụ sở chính", "Head office"), term="enterprise.head-office"),
            _code("province", "Mã tỉnh, thành phố", "Province code", "place.province"),
            _code("legal_form", "Loại hình", "Legal form"),
            _day("founded", "Ngày thành lập", "Founded"),
            _code("status", "Tình trạng", "Status"),
            Field("legal_representative", Text("Người đại diện", "Legal representative"), classed=FieldClass.PERSONAL),
        ),
    ),
    Dataset.PROCEDURES: Schema(
        Dataset.PROCEDURES,
        Text("Thủ tục hành chính", "Administrative procedures"),
        Text("Mã thủ tục", "Slug of the procedure"),
        r"[a-z0-9-]{1,80}",
        (
            Field("slug", Text("Mã", "Slug"), term="procedure.slug"),
            Field("code", Text("Mã quốc gia", "National code")),
            Field("version", Text("Phiên bản", "Version"), "integer"),
            Field("title_vi", Text("Tên", "Vietnamese title")),
            Field("title_en", Text("Tên tiếng Anh", "English title")),
            Field("field", Text("Lĩnh vực", "Field")),
            _code("unit", "Đơn vị giải quyết", "Unit in charge", "agency.code"),
            _code("status", "Tình trạng công bố", "Status of publication"),
            Field("time_limit", Text("Thời hạn giải quyết", "Time limit")),
            Field("fees", Text("Phí, lệ phí", "Fees"), "array"),
            Field("papers", Text("Thành phần hồ sơ", "Papers"), "array"),
            Field("decision", Text("Quyết định công bố", "Decision of publication")),
            _day("valid_from", "Có hiệu lực từ", "Valid from"),
            _day("valid_to", "Có hiệu lực đến", "Valid to"),
        ),
    ),
    Dataset.CODELISTS: Schema(
        Dataset.CODELISTS,
        Text("Danh mục dùng chung", "Common code lists"),
        Text("Tên danh mục, hoặc danh mục/mã", "Name of the list, or list/code"),
        r"[A-Za-z0-9_-]{1,64}(/[0-9A-Za-zĐđ._-]{1,40})?",
        (
            _code("list", "Danh mục", "List"),
            Field("title_vi", Text("Tên danh mục", "Title of the list")),
            Field("title_en", Text("Tên danh mục tiếng Anh", "English title of the list")),
            Field("entries", Text("Các mã", "Codes"), "array"),
            Field("size", Text("Số mã", "Number of codes"), "integer"),
            Field("code", Text("Mã", "Code")),
            Field("name_vi", Text("Tên", "Name")),
            Field("name_en", Text("Tên tiếng Anh", "English name")),
            _code("parent", "Mã cấp trên", "Code above it"),
            _day("valid_from", "Có hiệu lực từ", "Valid from"),
            _day("valid_to", "Có hiệu lực đến", "Valid to"),
            Field("replaced_by", Text("Các mã thay thế", "Codes that replace it"), "array"),
            Field("periods", Text("Tên và mã cấp trên qua các thời kỳ", "Earlier names and places"), "array"),
            Field("sample", Text("Chỉ là dữ liệu mẫu", "Only a sample"), "boolean"),
            Field("source", Text("Nguồn", "Source")),
        ),
    ),
}


def unknown_fields(dataset: Dataset, names: set[str]) -> list[str]:
    """The `names` that are no field of `dataset`."""
    return sorted(names - SCHEMAS[dataset].names)


def etag_of(doc: dict[str, Any]) -> str:
    """A strong validator of a record: the same content has the same tag, whoever writes it."""
    canonical = json.dumps(doc, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def ends_on(dataset: Dataset, doc: Mapping[str, Any]) -> date | None:
    """The last day of a licence that is in force; None for one without an end, and for everything else."""
    valid_to = doc.get("valid_to")
    in_force = dataset is Dataset.LICENCES and doc.get("status") == "valid"
    return date.fromisoformat(valid_to) if in_force and valid_to else None


def day_after(day: str) -> date:
    """The day after one written as `YYYY-MM-DD`."""
    return date.fromisoformat(day) + timedelta(days=1)


def with_status(doc: Mapping[str, Any], status: str, *, on: date, by: str | None = None) -> dict[str, Any]:
    """A licence's record with another status, and a line in its history: what it is now, since when, by which document."""
    history = list(doc.get("status_history") or _first_line(doc))
    line = {"status": status, "from": on.isoformat()} | ({"by": by} if by else {})
    told = {"status": status, "status_history": [*history, line]}
    return dict(doc) | told | ({"replaced_by": by} if by and status == "replaced" else {})


def _first_line(doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How a record began that was written before records had a history."""
    began = doc.get("valid_from") or doc.get("issued_on")
    return [{"status": doc["status"], "from": began}] if doc.get("status") and began else []
