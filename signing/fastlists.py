"""Guarded replacements in the engine's reading of revocation lists: it tries every list for every certificate, entry by entry.

A list that is not indirect speaks of its own issuer's certificates alone (RFC 5280, 5.2.5), so others are not tried. And a serial
number whose bytes occur nowhere among the entries is in none of them; where they occur, the original looks itself.
"""

from typing import Any

from asn1crypto import cms, crl, x509
from pyhanko_certvalidator.revinfo import validate_crl

original_handle = validate_crl._handle_single_crl  # noqa: SLF001  # what is replaced
original_find = validate_crl.find_cert_in_list


async def handle_single_crl(
    cert: x509.Certificate | cms.AttributeCertificateV2, cert_issuer_auth: Any, certificate_list_cont: Any, **rest: Any
) -> set[str] | None:
    """Like the engine's `_handle_single_crl`: None, and one more list of another issuer, when it does not speak of this one."""
    listed = certificate_list_cont.crl_data
    if type(cert) is x509.Certificate and not _is_indirect(listed) and listed.issuer != cert.issuer:
        rest["errs"].issuer_failures += 1
        return None
    reasons: set[str] | None = await original_handle(
        cert=cert, cert_issuer_auth=cert_issuer_auth, certificate_list_cont=certificate_list_cont, **rest
    )
    return reasons


def _is_indirect(listed: crl.CertificateList) -> bool:
    point = listed.issuing_distribution_point_value
    return bool(point and point["indirect_crl"].native)


def find_cert_in_list(
    cert: x509.Certificate | cms.AttributeCertificateV2,
    cert_issuer_name: x509.Name,
    certificate_list: crl.CertificateList,
    crl_authority_name: x509.Name,
) -> Any:
    """Like the engine's `find_cert_in_list`; a damaged entry about another certificate is not noticed."""
    entries = certificate_list["tbs_cert_list"]["revoked_certificates"]
    if type(cert) is x509.Certificate and type(entries) is crl.RevokedCertificates:
        serial = cert["tbs_certificate"]["serial_number"].contents
        spelled = entries._contents  # noqa: SLF001  # as it was read; `contents` visits every entry to see whether one was changed
        if type(spelled) is bytes and serial not in spelled:
            return None, None
    return original_find(cert, cert_issuer_name, certificate_list, crl_authority_name)
