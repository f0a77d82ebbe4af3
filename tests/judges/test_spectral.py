"""The descriptions before a foreign linter: the rules of OpenAPI and of OWASP's list for APIs, warnings included."""

import subprocess

from app.api import openapi
from tests.judges.conftest import HERE, PACKAGES, environment

RULES = HERE / ".spectral.yaml"
FOLDER = HERE.parents[1] / "openapi"


def judged(node: str, *files) -> subprocess.CompletedProcess[str]:
    spectral = PACKAGES / "@stoplight" / "spectral-cli" / "dist" / "index.js"
    command = [node, spectral, "lint", "--ruleset", RULES, "--fail-severity=warn", "--quiet", *files]
    return subprocess.run(command, cwd=HERE, env=environment({}), capture_output=True, text=True, timeout=120, check=False)


def test_no_rule_of_openapi_or_owasp_has_anything_to_say(node):
    done = judged(node, *(FOLDER / f"{name}.yaml" for name in openapi.NAMES))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
