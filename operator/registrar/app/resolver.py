"""To which registry a resource belongs now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from registrar.api.bodies import (
    Body,
    ResourceKey,
    declared_registry_of,
    has_finalizer,
    is_terminating,
    key_of,
    parent_name_of,
    pinned_registry_of,
    recorded_id,
)
from registrar.api.tenants import Labels
from registrar.kinds.table import kind_of
from registrar.planning.resolution import Candidate, Resolution, Subject, pin, resolve


def parent_of(body: Body) -> ResourceKey | None:
    """Return the parent resource that a spec names; None for an external entry, or at the root."""
    kind, key = kind_of(body["kind"]), key_of(body)
    name = None if kind.parent is None else parent_name_of(body, kind.reference_field)
    return None if kind.parent is None or name is None else ResourceKey(kind.parent.kind, key.namespace, name)


class RegistryResolver:
    """Resolves the registries of resources (`registrar.planning.resolution`).

    Attributes:
        candidates: the registries that resources may belong to now, by their names in the operator.
        namespaces: the labels of each namespace; None if the operator does not watch them.
        get: returns the latest body of a resource; None if it does not exist.
        served_in: returns the registry that serves a resource now; None if none does.
    """

    def __init__(self) -> None:
        self.candidates: Mapping[str, Candidate] = {}
        self.namespaces: Mapping[str, Labels] | None = None
        self.get: Callable[[ResourceKey], Body | None] = _nothing
        self.served_in: Callable[[ResourceKey], str | None] = _nothing

    def __call__(self, body: Body) -> Resolution:
        """Return the registry of a resource."""
        parent = parent_of(body)
        above = None if parent is None else self.get(parent)
        subject = _subject_of(body)
        if subject.may_have_entry and subject.url is None:
            subject = replace(subject, served_in=self.served_in(key_of(body)))
        if self.namespaces is not None and subject.namespace not in self.namespaces:
            subject = replace(subject, is_labelled=False)
        return resolve(subject, None if above is None else self(above), self.candidates)

    def uses(self, key: ResourceKey, name: str) -> bool:
        """Return whether the entry of a resource is in a registry that admits it, or may be there."""
        body, candidate = self.get(key), self.candidates.get(name)
        if body is None or candidate is None or not candidate.admits(key.namespace):
            return False
        subject = _subject_of(body)
        if subject.url is None:
            return subject.may_have_entry and subject.declared == name
        return pin(subject, self.candidates) == name


def _nothing(_: ResourceKey) -> None:
    """Know no resource."""


def _subject_of(body: Body) -> Subject:
    declared, pinned, recorded = declared_registry_of(body), pinned_registry_of(body), recorded_id(body)
    return Subject(
        namespace=key_of(body).namespace,
        declared=None if declared is None else "/".join(declared),
        pinned=None if pinned is None else "/".join(pinned),
        url=None if recorded is None else recorded.url,
        is_terminating=is_terminating(body),
        may_have_entry=has_finalizer(body),
    )
