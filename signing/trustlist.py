"""Published trusted lists (ETSI TS 119 612): read only after the signature of the list's operator has been verified.

What the list says of a service becomes authorities with a status history. A list is XML from outside: no document type, no
entities, no odd encoding, no excessive size or depth reaches a parser. `signing.apart` bounds the time.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from xml.parsers import expat

from asn1crypto import x509
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.qualified.eutl_parse import trust_list_to_registry
from pyhanko.sign.validation.qualified.tsp import QualifiedServiceInformation, TSPRegistry
from pyhanko_certvalidator.authority import Authority as Listed

from signing.limits import MIB
from signing.model import Role
from signing.trust import Authority, ServiceStatus, Standing

MOST_BYTES = 8 * MIB
MOST_DEPTH = 60
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")


class ListRefused(ValueError):
    """`reason`: too-large, not-xml, dangerous-xml, signature, empty, unnumbered, overdue, too-slow."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def read_trust_list(xml: bytes, operators: Sequence[bytes], *, role: Role, at: datetime) -> tuple[Authority, ...]:
    """The services of a list that one of the `operators` (DER) signed, each certificate with its history.

    Its certificate authorities get `role`, its time-stamping services the role for that. Raises ListRefused.
    """
    text = _harmless(xml)
    pinned = [x509.Certificate.load(der) for der in operators]
    if not pinned or not any(each.not_valid_before <= at <= each.not_valid_after for each in pinned):
        raise ListRefused("signature", "no operator certificate that is valid now")
    try:
        registry, _ = trust_list_to_registry(text, pinned)
    except SignatureValidationError as wrong:
        raise ListRefused("signature", wrong.failure_message) from wrong
    except Exception as odd:  # the parsers' exceptions share no base class
        raise ListRefused("not-xml", type(odd).__name__) from odd
    found = (*_authorities(registry, registry.known_certificate_authorities, role),)
    found += (*_authorities(registry, registry.known_timestamp_authorities, Role.TSA),)
    if not found:
        raise ListRefused("empty", "no qualified service with a certificate")
    return tuple(sorted(found, key=lambda authority: (authority.service, authority.sha256)))


def sequence_number(xml: bytes) -> int:
    """Which issue of its list this is; ask after `read_trust_list`.

    Raises ListRefused unless it says so exactly once: a second number could stand outside of what was signed.
    """
    numbers = _texts(xml, "TSLSequenceNumber")
    if len(numbers) != 1 or not re.fullmatch(r"[0-9]{1,9}", numbers[0]):
        raise ListRefused("unnumbered", f"{len(numbers)} sequence numbers")
    return int(numbers[0])


def refuse_overdue(xml: bytes, at: datetime) -> None:
    """Raises ListRefused after the day by which the operator promised the next issue; a list may leave it open."""
    for said in filter(None, _texts(xml, "NextUpdate")):
        try:
            due = datetime.fromisoformat(said)
        except ValueError as odd:
            raise ListRefused("overdue", "no date") from odd
        if at > (due if due.tzinfo else due.replace(tzinfo=UTC)):
            raise ListRefused("overdue", said)


def _texts(xml: bytes, wanted: str) -> list[str]:
    """What each element of this name says, its children's words included."""
    found: list[str] = []
    depth = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal depth
        is_it = name.rpartition(":")[2] == wanted
        found.extend([""] if is_it else [])
        depth += 1 if is_it or depth else 0

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1 if depth else 0

    def said(text: str) -> None:
        if depth:
            found[-1] += text

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, said
    parser.Parse(xml, True)
    return [text.strip() for text in found]


def _harmless(xml: bytes) -> str:
    """The text of the list. Refuses what a parser could be hurt with, before one sees it."""
    if len(xml) > MOST_BYTES:
        raise ListRefused("too-large", f"more than {MOST_BYTES} bytes")
    declared = _DECLARED.match(xml.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii"):
        raise ListRefused("dangerous-xml", "another encoding than UTF-8")
    try:
        text = xml.decode("utf-8-sig")
    except UnicodeDecodeError as odd:
        raise ListRefused("dangerous-xml", "not UTF-8") from odd
    if "\0" in text or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ListRefused("dangerous-xml", "a document type or entity")
    _shallow(xml)
    return text


def _shallow(xml: bytes) -> None:
    """One pass without building anything: well-formed, no document type, nowhere deeper than an honest list."""
    depth = 0

    def start(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise ListRefused("dangerous-xml", "nested too deeply")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def typed(*_declared: object) -> None:
        raise ListRefused("dangerous-xml", "a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.StartDoctypeDeclHandler = start, end, typed
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as broken:
        raise ListRefused("not-xml", "not well-formed") from broken


def _authorities(registry: TSPRegistry, listed: Iterable[Listed], role: Role) -> Iterable[Authority]:
    for each in listed:
        certificate = each.certificate  # type: ignore[attr-defined]  # registered from certificates alone
        told = list(registry.applicable_service_definitions(each, None))
        yield Authority(certificate.dump(), _name(told), roles=frozenset({role}), history=_history(told))


def _name(told: Sequence[QualifiedServiceInformation]) -> str:
    newest = max(told, key=lambda info: info.base_info.valid_from)
    return " ".join(newest.base_info.service_name.split())


def _history(told: Sequence[QualifiedServiceInformation]) -> tuple[Standing, ...]:
    """The library tells the times of recognition; between and after them the service was withdrawn."""
    times = sorted({(info.base_info.valid_from, info.base_info.valid_until) for info in told}, key=lambda time: time[0])
    made: list[Standing] = []
    for number, (since, until) in enumerate(times):
        if not made or made[-1].status is not ServiceStatus.GRANTED:
            made.append(Standing(ServiceStatus.GRANTED, since))
        goes_on = number + 1 < len(times) and until is not None and times[number + 1][0] <= until
        if until is not None and not goes_on:
            made.append(Standing(ServiceStatus.WITHDRAWN, until))
    return tuple(made)
