"""The facts of a machine that a reader needs to compare two tables."""

import os
import platform
from pathlib import Path


def facts() -> dict[str, object]:
    """Cores, processor, Python, and how busy the machine was: a disturbed measurement is not a slow program."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    load = round(os.getloadavg()[0], 1)
    return {"cores": os.cpu_count(), "processor": model, "python": platform.python_version(), "load": load}
