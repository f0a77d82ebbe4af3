"""Reasons that people must give, in words fit to be printed. Private to the actions."""

from app.core.errors import Incomplete, Problem
from app.core.text import Text, has_unwanted, nfc

_LONGEST = 5_000
_UNFIT = Text(
    "Nội dung có ký tự ẩn hoặc dài quá 5.000 ký tự. Hãy nhập lại.",
    "The text holds hidden characters or is longer than 5,000 characters. Type it again.",
)


def must_say(words: str, otherwise: Text, *, where: str = "reason") -> str:
    """`words` trimmed and composed; `Incomplete` with `otherwise` when nothing was said."""
    said = nfc(may_say(words, where=where))
    if not said:
        raise Incomplete([Problem(where, "required", otherwise)])
    return said


def may_say(words: str, *, where: str) -> str:
    """`words` trimmed and composed, maybe empty."""
    said = words.replace("\r\n", "\n").strip()
    if has_unwanted(said) or len(said) > _LONGEST:
        raise Incomplete([Problem(where, "unfit-text", _UNFIT)])
    return nfc(said)
