"""A certificate authority shaped like Vietnam's, made at set-up with certomancer and answering live.

National root → public CA → businesses, and → TSA; government root → officials and seals. The two roots do not
cross-certify. `evil` is a self-made root under the national root's name. Every certificate is derived anew from the keys
on disk and the description below, so nothing expires unnoticed: lists and answers are made at the moment they are asked for.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import ocsp, tsp
from asn1crypto import x509 as asn1
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, KeyLabel, PKIArchitecture, ServiceLabel
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

import signing
from app.core.settings import Settings
from app.demo.personas import (
    COMPETITION,
    DIRECT_SELLER,
    DOMESTIC_MARKET,
    ENTERPRISES,
    HANOI,
    LEADERS,
    MINISTRY,
    RETAILER,
    TAX_OFFICE,
    UNITS,
)
from signing.revocation import read_item

OTHER_BUSINESS = "9900000016"
ROOTS = ("natroot", "gcaroot", "evil")
_CAS = ("pubca", "tsaca", "gcaca")
_SERVERS = ("pubca-ocsp", "gcaca-ocsp", "tsa")
BUSINESSES = {
    DIRECT_SELLER: ENTERPRISES[DIRECT_SELLER].name_vi,
    RETAILER: ENTERPRISES[RETAILER].name_vi,
    OTHER_BUSINESS: "Công ty TNHH Hóa chất Mẫu Thử Sông Xanh",
}
SEALS = (MINISTRY, COMPETITION, DOMESTIC_MARKET, HANOI)
"""The other agencies of the ministry have no seal of their own here: the ministry's is put on what they issue."""
PARTNERS = {TAX_OFFICE: "2000001"}
"""Agencies outside the ministry whose seals exist in the demo, with the budget-unit code in the certificate."""

_RSA = (f"biz-{DIRECT_SELLER}", f"seal-{MINISTRY}")
_PUBLIC_CA = "CÔNG TY CỔ PHẦN CHỨNG THỰC SỐ MẪU"
_CIPHER_COMMITTEE = "Ban Cơ yếu Chính phủ (DEMO)"
_LEAF_LIFE = {"valid-from": "2025-01-01T00:00:00+0000", "valid-to": "2031-01-01T00:00:00+0000"}
_CA_LIFE = {"valid-from": "2020-01-01T00:00:00+0000", "valid-to": "2039-01-01T00:00:00+0000"}
_ROOT_LIFE = {"valid-from": "2019-01-01T00:00:00+0000", "valid-to": "2044-01-01T00:00:00+0000"}


class Pki:
    """The demo's authorities, read from `folder`; `url` is where the outside world serves them."""

    def __init__(self, folder: Path, url: str) -> None:
        config = CertomancerConfig(_description(folder), key_search_dir=str(folder), external_url_prefix=url)
        self.architecture: PKIArchitecture = config.get_pki_arch(ArchLabel("vn"))
        self._services = self.architecture.service_registry

    def certificate(self, label: str) -> bytes:
        """A certificate, DER."""
        der: bytes = self.architecture.get_cert(CertLabel(label)).dump()
        return der

    def pkcs12(self, label: str, key: str, passphrase: bytes) -> bytes:
        """Key, certificate and chain of a leaf, encrypted."""
        info = self.architecture.key_set.get_private_key(KeyLabel(key))
        private = serialization.load_der_private_key(info.dump(), None)
        chain = [x509.load_der_x509_certificate(self.certificate(name)) for name in self._chain(label)]
        return pkcs12.serialize_key_and_certificates(
            label.encode(),
            private,  # type: ignore[arg-type]  # an RSA or EC key: the kinds made here
            chain[0],
            chain[1:],
            serialization.BestAvailableEncryption(passphrase),
        )

    def revocation_list(self, label: str, at: datetime) -> bytes:
        """The list of an authority as it stands at `at`, DER."""
        der: bytes = self._services.get_crl(ServiceLabel(label), at).dump()
        return der

    def status(self, label: str, request: bytes, at: datetime) -> bytes:
        """The answer of an authority's OCSP responder, DER."""
        responder = self._services.summon_responder(ServiceLabel(label), at)
        answer: bytes = responder.build_ocsp_response(ocsp.OCSPRequest.load(request)).dump()
        return answer

    def time_stamp(self, request: bytes, at: datetime) -> bytes:
        """A time-stamp response, DER."""
        stamper = self._services.summon_timestamper(ServiceLabel("tsa"), at)
        stamper.tsa_cert = asn1.Certificate.load(self.certificate("tsa"))  # one that was built, not read, is slow to write out
        answer: bytes = stamper.request_tsa_response(tsp.TimeStampReq.load(request)).dump()
        return answer

    async def gather(self, needs: Iterable[signing.Need], at: datetime) -> signing.Evidence:
        """What the authorities would answer, asked without a network."""
        return signing.NO_EVIDENCE.with_items(self._answer(need, at) for need in needs)

    def _answer(self, need: signing.Need, at: datetime) -> signing.Item:
        place = urlsplit(need.url).path.split("/")
        if need.source is signing.Source.CRL:
            return read_item(need.source, need.url, self.revocation_list(place[-2], at))
        return read_item(need.source, need.url, self.status(place[-1], need.request or b"", at))

    def trust(self) -> signing.TrustSnapshot:
        """The trust store of the demo: both roots with what they may be used for. `evil` is not in it."""
        filer, official, stamp = signing.Role.FILER, signing.Role.OFFICIAL, signing.Role.TSA
        anchors = (self._authority("natroot", filer, stamp), self._authority("gcaroot", official))
        return signing.TrustSnapshot(epoch=0, anchors=anchors, intermediates=tuple(map(self._authority, _CAS)))

    def _authority(self, label: str, *roles: signing.Role) -> signing.Authority:
        lists = self._services.get_crl_repo_info(ServiceLabel(label)).latest_external_url
        answers = self._services.get_ocsp_info(ServiceLabel(label)).url if label in ("pubca", "gcaca") else None
        return signing.Authority(self.certificate(label), _ENTITIES[label]["common-name"], (lists,), answers, frozenset(roles))

    def _chain(self, label: str) -> Iterator[str]:
        yield label
        issuer = str(self.architecture.get_cert_spec(CertLabel(label)).resolve_issuer_cert(self.architecture))
        if issuer not in ROOTS:
            yield from self._chain(issuer)


