"""A report as others read it: its JSON Schema, ETSI TS 119 102-2 XML, plain text for a terminal, and whom it names.

The XML is written from our own report: pyHanko's own writer (`pyhanko.sign.validation.report`) tells pyHanko's verdict, and
two answers about one file would be worse than none.
"""

import base64
import types
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints
from xml.etree import ElementTree as ET

from signing.binding import Binding, bound_to
from signing.model import VERSION, Indication, Report, Signature, TimeSource

SCHEMA_ID = f"urn:motcua:signature-report:{VERSION}"
_MOST = 2**28 - 1
"""A report is kept as JSON in PostgreSQL: no text in it is longer, no list has more items."""

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string", "maxLength": _MOST},
    int: {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time", "maxLength": 35},
}
_ORDER = (Binding.BOUND, Binding.MST_BRANCH_ONLY, Binding.MST_MISMATCH, Binding.NONE)


def binding_of(report: Report, tax_code: str) -> dict[str, Any]:
    """Whether this tax code signed, as JSON: the best over all signatures, and each. Says nothing of their worth."""
    each = [(row.field, bound_to(row.signer, tax_code)) for row in report.signatures]
    best = min((result for _, result in each), key=_ORDER.index, default=Binding.NONE)
    rows = [{"field": name, "result": result.value} for name, result in each]
    return {"tax_code": tax_code, "result": best.value, "signatures": rows}


def as_text(report: Report) -> str:
    """For a terminal, Vietnamese before English: the verdict, then who signed when, then every finding."""
    lines = [f"{report.verdict}  sha256:{report.sha256[:16]}…  {report.size} bytes"]
    if report.integrity_only:
        lines.append("  !! CHỈ KIỂM TRA TÍNH TOÀN VẸN: chưa xét chứng thư có được tin cậy hay bị thu hồi")
        lines.append("  !! INTEGRITY ONLY: trust and revocation were not judged")
    for row in report.signatures:
        lines += _signature_lines(row)
    lines += [f"  {f.severity:8}{f.code}: {f.vi} / {f.en}" for f in report.findings]
    return "\n".join(lines)


def _signature_lines(row: Signature) -> Iterator[str]:
    who = f"{row.signer.cn} [{row.signer.issuer}]" if row.signer else "?"
    when = f"{row.signing_time.value.isoformat()} ({row.signing_time.source})" if row.signing_time else "?"
    reason = f"/{row.subindication}" if row.subindication else ""
    yield f"  {row.field}: {row.indication}{reason} {row.level} {row.label}"
    yield f"    {who}, {when}"
    yield from (f"    {f.severity:8}{f.code}: {f.vi} / {f.en}" for f in row.findings)


