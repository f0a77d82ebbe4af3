"""Words: text in two languages, Unicode at the edge, and the fold that makes search ignore accents."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

Language = Literal["vi", "en"]

# Refused in names and titles: controls, bidirectional overrides, zero-width characters, soft hyphen.
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

# New and old places of the tone mark name the same word (hoà = hòa); both fold to the same letters
# once marks are stripped, so no table is needed as long as the fold strips marks last.
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in Vietnamese (first) and English (second)."""

    vi: str
    en: str

    def in_(self, language: Language) -> str:
        """The sentence in `language`."""
        return self.en if language == "en" else self.vi

    def __format__(self, spec: str) -> str:
        return self.en if spec == "en" else self.vi

    def filled(self, **values: object) -> "Text":
        """Both sentences with `{name}` replaced by the given values."""
        return Text(self.vi.format(**values), self.en.format(**values))


def nfc(text: str) -> str:
    """`text` in the composed form that every table of ours keeps."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """`text` as search sees it: lower case, no marks, đ as d, one blank between words.

    The same fold is applied when a row is written and when a query arrives, so every database agrees.
    """
    lowered = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    bare = "".join(c for c in lowered if not unicodedata.combining(c))
    return _SPACES.sub(" ", re.sub(r"[^\w\s]", " ", bare)).strip()


def has_unwanted(text: str) -> bool:
    """Whether `text` hides characters that a name or title must not carry (controls, bidi, zero width)."""
    return _UNWANTED.search(text) is not None


def _clean(text: str) -> str:
    if has_unwanted(text):
        raise ValueError("control, bidirectional or zero-width character")
    return nfc(text)


Str = Annotated[str, AfterValidator(_clean)]
"""A Pydantic string: NFC, and refused when it hides control, bidirectional or zero-width characters."""


def file_name(name: str) -> str:
    """A file name fit to be shown: NFC, no path, no hidden characters, at most 255 bytes. Never used as a path."""
    last = nfc(_UNWANTED.sub("", name.replace("\\", "/").rsplit("/", 1)[-1])).strip() or "tep"
    stem, dot, ending = last.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = last, ""
    room = 255 - len((dot + ending).encode()) if ending else 255
    return stem.encode()[:room].decode(errors="ignore") + (dot + ending if ending else "")


def text_of(value: Any) -> Text:
    """A `Text` from the `{vi, en}` mapping of a data file; a missing English falls back to Vietnamese."""
    return Text(nfc(str(value["vi"])), nfc(str(value.get("en") or value["vi"])))
