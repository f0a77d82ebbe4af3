"""The form of the data attached to every document (`du-lieu.json`): one JSON Schema for each kind. Pure."""

import json
from pathlib import Path
from typing import Any

import signing
from app.core.text import Text
from app.issued import facts
from app.issued.facts import Sheet

KINDS: tuple[type[Sheet], ...] = (
    facts.Receipt,
    facts.Appointment,
    facts.SupplementRequest,
    facts.RefusalToReceive,
    facts.Apology,
    facts.StopNotice,
    facts.ProcessControl,
    facts.RegisterBook,
    facts.Consultation,
    facts.Minutes,
    facts.StepDocument,
    facts.FeeNotice,
    facts.FeeReceipt,
    facts.Result,
    facts.Refusal,
)
# Templates of one kind, the result: what each is called.
RESULT_NAMES = {
    "certificate": Text("Giấy chứng nhận", "Certificate"),
    "licence": Text("Giấy phép", "Licence"),
    "decision": Text("Quyết định", "Decision"),
    "confirmation-letter": Text("Văn bản xác nhận", "Confirmation letter"),
    "approval-letter": Text("Văn bản chấp thuận", "Approval letter"),
    "acknowledgement": Text("Văn bản tiếp nhận thông báo, công bố", "Acknowledgement of a notification"),
    "code-registration": Text("Mã số, hồ sơ đăng ký", "Registration of a code or profile"),
    "result-notice": Text("Thông báo kết quả", "Notice of a result"),
    "refusal-letter": Text("Văn bản từ chối", "Refusal letter"),
}
_TEXT, _WHOLE = {"type": "string"}, {"type": "integer", "minimum": 1}


def called(template: str) -> Text:
    """The name of a template, for those who look after it."""
    named = {kind.template: kind.name for kind in KINDS} | RESULT_NAMES
    return named[template]


def schema_of(kind: type[Sheet]) -> dict[str, Any]:
    """What is attached to a document of this kind: its facts, and what surrounds them."""
    inner = kind.model_json_schema(mode="serialization")
    parts = inner.pop("$defs", {})
    around = {
        "kind": {"const": str(kind.kind)},
        "template": _TEXT,
        "edition": _WHOLE,
        "legal_basis": _TEXT,
        "title_vi": _TEXT,
        "title_en": _TEXT,
        "number": {"type": ["string", "null"]},
        "at": {"type": "string", "format": "date-time"},
        "verify": {"type": "string", "description": "Where the document can be verified: what its QR code holds."},
        "facts": inner,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:motcua:issued:{kind.kind}",
        "title": f"{kind.name.vi} / {kind.name.en}",
        "type": "object",
        "properties": around | _derived(kind),
        "required": list(around),
        "additionalProperties": False,
        "$defs": parts,
    }


def _derived(kind: type[Sheet]) -> dict[str, Any]:
    """What is worked out from the number and the amount."""
    known: dict[str, Any] = {"serial": _TEXT, "series": _TEXT}
    if "amount" in kind.model_fields:
        known["amount_in_words"] = _TEXT
    if kind is facts.Appointment:
        places = {"volume": _WHOLE, "entry": _WHOLE}
        known["book"] = {"type": "object", "properties": places, "required": list(places), "additionalProperties": False}
    return known


def text_of(kind: type[Sheet]) -> str:
    """The schema as it is committed."""
    return json.dumps(schema_of(kind), ensure_ascii=False, indent=2) + "\n"


def write_report(folder: Path) -> Path:
    """The form of a signature report, beside the descriptions that point to it."""
    path = folder / "signature-report.schema.json"
    path.write_text(json.dumps(signing.schema(), ensure_ascii=False, indent=2) + "\n")
    return path


def write(folder: Path) -> list[Path]:
    """Write every schema into `folder`; they are committed, and a test compares them with the code."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{kind.kind}.schema.json" for kind in KINDS]
    for path, kind in zip(paths, KINDS, strict=True):
        path.write_text(text_of(kind), "utf-8")
    return paths
