"""The machine, and how busy other programs keep it."""

import datetime as dt
import os
import platform
from pathlib import Path
from typing import Final

import psutil

from benchmarks.frozen import Frozen

CALM_PERCENT: Final = 10.0
"""If other programs use more of the processors than this, the result calls its numbers noisy."""

_LOOK_SECONDS = 1.0
_GIGABYTE = 1024**3


class Machine(Frozen):
    """The machine of a run, and how calm it was.

    Attributes:
        processor: Name of the processor.
        cores: Number of cores.
        memory_bytes: Memory of the machine.
        system: Operating system and version.
        python: Version of Python.
        load_before: Load averages of the last 1, 5 and 15 minutes before the run.
        load_after: The same after the run; they include the benchmark itself.
        foreign_cpu_percent: How busy other programs kept the processors, once for each pause of the benchmark.
    """

    processor: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    load_before: tuple[float, float, float]
    load_after: tuple[float, float, float]
    foreign_cpu_percent: list[float]

    @property
    def is_calm(self) -> bool:
        """Whether other programs left the machine to the benchmark."""
        return max(self.foreign_cpu_percent) <= CALM_PERCENT

    def description(self) -> str:
        """Return a phrase that describes it."""
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_bytes / _GIGABYTE:.0f} GB, {self.system}, "
            f"Python {self.python}"
        )

    def calmness(self) -> str:
        """Return a sentence, with rich's markup, about how far to trust the numbers."""
        load = ", ".join(f"{value:.2f}" for value in self.load_before)
        seen = (
            f"other programs used up to {max(self.foreign_cpu_percent):.0f} % of its processors "
            f"(load average before the run: {load})"
        )
        if self.is_calm:
            return f"The machine was calm: {seen}."
        return f"[bold red]The machine was busy: the numbers are noisy.[/bold red] Run it on a calm one: {seen}."


class Watch:
    """Samples how busy the machine is, while the benchmark itself pauses."""

    def __init__(self) -> None:
        self.date = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self._load_before = os.getloadavg()
        self._looks: list[float] = []

    def look(self) -> None:
        """Sample how busy the machine is now."""
        self._looks.append(psutil.cpu_percent(interval=_LOOK_SECONDS))

    def machine(self) -> Machine:
        """Return the machine with all samples."""
        return Machine(
            processor=_processor(),
            cores=psutil.cpu_count() or 1,
            memory_bytes=psutil.virtual_memory().total,
            # The release without its vendor's suffix, which names the host's provider rather than the system.
            system=f"{platform.system()} {platform.release().partition('-')[0]} {platform.machine()}",
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
