"""Edits that the API server refuses, although it would accept the same manifest for a new resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registrar.api.conditions import Reason
from registrar.api.v1alpha1.common import KEPT_URI, EntryStatus
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, KEPT_DIGEST
from registrar.kinds.base import ResourceKind

Spec = Mapping[str, Any]

_OWN = ""
"""The name of an artifact that is the resource itself."""


def refused_edit(kind: ResourceKind, before: Spec, after: Spec, status: EntryStatus) -> str | None:
    """Return why an artifact cannot be edited so; None if it can.

    Args:
        kind: the kind of the resource that declares the artifact.
        before: the spec of the resource.
        after: its next spec.
        status: its status; one that was made from the registry has no conditions. A digest that it does not record
            beside an ID is one that the operator refused, which can be corrected.
    """
    recorded = {_OWN: getattr(status, DIGEST_PROPERTY, None)}
    recorded |= {artifact.name: artifact.digest for artifact in getattr(status, "artifacts", None) or ()}
    is_refused = any(condition.reason == Reason.DIGEST_CHANGED for condition in status.conditions or ())
    for name, old, new in _artifacts(kind, before, after):
        if old.get("uri") is not None and new.get("uri") is None:
            return KEPT_URI.message
        digests = {part[DIGEST_PROPERTY] for part in (old, new) if part.get(DIGEST_PROPERTY) is not None}
        is_correctable = is_refused or (status.id is not None and recorded.get(name) is None)
        if len(digests) > 1 and not is_correctable:
            return KEPT_DIGEST
    return None


def _artifacts(kind: ResourceKind, before: Spec, after: Spec) -> Iterator[tuple[str, Spec, Spec]]:
    """Yield the name of each artifact that both specs have, and how they declare it."""
    if kind.entry.has_digest:
        yield _OWN, before, after
    for inline in kind.inline:
        known = {item["name"]: item for item in before.get(inline.field) or ()}
        for item in after.get(inline.field) or ():
            if item["name"] in known:
                yield item["name"], known[item["name"]], item
