"""Records as CSV (RFC 4180) that no spreadsheet takes for formulas. Pure.

A text that a spreadsheet would calculate gets an apostrophe before it, and so does one that begins with an apostrophe: whoever
takes one leading apostrophe away has the text as it was. Lists and objects are JSON in their cell.
"""

import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson

OWN = ("_key", "_version")
_FORMULA = frozenset("=+-@＝＋－＠")  # the full-width signs begin a formula as well
_FIRST = frozenset("'\t\r\n")


def header(fields: Sequence[str]) -> bytes:
    """The first line, after the mark by which spreadsheets know UTF-8."""
    return b"\xef\xbb\xbf" + _lines([[*OWN, *fields]])


def lines_of(records: str, fields: Sequence[str]) -> bytes:
    """A line for each of `records`, which are JSON texts with a line each."""
    found = [orjson.loads(line) for line in records.split("\n")] if records else []
    return _lines([[one["key"], one["version"], *map(one["record"].get, fields)] for one in found])


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows([map(_cell, row) for row in rows])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in _FIRST or value.lstrip()[:1] in _FORMULA else value
    return orjson.dumps(value).decode()
