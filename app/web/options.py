"""The options of a list, written once for each language: fifty rows may each hold the same two hundred and fifty countries."""

from collections.abc import Callable
from functools import cache

from markupsafe import Markup

from app.catalogue import words
from app.catalogue.views import FieldView
from app.core.text import Language

_PLAIN = Markup('<option value="{}">{}</option>')
_CHOSEN = Markup('<option value="{}" selected>{}</option>')
_NONE = Markup()


def options_of(language: Language) -> Callable[[FieldView], Markup]:
    """A template's way to the `<option>`s of a control, the chosen one marked."""

    def written(view: FieldView) -> Markup:
        if view.code_list is None:
            parts = [(_CHOSEN if value in view.chosen else _PLAIN, value, said) for value, said in view.options]
            return _NONE.join(markup.format(value, said.in_(language)) for markup, value, said in parts)
        html, names = _list(view.code_list, language), words.code_list(view.code_list)
        for code in view.chosen & names.keys():
            said = names[code].in_(language)
            html = html.replace(_PLAIN.format(code, said), _CHOSEN.format(code, said))
        return html

    return written


def described(view: FieldView, hint: str, error: str) -> Markup:
    """The attribute that ties a control to its hint and its error."""
    ids = [f"{view.id}-{what}" for what, said in (("hint", hint), ("error", error)) if said]
    return Markup(' aria-describedby="{}"').format(" ".join(ids)) if ids else _NONE


@cache
def _list(name: str, language: Language) -> Markup:
    return _NONE.join(_PLAIN.format(code, said.in_(language)) for code, said in words.code_list(name).items())
