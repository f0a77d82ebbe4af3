"""Whatever the descriptions allow or forbid is answered as they say; every answer has the form they give."""

import os

import pytest

from app.documents.anyone import Counter
from tests.api.companies import Company, noon, retailer, world
from tests.api.generated import broken, operations
from tests.machines import Machine, Portal

__all__ = ["noon", "retailer", "world"]

EXAMPLES = int(os.environ.get("MOTCUA_API_EXAMPLES", "1"))


async def holds(name, machine):
    found = [f"{one.label}: {each}" for one in operations(name) for each in await broken(machine, one, EXAMPLES)]
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("name", ["sharing", "log"])
async def test_generated_calls_are_answered_as_described(name, reader: Machine):
    await holds(name, reader)


async def test_generated_calls_of_the_check_of_signatures_are_answered_as_described(reader: Machine, portal: Portal, tmp_path):
    portal.app.state.counter = Counter(tmp_path)
    await holds("signature", reader)
    await portal.app.state.counter.close()


async def test_generated_calls_of_filing_are_answered_as_described(retailer: Company):
    await holds("filing", retailer)
