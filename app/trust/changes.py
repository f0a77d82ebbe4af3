"""Changes of the trust store: made on a copy, told in words before anybody adopts them. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from app.core.clock import in_vietnam
from app.core.errors import Conflict, NotFound
from app.core.text import Text
from app.trust import certificates
from app.trust.certificates import refused
from signing import Authority, Role, TrustSnapshot
from signing.plain import from_plain, to_plain
from signing.trust import AdoptedList, ServiceStatus, Standing

ROLE_NAME = {
    Role.FILER: Text("Doanh nghiệp, người dân (công cộng)", "Businesses and citizens (public)"),
    Role.OFFICIAL: Text("Cơ quan nhà nước (công vụ)", "State bodies (official)"),
    Role.TSA: Text("Cấp dấu thời gian", "Time stamping"),
    Role.FOREIGN: Text("Nước ngoài được công nhận", "Foreign, recognised"),
}
STATUS_NAME = {
    ServiceStatus.GRANTED: Text("Được công nhận", "Granted"),
    ServiceStatus.SUSPENDED: Text("Tạm đình chỉ", "Suspended"),
    ServiceStatus.WITHDRAWN: Text("Bị thu hồi", "Withdrawn"),
}
_OLDER = Text(
    "Danh sách này là số {number}, không mới hơn số {known} đã áp dụng. Hãy tải số mới nhất từ nơi công bố.",
    "This is issue {number} of the list, not newer than issue {known} that was adopted. Get the latest from its publisher.",
)
_KNOWN = Text("Chứng thư này đã có trong kho tin cậy.", "This certificate is in the trust store already.")
_NO_ISSUER = Text(
    "Không có gốc nào trong kho đã cấp chứng thư này. Hãy thêm chứng thư cấp trên trước, hoặc chọn vai trò để tin cậy trực tiếp.",
    "No authority in the store issued this certificate. Add its issuer first, or choose a role to trust it directly.",
)
_NO_AUTHORITY = Text(
    "Chứng thư này không phải của tổ chức chứng thực (không có quyền cấp chứng thư). Chỉ dịch vụ dấu thời gian mới dùng được.",
    "This certificate may not issue others. Only a time-stamping service can be entered with such a certificate.",
)
_NO_NAME = Text("Hãy ghi tên dịch vụ.", "Name the service.")
_ADDRESS = Text(
    "Địa chỉ {url} không dùng được. Địa chỉ CRL và OCSP phải bắt đầu bằng http:// hoặc https:// và có tên máy chủ.",
    "The address {url} cannot be used. CRL and OCSP addresses begin with http:// or https:// and name a host.",
)
_SAME = Text("Nội dung này giống hệt kho đang áp dụng.", "This is exactly what is in force.")


class Kind(StrEnum):
    """What a difference does, for counting."""

    ADDS = "adds"
    ENDS = "ends"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of what a change would do."""

    kind: Kind
    text: Text


@dataclass(frozen=True)
class Added:
    """A certificate that is new; `anchor`: trusted by itself, else through one that is."""

    authority: Authority
    anchor: bool


@dataclass(frozen=True)
class Restated:
    """The whole status history of one certificate's service, new."""

    sha256: str
    history: tuple[Standing, ...]


@dataclass(frozen=True)
class Readdressed:
    """Where the authority publishes its revocations, new."""

    sha256: str
    crl: tuple[str, ...]
    ocsp: str | None


@dataclass(frozen=True)
class Change:
    """What an administrator wants, upon epoch `base`. `source` says where it was read from."""

    base: int
    added: tuple[Added, ...] = ()
    restated: tuple[Restated, ...] = ()
    readdressed: tuple[Readdressed, ...] = ()
    source: str = ""
    read: AdoptedList | None = None
    """The published list it was read from; an older issue of the same is refused from then on."""

    def to_json(self) -> dict[str, object]:
        """For the page that carries it from preview to proposal."""
        plain: dict[str, object] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, document: dict[str, object]) -> "Change":
        """Raises ValueError, KeyError or TypeError on another shape."""
        return from_plain(cls, document)

    def applied(self, trust: TrustSnapshot) -> TrustSnapshot:
        """The store as it would be. `Conflict` when another epoch is in force by now, `Incomplete` when nothing changes."""
        if trust.epoch != self.base:
            raise Conflict
        known = {authority.sha256 for authority in trust.authorities}
        if any(each.authority.sha256 in known for each in self.added):
            raise refused(_KNOWN, "known-certificate")
        anchors = tuple(map(self._changed, trust.anchors)) + tuple(a.authority for a in self.added if a.anchor)
        below = tuple(map(self._changed, trust.intermediates)) + tuple(a.authority for a in self.added if not a.anchor)
        made = replace(trust, anchors=anchors, intermediates=below)
        if made == trust:
            raise refused(_SAME, "nothing-changes", where="")
        return self._noted(made)

    def _noted(self, made: TrustSnapshot) -> TrustSnapshot:
        """Remember the issue of the list, in place of the one before."""
        if self.read is None:
            return made
        refuse_older(made, self.read)
        others = tuple(known for known in made.lists if known.operator != self.read.operator)
        return replace(made, lists=(*others, self.read))

    def _changed(self, authority: Authority) -> Authority:
        for restated in self.restated:
            if restated.sha256 == authority.sha256:
                authority = replace(authority, history=restated.history)
        for moved in self.readdressed:
            if moved.sha256 == authority.sha256:
                authority = replace(authority, crl=moved.crl, ocsp=moved.ocsp)
        return authority


