"""The ready-made files are what their names say; `motcua demo sign` signs others."""

import pytest

import signing
from app.catalogue.files import definitions
from app.catalogue.procedure import Procedure
from app.core import clock
from app.demo import papers, pki
from app.demo.sign import label_of, sign_file
from app.documents.formats import flaw_in

RETAILER = "9900000048"


def _report(made, path, *, integrity_only=False):
    policy = signing.Policy(at=clock.now(), trust=pki.pki_of(made).trust(), gate=signing.Gate(), integrity_only=integrity_only)
    return signing.check(path, policy)


PLAYED = ("multi-level-selling-certificate/1", "promotion-lottery-registration/1")


@pytest.mark.parametrize("name", PLAYED)
def test_there_is_a_file_for_every_place_of_every_paper_that_is_played(made, name):
    procedure = Procedure.of(definitions()[name])
    for paper in procedure.papers:
        for place, endings in enumerate(paper.formats):
            paths = [papers.file_of(made, RETAILER, procedure.slug, paper.id, place, ending) for ending in endings]
            found = [path for path in paths if path.exists()]
            assert len(found) == 1, (paper.id, place)
            if place in paper.signed_places:
                (signature,) = _report(made, found[0], integrity_only=True).signatures
                assert signing.bound_to(signature.signer, RETAILER) is signing.Binding.BOUND
            if not found[0].name.endswith(".pdf"):
                assert flaw_in(found[0], found[0].suffix[1:]) is None


def test_one_file_will_do_for_the_papers_of_all_other_procedures(made):
    asked = {
        ending for each in definitions().values() for p in Procedure.of(each).papers for place in p.formats for ending in place
    }
    assert asked >= {"pdf", "docx", "xlsx"}
    (signature,) = _report(made, papers.common_file(made, RETAILER, "pdf"), integrity_only=True).signatures
    assert signing.bound_to(signature.signer, RETAILER) is signing.Binding.BOUND
    for ending in ("docx", "xlsx"):
        assert flaw_in(papers.common_file(made, RETAILER, ending), ending) is None


def test_the_wrong_signer_is_someone_else(made):
    (signature,) = _report(made, papers.hostile_file(made, RETAILER, "sai-ma-so-thue"), integrity_only=True).signatures
    assert signing.bound_to(signature.signer, RETAILER) is signing.Binding.MST_MISMATCH


@pytest.mark.parametrize(
    "name,verdict",
    [
        ("sua-sau-khi-ky", "INVALID"),
        ("khong-co-chu-ky", "UNSIGNED"),
        ("khong-phai-pdf", "UNREADABLE"),
        ("co-mat-khau", "UNREADABLE"),
    ],
)
def test_a_faulty_file_is_judged_as_its_name_says(made, name, verdict):
    assert str(_report(made, papers.hostile_file(made, RETAILER, name)).verdict) == verdict


def test_a_script_keeps_a_file_out_whatever_its_signatures(made):
    assert _report(made, papers.hostile_file(made, RETAILER, "co-javascript")).refusals


def test_any_pdf_can_be_signed_as_a_business(made, tmp_path):
    source, target = tmp_path / "don.pdf", tmp_path / "don-ky.pdf"
    source.write_bytes(papers.draw("Đơn của tôi", RETAILER))
    sign_file(made, source, target, "dn-9900000048")
    (signature,) = _report(made, target, integrity_only=True).signatures
    assert signing.bound_to(signature.signer, RETAILER) is signing.Binding.BOUND


@pytest.mark.parametrize("who", ["9900000055", "", "lc-918", "khac-9900000048"])
def test_nobody_else_has_a_certificate(who):
    with pytest.raises(ValueError, match="no certificate"):
        label_of(who)
