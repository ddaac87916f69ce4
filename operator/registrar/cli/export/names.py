"""Names for resources: readable, valid, and the same whatever is exported.

The registry renames nothing and its IDs only grow, so "the oldest entry keeps the plain name" holds for ever, without a
file that records it.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from registrar.cli.catalogue import Place
from registrar.cli.export.templates import filled

MAX_SLUG_LENGTH = 120
"""Longer names are cut here, and get a suffix."""
_SUFFIX_LENGTHS = (8, 16)


@dataclass(frozen=True, slots=True)
class Nameable:
    """An entry that needs the name of a resource.

    Attributes:
        kind: the kind of the resource.
        place: where the entry is.
        entry_id: its ID.
        known: names that it may already have, the best first: in a manifest, or in its owner stamp.
        template: how its plain name is put together; None joins the names from the root with hyphens.
    """

    kind: str
    place: Place
    entry_id: str
    known: tuple[str, ...] = ()
    template: str | None = None


def slug_of(place: Place, template: str | None = None) -> tuple[str, bool]:
    """Return the plain name for a place, and whether it represents all of the place's names.

    Args:
        place: the place.
        template: how its names are put together; None joins them with hyphens.
    """
    parts = [_slug(name) for name in place[1:]]
    shown = [part or "x" for part in parts]
    slug = "-".join(shown) if template is None else filled(template, shown)
    cut = slug[:MAX_SLUG_LENGTH].strip("-.")
    return cut, cut == slug and all(parts)


def name_of(place: Place) -> str:
    """Return a name for a place where no other entries are known: with a hash, unless it spells all names as they are.

    It is the same whatever else exists, so two entries whose names differ only in what a resource's name cannot hold
    get two names.
    """
    slug, _ = slug_of(place)
    return slug if slug == "-".join(place[1:]) else _suffixed(slug, place, _SUFFIX_LENGTHS[0])


def assign(entries: Iterable[Nameable], by_id: Callable[[Nameable], int]) -> Mapping[tuple[str, str], str]:
    """Return a name for each entry, by the kind of its resource and the entry's ID. No two of a kind are equal.

    Args:
        entries: all entries of the registry, whatever is exported of them.
        by_id: the number of an entry's ID.
    """
    ordered = sorted(entries, key=by_id)
    taken: set[tuple[str, str]] = set()
    names: dict[tuple[str, str], str] = {}

    def take(entry: Nameable, candidates: Iterable[str]) -> None:
        for name in candidates:
            if (entry.kind, name) not in taken:
                taken.add((entry.kind, name))
                names[entry.kind, entry.entry_id] = name
                return

    # A name that is known already goes first: it stands in a cluster or in Git.
    for rank in range(max((len(entry.known) for entry in ordered), default=0)):
        for entry in ordered:
            if (entry.kind, entry.entry_id) not in names and len(entry.known) > rank:
                take(entry, [entry.known[rank]])
    for entry in ordered:
        if (entry.kind, entry.entry_id) not in names:
            take(entry, _candidates(entry))
    return names


def _candidates(entry: Nameable) -> Iterable[str]:
    slug, is_whole = slug_of(entry.place, entry.template)
    if is_whole:
        yield slug
    for length in _SUFFIX_LENGTHS:
        yield _suffixed(slug, entry.place, length)
    # Two entries that only their IDs distinguish.
    yield f"{_suffixed(slug, entry.place, _SUFFIX_LENGTHS[-1])}-{entry.entry_id}"


def _suffixed(slug: str, place: Place, length: int) -> str:
    return f"{slug}-{hashlib.sha256(json.dumps(place).encode()).hexdigest()[:length]}"


def _slug(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    slug = re.sub(r"[^a-z0-9.]+", "-", plain.lower())
    slug = re.sub(r"-*\.[-.]*", ".", slug)
    return slug.strip("-.")
