"""A new legal basis is a new edition: what was ordered before is printed as it was."""

import shutil
from datetime import UTC, date, datetime, timedelta

import pytest

from app.issued import actions, editions
from app.issued.editions import edition, in_force, read
from app.issued.press import Press
from app.sharing.agreements_print import EDITION
from tests.issued.samples import SAMPLES
from tests.issued.test_render import text_of
from tests.pki import NOW

CHANGE = (NOW + timedelta(days=365)).date()
LATER = datetime.combine(CHANGE, datetime.min.time(), UTC) + timedelta(days=1)


@pytest.fixture
def new_circular(tmp_path, monkeypatch):
    """The templates as they will be when another circular has replaced form 03."""
    folder = tmp_path / "templates"
    shutil.copytree(editions.TEMPLATES, folder)
    source = (folder / "form-03" / "1.typ").read_text("utf-8")
    (folder / "form-03" / "2.typ").write_text(source.replace("Lý do cụ thể không tiếp nhận", "Căn cứ từ chối"), "utf-8")
    (folder / "form-03" / "2.toml").write_text(
        f'legal_basis = "Thông tư mới"\nvalid_from = {CHANGE}\ncertainty = "found"\n', "utf-8"
    )
    monkeypatch.setattr(editions, "TEMPLATES", folder)
    editions._editions.cache_clear()
    yield
    editions._editions.cache_clear()


@pytest.mark.usefixtures("new_circular")
def test_the_edition_is_the_one_in_force_on_the_day():
    assert in_force("form-03", CHANGE - timedelta(days=1)).number == 1
    assert in_force("form-03", CHANGE).number == 2
    assert in_force("form-03", date(2000, 1, 1)).number == 1


@pytest.mark.usefixtures("new_circular")
async def test_a_document_is_printed_with_the_edition_it_was_ordered_under(session, dossier, press: Press, monkeypatch):
    monkeypatch.setattr("app.issued.render.TEMPLATES", editions.TEMPLATES)
    before = await actions.order(session, SAMPLES["form-03"], dossier_id=dossier.id, unit="G02.918", at=NOW)
    after = await actions.order(session, SAMPLES["form-03"], dossier_id=dossier.id, unit="G02.918", at=LATER)
    assert (before.edition, after.edition) == (1, 2)
    old, new = (text_of(press.print(document).pdf) for document in (before, after))
    assert "Lý do cụ thể không tiếp nhận" in old
    assert "Mẫu số 03" in old
    assert "Căn cứ từ chối" in new
    assert "Thông tư mới" in new


def test_a_template_or_edition_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="no template"):
        in_force("../base", CHANGE)
    with pytest.raises(ValueError, match="no edition 9"):
        edition("form-01", 9)


def test_every_edition_has_a_source_a_ground_and_a_day_and_doubts_are_told():
    known = [one for name in editions.names() for one in editions.editions_of(name)]
    assert all(one.file.exists() and one.legal_basis and one.certainty for one in known)
    elsewhere = {editions.LAYOUT, EDITION.template}  # an agreement's edition stands where it is printed: no paper of a dossier
    sources = {path.parent.name for path in editions.TEMPLATES.glob("*/*.typ")} - elsewhere
    assert sources == editions.names()
    assert [entry.id for entry in edition("form-02", 1).uncertain] == ["guidance", "round", "reply_by"]
    assert read(editions.TEMPLATES).keys() == editions.names()