def pki_of(settings: Settings) -> Pki:
    """The demo's authorities under the given settings. Made once per process: reading their keys takes a second."""
    return _pki(*_place(settings))


@cache
def _pki(folder: Path, url: str) -> Pki:
    return Pki(folder, url)


def fingerprint_of(settings: Settings) -> str:
    """Changes when the keys, the certificates or their addresses do; found without making a certificate."""
    folder, url = _place(settings)
    keys = [(folder / f"{name}.pem").read_bytes() for name in _key_names()]
    return sha256(repr((url, keys, Path(__file__).read_bytes())).encode()).hexdigest()


def _place(settings: Settings) -> tuple[Path, str]:
    return (settings.var / "demo" / "pki").absolute(), settings.demo_url.rstrip("/") + "/pki"


def make_keys(folder: Path) -> None:
    """Make the keys that are missing. They never leave this machine.

    One business and the ministry's seal have RSA keys, as most in Viet Nam do, all others EC ones: every process that knows
    the authorities reads all keys, and to read an RSA key is to test its primes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in _key_names():
        path = folder / f"{name}.pem"
        if path.exists():
            continue
        key = _new_key(name)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        made = path.with_suffix(".new")
        made.touch(mode=0o600)
        made.write_bytes(key.private_bytes(*form))
        made.rename(path)


def _new_key(name: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if name in _RSA:
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def business(tax_code: str) -> str:
    """The label of a business's certificate and key."""
    return f"biz-{tax_code}"


def seal(unit: str) -> str:
    """The label of an agency's seal, its certificate and its key."""
    return f"seal-{unit}"


def _key_names() -> tuple[str, ...]:
    people = (*map(business, BUSINESSES), *(leader.subject for leader in LEADERS), *map(seal, (*SEALS, *PARTNERS)))
    return (*ROOTS, *_CAS, *_SERVERS, *people)


