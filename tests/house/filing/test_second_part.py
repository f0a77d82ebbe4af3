"""Every procedure is filed once through to its result, over HTTP. The list is cut in three so that workers share it."""

import pytest

from tests.house.filing.office import Office
from tests.house.filing.once import SLUGS, filed_to_its_result


@pytest.mark.parametrize("slug", SLUGS[1::3])
async def test_it_is_filed_once_through_to_its_result(office: Office, slug: str) -> None:
    await filed_to_its_result(office, slug)
