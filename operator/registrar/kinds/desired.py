"""From a resource to the entries that it represents."""

from __future__ import annotations

from collections.abc import Mapping

from registrar.api.properties import Declared
from registrar.api.v1alpha1.aliases import property_of
from registrar.api.v1alpha1.common import ArtifactFields, EntryFields
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY
from registrar.kinds.base import AliasProperties, AnyResource, Desired, EntryKind
from registrar.kinds.table import kind_of


def desired_entry(resource: AnyResource, registry: str, parent_id: str) -> Desired:
    """Return the entry that the resource itself represents.

    Args:
        resource: the resource.
        registry: name of its registry.
        parent_id: ID of the parent that its reference resolved to; empty at the root.
    """
    kind = kind_of(resource.kind).entry
    aliases = {property_of(alias): version for alias, version in declared_aliases(resource).items()}
    return Desired(
        registry=registry,
        kind=kind,
        reference=reference_of(resource),
        name=resource.entry_name,
        parent_id=parent_id,
        fields=kind.fields_of(resource.spec),
        properties={**_properties_of(resource.spec), **aliases},
        state=_as_text(vars(resource.spec).get("state")),
        aliases=AliasProperties(frozenset(aliases)),
        digest=_digest_of(resource.spec),
    )


def declared_aliases(resource: AnyResource) -> Mapping[str, str]:
    """Return the names of versions that a resource declares, by alias."""
    return vars(resource.spec).get("aliases") or {}


def desired_inline(resource: AnyResource, registry: str, entry_id: str) -> tuple[Desired, ...]:
    """Return the inline entries of a resource under its own entry, in the order of writing."""
    return tuple(
        _inline(resource, registry, inline.entry, item, entry_id)
        for inline in kind_of(resource.kind).inline
        for item in getattr(resource.spec, inline.attribute) or ()
    )


def reference_of(resource: AnyResource) -> str:
    """Return the resource as the owner stamp writes it."""
    return f"{resource.metadata.namespace}/{resource.metadata.name}"


def _inline(resource: AnyResource, registry: str, kind: EntryKind, item: ArtifactFields, entry_id: str) -> Desired:
    name = str(item.name)
    return Desired(
        registry=registry,
        kind=kind,
        reference=f"{reference_of(resource)}#{name}",
        name=name,
        parent_id=entry_id,
        fields=kind.fields_of(item),
        properties=_properties_of(item),
        state=_as_text(item.state),
        digest=_digest_of(item),
    )


def _properties_of(part: EntryFields) -> dict[str, Declared]:
    """Return the custom properties that a spec, or an item of one, declares, its digest among them."""
    digest = _digest_of(part)
    return {**(part.custom_properties or {}), **({} if digest is None else {DIGEST_PROPERTY: digest})}


def _digest_of(part: EntryFields) -> str | None:
    digest: str | None = vars(part).get("digest")
    return digest


def _as_text(state: object) -> str | None:
    """Return a declared state as the registry has it: a plan shows and writes it."""
    return None if state is None else str(state)
