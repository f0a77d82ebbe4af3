"""A small certificate authority shaped like Vietnam's, built in memory for a test run.

Two roots that do not cross-certify: the national one (public authorities of businesses, time stamping) and the
government one (officials and seals). Beside them what must be refused: a revoked, a held, an expired and a future
business, one with a short key, one whose certificate is for another use, and a root that borrows a trusted name.
Tax codes are invented (they begin with 99) with a correct check digit.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from asn1crypto import ocsp, tsp, x509
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, KeyLabel, PKIArchitecture, ServiceLabel
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing import Authority, Evidence, Item, Need, Role, SoftSigner, Source, TrustSnapshot, needs_of
from signing.revocation import read_item

NOW = datetime.now(UTC).replace(microsecond=0)
BUSINESS, OTHER = "9900000009", "9900000016"
AGENCY = "1000777"
NAME = "CÔNG TY CỔ PHẦN MINH HỌA"

_ROOTS = ("natroot", "gcaroot")
_ISSUERS = {"pubca": "natroot", "tsaca": "natroot", "gcaca": "gcaroot"}
_OCSP = {"pubca", "gcaca"}
_RSA = {"biz": 2048, "seal": 2048, "bizweak": 1024}
_ENTITIES: dict[str, dict[str, str]] = {
    "natroot": {"organization-name": "Bộ kiểm thử", "common-name": "Vietnam National Root CA TEST"},
    "gcaroot": {"organization-name": "Ban kiểm thử", "common-name": "Government Root CA TEST"},
    "pubca": {"organization-name": "Test Public CA JSC", "common-name": "TEST-CA"},
    "tsaca": {"organization-name": "Test Public CA JSC", "common-name": "TEST TSA CA"},
    "gcaca": {"organization-name": "Ban kiểm thử", "common-name": "TEST Government CA"},
    "pubca-ocsp": {"common-name": "TEST-CA OCSP"},
    "gcaca-ocsp": {"common-name": "TEST Government OCSP"},
    "tsa": {"organization-name": "Test Public CA JSC", "common-name": "TEST TSA"},
    "biz": {"user-id": f"MST:{BUSINESS}", "organization-name": NAME, "common-name": NAME},
    "branch": {"user-id": f"MST:{BUSINESS}-001", "organization-name": NAME, "common-name": f"CHI NHÁNH {NAME}"},
    "person": {"user-id": "CCCD:001200000001", "organization-name": NAME, "common-name": "Nguyễn Thị Minh Họa"},
    "bizother": {"user-id": f"MST:{OTHER}", "organization-name": "CÔNG TY KHÁC", "common-name": "CÔNG TY KHÁC"},
    "official": {"organization-name": "Bộ Công Thương", "common-name": "Nguyễn Văn Thử"},
    "seal": {"organization-name": "Bộ Công Thương", "common-name": "Bộ Công Thương"},
    "agency": {"user-id": f"MNS:{AGENCY}", "organization-name": "Cục Thuế", "common-name": "Cục Thuế"},
}
_ENTITIES["evilroot"] = _ENTITIES["natroot"]  # the trusted name, another key
_FILERS = ("biz", "branch", "person", "bizother", "bizrev", "bizheld", "bizold", "bizfuture", "bizweak", "bizlong", "biztls")
_ODD_FILERS = ("bizrev", "bizheld", "bizold", "bizfuture", "bizweak", "bizlong", "biztls", "evilbiz")
_LATER_TSA = {"tsa1": (-5500, 900), "tsa2": (700, 1900), "tsa3": (1700, 2900), "tsa4": (2700, 4500), "tsalong": (700, 4500)}
"""The time-stamping authority's other certificates, in days from now: no file stays provable by one of them alone."""
_SAME_NAME_AS = dict.fromkeys(_ODD_FILERS, "biz") | dict.fromkeys(("eviltsa", "govtsa", *_LATER_TSA), "tsa")


