"""A document as it would be printed, to be looked at before it is signed: no number, and PREVIEW across every page."""

from typing import Any

from app.core.text import Text
from app.issued import qr
from app.issued.editions import Edition, edition
from app.issued.models import IssuedDocument
from app.issued.render import render
from app.issued.values import printed


def values_of(document: IssuedDocument) -> tuple[Edition, dict[str, Any]]:
    """The layout and what it would print."""
    layout = edition(document.template, document.edition)
    title = Text(document.title_vi, document.title_en)
    values = printed(
        document.facts, kind=document.kind, edition=layout, title=title, number=None, at=document.asked_at, verify=""
    )
    return layout, values | {"draft": True}


def draw(layout: Edition, values: dict[str, Any]) -> bytes:
    """The preview. CPU: call it in a thread."""
    return render(layout, values, qr=qr.svg("BAN XEM TRUOC / PREVIEW")).pdf
