"""What a document needs to know about revocation, and reading the answers. Sockets are in `fetch`."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from asn1crypto import cms, crl, ocsp, x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import load_der_x509_certificate, load_der_x509_crl
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import extract_certificate_info

from signing import chain, reader
from signing.evidence import EMBEDDED, Evidence, Item, Need, Source
from signing.limits import Limits
from signing.trust import Authority, TrustSnapshot

_MOST_EMBEDDED = 40
"""Answers read from a document's security store: an honest one holds a handful."""


def revocation_needs(source: Path | bytes, trust: TrustSnapshot, limits: Limits | None = None) -> list[Need]:
    """What to fetch before this document can be judged; empty for one that cannot be read or is not signed.

    Addresses come from the trust store alone: those in an uploaded certificate are its maker's choice.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    try:
        return needs_of(signers_in(data, limits or Limits()), trust)
    except Exception:  # noqa: BLE001  # the check itself says what is wrong with the file; here there is just nothing to ask
        return []


def needs_of(leaves: Iterable[x509.Certificate], trust: TrustSnapshot) -> list[Need]:
    """The same for certificates at hand, each question once."""
    found = {need.key: need for leaf in leaves for need in _needs_upwards(leaf, trust)}
    return list(found.values())


def read_item(source: Source, url: str, der: bytes) -> Item:
    """Raises ValueError unless the bytes are a revocation list or a successful OCSP answer."""
    if source is Source.CRL:
        listed = crl.CertificateList.load(der, strict=True)["tbs_cert_list"]
        return Item(source, url, der, listed["this_update"].native, listed["next_update"].native)
    answer = ocsp.OCSPResponse.load(der, strict=True)
    if answer["response_status"].native != "successful":
        raise ValueError(f"OCSP status {answer['response_status'].native}")
    single = answer.response_data["responses"][0]
    return Item(source, url, der, single["this_update"].native, single["next_update"].native)


def embedded(pdf: PdfFileReader) -> Evidence:
    """What the document's own security store brings along; unreadable entries are left out."""
    store = reader.entry(pdf.root, "/DSS")
    lists = _streams(store, "/CRLs", Source.CRL, DecodePurpose.CRL)
    answers = _streams(store, "/OCSPs", Source.OCSP, DecodePurpose.OCSP_RESPONSE)
    return Evidence().with_items([*lists, *answers])


def _streams(store: Any, key: str, source: Source, purpose: DecodePurpose) -> Iterator[Item]:
    for listed in islice(reader.entry(store, key) or (), _MOST_EMBEDDED):
        try:
            yield read_item(source, EMBEDDED, listed.get_object().read_data(purpose))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def signers_in(data: bytes, limits: Limits) -> list[x509.Certificate]:
    """Signers and the signers of their time stamps, each once. Raises whatever a broken file makes the parser raise."""
    pdf = reader.open_pdf(data, limits, strict=False)
    supported = [slot for slot in reader.slots(pdf, limits) if slot.subfilter in reader.SUPPORTED]
    contents = [cms.ContentInfo.load(slot.value["/Contents"].original_bytes)["content"] for slot in supported]
    return list({cert.dump(): cert for signed in contents for cert in _signers(signed)}.values())


def _signers(signed: cms.SignedData) -> Iterator[x509.Certificate]:
    yield extract_certificate_info(signed).signer_cert
    for attribute in signed["signer_infos"][0]["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            yield from _signers(attribute["values"][0]["content"])


def _needs_upwards(certificate: x509.Certificate, trust: TrustSnapshot) -> Iterator[Need]:
    """One question for each certificate below the anchor; at most as many steps as there are authorities."""
    anchors = {anchor.sha256 for anchor in trust.anchors}
    for _ in range(len(trust.authorities)):
        issuer = issuer_of(certificate, trust)
        if issuer is None or certificate.sha256.hex() in anchors:
            return
        yield from _questions(certificate, issuer)
        certificate = chain.certificate(issuer)


def issuer_of(certificate: x509.Certificate, trust: TrustSnapshot) -> Authority | None:
    """By name, and by key where both sides say which: names alone can collide."""
    for authority in trust.authorities:
        known = chain.certificate(authority)
        wanted = certificate.authority_key_identifier
        if known.subject == certificate.issuer and (wanted is None or wanted == known.key_identifier):
            return authority
    return None


def _questions(certificate: x509.Certificate, issuer: Authority) -> Iterator[Need]:
    if issuer.ocsp:
        request = _ocsp_request(certificate, chain.certificate(issuer))
        yield Need(Source.OCSP, issuer.ocsp, issuer.sha256, str(certificate.serial_number), request)
    for url in issuer.crl:
        yield Need(Source.CRL, url, issuer.sha256)


def _ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    identifier = ocsp.CertId(
        {
            "hash_algorithm": {"algorithm": "sha1"},  # names the issuer, protects nothing; responders expect it
            "issuer_name_hash": hashlib.sha1(issuer.subject.dump()).digest(),  # noqa: S324  # as RFC 6960 names an issuer
            "issuer_key_hash": issuer.public_key.sha1,
            "serial_number": certificate.serial_number,
        }
    )
    requests = ocsp.Requests([ocsp.Request({"req_cert": identifier})])
    return bytes(ocsp.OCSPRequest({"tbs_request": ocsp.TBSRequest({"request_list": requests})}).dump())


def fits(need: Need, item: Item, trust: TrustSnapshot) -> bool:
    """Whether an answer may take the place of an earlier one: about what was asked, and a list by the authority's own key.

    Lists often come over plain HTTP: whoever stands between could otherwise push a good one out of our store.
    """
    issuer = next((known for known in trust.authorities if known.sha256 == need.issuer_sha256), None)
    if issuer is None:
        return False
    if item.source is Source.OCSP:
        single = ocsp.OCSPResponse.load(item.der).response_data["responses"][0]["cert_id"]
        return str(single["serial_number"].native) == need.serial
    try:
        owner = load_der_x509_certificate(issuer.der)
        listed = load_der_x509_crl(item.der)
        return listed.issuer == owner.subject and listed.is_signature_valid(owner.public_key())  # type: ignore[arg-type]  # any key
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def is_fresh(item: Item, at: datetime) -> bool:
    """Whether an answer kept earlier may still be used; without a next update, half an hour."""
    if item.next_update is None:
        return (at - item.this_update).total_seconds() < 1800
    return item.this_update <= at.astimezone(UTC) <= item.next_update