def add(trust: TrustSnapshot, content: bytes, *, service: str, role: Role | None, crl: str, ocsp: str, since: datetime) -> Change:
    """Enter a certificate. Without a role it counts only through an authority that is there already.

    A service that is there already lends its history and its addresses to its new certificate.
    """
    found = certificates.read(content)
    if any(authority.sha256 == found.sha256 for authority in trust.authorities):
        raise refused(_KNOWN, "known-certificate")
    if not service:
        raise refused(_NO_NAME, "no-name", where="service")
    if not found.is_authority and role is not Role.TSA:
        raise refused(_NO_AUTHORITY, "no-authority")
    if role is None and not any(certificates.issued_by(found.der, known.der) for known in trust.authorities):
        raise refused(_NO_ISSUER, "no-issuer")
    sister = next(iter(trust.services.get(service, ())), None)
    lists = addresses(crl) or (sister.crl if sister else ())
    asked = next(iter(addresses(ocsp)), None) or (sister.ocsp if sister else None)
    history = sister.history if sister else (Standing(ServiceStatus.GRANTED, since),)
    made = Authority(found.der, service, lists, asked, frozenset({role} if role else ()), history=history)
    return Change(trust.epoch, added=(Added(made, anchor=role is not None),))


def restate(trust: TrustSnapshot, service: str, status: ServiceStatus, since: datetime) -> Change:
    """Another status from a day on; what was said for later days is taken back."""
    restated = []
    for authority in _service(trust, service):
        before = authority.history or (Standing(ServiceStatus.GRANTED, certificates.of(authority.der).valid_from),)
        kept = tuple(standing for standing in before if standing.since < since)
        restated.append(Restated(authority.sha256, (*kept, Standing(status, since))))
    return Change(trust.epoch, restated=tuple(restated))


def readdress(trust: TrustSnapshot, service: str, crl: str, ocsp: str) -> Change:
    """Other addresses of revocation data: lists one a line, and one of OCSP or none."""
    lists, asked = addresses(crl), next(iter(addresses(ocsp)), None)
    return Change(trust.epoch, readdressed=tuple(Readdressed(a.sha256, lists, asked) for a in _service(trust, service)))


def refuse_older(trust: TrustSnapshot, read: AdoptedList) -> None:
    """`Incomplete` for a list that is not newer than the one adopted last: an old one would bring back who was withdrawn."""
    known = next((each for each in trust.lists if each.operator == read.operator), None)
    if known is not None and read.number <= known.number:
        raise refused(_OLDER.filled(number=read.number, known=known.number), "older-list")


def merge(trust: TrustSnapshot, listed: tuple[Authority, ...], source: str, read: AdoptedList | None = None) -> Change:
    """What a published list knows: new services as anchors, the histories of known ones as it tells them."""
    known = {authority.sha256: authority for authority in trust.authorities}
    added = tuple(Added(each, anchor=True) for each in listed if each.sha256 not in known)
    restated = tuple(
        Restated(each.sha256, each.history)
        for each in listed
        if each.sha256 in known and known[each.sha256].history != each.history
    )
    return Change(trust.epoch, added=added, restated=restated, source=source, read=read)


def _service(trust: TrustSnapshot, service: str) -> tuple[Authority, ...]:
    found = trust.services.get(service)
    if not found:
        raise NotFound
    return found


def addresses(typed: str) -> tuple[str, ...]:
    """Addresses as typed, one a line. `Incomplete` for one that the fetcher would never call."""
    lines = tuple(dict.fromkeys(line.strip() for line in typed.split() if line.strip()))
    for line in lines:
        if not _callable(line):
            raise refused(_ADDRESS.filled(url=line[:100]), "bad-address", where="crl")
    return lines


