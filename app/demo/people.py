"""Everyone's browser in the journey, and the way to say that a promise was not kept."""

import asyncio
import time
from dataclasses import dataclass, field

from app.demo.browsing import Browser, Page

_OPENING_SECONDS = 60


class Failed(Exception):
    """A step did not end as promised; the message says what was expected where."""


def expect(truth: object, sentence: str) -> None:
    """Raise `Failed` with `sentence` unless `truth`."""
    if not truth:
        raise Failed(sentence)


@dataclass
class People:
    """Everyone's browser, opened and signed in on first use."""

    portal: str
    browsers: dict[str, Browser] = field(default_factory=dict)

    async def be(self, subject: str) -> Browser:
        """The browser of a persona, signed in."""
        if subject not in self.browsers:
            self.browsers[subject] = await sign_in(self.portal, subject)
        return self.browsers[subject]

    async def close(self) -> None:
        """Close every window."""
        for browser in self.browsers.values():
            await browser.close()


async def sign_in(portal: str, subject: str) -> Browser:
    """Sign in at the demo identity provider as `subject`."""
    browser = Browser(portal)
    choice = await _choice(browser)
    chosen = await browser.send(choice, choice.form("/authorize"), button=("persona", subject))
    expect(
        chosen.status == 200 and chosen.url.startswith(portal),
        f"{subject} comes back signed in, not {chosen.status} at {chosen.url}",
    )
    return browser


async def _choice(browser: Browser) -> Page:
    """Where one picks a person. Right after a start the worker may not have met the identity provider yet: 503 until then."""
    ends = time.monotonic() + _OPENING_SECONDS
    while True:
        page = await browser.get("/dang-nhap")
        if page.status != 503 or time.monotonic() > ends:
            return page
        await asyncio.sleep(0.5)
