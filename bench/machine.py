"""What ran where: processor time of our process and of the database server, and the facts a reader needs to compare."""

import os
import platform
from pathlib import Path

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def facts() -> dict[str, object]:
    """The machine, in the words of a bench table."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line), ""
    )
    return {"cores": os.cpu_count(), "processor": model, "python": platform.python_version(), "load": os.getloadavg()[0]}


def own_cpu_ms() -> float:
    """Processor time of this process so far."""
    spent = os.times()
    return (spent.user + spent.system) * 1000


def server_cpu_ms(postmaster: int) -> float:
    """Processor time of a PostgreSQL server so far: the postmaster, its children, and those it has buried."""
    total = sum(_stat(postmaster)[11:15])
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _parent(int(entry.name)) == postmaster:
            total += sum(_stat(int(entry.name))[11:13])
    return total * _TICK_MS


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return fields[1] if fields else 0


def _stat(pid: int) -> list[int]:
    """The fields of /proc/PID/stat after the name; the first, the state, as 0."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return [0, *(int(each) for each in text.rsplit(")", 1)[1].split()[1:])]
