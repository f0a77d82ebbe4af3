"""A report in words: what it means, who signed, what is wrong, why, and what to do. Pure; pages and the printed report show it.

Everything is a pair of label and value in both languages, so that no two readers are told different things.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from app.core.clock import in_vietnam
from app.core.text import Text
from app.documents import terms
from app.documents.eight_steps import STANDING, Step, steps_of
from signing.advice import advice
from signing.binding import Binding, bound_to, split_tax_code
from signing.codes import CODES, finding
from signing.model import Finding, Indication, Kind, Report, Severity, Signature, Verdict
from signing.report import schema, to_etsi

Row = tuple[Text, Text]
Line = tuple[Text, ...]
_STANDING = {Indication.TOTAL_PASSED: "good", Indication.TOTAL_FAILED: "bad", Indication.INDETERMINATE: "unknown"}
_KIND = {Verdict.VALID: "good", Verdict.INDETERMINATE: "unknown", Verdict.UNSIGNED: ""}
_DASH = Text("–", "–")


@dataclass(frozen=True, slots=True)
class Point:
    """One finding: what, why it matters, what to do. `grave`: it decides the verdict or keeps the file out."""

    code: str
    grave: bool
    warning: bool
    what: Text
    why: Text
    do: Text
    detail: str


@dataclass(frozen=True, slots=True)
class SignatureView:
    """One signature. `standing` is good, bad or unknown; `brief` is for its owner, `full` adds what an official needs."""

    title: Text
    standing: str
    conclusion: Text
    brief: tuple[Row, ...]
    full: tuple[Row, ...]
    steps: tuple[Step, ...]
    points: tuple[Point, ...]
    answers: tuple[Line, ...]
    stamps: tuple[Line, ...]
    chain: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A whole report. `kind` is good, bad, unknown or "" (nothing to judge)."""

    verdict: str
    kind: str
    headline: Text
    meaning: Text
    integrity_only: bool
    points: tuple[Point, ...]
    signatures: tuple[SignatureView, ...]
    about: tuple[Row, ...]

    @property
    def grave(self) -> tuple[Point, ...]:
        """What has to be put right, each code once, the file's own first."""
        every = [*self.points, *(point for one in self.signatures for point in one.points)]
        return tuple({point.code: point for point in every if point.grave}.values())

    @property
    def waits(self) -> bool:
        """Whether an answer that is still awaited may settle it; whoever is not recognised today gains nothing by waiting."""
        return all(CODES[point.code].subindication == "TRY_LATER" for point in self.grave)


def explained(report: Report | Mapping[str, Any], tax_code: str | None = None) -> Explained:
    """`report` or its stored JSON; `tax_code` of the filer, to say whether each signature belongs to it."""
    made = report if isinstance(report, Report) else Report.from_json(report)
    headline, meaning = _headline(made)
    return Explained(
        verdict=made.verdict.value,
        kind="bad" if made.refusals else _KIND.get(made.verdict, "bad"),
        headline=headline,
        meaning=meaning,
        integrity_only=made.integrity_only,
        points=_points(made.findings),
        signatures=tuple(_signature(n, row, made, tax_code) for n, row in enumerate(made.signatures, start=1)),
        about=tuple(_about(made)),
    )


def _headline(report: Report) -> tuple[Text, Text]:
    """A good signature on a file that must stay out is not told as good, and what was assumed not as known."""
    known = terms.HEADLINE[report.verdict], terms.MEANING[report.verdict]
    if report.integrity_only:
        return terms.ASSUMED, terms.ASSUMED_MEANING
    if report.refusals and known[0] is terms.HEADLINE[Verdict.VALID]:
        return terms.KEPT_OUT, terms.KEPT_OUT_MEANING
    return known


def headline_for(told: Explained, *, refused: bool) -> Text:
    """For one paper of a dossier: a valid signature of somebody else is of no use here."""
    return terms.NOT_USABLE if refused and told.kind == "good" else told.headline


@dataclass(frozen=True, slots=True)
class Today:
    """A report that judges as of the filing (`as_of`): whether today's check would say something else, what and why."""

    as_of: datetime
    differs: bool
    headline: Text
    reasons: tuple[Text, ...]


def today_of(today: Mapping[str, Any], verdict: str | None) -> Today:
    """From what is kept beside the report."""
    said = Verdict(today["verdict"])
    reasons = tuple(_point_text(code) for code in today["codes"])
    return Today(datetime.fromisoformat(today["as_of"]), said != verdict, terms.HEADLINE[said], reasons)


def etsi(report: Mapping[str, Any]) -> bytes | None:
    """The stored report in the form of ETSI TS 119 102-2; None where there is no signature to report on."""
    made = Report.from_json(report)
    return to_etsi(made) if made.signatures else None


