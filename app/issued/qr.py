"""The QR code of an issued document: where to verify it, with its secret, and nothing about anyone."""

import io

import segno


def verification_url(public_url: str, secret: str) -> str:
    """The public page that tells whether the document is genuine and still valid."""
    return f"{public_url.rstrip('/')}/xac-thuc/{secret}"


def svg(text: str) -> str:
    """`text` as a QR code in SVG, error correction M (15 %): legible from a photocopy of a photocopy."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=0, scale=4, xmldecl=False)
    return picture.getvalue().decode()
