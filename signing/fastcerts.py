"""Guarded replacements in the engine's reading of certificates that signatures bring along, and of their keys.

A signer's certificate and those above it are the same in every document of his. What a certificate says follows from its bytes
alone, and nothing in a check changes one; so it is parsed once and found again under all of its bytes. So is a key, the padding
that parameters ask for, and that a signature names its certificate by the right digest. What is wrong is never remembered.
"""

from types import SimpleNamespace
from typing import Any

from asn1crypto import algos, cms, tsp, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.sign import general
from pyhanko_certvalidator import util

from signing.remembered import Memory

LONGEST = 8_192
"""What is longer is worked out anew: memory holds what honest documents bring."""

original_extract = general.extract_certificate_info
original_matches = general.check_ess_certid
original_padding = util.process_pss_params
_certificates: Memory[bytes, x509.Certificate] = Memory(128)
_named: Memory[tuple[bytes, type, bytes], bool] = Memory(256)
_keys: Memory[bytes, Any] = Memory(256)
_paddings: Memory[tuple[bytes, bool], Any] = Memory(64)


def extract_certificate_info(signed_data: cms.SignedData) -> Any:
    """Like the engine's `extract_certificate_info`."""
    certificates, attributes = [], []
    for choice in signed_data["certificates"]:
        if choice.name == "certificate":
            certificates.append(kept(choice.chosen))
        else:
            other = choice.chosen.untag()  # raises, as the original does, over what it does not know
            attributes += [other] if choice.name == "v2_attr_cert" else []
    signer, rest = general._partition_certs(certificates, general.extract_signer_info(signed_data))  # noqa: SLF001  # as the original does
    return general.SignedDataCerts(signer_cert=signer, other_certs=rest, attribute_certs=attributes)


def kept(certificate: x509.Certificate) -> x509.Certificate:
    """The same, without the tag that it may have carried; parsed already when it was seen before."""
    contents = certificate._contents if certificate.children is None else None  # noqa: SLF001  # what was not opened was not changed
    if type(contents) is not bytes or len(contents) > LONGEST:
        return certificate.untag()
    return _certificates.under(contents, certificate.untag)


def check_ess_certid(cert: x509.Certificate, certid: tsp.ESSCertID | tsp.ESSCertIDv2) -> bool:
    """Like the engine's `check_ess_certid`."""
    asked = cert.dump(), type(certid), certid.dump()
    if asked in _named:
        return True
    matches = bool(original_matches(cert, certid))
    if matches and len(asked[0]) + len(asked[2]) <= LONGEST:
        _named[asked] = True
    return matches


def load_der_public_key(encoded: bytes) -> Any:
    """Like the function of this name that the engine asks for keys."""
    if type(encoded) is not bytes or len(encoded) > LONGEST:
        return serialization.load_der_public_key(encoded)
    return _keys.under(encoded, lambda: serialization.load_der_public_key(encoded))


keys = SimpleNamespace(load_der_public_key=load_der_public_key)
"""In the place of the module that the engine asks: it asks for nothing else."""


def process_pss_params(params: algos.RSASSAPSSParams, prehashed: bool = False) -> Any:  # noqa: FBT001, FBT002  # the signature of what this replaces
    """Like the engine's `process_pss_params`."""
    if type(params) is not algos.RSASSAPSSParams or len(encoded := params.dump()) > LONGEST:
        return original_padding(params, prehashed)
    return _paddings.under((encoded, prehashed), lambda: original_padding(params, prehashed))
