"""A list of agencies from a file: refused as a whole with line and column, or taken."""

import pytest

from app.core.actor import SYSTEM
from app.core.errors import Incomplete
from app.identity import actions, queries, roster
from app.identity.roster import Listed
from tests.dossiers.world import AT

HEAD = "code,name_vi,name_en,parent,kind,certainty\n"
DESK = "G02.990,Bộ phận Một cửa,One-stop desk,G02,one_stop_desk,found\n"
MINISTRY = "G02,Bộ Công Thương,Ministry of Industry and Trade,,ministry,found\n"


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Incomplete) as refused:
        roster.read(text.encode())
    return [(problem.slug, problem.text.en) for problem in refused.value.problems]


def test_the_shipped_list_is_sound_and_says_which_codes_are_placeholders() -> None:
    listed = {one.code: one for one in roster.shipped()}
    assert listed["G02.918"].parent == "G02"
    assert "placeholder" in listed["G02.990"].certainty
    assert roster.read(roster.written(roster.shipped())) == list(roster.shipped())


def test_those_above_come_first_and_names_are_composed() -> None:
    found = roster.read((HEAD + DESK + MINISTRY.replace("Bộ", "Bô\u0323")).encode())
    assert [(one.code, one.name_vi) for one in found] == [("G02", "Bộ Công Thương"), ("G02.990", "Bộ phận Một cửa")]


@pytest.mark.parametrize(
    "line, rule, place",
    [
        ("G02.1,=HYPERLINK(1),X,,office,\n", "formula", "Line 3, column name_vi"),
        ("G02.1,\u202eaz,X,,office,\n", "hidden", "Line 3, column name_vi"),
        ("G02.101,,X,,office,\n", "required", "Line 3, column name_vi"),
        ("x,A,X,,office,\n", "not-a-code", "Line 3, column code"),
        ("G02,A,X,,office,\n", "twice", "Line 3, column code"),
        ("G02.101,A,X,,club,\n", "not-a-kind", "Line 3, column kind"),
        ("G02.101,A,X,G99,office,\n", "unknown", "Line 3, column parent"),
        ("G02.101,A,X,G02.101,office,\n", "ring", "Line 3, column parent"),
    ],
)
def test_a_fault_names_its_line_and_column(line: str, rule: str, place: str) -> None:
    (told,) = faults(HEAD + MINISTRY + line)
    assert told[0] == rule
    assert told[1].startswith(place)


@pytest.mark.parametrize(
    "content, rule",
    [(b"\xff\xfe", "not-csv"), (b"", "empty"), (b"code,name_vi\n", "no-column"), (HEAD.encode(), "empty")],
    ids=["no text", "nothing", "no columns", "no lines"],
)
def test_what_is_no_list_is_refused(content: bytes, rule: str) -> None:
    with pytest.raises(Incomplete) as refused:
        roster.read(content)
    assert {problem.slug for problem in refused.value.problems} == {rule}


def test_more_lines_than_a_list_may_have_are_not_even_taken_in() -> None:
    assert faults(HEAD + DESK * 10_000)[0][0] == "too-large"


async def test_a_list_is_taken_once_and_takes_nothing_away(session) -> None:
    assert await actions.adopt_list(session, SYSTEM, (HEAD + DESK + MINISTRY).encode(), at=AT) == 2
    renamed = Listed("G02", "Bộ Công Thương mới", "Ministry", None, "ministry", "uncertain")
    assert await actions.adopt_list(session, SYSTEM, roster.written([renamed]), at=AT) == 1
    assert await actions.adopt_list(session, SYSTEM, roster.written([renamed]), at=AT) == 0
    session.expire_all()
    found = {one.code: (one.name_vi, one.demo) for one in await queries.units(session)}
    assert found == {"G02": ("Bộ Công Thương mới", True), "G02.990": ("Bộ phận Một cửa", False)}
