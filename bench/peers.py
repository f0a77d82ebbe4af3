"""What other programs cost on the same file: processor time of the child process, its start included.

Both look at integrity alone: no certificate is judged. `openssl` is given what somebody else has cut out of the file.
"""

import re
import resource
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from asn1crypto import cms

RUNS = 7


def compare(path: Path) -> dict[str, float]:
    """`pdfsig_ms` and `openssl_ms`, of those that are installed."""
    told = {}
    if shutil.which("pdfsig"):
        told["pdfsig_ms"] = _median_ms([["pdfsig", "-nocert", str(path)]])
    if shutil.which("openssl"):
        with tempfile.TemporaryDirectory() as folder:
            told["openssl_ms"] = _median_ms(_openssl(path.read_bytes(), Path(folder)))
    return told


def _median_ms(commands: list[list[str]]) -> float:
    return round(statistics.median(sum(_cpu_ms(command) for command in commands) for _ in range(RUNS)), 2)


def _cpu_ms(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace')[-500:]}")
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def _openssl(pdf: bytes, folder: Path) -> list[list[str]]:
    """One command for each signature; a document time stamp carries its content itself."""
    commands = []
    for number, match in enumerate(re.finditer(rb"/ByteRange\s*\[([\d\s]+)\]", pdf)):
        start, length, second, rest = (int(n) for n in match[1].split())
        token = cms.ContentInfo.load(bytes.fromhex(pdf[start + length + 1 : second - 1].decode())).dump()
        (folder / f"{number}.der").write_bytes(token)
        (folder / f"{number}.bin").write_bytes(pdf[start : start + length] + pdf[second : second + rest])
        detached = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content_type"].native == "data"
        commands.append(_command(folder / f"{number}.der", folder / f"{number}.bin" if detached else None))
    return commands


def _command(token: Path, content: Path | None) -> list[str]:
    command = ["openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", str(token), "-out", "/dev/null"]
    return [*command, "-content", str(content)] if content else command
