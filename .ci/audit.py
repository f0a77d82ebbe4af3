"""`make audit`: known vulnerabilities of the installed packages. An audit that judged nothing has failed, not passed."""

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOL = "pip-audit==2.10.1"
HOME = ROOT / "var" / "audit"


def main() -> None:
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
        sys.exit(f"The audit could not reach its database, so nothing was judged: {done.stderr.strip()[-300:]}")
    report(judged, len(installed.stdout.splitlines()))


def report(judged: list[dict[str, object]], installed: int) -> None:
    """Print what was found; fail when something was, or when packages were passed over."""
    skipped = [each["name"] for each in judged if "skip_reason" in each]
    found = [(each["name"], each["version"], v["id"]) for each in judged for v in each.get("vulns", [])]
    print(f"{len(judged) - len(skipped)} of {installed} packages judged, {len(found)} known vulnerabilities.")
    for name, version, identifier in found:
        print(f"  {name} {version}: {identifier}")
    if found or skipped or not judged:
        sys.exit(f"Not judged: {', '.join(map(str, skipped))}" if skipped else 1)


if __name__ == "__main__":
    main()