def _points(findings: Iterable[Finding]) -> tuple[Point, ...]:
    """What decides the verdict before what is only to be known."""
    return tuple(sorted((_point(found) for found in findings), key=lambda point: (not point.grave, not point.warning)))


def _point(found: Finding) -> Point:
    told = advice(found.code)
    return Point(
        code=found.code,
        grave=found.severity is Severity.ERROR or found.refuses,
        warning=found.severity is Severity.WARNING,
        what=Text(found.vi, found.en),
        why=Text(told.why_vi, told.why_en),
        do=Text(told.do_vi, told.do_en),
        detail=found.detail,
    )


def _about(report: Report) -> Iterable[Row]:
    yield Text("Mã băm SHA-256 của tệp", "SHA-256 of the file"), _same(report.sha256)
    yield Text("Dung lượng (byte)", "Size (bytes)"), _same(f"{report.size}")
    yield Text("Xét tại thời điểm", "Judged as of"), _moment(report.checked_at)
    yield Text("Kho chứng thư tin cậy, đợt", "Trust store, epoch"), _same(str(report.trust_epoch))
    yield Text("Bộ kiểm tra", "Engine"), _same(report.engine)
    yield Text("Số chữ ký và dấu thời gian", "Signatures and time stamps"), _same(str(len(report.signatures)))


def _signature(number: int, row: Signature, report: Report, tax_code: str | None) -> SignatureView:
    brief = tuple(_brief(row, tax_code))
    who = _name(row)
    assumed = report.integrity_only and row.indication is Indication.TOTAL_PASSED
    standing = "unknown" if assumed else _STANDING[row.indication]
    called = Text("Dấu thời gian", "Time stamp") if row.kind is Kind.DOC_TS else Text("Chữ ký", "Signature")
    return SignatureView(
        title=Text(f"{called.vi} {number}: {who.vi}", f"{called.en} {number}: {who.en}"),
        standing=standing,
        conclusion=terms.INTACT if assumed else terms.INDICATION[row.indication],
        brief=brief,
        full=(*brief, *_more(row)),
        steps=steps_of(row, integrity_only=report.integrity_only),
        points=_points(row.findings),
        answers=tuple(_answers(row)),
        stamps=tuple(_stamps(row)),
        chain=tuple(_chain(row)),
    )


def _name(row: Signature) -> Text:
    if row.signer is None:
        return Text("không đọc được người ký", "signer could not be read")
    return _same(row.signer.o or row.signer.cn)


def _brief(row: Signature, tax_code: str | None) -> Iterable[Row]:
    signer = row.signer
    yield Text("Loại", "Kind"), terms.KIND[row.kind]
    yield Text("Người ký", "Signed by"), _who(row)
    if signer and signer.mst:
        yield Text("Mã số thuế trong chứng thư", "Tax code in the certificate"), _same(_code(signer.mst, signer.branch))
    if tax_code and row.kind is not Kind.DOC_TS:
        yield Text("Đối chiếu mã số thuế", "Compared with the tax code"), _belongs(row, tax_code)
    yield Text("Nơi cấp chứng thư", "Certificate issued by"), _same(signer.issuer) if signer else _DASH
    yield Text("Loại chứng thư", "Kind of certificate"), terms.LABEL[row.label]
    if signer and signer.valid_from and signer.valid_until:
        yield Text("Thời hạn chứng thư", "Certificate's period"), _period(signer.valid_from, signer.valid_until)
    yield Text("Thời điểm ký", "Signed at"), _time(row)
    yield Text("Phạm vi ký", "What is covered"), terms.COVERAGE[row.coverage]
    yield Text("Thay đổi sau khi ký", "Changes after signing"), terms.MODIFICATION[row.modification]
    yield Text("Tình trạng thu hồi", "Revocation"), _revocation(row)


def _more(row: Signature) -> Iterable[Row]:
    signer, used = row.signer, row.algorithms
    sub = f" / {row.subindication}" if row.subindication else ""
    yield Text("Kết luận theo ETSI EN 319 102-1", "ETSI EN 319 102-1"), _same(f"{row.indication}{sub}")
    yield Text("Mức chữ ký", "Level"), terms.LEVEL[row.level]
    yield Text("Trường, định dạng", "Field, format"), _same(f"{row.field}, {row.subfilter or '–'}")
    yield Text("Vai trò của nơi cấp", "Role of the issuer"), terms.ROLE[row.role] if row.role else _DASH
    if signer:
        yield Text("Số hiệu chứng thư", "Serial number"), _same(signer.serial)
        yield Text("SHA-256 của chứng thư", "SHA-256 of the certificate"), _same(signer.certificate_sha256)
    if row.signing_time and row.signing_time.claimed:
        yield Text("Giờ do máy người ký ghi", "Time claimed by the signer"), _moment(row.signing_time.claimed)
    if used:
        told = [used.digest, used.signature, f"{used.key} {used.key_bits} bit" if used.key_bits else used.key]
        yield Text("Thuật toán", "Algorithms"), _same(" · ".join(part for part in told if part))
    elif row.algorithm:
        yield Text("Thuật toán", "Algorithms"), _same(row.algorithm)


