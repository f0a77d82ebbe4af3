"""The national catalogue's columns: read with care, matched by slug, code or name."""

import pytest

from app.catalogue.national import matched, read_lines
from app.catalogue.procedure import Procedure
from app.core.errors import Incomplete
from tests.catalogue.examples import DEFINITIONS, LICENCE, LOTTERY


def test_lines_are_matched_by_slug_or_by_name_without_accents_mattering():
    head = "Mã thủ tục;Tên thủ tục;slug;Số quyết định\n"
    content = f"{head}1.000001;{LICENCE.title.vi.upper()};;12/QĐ-BCT\n1.2;x;{LOTTERY.slug};\n1.3;lạ;;\n"
    first, second, third = matched(read_lines(content.encode()), [LICENCE, LOTTERY])
    assert (first.procedure, first.listed.decision, first.differs) == (LICENCE, "12/QĐ-BCT", True)
    assert (second.procedure, third.procedure) == (LOTTERY, None)


def test_a_formula_is_read_as_plain_text():
    (line,) = read_lines(b"code,name\n=1.000001,@SUM(A1)\n")
    assert (line.code, line.name) == ("1.000001", "SUM(A1)")


def test_a_line_that_says_what_is_known_changes_nothing():
    known = Procedure.of(DEFINITIONS[f"{LOTTERY.slug}/1"] | {"code": {"national": "1.000009", "certain": True}})
    (match,) = matched(read_lines("mã,tên\n1.000009,gì đó\n".encode()), [known])
    assert (match.procedure, match.differs) == (known, False)


BAD = {
    "empty": b"",
    "binary": b"\xff\xfe\x00",
    "no-columns": b"a,b\n1,2\n",
    "long": b"code,name\n1," + b"x" * 1_001,
    "rows": b"code,name\n" + b"1,2\n" * 20_001,
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_no_such_list_is_refused_in_words(content):
    with pytest.raises(Incomplete):
        read_lines(content)
