"""Edits that the API server refuses, although it would accept the same manifest for a new resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registrar.api.bodies import Body
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.common import KEPT_URI
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, KEPT_DIGEST
from registrar.kinds.base import ResourceKind
from registrar.reconcile.resource import read_resource

Spec = Mapping[str, Any]


def refused_edit(kind: ResourceKind, before: Spec, after: Spec, *, corrects_digest: bool) -> str | None:
    """Return why an artifact cannot be edited so; None if it can.

    Args:
        kind: the kind of the resource that declares the artifact.
        before: the spec of the resource.
        after: its next spec.
        corrects_digest: whether the operator refuses a digest of the resource, so that all of them can be corrected.
    """
    for old, new in _artifacts(kind, before, after):
        if old.get("uri") is not None and new.get("uri") is None:
            return KEPT_URI.message
    return KEPT_DIGEST if not corrects_digest and changes_digest(kind, before, after) else None


def changes_digest(kind: ResourceKind, before: Spec, after: Spec) -> bool:
    """Return whether an artifact that both specs have declares another digest."""
    pairs = ([part.get(DIGEST_PROPERTY) for part in pair] for pair in _artifacts(kind, before, after))
    return any(None not in pair and len(set(pair)) > 1 for pair in pairs)


def has_refused_digest(body: Body) -> bool:
    """Return whether the operator refuses a digest of a resource, as the API server's rule sees it."""
    conditions = read_resource(body).status.conditions or ()
    return any(condition.reason == Reason.DIGEST_CHANGED for condition in conditions)


def _artifacts(kind: ResourceKind, before: Spec, after: Spec) -> Iterator[tuple[Spec, Spec]]:
    """Yield how both specs declare each artifact that they have."""
    if kind.entry.has_digest:
        yield before, after
    for inline in kind.inline:
        known = {item["name"]: item for item in before.get(inline.field) or ()}
        for item in after.get(inline.field) or ():
            if item["name"] in known:
                yield known[item["name"]], item
