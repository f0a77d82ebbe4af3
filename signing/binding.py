"""Which enterprise or person a certificate names: the UID attributes of its subject, never a printed name."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from asn1crypto import x509

from signing.model import Signer

UID = "0.9.2342.19200300.100.1.1"
_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_FLAGS = re.IGNORECASE | re.ASCII
"""ASCII: otherwise "ſ" counts as "s", and digits of other scripts as digits."""
_PARTS = re.compile(r"[-,;]\s*(?=(?:MST|CCCD|CMND|HC|MNS):)", _FLAGS)
"""Several identifiers in one value: MST:9900000016-CMND:001200000002."""
_MST = re.compile(r"(?:[0-9.]*)MST:\s*([0-9]{10})(?:-([0-9]{3}))?(?=$|[^0-9-]|-[^0-9])", _FLAGS)
"""A hyphen with digits that are no branch (-0011, -00) makes the whole value malformed, not the parent's."""
_TAX_CODE = re.compile(r"([0-9]{10})(?:-([0-9]{3}))?")
_OTHER = {
    "cccd": re.compile(r"(?:CCCD:\s*)?([0-9]{12})\s*", _FLAGS),
    "cmnd": re.compile(r"CMND:\s*([0-9]{9}|[0-9]{12})\s*", _FLAGS),
    "passport": re.compile(r"HC:\s*(\S+)\s*", _FLAGS),
    "mns": re.compile(r"MNS:\s*([0-9]+)\s*", _FLAGS),
}
"""A bare number of twelve digits is a person's; a bare tax code is read like one with its prefix."""


class Binding(StrEnum):
    """How a signer relates to a filer. Only BOUND (and, if the portal says so, MST_BRANCH_ONLY) is the filer."""

    BOUND = "BOUND"
    MST_BRANCH_ONLY = "MST_BRANCH_ONLY"
    MST_MISMATCH = "MST_MISMATCH"
    PERSON_MISMATCH = "PERSON_MISMATCH"
    NONE = "NONE"


class TaxCode(StrEnum):
    """What the subject says about the tax code."""

    OK = "ok"
    MISSING = "missing"
    MALFORMED = "malformed"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Identity:
    """The identifiers in a subject. `mst` is None unless exactly one well-formed tax code is there."""

    tax_code: TaxCode
    mst: str | None = None
    branch: str | None = None
    cccd: str | None = None
    cmnd: str | None = None
    passport: str | None = None
    mns: str | None = None
    cn: str = ""
    o: str = ""


def check_digit(prefix: str) -> int | None:
    """N10 = 10 - (S mod 11) over the first nine digits; None when it would be 10: such a number is not issued."""
    digit = 10 - sum(int(d) * w for d, w in zip(prefix, _WEIGHTS, strict=True)) % 11
    return None if digit == 10 else digit


def split_tax_code(code: str) -> tuple[str, str | None] | None:
    """(ten digits, branch or None) of a well-formed enterprise tax code, blanks around it ignored; else None."""
    match = _TAX_CODE.fullmatch(code.strip(" "))
    if match is None or match[2] == "000" or check_digit(match[1][:9]) != int(match[1][9]):
        return None
    return match[1], match[2]


def identity(subject: x509.Name) -> Identity:
    """Walk the RDN sequence; attributes inside a multi-valued RDN count like any other."""
    return _identity(subject.dump())


@lru_cache(maxsize=64)
def _identity(encoded: bytes) -> Identity:
    """Asked several times for each certificate, and only the encoding decides."""
    subject = x509.Name.load(encoded)
    return identify((pair["type"].dotted, pair["value"].native) for rdn in subject.chosen for pair in rdn)


def identify(attributes: Iterable[tuple[str, object]]) -> Identity:
    """`attributes` are (dotted OID, text) in the order of the subject."""
    pairs = [(oid, value) for oid, value in attributes if isinstance(value, str)]
    uids = [part.strip() for oid, value in pairs if oid == UID for part in _PARTS.split(value)]
    status, mst, branch = _tax_code(uids)
    others = {name: _only(pattern, uids) for name, pattern in _OTHER.items()}
    return Identity(status, mst, branch, cn=_text(pairs, "2.5.4.3"), o=_text(pairs, "2.5.4.10"), **others)


def bound_to(signer: Signer | Identity | None, tax_code: str) -> Binding:
    """Does the certificate name the enterprise that files? `tax_code` is the filer's, ten digits or ten-three.

    A branch that files needs its own thirteen digits; its parent's certificate is MST_BRANCH_ONLY, and so is a
    branch's certificate for the parent.
    """
    filer = split_tax_code(tax_code)
    if signer is None or signer.mst is None or filer is None:
        return Binding.NONE
    if signer.mst != filer[0]:
        return Binding.MST_MISMATCH
    return Binding.BOUND if signer.branch == filer[1] else Binding.MST_BRANCH_ONLY


def bound_to_person(signer: Signer | Identity | None, person_ids: Sequence[str]) -> Binding:
    """Whether a personal certificate names one of these people (CCCD or CMND numbers: representative, authorised)."""
    number = _person_id(signer)
    if number is None:
        return Binding.NONE
    return Binding.BOUND if number in person_ids else Binding.PERSON_MISMATCH


def _person_id(signer: Signer | Identity | None) -> str | None:
    if isinstance(signer, Identity):
        return signer.cccd or signer.cmnd
    return signer.person_id if signer else None


def _tax_code(uids: Sequence[str]) -> tuple[TaxCode, str | None, str | None]:
    claimed = [uid for uid in uids if "MST:" in uid.upper()] or [f"MST:{uid}" for uid in uids if split_tax_code(uid)]
    codes = {(m[1], m[2]) for uid in claimed if (m := _MST.match(uid))}
    if not claimed:
        return TaxCode.MISSING, None, None
    if len(codes) > 1:
        return TaxCode.AMBIGUOUS, None, None
    if any(_MST.match(uid) is None for uid in claimed):
        return TaxCode.MALFORMED, None, None
    mst, branch = next(iter(codes), ("", None))
    well_formed = split_tax_code(f"{mst}-{branch}" if branch else mst)
    return (TaxCode.OK, *well_formed) if well_formed else (TaxCode.MALFORMED, None, None)


def _only(pattern: re.Pattern[str], uids: Sequence[str]) -> str | None:
    """None as well when two different ones are there: then nobody knows whose certificate it is."""
    found = {m[1] for uid in uids if (m := pattern.fullmatch(uid))}
    return found.pop() if len(found) == 1 else None


def _text(pairs: Sequence[tuple[str, object]], oid: str) -> str:
    return next((str(value) for found, value in pairs if found == oid), "")
