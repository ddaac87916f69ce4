"""Templates for names of resources, such as ``{model}.{version}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from registrar.api.v1alpha1.texts import is_subdomain

PLACEHOLDERS = ("model", "version", "artifact")
"""What a template may contain: the names of entries, from the root down."""
MAX_LITERAL_LENGTH = 60
"""Characters of a template beside its placeholders: the names of entries need their part of 120."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

Templates = Mapping[int, str]
"""Templates by how many names they put together: 1 for models, 2 for versions, 3 for artifacts."""


def templates_from(texts: Iterable[str]) -> Templates:
    """Return the template of each kind.

    A template is for the kind of the lowest placeholder in it. A kind without a template adds its own name to that of
    its parent, with a hyphen.

    Raises:
        ValueError: Kubernetes would refuse what a template makes, or it is unclear what it is for.
    """
    given: dict[int, str] = {}
    for text in texts:
        depth = _depth_of(text)
        if depth in given:
            raise ValueError(f"{given[depth]!r} and {text!r} both have {{{PLACEHOLDERS[depth - 1]}}}, so both name it")
        given[depth] = text
    templates: dict[int, str] = {}
    for depth, own in enumerate(PLACEHOLDERS, start=1):
        above = f"{templates[depth - 1]}-" if depth > 1 else ""
        templates[depth] = given.get(depth, f"{above}{{{own}}}")
    return templates


DEFAULT_TEMPLATES = templates_from(())


def filled(template: str, names: Sequence[str]) -> str:
    """Return a template with its placeholders replaced by the names of an entry, from the root down."""
    values = dict(zip(PLACEHOLDERS, names, strict=False))
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _depth_of(text: str) -> int:
    """Return how many names a template puts together; raises ValueError if it can make no valid name."""
    names = _PLACEHOLDER.findall(text)
    if unknown := [name for name in names if name not in PLACEHOLDERS]:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(f"{text!r} has the unknown placeholder {{{unknown[0]}}}; there are {known}")
    if not names:
        raise ValueError(f"{text!r} has no placeholder, so all resources would have one name")
    if len(_PLACEHOLDER.sub("", text)) > MAX_LITERAL_LENGTH:
        raise ValueError(f"{text!r} has more than {MAX_LITERAL_LENGTH} characters beside its placeholders")
    # Slugs are valid names themselves, so one example proves it for all.
    example = _PLACEHOLDER.sub("x", text)
    if not is_subdomain(example):
        raise ValueError(
            f"{text!r} makes names such as {example!r}, which Kubernetes refuses: it takes a-z, 0-9, '-' and '.', and "
            "each part between dots begins and ends with a letter or digit"
        )
    return max(PLACEHOLDERS.index(name) for name in names) + 1
