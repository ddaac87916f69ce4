"""The machine, and how busy others keep it."""

import datetime as dt
import os
import platform
from pathlib import Path

import psutil

from benchmarks.client.result import Machine

_LOOK_SECONDS = 1.0


class Watch:
    """Looks at the machine from time to time, while the benchmark itself does nothing."""

    def __init__(self) -> None:
        self.date = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._load_before = os.getloadavg()
        self._looks: list[float] = []

    def look(self) -> None:
        """Note how busy the machine is now."""
        self._looks.append(psutil.cpu_percent(interval=_LOOK_SECONDS))

    def machine(self) -> Machine:
        """Return what has been seen."""
        return Machine(
            processor=_processor(),
            cores=psutil.cpu_count() or 1,
            memory_bytes=psutil.virtual_memory().total,
            system=f"{platform.system()} {platform.release()} {platform.machine()}",
            python=platform.python_version(),
            load_before=self._load_before,
            load_after=os.getloadavg(),
            foreign_cpu_percent=self._looks,
        )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
