"""Measures how fast the project is. It belongs to the repository and is not distributed."""

from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[1]