def _entities() -> dict[str, dict[str, str]]:
    units = {code: name for code, name, *_ in UNITS}
    ministry = {"locality-name": "Hà Nội", "organization-name": units[MINISTRY]}
    named = {
        "natroot": {"organization-name": "Bộ Khoa học và Công nghệ (DEMO)", "common-name": "Vietnam National Root CA (DEMO)"},
        "pubca": {"organization-name": _PUBLIC_CA, "common-name": "MAU-CA SHA-256 (DEMO)"},
        "pubca-ocsp": {"organization-name": _PUBLIC_CA, "common-name": "MAU-CA OCSP (DEMO)"},
        "tsaca": {"organization-name": _PUBLIC_CA, "common-name": "MAU-CA Time Stamping (DEMO)"},
        "tsa": {"organization-name": _PUBLIC_CA, "common-name": "MAU-CA TSA 1 (DEMO)"},
        "gcaroot": {"organization-name": _CIPHER_COMMITTEE, "common-name": "Root CA chuyên dùng Chính phủ (DEMO)"},
        "gcaca": {"organization-name": _CIPHER_COMMITTEE, "common-name": "CA Bộ Công Thương (DEMO)"},
        "gcaca-ocsp": {"organization-name": _CIPHER_COMMITTEE, "common-name": "CA Bộ Công Thương OCSP (DEMO)"},
        "evil": {"organization-name": "Bộ Khoa học và Công nghệ (DEMO)", "common-name": "Vietnam National Root CA (DEMO)"},
    }
    for code, name in BUSINESSES.items():
        named[business(code)] = {"user-id": f"MST:{code}", "organization-name": name, "common-name": name}
    for leader in LEADERS:
        place = {"organizational-unit-name": units[leader.unit or MINISTRY]}
        named[leader.subject] = {**ministry, **place, "common-name": leader.name}
    for number, unit in enumerate(SEALS, start=1_000_001):
        named[seal(unit)] = {"user-id": f"MNS:{number}", **ministry, "common-name": units[unit]}
    for unit, budget_code in PARTNERS.items():
        own = {"organization-name": units[unit], "common-name": units[unit]}
        named[seal(unit)] = {"user-id": f"MNS:{budget_code}", "locality-name": "Hà Nội", **own}
    return named


_ENTITIES = _entities()


def _certificates() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for root in ROOTS:
        lists = {} if root == "evil" else {"crl-repo": root}
        made[root] = _self_signed(root, [{"id": "simple-ca", "params": lists}])
    for name, issuer in (("pubca", "natroot"), ("tsaca", "natroot"), ("gcaca", "gcaroot")):
        params = {"max-path-len": 0, "crl-repo": name} | ({} if name == "tsaca" else {"ocsp-service": name})
        made[name] = _issued(name, issuer, [{"id": "simple-ca", "params": params}], _CA_LIFE)
    for name in ("pubca", "gcaca"):
        made[f"{name}-ocsp"] = _issued(f"{name}-ocsp", name, ["ocsp-responder"], _CA_LIFE)
    made["tsa"] = _issued("tsa", "tsaca", [], _CA_LIFE) | {"extensions": _TSA_EXTENSIONS}
    for leaf in (*(leader.subject for leader in LEADERS), *map(seal, (*SEALS, *PARTNERS))):
        made[leaf] = _issued(leaf, "gcaca", ["digsig-commitment"], _LEAF_LIFE)
    for code in BUSINESSES:
        made |= _business_certificates(business(code))
    return made


def _business_certificates(name: str) -> dict[str, Any]:
    """The good one, one that was revoked, and one that names the same business but comes from the evil root."""
    good = _issued(name, "pubca", ["digsig-commitment"], _LEAF_LIFE)
    revoked = {"revocation": {"revoked-since": "2026-01-01T00:00:00+0000", "reason": "key_compromise"}}
    return {name: good, f"revoked-{name}": good | revoked, f"evil-{name}": good | {"issuer": "evil"}}


def _self_signed(name: str, profiles: list[Any]) -> dict[str, Any]:
    return _issued(name, name, profiles, _ROOT_LIFE) | {"authority-key": name}


def _issued(name: str, issuer: str, profiles: list[Any], life: dict[str, str]) -> dict[str, Any]:
    return {"subject": name, "subject-key": name, "issuer": issuer, "validity": life, "profiles": profiles}


_TSA_EXTENSIONS = [
    {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": ["digital_signature"]}},
    {"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]},
    {"id": "crl_distribution_points", "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": ["tsaca"]}}},
]


def _services() -> dict[str, Any]:
    lists = {"natroot": "P90D", "gcaroot": "P90D", "pubca": "P1D", "gcaca": "P1D", "tsaca": "P30D"}
    answers = ("pubca", "gcaca")
    return {
        "ocsp": {ca: {"for-issuer": ca, "responder-cert": f"{ca}-ocsp", "signing-key": f"{ca}-ocsp"} for ca in answers},
        "crl-repo": {
            ca: {"for-issuer": ca, "signing-key": ca, "simulated-update-schedule": every} for ca, every in lists.items()
        },
        "time-stamping": {"tsa": {"signing-key": "tsa", "signing-cert": "tsa"}},
    }


def _description(folder: Path) -> dict[str, Any]:
    keys = {name: {"path": str(folder / f"{name}.pem")} for name in _key_names()}
    architecture = {
        "keyset": "vn",
        "entity-defaults": {"country-name": "VN"},
        "entities": _ENTITIES,
        "certs": _certificates(),
        "services": _services(),
    }
    return {"keysets": {"vn": {"keys": keys}}, "pki-architectures": {"vn": architecture}}
