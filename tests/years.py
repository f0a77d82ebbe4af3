"""Authorities through ten years, on loopback, with a clock that the test moves.

Everything alive at the beginning has ended after ten years: the filer's certificate, the time-stamping authority's, both
their issuers and the national root. Successors come in time: a second certificate of the same service, then a new root.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import ocsp, tsp
from certomancer.registry import ArchLabel, CertomancerConfig, ServiceLabel

from signing import Authority, Role, TrustSnapshot
from tests import pki as base
from tests.pki import NOW, Pki

ROOT_ENDS = 3_000
STAMPERS = {"tsa": (-900, 900), "tsa2": (500, 2_500), "tsa3": (2_000, 4_200)}
ISSUERS = {"pubca": "natroot", "tsaca": "natroot", "gcaca": "gcaroot", "tsaca2": "natroot2"}
YEAR = timedelta(days=365)


@dataclass
class Decade:
    """The authorities as they answer at `at`; `silent` ones do not."""

    pki: Pki
    at: datetime = NOW
    silent: bool = False
    calls: list[str] = field(default_factory=list)

    @property
    def tsa_url(self) -> str:
        return f"{self.pki.url}/vn/tsa"

    def trust(self, *, new_root: bool = False) -> TrustSnapshot:
        """The store of the beginning; later, with the new root beside the old."""
        issuers = [label for label in ISSUERS if label != "tsaca2" or new_root]
        roles = {"natroot": frozenset({Role.FILER, Role.TSA}), "gcaroot": frozenset({Role.OFFICIAL})}
        if new_root:
            roles["natroot2"] = frozenset({Role.TSA})
        anchors = tuple(self._authority(label, given) for label, given in roles.items())
        return TrustSnapshot(1, anchors, tuple(self._authority(label) for label in issuers))

    def _authority(self, label: str, roles: frozenset[Role] = frozenset()) -> Authority:
        lists = (f"{self.pki.url}/vn/crls/{label}/latest.crl",)
        return Authority(self.pki.cert(label).dump(), label, lists, None, roles)

    def _stamper(self) -> str:
        """The newest certificate of the service that is valid now."""
        alive = [name for name, (begin, end) in STAMPERS.items() if NOW + timedelta(begin) < self.at < NOW + timedelta(end)]
        return alive[-1]

    def answer(self, path: str, body: bytes) -> bytes:
        services = self.pki.arch.service_registry
        if path.endswith("/tsa"):
            stamper = services.summon_timestamper(ServiceLabel(self._stamper()), self.at)
            return bytes(stamper.request_tsa_response(tsp.TimeStampReq.load(body)).dump())
        label = path.split("/")[3]
        if "/ocsp/" in path:
            responder = services.summon_responder(ServiceLabel(label), self.at)
            return bytes(responder.build_ocsp_response(ocsp.OCSPRequest.load(body)).dump())
        return bytes(services.get_crl(ServiceLabel(label), self.at).dump())


@asynccontextmanager
async def decade(folder: Path) -> AsyncIterator[Decade]:
    """The authorities, answering on a port of their own."""
    made: Decade | None = None

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        length = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length")), 0)
        body, path = await reader.readexactly(length), head[0].split()[1]
        assert made is not None
        made.calls.append(path)
        if made.silent:
            writer.write(b"HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n")
        else:
            answer = made.answer(path, body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        made = Decade(await asyncio.to_thread(_build, folder, url))
        yield made


def _build(folder: Path, url: str) -> Pki:
    first = base.build(folder, url)
    for name in ("natroot2", "tsaca2", "tsa2", "tsa3"):
        (folder / f"{name}.pem").write_bytes(base._new_key(name))
    names = [path.stem for path in folder.glob("*.pem")]
    config = {
        "external-url-prefix": url,
        "keysets": {"vn": {"keys": {name: {"path": f"{name}.pem"} for name in names}}},
        "pki-architectures": {"vn": _architecture()},
    }
    made = CertomancerConfig(config, key_search_dir=str(folder))
    return replace(first, arch=made.get_pki_arch(ArchLabel("vn")))


def _architecture() -> dict[str, Any]:
    made = base._architecture()
    certs, entities, services = made["certs"], made["entities"], made["services"]
    entities["natroot2"] = {"organization-name": "Bộ kiểm thử", "common-name": "Vietnam National Root CA G2 TEST"}
    entities["tsaca2"] = {"organization-name": "Test Public CA JSC", "common-name": "TEST TSA CA G2"}
    for name in ("natroot", "gcaroot", "pubca", "tsaca", "gcaca"):
        certs[name] = certs[name] | {"validity": base._validity(-3_000, ROOT_ENDS)}
    root = certs["natroot"] | {"subject": "natroot2", "subject-key": "natroot2", "issuer": "natroot2"}
    published = [{"id": "simple-ca", "params": {"crl-repo": "natroot2"}}]
    certs["natroot2"] = root | {"authority-key": "natroot2", "validity": base._validity(1_500, 9_000), "profiles": published}
    below = certs["tsaca"] | {"subject": "tsaca2", "subject-key": "tsaca2", "issuer": "natroot2"}
    own = [{"id": "simple-ca", "params": base._published("tsaca2")}]
    certs["tsaca2"] = below | {"validity": base._validity(1_600, 8_000), "profiles": own}
    for name, (begin, end) in STAMPERS.items():
        issuer = "tsaca2" if name == "tsa3" else "tsaca"
        one = {"subject": "tsa", "subject-key": name, "issuer": issuer, "validity": base._validity(begin, end)}
        certs[name] = certs["tsa"] | one
        services["time-stamping"][name] = {"signing-key": name, "signing-cert": name}
    for name in ("natroot2", "tsaca2"):
        services["crl-repo"][name] = {"for-issuer": name, "signing-key": name, "simulated-update-schedule": "P1D"}
    return made
