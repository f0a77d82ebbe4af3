"""The pages for integrators in a browser: no axe violation, nothing wider than the window, Swagger UI from our own files."""

from tests.journeys.conftest import Visit, faults
from tests.journeys.test_agreement_pages import prepared

HOME = "/nha-phat-trien"


async def test_the_pages_for_integrators_have_no_fault(looked_at: Visit) -> None:
    await prepared(looked_at.portal)
    wrong: list[str] = []
    for name in ("", "mau", "mo-ta", "loi", "tuan-thu"):
        page = await looked_at.open(f"{HOME}/{name}".rstrip("/"))
        wrong += await faults(page, f"developer-{name or 'start'}")
    await looked_at.sign_in("ct-1")
    wrong += await faults(await looked_at.open(f"{HOME}/cua-toi"), "developer-desk")
    assert not wrong


async def test_swagger_ui_shows_what_is_described_from_our_own_files(looked_at: Visit) -> None:
    page = await looked_at.open(f"{HOME}/mo-ta?swagger=1")
    await page.get_by_text("/api/sharing/v1/me/check").last.wait_for()
    assert await page.locator("#swagger .opblock").count() > 10
