"""Rules about bytes, with the smallest bytes that show them."""

import pytest

from signing.preflight import exact_range, hides_foreign_data, look, tail_problem

ONE = b"%PDF-1.7\nbody\nxref\nstartxref\n14\n%%EOF\n"
TWO = ONE + b"more\nxref\nstartxref\n43\n%%EOF\n"


def test_a_plain_tail_is_clean():
    assert tail_problem(ONE, 14, {14}, 0) is None
    assert tail_problem(ONE + b"\0\r\n \n", 14, {14}, 0) is None


@pytest.mark.parametrize("tail", [b"x", b"%", b"\t", b"PK", b"%%EO"])
def test_only_blanks_may_follow(tail):
    assert tail_problem(ONE + tail, 14, {14}, 0) == "bytes after the last end mark"


def test_the_last_table_is_the_one_in_use():
    assert "the parser used 14" in tail_problem(TWO, 14, {14}, 0)


def test_each_appended_part_is_a_known_revision():
    assert tail_problem(TWO, 43, {14, 43}, len(ONE)) is None
    assert "is not a revision" in tail_problem(TWO, 43, {14}, len(ONE))
    assert "is not a revision" in tail_problem(ONE + b"junk\nstartxref\n14\n%%EOF\n", 14, {14}, len(ONE))


@pytest.mark.parametrize(
    "data, byte_range, right",
    [
        (b"ab<0F0f>cd", (0, 2, 8, 2), True),
        (b"ab<0F0f>cd", (0, 2, 8, 1), True),
        (b"ab<0F0f>cd", (0, 1, 8, 2), False),
        (b"ab<0F0f>cd", (1, 1, 8, 2), False),
        (b"ab<0F0f>cd", (0, 2, 7, 3), False),
        (b"ab<0F0f>cd", (0, 2, 8, 9), False),
        (b"ab<0Fxx>cd", (0, 2, 8, 2), False),
        (b"ab<0F><>cd", (0, 2, 8, 2), False),
        (b"ab<0F0f>cd", (0, 2, 8), False),
        (b"ab<0F0f>cd", (0, 8, 8, 2), False),
    ],
)
def test_a_range_leaves_out_one_hex_string_and_nothing_else(data, byte_range, right):
    assert exact_range(data, byte_range) is right


def test_marks_are_seen_without_a_parser():
    marks = look(b"... /ByteRange [0 10  20 30 ] /ByteRange[0 10 20 30]")

    assert (marks.signed, marks.ranges) == (True, ((0, 10, 20, 30),))


def test_a_file_of_two_kinds_is_recognised():
    directory = b"PK\x05\x06" + bytes(16) + (3).to_bytes(2, "little") + b"%%%"

    assert not hides_foreign_data(b"%PDF-1.7\n%%EOF\n")
    assert hides_foreign_data(b"%PDF-1.7\n%%EOF\n" + directory)
    assert hides_foreign_data(b"%PDF-1.7\nPK\x05\x06" + bytes(16) + (6).to_bytes(2, "little") + b"\n%%EOF")
    assert not hides_foreign_data(b"%PDF-1.7\nPK\x05\x06 in a picture, far from the end\n%%EOF\n")
