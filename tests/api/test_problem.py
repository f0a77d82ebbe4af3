"""The `type` of every problem document opens a page that says in both languages what it means and what to do."""

import re
from pathlib import Path

from app.api.problem import status_of
from app.core.errors import Refusal
from app.web.problems import known
from tests.machines import Portal

APP = Path(__file__).parents[2] / "app"
OF_TOKENS = {"invalid_token", "use_dpop_nonce", "invalid_dpop_proof"}
"""Said by `TokenRefused` and `ProofRefused`, whose code becomes the slug."""


QUOTED = {"KeyImpossible", "BodyExpected"}
"""Never an answer themselves: `me/check` quotes them."""

SLUG = re.compile(r'\bslug\s*=\s*"([^"]+)"|\b_refused\([^"\n]*"([^"]+)"\)')


def every_slug() -> set[str]:
    found = (SLUG.findall(file.read_text("utf-8")) for file in APP.rglob("*.py"))
    return OF_TOKENS | {named or posted for each in found for named, posted in each}


def refusals(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [kind, *(deeper for each in kind.__subclasses__() for deeper in refusals(each))]


def test_every_slug_has_a_help_page():
    assert sorted(every_slug() - set(known())) == [], "write it in app/web/problems.yaml"


def test_every_help_says_a_title_and_what_to_do_in_both_languages():
    for slug, told in known().items():
        for text in (told.title, told.advice):
            assert len({text.vi, text.en, ""}) == 3, slug


def test_a_help_page_names_the_status_that_the_answer_has():
    answers = {kind.slug: status_of(_bare(kind)) for kind in refusals() if kind.__name__ not in QUOTED}
    assert {slug: status for slug, status in answers.items() if status != known()[slug].status} == {}


def _bare(kind: type[Refusal]) -> Refusal:
    made = kind.__new__(kind)
    made.slug = kind.slug
    return made


async def test_each_page_opens_in_both_languages(standing_portal: Portal):
    index = await standing_portal.http.get("/loi")
    for slug in known():
        assert f'href="/loi/{slug}"' in index.text
    told = known()["case-ref-required"]
    for language, advice in (("vi", told.advice.vi), ("en", told.advice.en)):
        page = await standing_portal.http.get(f"/loi/case-ref-required?lang={language}")
        assert page.status_code == 200
        assert advice in page.text
    assert (await standing_portal.http.get("/loi/khong-co")).status_code == 404


async def test_the_type_of_a_refusal_is_an_address_that_opens(standing_portal: Portal):
    refused = await standing_portal.http.get("/api/sharing/v1/licences/1")
    said = refused.json()
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/loi/[a-z_-]+", said["type"])
    page = await standing_portal.http.get(said["type"])
    assert page.status_code == 200
    assert said["slug"] in page.text
