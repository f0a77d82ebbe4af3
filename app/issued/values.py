"""From the row and its facts to what a template prints: one JSON for Typst and for the attached `du-lieu.json`. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.clock import in_vietnam
from app.core.text import Text
from app.issued.editions import Edition
from app.issued.rules import Kind, in_words, volume_of


def printed(
    facts: Mapping[str, Any], *, kind: str, edition: Edition, title: Text, number: str | None, at: datetime, verify: str
) -> dict[str, Any]:
    """Facts with what surrounds them. `serial` and `series` are the two ends of the number, as fee receipts print them."""
    values = {
        "facts": dict(facts),
        "kind": kind,
        "template": edition.template,
        "edition": edition.number,
        "legal_basis": edition.legal_basis,
        "title_vi": title.vi,
        "title_en": title.en,
        "number": number,
        "at": in_vietnam(at).replace(microsecond=0).isoformat(),
        "verify": verify,
    }
    if number:
        n, _, rest = number.partition("/")
        values |= {"serial": f"{int(n):08}", "series": rest.partition("/")[2]}
        if kind == Kind.FORM_01:  # the number of the receipt is the entry in the year's register book
            values["book"] = {"volume": volume_of(int(n)), "entry": int(n)}
    if "amount" in facts:
        values["amount_in_words"] = in_words(facts["amount"])
    return values
