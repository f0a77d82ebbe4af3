"""Every visible word of the templates stands in both languages: nothing is said outside `_("Tiếng Việt", "English")`."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment

TEMPLATES = Path(__file__).parents[2] / "app" / "web" / "templates"
_JINJA = Environment(extensions=["jinja2.ext.do"], autoescape=True)
_TAG = re.compile(r"<(?:\"[^\"]*\"|'[^']*'|[^>])*>", re.DOTALL)
_SPOKEN = re.compile(r"""\b(?:aria-label|alt|title|placeholder)="([^"{}]*[A-Za-zÀ-ỹ][^"{}]*)\"""")
_WORD = re.compile(r"[A-Za-zÀ-ỹ]{2,}")
# Names, said alike in every language: the two language links and commands to type.
SAID_ALIKE = {"Tiếng Việt", "English", "PDF", "Windows", "certutil -hashfile   SHA256", "macOS, Linux", "shasum -a 256"}
# A whole sentence that stands in one language on purpose, behind `{% if lang == "en" %}`.
ONE_LANGUAGE = {"Legal texts are cited in Vietnamese, the only binding language."}
# A sentence in `_()` has two texts; the second is missing when the call closes after the first.
_HALF = re.compile(r"""(?<![\w.])_\(\s*("(?:[^"\\]|\\.)*")\s*\)""")

FILES = sorted(TEMPLATES.rglob("*.html"))


def markup(source: str) -> str:
    """The template without its code and comments; what an expression prints stands as a blank."""
    shown = {"data": lambda text: text, "variable_begin": lambda _: " "}
    return "".join(shown[kind](text) for _, kind, text in _JINJA.lex(source) if kind in shown)


def bare_words(source: str) -> list[str]:
    """Text between tags, and spoken attributes, that no call of `_` says."""
    without_code = markup(source)
    between = [piece.strip(" \n:().,–·%&/;+-") for piece in _TAG.sub("\n", without_code).split("\n")]
    spoken = _SPOKEN.findall(without_code)
    known = SAID_ALIKE | {sentence.rstrip(".") for sentence in ONE_LANGUAGE}
    return [piece for piece in [*between, *spoken] if _WORD.search(piece) and piece not in known]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_a_template_says_nothing_in_one_language_only(file: Path) -> None:
    source = file.read_text()
    assert not bare_words(source), 'say it as {{ _("Tiếng Việt", "English") }}'
    assert not _HALF.findall(source), "the English sentence is missing"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_a_template_holds_no_inline_script_style_or_handler(file: Path) -> None:
    source = markup(file.read_text())
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on", source), (
        "the content policy blocks it: use a class, a file"
    )
    scripts = re.findall(r"<script[^>]*>", source)
    assert all("src=" in script for script in scripts)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(TEMPLATES)))
def test_controls_are_drawn_by_the_kit(file: Path) -> None:
    if file.parent.name == "kit":
        return
    bare = re.findall(r"<(?:input|select|textarea|form)\b[^>]*>", markup(file.read_text()))
    assert not bare, "use the macros of kit/controls.html"


def test_the_reader_of_words_finds_what_it_looks_for() -> None:
    assert bare_words('<p>Xin chào {{ _("a", "b") }}</p>') == ["Xin chào"]
    assert bare_words('<a aria-label="Đóng">{{ _("x", "y") }}</a>') == ["Đóng"]
    assert bare_words('<p>{{ _("a", "b") }}: 12 %</p>') == []
