"""`motcua demo sign`: sign any PDF with a certificate of the demo, as a business would with its token."""

import asyncio
from functools import cache
from pathlib import Path

import signing
from app.core import clock
from app.core.settings import Settings
from app.demo.pki import BUSINESSES, PARTNERS, Pki, business, pki_of, seal

_PASSPHRASE = b"in memory only"


def sign_file(settings: Settings, source: Path, target: Path, who: str) -> None:
    """Write a signed copy of `source`. `who` is a tax code of the demo, or `revoked-` or `evil-` before one; or another agency.

    `ValueError` for anyone else, and for a file that is no PDF.
    """
    pdf, label = source.read_bytes(), label_of(who)
    if not pdf.startswith(b"%PDF-"):
        raise ValueError(f"{source} is no PDF")
    target.write_bytes(sign(pki_of(settings), pdf, label))


def label_of(who: str) -> str:
    """The certificate's label for a tax code, with or without `revoked-`, `evil-` or `dn-` before it, or for an agency's code."""
    if who in PARTNERS:
        return seal(who)
    kind, _, tax_code = who.removeprefix("dn-").rpartition("-")
    if tax_code not in BUSINESSES or kind not in ("", "revoked", "evil"):
        raise ValueError(f"{who!r} has no certificate here; try one of {', '.join((*BUSINESSES, *PARTNERS))}")
    return f"{kind}-{business(tax_code)}" if kind else business(tax_code)


def sign(pki: Pki, pdf: bytes, label: str) -> bytes:
    """`pdf` with an approval signature and a time stamp of the demo's authority (PAdES B-T)."""
    return asyncio.run(signed(pki, pdf, label))


async def signed(pki: Pki, pdf: bytes, label: str) -> bytes:
    """The same where a loop is running already."""
    # A field of its own for each certificate: a paper may carry several signatures, the earlier ones untouched. A dot in a
    # name would make a tree of fields.
    field = f"ChuKySo-{label.replace('.', '-')}"
    return await signing.sign_paper(pdf, _signer(pki, label), tsa=stamper(pki), field=field)


def stamper(pki: Pki) -> signing.Tsa:
    """The demo's time-stamping authority, asked without a network."""

    async def stamp(request: bytes) -> bytes:
        return pki.time_stamp(request, clock.now())

    return stamp


@cache
def _signer(pki: Pki, label: str) -> signing.SoftSigner:
    # The good, the revoked and the evil certificate of a business share its key.
    key = label[label.index("biz-") :] if "biz-" in label else label
    return signing.SoftSigner.from_pkcs12(pki.pkcs12(label, key, _PASSPHRASE), _PASSPHRASE)
