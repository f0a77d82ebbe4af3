"""Common code lists: a record for each code with its history, read from a file that says what is wrong with it."""

from datetime import date

import pytest
from sqlalchemy import text

from app.catalogue.words import code_list
from app.core import clock
from app.core.errors import Incomplete
from app.core.text import Text
from app.registers import queries
from app.registers.codelists import Code, CodeList, adopt, is_ours
from app.registers.importing import read
from app.registers.rules import Dataset
from app.sharing.common_lists import shipped

AT = clock.now()
HEAD = "code,name_vi,name_en,valid_from,valid_to,replaced_by,parent,certainty\n"


def listed(*codes: Code, source: str = "QĐ 1") -> CodeList:
    return CodeList("wards", Text("Phường", "Wards"), codes, source)


async def test_a_list_and_each_of_its_codes_is_a_record(session):
    codes = [Code("1", "Một", "One", parent="01"), Code("2", "Hai", "Two", valid_to=date(2025, 6, 30), replaced_by=("1",))]
    assert await adopt(session, listed(*codes), at=AT) == 2
    assert (await queries.one(session, Dataset.CODELISTS, "wards"))["size"] == 2
    assert await queries.one(session, Dataset.CODELISTS, "wards/2") == {
        "list": "wards",
        "code": "2",
        "name_vi": "Hai",
        "name_en": "Two",
        "valid_to": "2025-06-30",
        "replaced_by": ["1"],
        "sample": False,
        "source": "QĐ 1",
    }


async def test_only_changed_codes_are_written_again_and_none_is_lost(session):
    await adopt(session, listed(Code("1", "Một", "One"), Code("2", "Hai", "Two")), at=AT)
    assert await adopt(session, listed(Code("1", "Một", "One"), Code("3", "Ba", "Three")), at=AT) == 1
    assert [row.code for row in await queries.codes(session, "wards")] == ["1", "2", "3"]
    assert await session.scalar(text("select version from shared_record where key = 'wards/1'")) == 1
    assert (await queries.one(session, Dataset.CODELISTS, "wards"))["size"] == 3


async def test_a_list_from_elsewhere_is_not_taken_for_ours(session):
    ours = listed(Code("1", "Một", "One"))
    assert await is_ours(session, ours)
    await adopt(session, listed(Code("1", "Một", "One"), source="import"), at=AT)
    assert not await is_ours(session, ours)


def test_a_code_that_meant_something_else_before_keeps_its_periods():
    content = HEAD + "24,Bắc Ninh,,2025-07-01,,,,\n24,Bắc Giang,,,2025-06-30,24,,\n"
    (code,) = read(content, "provinces")
    assert (code.name_vi, code.valid_from, code.certainty) == ("Bắc Ninh", date(2025, 7, 1), "imported")
    assert code.periods == ({"name_vi": "Bắc Giang", "name_en": "Bắc Giang", "valid_to": "2025-06-30", "replaced_by": ["24"]},)


BAD = {
    "no code column": ("name_vi\nx\n", 1),
    "an unknown column": (HEAD.replace("parent", "cha"), 1),
    "no codes": (HEAD, 1),
    "a code with a blank": (HEAD + "a b,x,,,,,,\n", 2),
    "no name": (HEAD + "1,,,,,,,\n", 2),
    "a day that is none": (HEAD + "1,x,,30/6/2025,,,,\n", 2),
    "ends before it begins": (HEAD + "1,x,,2025-07-01,2025-06-30,,,\n", 2),
    "a cell too many": (HEAD + "1,x,,,,,,,y,z\n", 2),
    "a hidden character": (HEAD + "1,x\u202ey,,,,,,\n", 2),
    "the same code twice at once": (HEAD + "1,x,,,,,,\n1,y,,,,,,\n", 3),
}


@pytest.mark.parametrize("content,line", BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_read_names_the_line(content, line):
    with pytest.raises(Incomplete) as refused:
        read(content, "wards")
    assert [problem.where for problem in refused.value.problems] == [f"line {line}"]


def test_the_lists_that_come_with_the_portal_can_be_read_and_samples_say_so():
    lists = {given.name: given for given in shipped()}
    assert {"provinces", "communes", "countries", "hs-codes", "cas-numbers", "vsic", "agencies", "document-kinds"} <= set(lists)
    assert {name for name, given in lists.items() if given.sample} >= {"communes", "hs-codes", "cas-numbers", "vsic"}


def test_the_provinces_of_today_are_those_of_the_forms():
    provinces = next(given for given in shipped() if given.name == "provinces")
    assert {code.code: code.name_vi for code in provinces.codes if code.valid_to is None} == {
        code: name.vi for code, name in code_list("provinces").items()
    }
