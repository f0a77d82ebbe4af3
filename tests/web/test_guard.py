"""Who may send what: tokens, origins, sessions that end in mid-form."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.demo.browsing import Browser
from app.identity.models import WebSession
from tests import portal
from tests.web.test_forms import values_for


async def test_a_form_without_its_token_changes_nothing(seller: Browser, draft: str) -> None:
    page = await seller.get(f"{draft}/xoa")
    form = page.form("/xoa")
    form.fields["csrf"] = ["wrong"]
    answer = await seller.send(page, form)
    assert answer.status == 403
    assert "chưa có gì được lưu" in answer.text
    assert (await seller.get(draft)).status == 200


async def test_a_form_from_another_site_changes_nothing(seller: Browser, draft: str) -> None:
    page = await seller.get(f"{draft}/xoa")
    token = page.form("/xoa").fields["csrf"][0]
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {}):
        answer = await seller.http.post(f"{draft}/xoa", data={"csrf": token}, headers=headers)
        assert answer.status_code == 403
    assert (await seller.get(draft)).status == 200


async def test_a_multipart_body_is_no_way_around_the_token(seller: Browser, draft: str) -> None:
    answer = await seller.http.post(f"{draft}/xoa", files={"x": ("a", b"b")}, headers={"origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 403
    assert (await seller.get(draft)).status == 200


async def test_an_official_does_not_file_and_a_business_does_not_decide(seller: Browser, clerk: Browser) -> None:
    assert (await clerk.get(f"/ho-so/moi/{portal.LICENCE}")).status == 403
    assert (await seller.get("/can-bo")).status == 403


async def test_nobody_in_particular_is_sent_to_sign_in_and_comes_back(guest: Browser) -> None:
    guest.http.follow_redirects = False
    answer = await guest.http.get("/ho-so?trang-thai=draft")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/dang-nhap?tiep=%2Fho-so%3Ftrang-thai%3Ddraft"


async def test_what_was_typed_into_an_ended_session_is_there_after_the_next_sign_in(
    seller: Browser, draft: str, sessions: Sessions, settings: Settings
) -> None:
    seller.http.cookies.set("motcua-tb", "this-browser")
    page = await seller.get((await seller.get(draft)).links("/to-khai/")[0])
    async with transaction(sessions) as session:
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        await session.execute(update(WebSession).values(seen_at=long_ago))
    typed = values_for(page.form("/to-khai/")) | {"registration_office": "Phòng chưa kịp lưu"}
    seller.http.follow_redirects = False
    answer = await seller.send(page, page.form("/to-khai/"), typed)
    target = answer.headers["location"]
    assert answer.status == 303
    assert "tiep-tuc" in target

    seller.http.cookies.set("motcua", await portal.session_of(sessions, settings, portal.SELLER))
    seller.http.follow_redirects = True
    kept = await seller.get("/tiep-tuc/" + target.rpartition("%2F")[2])
    assert "Phòng chưa kịp lưu" in kept.text
    sent = await seller.send(kept, kept.form("/to-khai/"))
    assert sent.status == 200
    assert "Phòng chưa kịp lưu" in (await seller.get(page.url)).text


async def test_a_body_that_is_far_too_large_is_refused_politely(seller: Browser, draft: str) -> None:
    headers = {"origin": "http://127.0.0.1:8000", "content-type": "application/x-www-form-urlencoded"}
    answer = await seller.http.post(f"{draft}/xoa", content=b"a=" + b"b" * 3_000_000, headers=headers)
    assert answer.status_code == 413
    assert "dung lượng" in answer.text
