"""The administrator's list of agencies: a file is seen first, then what was ticked is taken."""

import pytest

from app.demo.browsing import Browser
from tests.web.conftest import browser_of

HOME = "/quan-tri/don-vi"


async def test_a_list_is_seen_then_taken_and_a_faulty_one_is_refused_in_words(world, tmp_path) -> None:
    administrator = await browser_of(world, "qt-1")
    home = await administrator.get(HOME)
    file = tmp_path / "list.csv"
    file.write_text("code,name_vi,name_en,kind\nG02.950,Cục Thử,Trial Agency,agency\n")
    seen = await administrator.send(home, home.form("/xem"), files=[("list", file)])
    assert "G02.950 – Cục Thử" in seen.text
    assert "G02.950" not in (await administrator.get(HOME)).text
    taken = await administrator.send(seen, seen.form("/nhan"))
    assert taken.url.endswith(HOME)
    assert "G02.950" in taken.text
    file.write_text("code,name_vi,name_en,kind\nG02.951,=1+1,X,agency\n")
    refused = await administrator.send(home, home.form("/xem"), files=[("list", file)])
    assert refused.status == 422
    assert "Dòng 2, cột name_vi" in refused.text


@pytest.mark.parametrize("subject", ["mc-1", "ks-1"])
async def test_nobody_else_opens_it(world, subject: str) -> None:
    person: Browser = await browser_of(world, subject)
    assert (await person.get(HOME)).status == 403
