"""Read a published trusted list in a process of its own: however it is made, it costs so much time and memory and no more.

The parsers behind it are large, and nothing bounds their time from inside. Run as `python -m signing.apart`.
"""

import base64
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from signing.limits import MIB
from signing.model import Role
from signing.nursery import stay_inside
from signing.plain import from_plain, spelled
from signing.trust import Authority
from signing.trustlist import ListRefused, read_trust_list
from signing.workers import bare_environment

CPU_S, PATIENCE_S, MEMORY = 20, 60.0, 1024 * MIB


def read_apart(
    xml: bytes, operators: Sequence[bytes], *, role: Role, at: datetime, patience_s: float = PATIENCE_S
) -> tuple[Authority, ...]:
    """Like `read_trust_list`, and blocks until it is read: call it in a thread. A further reason to refuse: too-slow."""
    told = {"operators": [base64.b64encode(der).decode() for der in operators], "role": role, "at": at.isoformat()}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "signing.apart"],
            input=json.dumps(told).encode() + b"\n" + xml,
            capture_output=True,
            check=True,
            timeout=patience_s,
            cwd=Path(__file__).parents[1],
            env=bare_environment(),
        )
    except (subprocess.SubprocessError, BrokenPipeError) as ended:  # killed by its limit, or by us
        raise ListRefused("too-slow", type(ended).__name__) from ended
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise ListRefused(*answer["refused"])
    return tuple(from_plain(Authority, each) for each in answer["found"])


def main() -> None:
    """Answers on the standard output, as JSON: whoever writes it has read a hostile file."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    stay_inside()
    told, xml = json.loads(sys.stdin.buffer.readline()), sys.stdin.buffer.read()
    operators = [base64.b64decode(der) for der in told["operators"]]
    try:
        found = read_trust_list(xml, operators, role=Role(told["role"]), at=datetime.fromisoformat(told["at"]))
    except ListRefused as wrong:
        sys.stdout.write(json.dumps({"refused": [wrong.reason, wrong.detail]}))
        return
    sys.stdout.write(spelled({"found": found}))


if __name__ == "__main__":
    main()
