"""What is written at once reads as what is written step by step."""

import json
from pathlib import Path

from signing import Report, check
from signing.evidence import Need, Source
from signing.plain import from_plain, spelled, to_plain
from tests.signing import odd


async def test_a_report_is_spelled_alike(pki, policy, paper):
    twice = await odd.stamped(pki, await odd.signed(pki, paper, tsa=pki.tsa()))
    for content in (twice, paper, b"%PDF-1.7 nothing"):
        report = check(content, policy)
        assert json.loads(spelled(report)) == to_plain(report)
        assert from_plain(Report, json.loads(spelled(report))) == report


def test_bytes_and_everything_else_are_spelled_alike():
    need = Need(Source.OCSP, "http://a.vn", "00", "7", Path(__file__).read_bytes())
    told = {"needs": [need, need], "cpu_ms": 1.5, "later": True, "none": None}

    assert spelled(told) == json.dumps({**told, "needs": [to_plain(need)] * 2})
