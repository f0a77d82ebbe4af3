"""`make setup`: the virtual environment, the packages, the assets. Runs on a bare Python; safe to repeat and to interrupt."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / ".stamp"
OLDEST = (3, 11)


def main() -> None:
    """Bring everything up to date, one setup at a time."""
    if sys.version_info < OLDEST:
        fail(f"Một Cửa needs Python 3.11 or newer, this is {sys.version.split()[0]}: run `make PYTHON=/path/to/python3.11`.")
    with (ROOT / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages()
        run([python(), "-m", "app", "assets"], "The assets could not be built; the line above says why.", quiet=False)


def packages() -> None:
    """Install what pyproject.toml names, unless exactly that is installed."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted and works():
        return
    if not works():
        print("Making the virtual environment …", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(VENV)], "Python cannot make a virtual environment: apt install python3-venv.")
    STAMP.unlink(missing_ok=True)
    print("Installing packages …", flush=True)
    command = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", ".[demo,dev]"]
    run(command, "The packages could not be installed: check the network and run `make setup` again.", quiet=False)
    STAMP.write_text(wanted)


def works() -> bool:
    """Whether the environment's own Python and pip run (an interrupted set-up leaves half of one)."""
    try:
        return not subprocess.run([python(), "-m", "pip", "--version"], capture_output=True, check=False).returncode
    except OSError:
        return False


def python() -> str:
    """The environment's Python."""
    return str(VENV / "bin" / "python")


def run(command: list[str], sentence: str, *, quiet: bool = True) -> None:
    """Run a step; end with one sentence when it fails."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL if quiet else None, check=False)
    if done.returncode:
        fail(sentence)


def fail(sentence: str) -> None:
    """Say what is missing and stop."""
    print(sentence, file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
