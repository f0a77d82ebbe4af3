"""Pages: one Jinja environment a language, the words every template shares, and `page()`.

Templates receive ready values and ask nothing. Every visible sentence is `{{ _("Tiếng Việt", "English") }}` or a `Text`.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, PackageLoader, PrefixLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.core import money
from app.core.clock import in_vietnam
from app.core.text import Language, Text
from app.web import assets
from app.web.options import described, options_of

FOLDER = Path(__file__).with_name("templates")
LANGUAGE_COOKIE = "lang"
YEAR = 365 * 86400
LANGUAGES: Final = ("vi", "en")
FOLDERS = ("kit", "public", "business", "official", "admin", "developer")

Shown = HTMLResponse


def _sentence(language: Language) -> Callable[..., str]:
    def choose(vi: str, en: str, **values: object) -> str:
        chosen = en if language == "en" else vi
        return chosen.format(**values) if values else chosen

    return choose


def _text(language: Language) -> Callable[[Any], str]:
    def text(value: Any) -> str:
        return value.in_(language) if isinstance(value, Text) else str(value or "")

    return text


def _day(value: date | datetime | str | None) -> str:
    """dd/mm/yyyy in Vietnam; also reads the ISO text that answers keep."""
    if isinstance(value, str):
        value = date.fromisoformat(value[:10])
    if isinstance(value, datetime):
        value = in_vietnam(value).date()
    return f"{value:%d/%m/%Y}" if value else ""


def _moment(value: datetime | str | None) -> str:
    """dd/mm/yyyy HH:MM, Vietnam time; also reads the ISO text of a stored report."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return f"{in_vietnam(value):%d/%m/%Y %H:%M}" if value else ""


def _last_day(value: datetime | None) -> str:
    """dd/mm/yyyy of the last day of a deadline, which is kept as the midnight that closes it."""
    return _day(value - timedelta(microseconds=1)) if value else ""


def _clock(value: datetime) -> str:
    """HH:MM, Vietnam time."""
    return f"{in_vietnam(value):%H:%M}"


def _grouped(language: Language) -> Callable[[int | float], str]:
    def number(value: int | float) -> str:
        plain = f"{value:,}"
        return plain if language == "en" else plain.translate(str.maketrans(",.", ".,"))

    return number


def _file_size(language: Language) -> Callable[[int], str]:
    number = _grouped(language)

    def size(count: int) -> str:
        if count < 1_000_000:
            return f"{number(max(1, round(count / 1000)))} KB"
        return f"{number(round(count / 1_000_000, 1))} MB"

    return size


def _environment(language: Language) -> Environment:
    design = PackageLoader("govuk_frontend_jinja")
    environment = Environment(
        loader=PrefixLoader(
            {
                "govuk_frontend_jinja": design,
                **{
                    name: FileSystemLoader(FOLDER / name)
                    for name in ("kit", "public", "business", "official", "admin", "developer")
                },
            }
        ),
        undefined=ChainableUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    text = _text(language)
    environment.globals |= {
        "_": _sentence(language),
        "t": text,
        "asset": assets.url,
        "lang": language,
        "preloaded": assets.PRELOADED,
        "options_of": options_of(language),
        "described": described,
    }
    environment.filters |= {
        "t": text,
        "day": _day,
        "moment": _moment,
        "last_day": _last_day,
        "clock": _clock,
        "dong": lambda amount: money.shown(amount, language),
        "number": _grouped(language),
        "file_size": _file_size(language),
    }
    return environment


ENVIRONMENTS: Final[dict[Language, Environment]] = {"vi": _environment("vi"), "en": _environment("en")}


def language_of(request: Request) -> Language:
    """The language of this answer: what the address asks for, what the visitor chose before, Vietnamese."""
    wanted = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return "en" if wanted == "en" else "vi"


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """The page `template` in the visitor's language. Never stored by caches: it may hold a person's data."""
    html = render(request, template, **values)
    response = HTMLResponse(
        html, status_code=status, headers={"cache-control": "no-store", "content-language": language_of(request)}
    )
    keep_language(request, response)
    return response


def fragment(request: Request, template: str, block: str, **values: Any) -> HTMLResponse:
    """One block of a full page, for htmx: the same template, so the page works without scripts too."""
    found = ENVIRONMENTS[language_of(request)].get_template(template)
    context = found.new_context(_shared(request) | values)
    return HTMLResponse("".join(found.blocks[block](context)), headers={"cache-control": "no-store"})


def render(request: Request, template: str, **values: Any) -> str:
    """The text of a page."""
    return ENVIRONMENTS[language_of(request)].get_template(template).render(_shared(request) | values)


def _shared(request: Request) -> dict[str, Any]:
    visitor = getattr(request.state, "visitor", None)
    return {
        "path": request.url.path,
        "other_language": _in_other_language(request),
        "visitor": visitor,
        "csrf": visitor.csrf if visitor else "",
        "demo": request.app.state.settings.demo,
    }


def _in_other_language(request: Request) -> str:
    other = "vi" if language_of(request) == "en" else "en"
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    return "?" + urlencode([*kept, ("lang", other)])


def keep_language(request: Request, response: Response) -> None:
    """Remember a language chosen by `?lang=` for a year."""
    if request.query_params.get("lang") in LANGUAGES:
        https = request.app.state.settings.https
        response.set_cookie(
            LANGUAGE_COOKIE, language_of(request), max_age=365 * 86400, httponly=True, samesite="lax", secure=https
        )