def _who(row: Signature) -> Text:
    signer = row.signer
    if signer is None:
        return _name(row)
    both = f"{signer.o} ({signer.cn})" if signer.o and signer.cn and signer.o != signer.cn else signer.o or signer.cn
    return _same(both)


def _code(mst: str, branch: str | None) -> str:
    return f"{mst}-{branch}" if branch else mst


def _belongs(row: Signature, tax_code: str) -> Text:
    known = split_tax_code(tax_code)
    result = bound_to(row.signer, tax_code) if known else Binding.NONE
    return terms.BINDING[result].filled(code=tax_code)


def _time(row: Signature) -> Text:
    if row.signing_time is None:
        return Text("Không xác định được", "Could not be told")
    when, source = _moment(row.signing_time.value), terms.TIME_SOURCE[row.signing_time.source]
    return Text(f"{when.vi}, {source.vi}", f"{when.en}, {source.en}")


def _revocation(row: Signature) -> Text:
    told = row.revocation
    status = terms.REVOKED[told.status]
    parts = [told.source.upper()] if told.source else []
    parts += [f"{in_vietnam(told.this_update):%d/%m/%Y %H:%M}"] if told.this_update else []
    since = f"{in_vietnam(told.revoked_at):%d/%m/%Y %H:%M}" if told.revoked_at else ""
    reason = f", {told.reason}" if told.reason else ""
    vi = status.vi + (f" từ {since}{reason}" if since else "") + (f" ({', '.join(parts)})" if parts else "")
    en = status.en + (f" since {since}{reason}" if since else "") + (f" ({', '.join(parts)})" if parts else "")
    return Text(vi, en)


def _answers(row: Signature) -> Iterable[Line]:
    """Certificate, kind, from when, until when, where from, digest."""
    for one in row.revocation.answers:
        until = _moment(one.next_update) if one.next_update else _DASH
        told = (_same(one.about), _same(one.source.upper()), _moment(one.this_update), until)
        yield (*told, terms.ORIGIN[one.origin], _same(one.sha256))


def _stamps(row: Signature) -> Iterable[Line]:
    """What it covers, its time, who gave it, what it is worth."""
    fine = Text("Tin cậy", "Trusted")
    for one in row.timestamps or ((row.timestamp,) if row.timestamp else ()):
        worth = _point_text(one.code) if one.code else fine
        yield terms.STAMP[one.kind], _moment(one.value), _same(one.tsa), worth


def _point_text(code: str) -> Text:
    told = finding(code)
    return Text(told.vi, told.en)


def _chain(row: Signature) -> Iterable[Line]:
    """Name, serial number, period."""
    for link in row.chain:
        yield _same(link.cn), _same(link.serial), _period(link.valid_from, link.valid_until)


def _period(start: datetime, end: datetime) -> Text:
    return _same(f"{in_vietnam(start):%d/%m/%Y} – {in_vietnam(end):%d/%m/%Y}")


def _moment(at: datetime) -> Text:
    return _same(f"{in_vietnam(at):%d/%m/%Y %H:%M:%S}")


def _same(text: str) -> Text:
    """Said alike in both languages."""
    return Text(text, text)


def report_schema() -> dict[str, Any]:
    """JSON Schema of the stored report."""
    return schema()


def printable(
    told: Explained,
    report: Mapping[str, Any],
    *,
    file: str,
    about: Iterable[Row],
    reason: Text | None,
    receipts: Iterable[Row] = (),
    at: datetime,
) -> dict[str, Any]:
    """Everything the printed report shows, as plain JSON. `about` says which paper of which dossier it is."""
    values: dict[str, Any] = {
        "explained": told,
        "about": tuple(about),
        "reason": reason,
        "receipts": tuple(receipts),
        "standings": {standing.value: text for standing, text in STANDING.items()},
        "file": file,
        "report": json.dumps(report, ensure_ascii=False, sort_keys=True),
        "printed_at": in_vietnam(at).replace(microsecond=0).isoformat(),
        "printed_shown": f"{in_vietnam(at):%H:%M:%S %d/%m/%Y}",
    }
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value
