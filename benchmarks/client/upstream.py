"""The environment of PyPI's `model-registry`."""

from pathlib import Path
from typing import Final

from benchmarks.pypi import Environment

VERSION: Final = "0.3.10"
"""The last version but one that uses v1alpha3, the API version that real servers of both kinds have."""

UPSTREAM: Final = Environment(
    name=f"model-registry-{VERSION}",
    pins=Path(__file__).with_name("upstream.txt"),
    way_out="`--rival ours --rival bare` measures without it",
)
