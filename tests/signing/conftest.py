"""One small authority for the whole run, and the policy of an ordinary filing."""

import pytest

from signing import Policy
from tests import make
from tests.pki import NOW, Pki, build


@pytest.fixture(scope="session")
def pki(tmp_path_factory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def policy(pki) -> Policy:
    return Policy(at=NOW, trust=pki.trust, evidence=pki.evidence())


@pytest.fixture(scope="session")
def paper() -> bytes:
    return make.pdf()
