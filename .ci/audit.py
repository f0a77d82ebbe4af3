"""`make audit`: the clock against a simulator, mutated signed files, our engine parts, a forged log, calls, pages, weaknesses.

An audit that judged nothing has failed, not passed. MOTCUA_MUTATION_SECONDS (300) and MOTCUA_MUTATION_SEED say how long and
which mutants; files that broke a promise are kept under build/audit. MOTCUA_CLOCK_CASES (100000) and CLOCK_SEED are the clock's.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TOOL = "pip-audit==2.10.1"
HOME = ROOT / "var" / "audit"


def main() -> None:
    """All parts; each alone with its name as the argument."""
    every = (clock, mutants, replacements, log, api, pages, packages)
    parts = {part.__name__: part for part in every}
    chosen = sys.argv[1:] or list(parts)
    passed = [parts[name]() for name in chosen]  # all of them, whatever the first one says
    if not all(passed):
        sys.exit(1)


def clock() -> bool:
    """The legal clock says what a clerk says who walks day by day, over ten years of random calendars, pauses and restarts."""
    command = [sys.executable, "-m", "tests.worktime.drawn", os.environ.get("MOTCUA_CLOCK_CASES", "100000")]
    return not subprocess.run([*command, *filter(None, [os.environ.get("CLOCK_SEED")])], cwd=ROOT, check=False).returncode


def mutants() -> bool:
    """Nothing but a report comes out, no report says ENGINE_ERROR, and touched signed bytes are never VALID."""
    from tests.signing.attacks import fuzz  # noqa: PLC0415  # the other part needs none of it

    seconds = float(os.environ.get("MOTCUA_MUTATION_SECONDS", "300"))
    seed = int(os.environ.get("MOTCUA_MUTATION_SEED", secrets.randbelow(1 << 32)))
    with tempfile.TemporaryDirectory() as folder:
        tally = fuzz.sample(Path(folder), seconds=seconds, seed=seed)
    counted = ", ".join(f"{number} {verdict}" for verdict, number in tally.verdicts.most_common())
    print(f"{tally.judged} mutated signed files in {seconds:.0f} s, seed {seed}: {counted}; {len(tally.broken)} promises broken.")
    kept = ROOT / "build" / "audit"
    for number, (what, mutant) in enumerate(tally.broken[:200]):
        kept.mkdir(parents=True, exist_ok=True)
        (kept / f"{seed}-{number}.pdf").write_bytes(mutant.data)
        print(f"  build/audit/{seed}-{number}.pdf  {mutant.kind}: {what[:200]}")
    return bool(tally.judged) and not tally.broken


def replacements() -> bool:
    """Our faster parts of the signature engine and its own say the same about 20,000 inputs of each kind."""
    tests = sorted(ROOT.glob("tests/signing/test_fast*.py"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return not subprocess.run(command, cwd=ROOT, env=os.environ | {"MOTCUA_AUDIT": "1"}, check=False).returncode


def log() -> bool:
    """Six ways to tamper with a log of a million rows are each found by the stand-alone verifier in under a minute."""
    command = [sys.executable, "-m", "tests.audit.exported", os.environ.get("MOTCUA_LOG_ROWS", "1000000")]
    return not subprocess.run(command, cwd=ROOT, check=False).returncode


def api() -> bool:
    """Whatever the descriptions of our interfaces allow or forbid is answered as they say: many calls of each kind."""
    told = os.environ | {"MOTCUA_API_EXAMPLES": os.environ.get("MOTCUA_API_EXAMPLES", "25")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/api/test_generated.py"]
    return not subprocess.run(command, cwd=ROOT, env=told, check=False).returncode


def pages() -> bool:
    """Axe looks at every page of the browser's journeys at both widths; `make test` draws one of them for each page."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/journeys"]
    return not subprocess.run(command, cwd=ROOT, env=os.environ | {"MOTCUA_AUDIT": "1"}, check=False).returncode


def packages() -> bool:
    """Audit what is installed in the project's environment with a tool kept in an environment of its own."""
    if not (HOME / "bin" / "pip-audit").exists():
        venv.create(HOME, with_pip=True)
        subprocess.run([HOME / "bin" / "pip", "install", "-q", "--disable-pip-version-check", TOOL], check=True)
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude-editable"], check=True, capture_output=True, text=True
    )
    wanted = HOME / "installed.txt"
    wanted.write_text(installed.stdout)
    command = [
        HOME / "bin" / "pip-audit",
        "-r",
        wanted,
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        judged = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"The audit could not reach its database, so nothing was judged: {done.stderr.strip()[-300:]}")
        return False
    return report(judged, len(installed.stdout.splitlines()))


def report(judged: list[dict[str, object]], installed: int) -> bool:
    """Print what was found; False when something was, or when packages were passed over."""
    skipped = [each["name"] for each in judged if "skip_reason" in each]
    found = [(each["name"], each["version"], v["id"]) for each in judged for v in each.get("vulns", [])]
    print(f"{len(judged) - len(skipped)} of {installed} packages judged, {len(found)} known vulnerabilities.")
    for name, version, identifier in found:
        print(f"  {name} {version}: {identifier}")
    if skipped:
        print(f"Not judged: {', '.join(map(str, skipped))}")
    return bool(judged) and not found and not skipped


if __name__ == "__main__":
    main()