@dataclass(frozen=True)
class Pki:
    """Everything a test asks of the outside world: certificates, keys, revocation data, time stamps."""

    arch: PKIArchitecture
    url: str

    def cert(self, label: str) -> x509.Certificate:
        return self.arch.get_cert(CertLabel(label))

    def key_pem(self, label: str, passphrase: bytes | None = None) -> bytes:
        key = serialization.load_der_private_key(self.arch.key_set.get_private_key(KeyLabel(label)).dump(), None)
        lock: Any = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)

    def chain(self, label: str) -> tuple[bytes, ...]:
        """The issuer's certificate, as signers carry it along."""
        issuer = self.arch.get_cert_spec(CertLabel(label)).issuer
        return (self.cert(str(issuer)).dump(),)

    def signer(self, label: str) -> SoftSigner:
        return SoftSigner.from_pem(self.key_pem(label), None, self.cert(label).dump(), self.chain(label))

    @cached_property
    def trust(self) -> TrustSnapshot:
        return self.trust_with()

    def trust_with(self, *, epoch: int = 1, without: Iterable[str] = ()) -> TrustSnapshot:
        roots = {"natroot": frozenset({Role.FILER, Role.TSA}), "gcaroot": frozenset({Role.OFFICIAL})}
        return TrustSnapshot(
            epoch,
            tuple(self._authority(label, roles) for label, roles in roots.items() if label not in without),
            tuple(self._authority(label) for label in _ISSUERS if label not in without),
        )

    def _authority(self, label: str, roles: frozenset[Role] = frozenset()) -> Authority:
        answers = f"{self.url}/vn/ocsp/{label}" if label in _OCSP else None
        return Authority(self.cert(label).dump(), label, (self._crl_url(label),), answers, roles)

    def _crl_url(self, label: str) -> str:
        return f"{self.url}/vn/crls/{label}/latest.crl"

    def crl(self, label: str, at: datetime = NOW) -> Item:
        der = self.arch.service_registry.get_crl(ServiceLabel(label), at).dump()
        return read_item(Source.CRL, self._crl_url(label), der)

    def evidence(self, at: datetime = NOW, *, without: Iterable[str] = ()) -> Evidence:
        """The lists of the day of all authorities."""
        return Evidence(tuple(self.crl(label, at) for label in (*_ROOTS, *_ISSUERS) if label not in without))

    def answer(self, need: Need, at: datetime = NOW) -> Item:
        """What the authority's server would say."""
        label = need.url.rsplit("/", 2)[1 if need.source is Source.CRL else 2]
        if need.source is Source.CRL:
            return self.crl(label, at)
        responder = self.arch.service_registry.summon_responder(ServiceLabel(need.url.rsplit("/", 1)[1]), at)
        answer = responder.build_ocsp_response(ocsp.OCSPRequest.load(need.request or b""))
        return read_item(Source.OCSP, need.url, answer.dump())

    def ocsp_for(self, label: str, at: datetime = NOW) -> Item:
        asked = [n for n in needs_of([self.cert(label)], self.trust) if n.source is Source.OCSP]
        return self.answer(asked[0], at)

    async def gather(self, needs: Iterable[Need]) -> Evidence:
        return Evidence().with_items(self.answer(need, datetime.now(UTC)) for need in needs)

    def tsa(self, at: datetime | None = None, label: str = "tsa") -> Callable[[bytes], Awaitable[bytes]]:
        stamper = self.arch.service_registry.summon_timestamper(ServiceLabel(label), at)
        stamper.tsa_cert = x509.Certificate.load(stamper.tsa_cert.dump())  # read again: it is written out six times as fast

        async def answer(request: bytes) -> bytes:
            return bytes(stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump())

        return answer


def build(folder: Path, url: str = "http://127.0.0.1:1") -> Pki:
    """Make keys under `folder` and the certificates in memory; `url` is written into certificates and trust."""
    keys = sorted({*_ENTITIES, *_SAME_NAME_AS})
    for name in keys:
        (folder / f"{name}.pem").write_bytes(_new_key(name))
    config = {
        "external-url-prefix": url,
        "keysets": {"vn": {"keys": {name: {"path": f"{name}.pem"} for name in keys}}},
        "pki-architectures": {"vn": _architecture()},
    }
    made = CertomancerConfig(config, key_search_dir=str(folder))
    return Pki(made.get_pki_arch(ArchLabel("vn")), url)


def _new_key(name: str) -> bytes:
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    key = rsa.generate_private_key(65537, _RSA[name]) if name in _RSA else ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _architecture() -> dict[str, Any]:
    return {
        "keyset": "vn",
        "entity-defaults": {"country-name": "VN"},
        "entities": dict(_ENTITIES),
        "certs": {**_authorities(), **_helpers(), **_filers(), **_officials()},
        "services": _services(),
    }


