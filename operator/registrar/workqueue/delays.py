"""Delays that keep operators and resources from doing the same thing at the same time."""

import random


def spread(seconds: float) -> float:
    """Return around that many seconds, a tenth more or less: what started together drifts apart."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, protects nothing