def _callable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False


def differences(before: TrustSnapshot, after: TrustSnapshot) -> tuple[Difference, ...]:
    """What changes, in people's words."""
    old = {authority.sha256: authority for authority in before.authorities}
    new = {authority.sha256: authority for authority in after.authorities}
    lines = [_added(authority) for sha, authority in new.items() if sha not in old]
    lines += [_removed(authority) for sha, authority in old.items() if sha not in new]
    lines += [line for sha in new if sha in old for line in _changed(old[sha], new[sha])]
    return tuple(dict.fromkeys(lines))


def counted(lines: tuple[Difference, ...]) -> Text:
    """The differences in one breath: adds 3, ends 1."""
    number = {kind: sum(line.kind is kind for line in lines) for kind in Kind}
    return Text(
        f"Thêm {number[Kind.ADDS]}, chấm dứt {number[Kind.ENDS]}, đổi {number[Kind.CHANGES]}.",
        f"Adds {number[Kind.ADDS]}, ends {number[Kind.ENDS]}, changes {number[Kind.CHANGES]}.",
    )


def _added(authority: Authority) -> Difference:
    said = certificates.of(authority.der)
    roles = [ROLE_NAME[role] for role in sorted(authority.roles)] or [Text("cấp dưới của gốc đã có", "under a known root")]
    facts = {
        "service": authority.service,
        "until": _day(said.valid_to),
        "print": said.sha256[:16],
        "since": _day(authority.history[0].since) if authority.history else _day(said.valid_from),
    }
    vi, en = ", ".join(role.vi for role in roles), ", ".join(role.en for role in roles)
    return Difference(
        Kind.ADDS,
        Text(
            f"Thêm chứng thư của “{{service}}” ({vi}), tính từ {{since}}, hết hạn {{until}}, SHA-256 {{print}}…",
            f"Adds a certificate of “{{service}}” ({en}), counting from {{since}}, ends {{until}}, SHA-256 {{print}}…",
        ).filled(**facts),
    )


def _removed(authority: Authority) -> Difference:
    line = Text(
        "Bỏ hẳn chứng thư của “{service}”: chữ ký cũ sẽ không còn kiểm tra lại được.",
        "Removes a certificate of “{service}” for good: old signatures can no longer be judged again.",
    )
    return Difference(Kind.ENDS, line.filled(service=authority.service))


def _changed(old: Authority, new: Authority) -> Iterator[Difference]:
    if old.roles != new.roles:
        vi, en = (", ".join(ROLE_NAME[r].in_(lang) for r in sorted(new.roles)) or "–" for lang in ("vi", "en"))
        yield Difference(Kind.CHANGES, Text(f"“{new.service}”: vai trò thành {vi}", f"“{new.service}”: role becomes {en}"))
    yield from _restated(old, new)
    if (old.crl, old.ocsp) != (new.crl, new.ocsp):
        told = ", ".join((*new.crl, *([new.ocsp] if new.ocsp else [])))
        vi, en = told or "không có", told or "none"
        line = Text(f"“{new.service}”: địa chỉ CRL/OCSP thành {vi}", f"“{new.service}”: CRL/OCSP addresses become {en}")
        yield Difference(Kind.CHANGES, line)


def _restated(old: Authority, new: Authority) -> Iterator[Difference]:
    for standing in new.history:
        if standing not in old.history:
            kind = Kind.CHANGES if standing.status is ServiceStatus.GRANTED else Kind.ENDS
            line = Text("“{service}”: {vi} từ {since}", "“{service}”: {en} from {since}")
            yield Difference(kind, line.filled(service=new.service, since=_day(standing.since), **_status(standing)))
    for standing in old.history:
        if standing not in new.history:
            line = Text("“{service}”: không còn ghi {vi} từ {since}", "“{service}”: no longer {en} from {since}")
            told = line.filled(service=new.service, since=_day(standing.since), **_status(standing))
            yield Difference(Kind.CHANGES, told)


def _status(standing: Standing) -> dict[str, str]:
    name = STATUS_NAME[standing.status]
    return {"vi": name.vi[0].lower() + name.vi[1:], "en": name.en.lower()}


def _day(moment: datetime) -> str:
    return f"{in_vietnam(moment):%d/%m/%Y}"


def periods(authority: Authority) -> list[tuple[ServiceStatus, datetime, datetime | None]]:
    """The history with both ends, oldest first: status, from, to."""
    ends: tuple[datetime | None, ...] = (*(standing.since for standing in authority.history[1:]), None)
    return [(standing.status, standing.since, end) for standing, end in zip(authority.history, ends, strict=False)]
