"""What a signature check costs: processor time of the worker, beside the bare mathematics measured in the same run.

The floor is one digest over the signed bytes, one signature and two certificate verifications: nothing can be correct
and cheaper. Wall time on a shared machine says nothing, so costs are processor time; throughput and the event loop's lag are
wall time, and the load of the machine stands beside them. A worker remembers signers; what one costs whom it has not met stands
beside as well.
"""

import asyncio
import hashlib
import random
import re
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise, repeat
from pathlib import Path

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from bench import crowd, peers, strangers
from signing import FieldBox, Policy, Pool, Report, Seat, Verdict, seal_only, sign_paper
from tests import make
from tests.pki import Pki, build
from tests.signing import odd

RUNS = 25
FEWEST, LONG_ENOUGH_S = 7, 3.0
"""A document that takes long is measured less often."""


def run() -> dict[str, dict[str, float]]:
    """Medians in milliseconds for five documents; documents a second; how late the event loop is while 200 checks run."""
    return asyncio.run(_run())


async def _run() -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        pki = build(Path(folder))
        at = datetime.now(UTC)
        policy = Policy(at=at, trust=pki.trust, evidence=pki.evidence(at))
        files = {name: _kept(Path(folder) / f"{name}.pdf", pdf) for name, pdf in (await _documents(pki)).items()}
        async with Pool(size=1) as pool:
            told = {name: _beside(path, await _cost_ms(pool, policy, path), pki) for name, path in files.items()}
            unknown = [_kept(Path(folder) / f"{number}.pdf", pdf) for number, pdf in enumerate(await _of_strangers(pki))]
            told["bb_1mb_strangers"] = _beside(unknown[0], await _first_cost_ms(pool, policy, unknown), pki)
        told["throughput"] = await crowd.throughput([files["bb_1mb"]], repeat(policy))
        told["throughput_strangers"] = await crowd.throughput(unknown, strangers.moments(policy))
        told["event_loop_lag_ms"] = await crowd.lag(list(files.values()), policy)
        return told


def _kept(path: Path, pdf: bytes) -> Path:
    path.write_bytes(pdf)
    return path


async def _documents(pki: Pki) -> dict[str, bytes]:
    seat, box = Seat(pki.signer("seal"), "ConDau"), FieldBox("ConDau", "Con dấu")
    return {
        "bb_100kb": await sign_paper(make.pdf(100_000), pki.signer("biz")),
        "bb_1mb": await sign_paper(make.pdf(1_000_000), pki.signer("biz")),
        "bb_10mb": await sign_paper(make.pdf(10_000_000), pki.signer("biz")),
        "blta_1mb": await seal_only(make.pdf(1_000_000), seat, box, pki.tsa(), pki.trust, pki.gather),
        "many_objects_2sig": await odd.signed(pki, await sign_paper(_office(), pki.signer("biz")), "person", field_name="Hai"),
    }


async def _of_strangers(pki: Pki) -> list[bytes]:
    return [await sign_paper(make.pdf(1_000_000), signer) for signer in strangers.signers(pki, RUNS)]


def _office(pages: int = 193) -> bytes:
    """1 MB in 2,700 objects, as office programs write: of each page its text and a dozen small things it uses."""
    noise, writer, kids = random.Random(1), make.PdfWriter(), []
    root, tree = writer.reserve(), writer.reserve()
    for _ in range(pages):
        lines = b" ".join(b"1 0 0 1 50 %d Tm (%s) Tj" % (800 - 12 * n, noise.randbytes(30).hex().encode()) for n in range(60))
        text = writer.stream(b"/Filter/FlateDecode", zlib.compress(b"BT /F1 10 Tf %s ET" % lines))
        used = b"".join(b"/G%d %d 0 R" % (number, writer.add(_state(noise))) for number in range(12))
        entries = b"/MediaBox[0 0 595 842]/Resources<</ExtGState<<%s>>>>/Contents %d 0 R" % (used, text)
        kids.append(writer.add(b"<</Type/Page/Parent %d 0 R%s>>" % (tree, entries)))
    writer.put(tree, b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b" ".join(b"%d 0 R" % kid for kid in kids)))
    writer.put(root, b"<</Type/Catalog/Pages %d 0 R/Lang(vi-VN)>>" % tree)
    return writer.finish(root)


