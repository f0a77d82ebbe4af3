"""Versions that must not be older, because of what was found in them."""

from importlib.metadata import version

import pytest
from packaging.version import Version

FLOORS = {
    "starlette": "1.0.1",  # CVE-2026-48710: the host header, form limits ignored
    "python-multipart": "0.0.32",  # CVE-2024-53981, CVE-2026-24486, -40347, -42561
    "authlib": "1.6.11",  # CVE-2024-37568, CVE-2025-61920, CVE-2026-27962
    "pyhanko": "0.38",  # limits while decoding; only the newest line is patched
    "openpyxl": "3.1",
    "defusedxml": "0.7.1",  # without it openpyxl would expand entities
    "pikepdf": "10.17",
    "cryptography": "50.0.2",
}


@pytest.mark.parametrize("package, floor", FLOORS.items(), ids=list(FLOORS))
def test_a_package_is_not_older_than_its_floor(package, floor):
    assert Version(version(package)) >= Version(floor)