# -- JSON Schema -------------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `Report.to_json()`.

    Fields that came later have a default and are not required: reports kept from earlier programs lack them.
    """
    parts: dict[str, Any] = {}
    root = _of_dataclass(Report, parts)
    version = {"const": VERSION, "description": "Raised when a reader of the old form would misread the new one."}
    root["properties"] = {"version": version, **root["properties"]}
    root["required"] = ["version", *root["required"]]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, "title": "Signature report"}
    return {**head, **root, "$defs": dict(sorted(parts.items()))}


def _of(hint: Any, parts: dict[str, Any]) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin is types.UnionType:
        kinds = [_of(kind, parts) for kind in get_args(hint) if kind is not type(None)]
        return {"anyOf": [*kinds, {"type": "null"}]}
    if origin in (tuple, frozenset):
        return {"type": "array", "maxItems": _MOST, "items": _of(get_args(hint)[0], parts)}
    if is_dataclass(hint) or (isinstance(hint, type) and issubclass(hint, Enum)):
        return _named(hint, parts)
    return dict(_PLAIN[hint])


def _named(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    if kind.__name__ not in parts:
        parts[kind.__name__] = {}  # holds the place while its own parts are read
        parts[kind.__name__] = _of_enum(kind) if issubclass(kind, Enum) else _of_dataclass(kind, parts)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _of_enum(kind: type[Enum]) -> dict[str, Any]:
    return {"description": _said(kind), "enum": [member.value for member in kind]}


def _of_dataclass(kind: Any, parts: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    told = [f for f in fields(kind) if f.compare]
    return {
        "type": "object",
        "description": _said(kind),
        "properties": {f.name: _of(hints[f.name], parts) for f in told},
        "required": [f.name for f in told if f.default is MISSING and f.default_factory is MISSING],
    }


def _said(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split())


# -- ETSI TS 119 102-2, schema 1.2.1 with the corrections of 1.2.2 ---------------------------------------------------

_VR = "http://uri.etsi.org/19102/v1.2.1#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_URN = "urn:etsi:019102"
_INDICATION = {
    Indication.TOTAL_PASSED: "total-passed",
    Indication.INDETERMINATE: "indeterminate",
    Indication.TOTAL_FAILED: "total-failed",
}
_PROCESS = {"P7": "Basic", "B": "Basic", "T": "LTVM", "LT": "LTVM", "LTA": "LTA"}


def to_etsi(report: Report) -> bytes:
    """The report as a ValidationReport; certificates and revocation answers are named by their digests.

    Raises ValueError when there is no signature to report on: the form knows no other subject.
    """
    if not report.signatures:
        raise ValueError("no signature to report on")
    root = ET.Element(f"{{{_VR}}}ValidationReport")
    for row in report.signatures:
        _signature_report(root, report, row)
    if objects := sorted(_objects(report)):  # the schema knows no empty list
        _validation_objects(_add(root, "SignatureValidationObjects"), objects)
    ET.register_namespace("vr", _VR)
    ET.register_namespace("ds", _DS)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _validation_objects(parent: ET.Element, objects: Iterable[tuple[str, str, str]]) -> None:
    for name, kind, digest in objects:
        one = _add(parent, "ValidationObject", id=name)
        _add(one, "ObjectType", f"{_URN}:validationObject:{kind}")
        _digest(_add(one, "ValidationObjectRepresentation"), digest)


def _add(parent: ET.Element, name: str, text: str = "", space: str = _VR, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{space}}}{name}", attributes)
    made.text = _printable(text) or None
    return made


def _printable(text: str) -> str:
    """Names come from certificates: what XML 1.0 cannot hold becomes a question mark."""
    return "".join(c if c in "\t\n" or (c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF) else "?" for c in text)


def _digest(parent: ET.Element, sha256: str) -> None:
    pair = _add(parent, "DigestAlgAndValue")
    _add(pair, "DigestMethod", space=_DS, Algorithm=_SHA256)
    _add(pair, "DigestValue", base64.b64encode(bytes.fromhex(sha256)).decode(), _DS)


def _signature_report(root: ET.Element, report: Report, row: Signature) -> None:
    part = _add(root, "SignatureValidationReport")
    identifier = _add(part, "SignatureIdentifier")
    _add(identifier, "HashOnly", "false")
    _add(identifier, "DocHashOnly", "false")
    _add(identifier, "DAIdentifier", row.field)
    _times(_add(part, "ValidationTimeInfo"), report, row)
    _digest(_add(part, "SignersDocument"), report.sha256)
    if row.subfilter or row.timestamp or (row.signing_time and row.signing_time.claimed):
        _attributes(_add(part, "SignatureAttributes"), row)
    if row.signer:
        signer = _add(part, "SignerInformation")
        _add(signer, "SignerCertificate", VOReference=_name_of("CERT", row.signer.certificate_sha256))
        _add(signer, "Signer", row.signer.cn)
    process = _add(part, "SignatureValidationProcess")
    _add(process, "SignatureValidationProcessID", f"{_URN}:validationprocess:{_PROCESS[row.level]}")
    _status(_add(part, "SignatureValidationStatus"), report, row)


def _times(parent: ET.Element, report: Report, row: Signature) -> None:
    """Best is what is proven; where nothing is, it is the moment of the check (EN 319 102-1, clause 5.5)."""
    proven = row.signing_time if row.signing_time and row.signing_time.source is not TimeSource.CLAIMED else None
    by_token = proven is None or proven.source is TimeSource.TSA
    _add(parent, "ValidationTime", report.checked_at.isoformat())
    best = _add(parent, "BestSignatureTime")
    _add(best, "POETime", (proven.value if proven else report.checked_at).isoformat())
    _add(best, "TypeOfProof", f"{_URN}:poetype:{'validation' if by_token else 'provided'}")


def _attributes(told: ET.Element, row: Signature) -> None:
    if row.signing_time and row.signing_time.claimed:
        _add(_add(told, "SigningTime", Signed="true"), "Time", row.signing_time.claimed.isoformat())
    if row.timestamp:
        _add(_add(told, "SignatureTimeStamp", Signed="false"), "TimeStampValue", row.timestamp.value.isoformat())
    if row.subfilter:
        _add(_add(told, "SubFilter", Signed="true"), "SubFilterElement", row.subfilter.removeprefix("/"))


def _status(parent: ET.Element, report: Report, row: Signature) -> None:
    _add(parent, "MainIndication", f"{_URN}:mainindication:{_INDICATION[row.indication]}")
    if row.subindication:
        _add(parent, "SubIndication", f"{_URN}:subindication:{row.subindication}")
    data = _add(parent, "AssociatedValidationReportData")
    for answer in row.revocation.answers:
        _add(data, "RelatedValidationObject", VOReference=_name_of(answer.source, answer.sha256))
    more = _add(data, "AdditionalValidationReportData")
    for kind, value in _facts(report, row):
        one = _add(more, "ReportData")
        _add(one, "Type", f"urn:motcua:signature:{kind}")
        _add(one, "Value", value)


def _facts(report: Report, row: Signature) -> Iterator[tuple[str, str]]:
    """What the standard has no word for."""
    yield "document-verdict", report.verdict
    yield "engine", report.engine
    yield "trust-epoch", str(report.trust_epoch)
    if report.integrity_only:
        yield "integrity-only", "true"
    for found in (*report.findings, *row.findings):
        yield "finding", f"{found.code}: {found.en}"


def _objects(report: Report) -> set[tuple[str, str, str]]:
    """(id, kind, digest) of everything that the parts above point to."""
    kinds = {"crl": "CRL", "ocsp": "OCSPResponse"}
    found = {(s.signer.certificate_sha256, "certificate", "CERT") for s in report.signatures if s.signer}
    found |= {(link.certificate_sha256, "certificate", "CERT") for s in report.signatures for link in s.chain}
    found |= {(a.sha256, kinds[a.source], a.source) for s in report.signatures for a in s.revocation.answers}
    return {(_name_of(prefix, digest), kind, digest) for digest, kind, prefix in found}


def _name_of(prefix: str, sha256: str) -> str:
    return f"{prefix.upper()}-{sha256}"
