"""A browser without JavaScript: follows links and redirects, keeps cookies, reads forms and sends them as a person would."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx

Value = str | list[str]


@dataclass
class WebForm:
    """One `<form>` as it stands in the page: where it goes, what it would send untouched, which buttons it has."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def filled(self, values: Mapping[str, Value]) -> dict[str, list[str]]:
        """What is sent when `values` are typed in; a name the form does not have is a mistake of the caller."""
        if unknown := set(values) - self.names:
            raise LookupError(f"the form at {self.action} has no {sorted(unknown)}")
        typed = {name: [value] if isinstance(value, str) else list(value) for name, value in values.items()}
        return self.fields | typed


class _FormReader(HTMLParser):
    """Collects the forms of a page, with the values a browser would send."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[WebForm] = []
        self._form: WebForm | None = None
        self._select: str | None = None
        self._text: list[str] | None = None
        self._closing: tuple[str, str] = ("", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = WebForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(tag, given, self._form)

    def _control(self, tag: str, given: dict[str, str], form: WebForm) -> None:
        name = given.get("name", "")
        if tag == "input":
            self._input(given, form)
        elif tag == "select":
            self._select = name
            form.names.add(name)
        elif tag == "option" and self._select is not None and "selected" in given:
            form.fields.setdefault(self._select, []).append(given.get("value", ""))
        elif tag in {"textarea", "button"}:
            self._text, self._closing = [], (tag, name)
            if tag == "textarea":
                form.names.add(name)
            else:
                form.buttons.append((name, given.get("value", ""), ""))

    def _input(self, given: dict[str, str], form: WebForm) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if not name or "disabled" in given:
            return
        form.names.add(name)
        if kind == "file":
            form.files.append(name)
        elif kind in {"submit", "image"}:
            form.buttons.append((name, given.get("value", ""), given.get("value", "")))
        elif kind not in {"checkbox", "radio"}:
            form.fields.setdefault(name, []).append(given.get("value", ""))
        elif "checked" in given:
            form.fields.setdefault(name, []).append(given.get("value", "on"))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif self._text is not None and tag == self._closing[0] and self._form is not None:
            text = "".join(self._text)
            if tag == "textarea":
                self._form.fields.setdefault(self._closing[1], []).append(text.removeprefix("\n"))
            else:
                name, value, _ = self._form.buttons[-1]
                self._form.buttons[-1] = (name, value, text.strip())
            self._text = None


@dataclass(frozen=True)
class Page:
    """One answer of a server, seen as a page."""

    url: str
    status: int
    text: str
    content: bytes
    headers: httpx.Headers

    def forms(self) -> list[WebForm]:
        """Every form of the page, in order."""
        reader = _FormReader()
        reader.feed(self.text)
        return reader.forms

    def form(self, part_of_action: str) -> WebForm:
        """The first form whose action holds `part_of_action`; `LookupError` when the page has none."""
        for form in self.forms():
            if part_of_action in form.action:
                return form
        raise LookupError(f"no form for {part_of_action!r} at {self.url} ({self.status})")

    def links(self, part: str) -> list[str]:
        """Addresses of links that hold `part`, absolute, in order, without repeats."""
        reader = _LinkReader()
        reader.feed(self.text)
        return list(dict.fromkeys(urljoin(self.url, link) for link in reader.links if part in link))


class _LinkReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.extend(value for name, value in attrs if name == "href" and value)


class Browser:
    """One person's browser: cookies of its own, redirects followed, the language of the pages as set."""

    def __init__(self, portal: str, http: httpx.AsyncClient | None = None) -> None:
        """`http`: another way to the portal than over the network."""
        self.portal = portal
        self.http = http or httpx.AsyncClient(base_url=portal, follow_redirects=True, timeout=30)

    async def close(self) -> None:
        """Close the window."""
        await self.http.aclose()

    async def get(self, url: str) -> Page:
        """Open `url` (absolute, or a path of the portal)."""
        return _page(await self.http.get(url))

    async def send(
        self,
        page: Page,
        form: WebForm,
        values: Mapping[str, Value] | None = None,
        *,
        button: tuple[str, str] | None = None,
        files: Iterable[tuple[str, Path]] = (),
    ) -> Page:
        """Send `form` of `page` with `values` typed in, one button pressed and files chosen."""
        pairs = form.filled(values or {})
        if button is not None:
            pairs[button[0]] = [button[1]]
        target = urljoin(page.url, form.action or page.url)
        origin = {"Origin": "/".join(page.url.split("/")[:3]), "Referer": page.url}
        if form.method == "get":
            return _page(await self.http.get(target, params=pairs))
        chosen = [(name, (path.name, path.read_bytes())) for name, path in files]
        return _page(await self.http.post(target, data=pairs, files=chosen or None, headers=origin))


def _page(answer: httpx.Response) -> Page:
    readable = answer.headers.get("content-type", "").startswith("text/")
    return Page(str(answer.url), answer.status_code, answer.text if readable else "", answer.content, answer.headers)