def _validity(begin_days: int, end_days: int) -> dict[str, str]:
    return {
        "valid-from": (NOW + timedelta(days=begin_days)).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "valid-to": (NOW + timedelta(days=end_days)).strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }


def _authorities() -> dict[str, Any]:
    roots = {
        label: {
            "subject": label,
            "subject-key": label,
            "issuer": label,
            "authority-key": label,
            "validity": _validity(-6000, 5000),
            "profiles": [{"id": "simple-ca", "params": {} if label == "evilroot" else {"crl-repo": label}}],
        }
        for label in (*_ROOTS, "evilroot")
    }
    below = {
        label: {
            "issuer": issuer,
            "validity": _validity(-5900, 4800),
            "profiles": [{"id": "simple-ca", "params": _published(label)}],
        }
        for label, issuer in _ISSUERS.items()
    }
    return {**roots, **below}


def _published(label: str) -> dict[str, Any]:
    answers = {"ocsp-service": label} if label in _OCSP else {}
    return {"max-path-len": 0, "crl-repo": label, **answers}


def _helpers() -> dict[str, Any]:
    responders = {
        f"{label}-ocsp": {"issuer": label, "validity": _validity(-900, 900), "profiles": ["ocsp-responder"]}
        for label in sorted(_OCSP)
    }
    usage = {"schema": "key-usage", "params": ["digital_signature"]}
    stamping = {
        "validity": _validity(-900, 900),
        "extensions": [
            {"id": "key_usage", "critical": True, "smart-value": usage},
            {"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]},
        ],
    }
    evil = {"subject": "tsa", "subject-key": "eviltsa", "issuer": "evilroot", **stamping}
    wrong_root = {"subject": "tsa", "subject-key": "govtsa", "issuer": "gcaca", **stamping}
    later = {
        label: {"subject": "tsa", "subject-key": label, "issuer": "tsaca", **stamping, "validity": _validity(*days)}
        for label, days in _LATER_TSA.items()
    }
    return {**responders, "tsa": {"issuer": "tsaca", **stamping}, **later, "eviltsa": evil, "govtsa": wrong_root}


def _filers() -> dict[str, Any]:
    odd: dict[str, dict[str, Any]] = {
        "bizrev": {"revocation": _revoked("key_compromise")},
        "bizheld": {"revocation": _revoked("certificate_hold")},
        "bizold": {"validity": _validity(-700, -30)},
        "bizfuture": {"validity": _validity(30, 700)},
        "bizlong": {"validity": _validity(-5500, 700)},
        "bizweak": {"validity": _validity(-5500, 700)},
        "biztls": {"profiles": [], "extensions": [_tls_usage()]},
    }
    made = {label: {**_leaf(label, "pubca"), **odd.get(label, {})} for label in _FILERS}
    return {**made, "evilbiz": _leaf("evilbiz", "evilroot")}


def _officials() -> dict[str, Any]:
    return {label: _leaf(label, "gcaca") for label in ("official", "seal", "agency")}


def _leaf(label: str, issuer: str) -> dict[str, Any]:
    return {
        "subject": _SAME_NAME_AS.get(label, label),
        "subject-key": label,
        "issuer": issuer,
        "validity": _validity(-300, 700),
        "profiles": ["digsig-commitment"],
    }


def _revoked(reason: str) -> dict[str, str]:
    return {"revoked-since": _validity(-10, 0)["valid-from"], "reason": reason}


def _tls_usage() -> dict[str, Any]:
    return {
        "id": "key_usage",
        "critical": True,
        "smart-value": {"schema": "key-usage", "params": ["key_encipherment"]},
    }


def _services() -> dict[str, Any]:
    return {
        "ocsp": {
            label: {"for-issuer": label, "responder-cert": f"{label}-ocsp", "signing-key": f"{label}-ocsp"}
            for label in sorted(_OCSP)
        },
        "crl-repo": {
            label: {"for-issuer": label, "signing-key": label, "simulated-update-schedule": "P1D"}
            for label in (*_ROOTS, *_ISSUERS)
        },
        "time-stamping": {
            "tsa": {"signing-key": "tsa", "signing-cert": "tsa"},
            "eviltsa": {"signing-key": "eviltsa", "signing-cert": "eviltsa"},
            "govtsa": {"signing-key": "govtsa", "signing-cert": "govtsa"},
            **{label: {"signing-key": label, "signing-cert": label} for label in _LATER_TSA},
        },
    }
