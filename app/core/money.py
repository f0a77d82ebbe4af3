"""Money is whole đồng; there is no other currency and no fraction."""

from typing import NewType

Dong = NewType("Dong", int)


def shown(amount: int, language: str = "vi") -> str:
    """`5000000` → `5.000.000 đồng` (Vietnamese grouping; in English `5,000,000 VND`)."""
    return f"{amount:,} VND" if language == "en" else f"{amount:,}".replace(",", ".") + " đồng"
