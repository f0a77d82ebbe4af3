"""The datasets the ministry shares, their fields and how personal each field is. Names are an API: add, never rename."""

import hashlib
import json
import re
from dataclasses import dataclass
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
    """How a field must be treated: công khai, nội bộ, cá nhân."""

    PUBLIC = "cong-khai"
    INTERNAL = "noi-bo"
    PERSONAL = "ca-nhan"


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a record. `kind` is its JSON Schema type; dates are `YYYY-MM-DD`, moments RFC 3339 in UTC."""

    name: str
    title: Text
    kind: str = "string"
    classed: FieldClass = FieldClass.PUBLIC
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """A dataset: what it holds, which key finds a record, which fields a record may have."""

    dataset: Dataset
    title: Text
    key_title: Text
    key_pattern: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names of all fields."""
        return frozenset(field.name for field in self.fields)

    def accepts_key(self, key: str) -> bool:
        """Whether `key` can be a key of this dataset at all; keeps NUL and surrogates out of SQL."""
        return re.fullmatch(self.key_pattern, key) is not None


def _day(name: str, vi: str, en: str) -> Field:
    return Field(name, Text(vi, en), format="date")


_TAX_CODE = r"[0-9]{10}(-[0-9]{3})?|[0-9]{12}"

SCHEMAS: dict[Dataset, Schema] = {
    Dataset.LICENCES: Schema(
        Dataset.LICENCES,
        Text("Giấy phép, giấy chứng nhận, văn bản xác nhận", "Licences, certificates and confirmations"),
        Text("Số văn bản", "Number of the document"),
        r"[0-9A-Za-zĐđ./_-]{1,64}",
        (
            Field("number", Text("Số", "Number")),
            Field("kind", Text("Loại (mã thủ tục)", "Kind (slug of the procedure)")),
            Field("title", Text("Tên văn bản", "Title")),
            Field("status", Text("Tình trạng hiệu lực", "Status")),
            Field("holder_tax_code", Text("Mã số thuế của đơn vị được cấp", "Tax code of the holder")),
            Field("holder_name", Text("Tên đơn vị được cấp", "Name of the holder")),
            Field("holder_address", Text("Địa chỉ trụ sở", "Head office")),
            Field("holder_province", Text("Mã tỉnh, thành phố", "Province code")),
            _day("issued_on", "Ngày cấp", "Day of issue"),
            _day("valid_from", "Có hiệu lực từ", "Valid from"),
            _day("valid_to", "Có hiệu lực đến", "Valid to"),
            Field("issuer", Text("Mã cơ quan cấp", "Code of the issuing agency")),
            Field("issuer_name", Text("Cơ quan cấp", "Issuing agency")),
            Field("signer", Text("Người ký", "Signer"), classed=FieldClass.PERSONAL),
            Field("dossier_number", Text("Số hồ sơ", "Dossier number"), classed=FieldClass.INTERNAL),
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
            Field("procedure", Text("Mã thủ tục", "Slug of the procedure")),
            Field("unit", Text("Mã đơn vị xử lý", "Code of the unit in charge")),
            Field("holder_tax_code", Text("Mã số thuế người nộp", "Tax code of the filer"), classed=FieldClass.INTERNAL),
            Field("state", Text("Trạng thái của cổng", "State in the portal")),
            Field("national_status", Text("Mã trạng thái quốc gia", "National status code"), "integer"),
            Field("received_at", Text("Tiếp nhận lúc", "Received at"), format="date-time"),
            Field("due_at", Text("Hẹn trả lúc", "Due at"), format="date-time"),
            Field("ended_at", Text("Kết thúc lúc", "Ended at"), format="date-time"),
        ),
    ),
    Dataset.ENTERPRISES: Schema(
        Dataset.ENTERPRISES,
        Text("Doanh nghiệp", "Enterprises"),
        Text("Mã số thuế", "Tax code"),
        _TAX_CODE,
        (
            Field("tax_code", Text("Mã số thuế", "Tax code")),
            Field("name_vi", Text("Tên tiếng Việt", "Vietnamese name")),
            Field("name_en", Text("Tên tiếng Anh", "English name")),
            Field("head_office", Text("Trụ sở chính", "Head office")),
            Field("province", Text("Mã tỉnh, thành phố", "Province code")),
            Field("legal_form", Text("Loại hình", "Legal form")),
            _day("founded", "Ngày thành lập", "Founded"),
            Field("status", Text("Tình trạng", "Status")),
            Field("legal_representative", Text("Người đại diện", "Legal representative"), classed=FieldClass.PERSONAL),
        ),
    ),
    Dataset.PROCEDURES: Schema(
        Dataset.PROCEDURES,
        Text("Thủ tục hành chính", "Administrative procedures"),
        Text("Mã thủ tục", "Slug of the procedure"),
        r"[a-z0-9-]{1,64}",
        (
            Field("slug", Text("Mã", "Slug")),
            Field("code", Text("Mã quốc gia", "National code")),
            Field("version", Text("Phiên bản", "Version"), "integer"),
            Field("title_vi", Text("Tên", "Vietnamese title")),
            Field("title_en", Text("Tên tiếng Anh", "English title")),
            Field("field", Text("Lĩnh vực", "Field")),
            Field("unit", Text("Đơn vị giải quyết", "Unit in charge")),
            Field("time_limit", Text("Thời hạn giải quyết", "Time limit")),
            Field("fees", Text("Phí, lệ phí", "Fees"), "array"),
            Field("papers", Text("Thành phần hồ sơ", "Papers"), "array"),
            _day("valid_from", "Có hiệu lực từ", "Valid from"),
        ),
    ),
    Dataset.CODELISTS: Schema(
        Dataset.CODELISTS,
        Text("Danh mục dùng chung", "Common code lists"),
        Text("Tên danh mục", "Name of the list"),
        r"[A-Za-z0-9_-]{1,64}",
        (
            Field("list", Text("Danh mục", "List")),
            Field("entries", Text("Các mã", "Codes"), "array"),
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