def _state(noise: random.Random) -> bytes:
    numbers = b" ".join(b"%d" % noise.randrange(999) for _ in range(40))
    return b"<</Type/ExtGState/CA %.3f/x [%s]>>" % (noise.random(), numbers)


async def _cost_ms(pool: Pool, policy: Policy, path: Path) -> float:
    """The first three runs are not counted."""
    until, reports = time.monotonic() + LONG_ENOUGH_S, []
    while len(reports) < RUNS + 3 and (len(reports) < FEWEST + 3 or time.monotonic() < until):
        reports.append(await pool.check(path, policy))
    _all_valid(reports)
    return statistics.median(report.cpu_ms for report in reports[3:])


async def _first_cost_ms(pool: Pool, policy: Policy, paths: Sequence[Path]) -> float:
    """Of documents that are each checked once."""
    moments = strangers.moments(policy)
    reports = [await pool.check(path, next(moments)) for path in paths]
    _all_valid(reports)
    return statistics.median(report.cpu_ms for report in reports)


def _all_valid(reports: Sequence[Report]) -> None:
    if odd := [report for report in reports if report.verdict is not Verdict.VALID]:
        raise RuntimeError(f"the measured document is {odd[0].verdict}: {sorted(odd[0].codes)}")


def _beside(path: Path, cpu_ms: float, pki: Pki) -> dict[str, float]:
    """The floor and the other programs, in the same run."""
    floor_ms = _median_ms(floor(path.read_bytes(), pki))
    return {
        "cpu_ms": round(cpu_ms, 2),
        "floor_ms": round(floor_ms, 3),
        "ratio_to_floor": round(cpu_ms / floor_ms, 1),
        "kilobytes": path.stat().st_size // 1000,
        **peers.compare(path),
    }


def _median_ms(work: Callable[[], None]) -> float:
    """Repeated within each sample, because the clock is coarser than the work."""
    samples = []
    for _ in range(RUNS):
        started = time.process_time()
        for _ in range(10):
            work()
        samples.append((time.process_time() - started) * 100)
    return statistics.median(samples)


def floor(pdf: bytes, pki: Pki) -> Callable[[], None]:
    """Everything that a perfect validator would have at hand is prepared; what is returned is the bare work."""
    known = {c.subject: c for c in (_load(pki.cert(n).dump()) for n in ("natroot", "gcaroot", "pubca", "gcaca", "tsaca"))}
    jobs = [_job(pdf, match, known) for match in re.finditer(rb"/ByteRange\s*\[([\d\s]+)\]", pdf)]
    view = memoryview(pdf)

    def work() -> None:
        for (start, length, second, rest), method, signature, attributes, chain in jobs:
            digest = hashlib.sha256(view[start : start + length])
            digest.update(view[second : second + rest])
            digest.digest()
            _verify(chain[0], signature, attributes, method)
            for child, parent in pairwise(chain):
                _verify(parent, child.signature, child.tbs_certificate_bytes, child.signature_hash_algorithm)

    return work


Job = tuple[tuple[int, ...], hashes.HashAlgorithm, bytes, bytes, list[x509.Certificate]]


def _job(pdf: bytes, match: re.Match[bytes], known: dict[x509.Name, x509.Certificate]) -> Job:
    numbers = tuple(int(n) for n in match[1].split())
    content = bytes.fromhex(pdf[numbers[0] + numbers[1] + 1 : numbers[2] - 1].decode())
    signed = cms.ContentInfo.load(content)["content"]
    info = signed["signer_infos"][0]
    leaf = next(_load(c.dump()) for c in signed["certificates"] if c.chosen.issuer_serial == _wanted(info))
    issuer = known[leaf.issuer]
    method = getattr(hashes, info["digest_algorithm"]["algorithm"].native.upper())()
    return numbers, method, info["signature"].native, info["signed_attrs"].untag().dump(), [leaf, issuer, known[issuer.issuer]]


def _wanted(info: cms.SignerInfo) -> bytes:
    """Issuer and serial: serial numbers alone repeat between authorities."""
    issuer, serial = info["sid"].chosen["issuer"], info["sid"].chosen["serial_number"].native
    return b"%s:%d" % (issuer.sha256, serial)


def _load(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _verify(signer: x509.Certificate, signature: bytes, message: bytes, method: hashes.HashAlgorithm | None) -> None:
    method = method or hashes.SHA256()
    key = signer.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(method))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PSS(padding.MGF1(method), method.digest_size), method)


if __name__ == "__main__":
    print(run())
