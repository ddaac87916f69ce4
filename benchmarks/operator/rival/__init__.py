"""The rival: what a good engineer writes in an afternoon, in an environment without this project."""

from pathlib import Path
from typing import Final

from benchmarks.pypi import Environment

PROGRAM: Final = Path(__file__).with_name("textbook.py")

ENVIRONMENT: Final = Environment(
    name="textbook-operator-kopf-1.45.2-model-registry-0.3.10",
    pins=Path(__file__).with_name("environment.txt"),
    way_out="`--rival-seconds 0` measures without it",
)
