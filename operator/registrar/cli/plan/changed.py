"""Makes a plan of a few changed resources from the few entries that they are about.

What a plan needs shows while it is made: the dry run looks up entries by their names, and wakes other resources. A
resource is known completely if all entries with its stamp were read; so a plan is final once all that had a turn, and
all that the stamps of its entries name, are known so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import partial

from model_registry.types import Artifact, ModelVersion, RegisteredModel
from registrar.api.bodies import ResourceKey
from registrar.cli.plan.make import Wanted, make_in, turns_of
from registrar.cli.plan.manifests import Manifests
from registrar.cli.plan.population import Population
from registrar.cli.plan.report import Report, Source
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import kind_of, resource_of
from registrar.planning.ownership import Origin, Stamp, stamp_of
from registrar.registries.connection import dry_run_of_part
from registrar.registries.part import RegistryPart
from registrar.settings import Settings

MAX_RESOURCES = 200
"""Beyond these, reading whole lists takes fewer requests."""
_PATH = re.compile(r"[a-z0-9-]+/[a-z0-9.-]+")
"""Of a resource that can exist."""


async def make_of_part(wanted: Wanted, part: RegistryPart, settings: Settings, source: Source) -> Report | None:
    """Return the plan; None if it needs more than a part of the registry.

    Args:
        wanted: what the user asked for, with a base and without a cluster.
        part: the registry.
        settings: the operator's.
        source: what the report says that the plan was made from.
    """
    population = Population(wanted.manifests, wanted.base, dry_run_of_part(part, "", source.owner_id), {})
    relevant = frozenset(turns_of(population, wanted))
    if len(relevant) > MAX_RESOURCES:
        return None
    read: frozenset[ResourceKey] = frozenset()
    listed: frozenset[str] = frozenset()
    references = [_references(manifests) for manifests in (wanted.manifests, wanted.base)]
    while True:
        relevant = _with_referenced(relevant, references)
        if len(relevant) > MAX_RESOURCES:
            return None
        await _read(part, relevant - read, source.owner_id)
        read, listed = relevant, part.listed
        connect = partial(dry_run_of_part, part, source.registry_url, source.owner_id)
        made = await make_in(connect, part.inventory(), wanted, settings, source)
        if made.has_homeless:
            return None
        relevant |= made.turned | _named(part, wanted, source.owner_id)
        if relevant == read and part.listed == listed:
            return made.report


References = Mapping[ResourceKey, Collection[ResourceKey]]


def _with_referenced(keys: frozenset[ResourceKey], each: Collection[References]) -> frozenset[ResourceKey]:
    """Return resources with all that they refer to."""
    found, left = set(keys), list(keys)
    while left:
        key = left.pop()
        named = set[ResourceKey]().union(*(references.get(key, ()) for references in each)) - found
        left += named
        found |= named
    return frozenset(found)


def _references(manifests: Manifests) -> References:
    """Return the parent of each resource, and the versions that the aliases of a model name."""
    found = {key: {parent} for key, parent in manifests.parents().items()}
    versions: defaultdict[tuple[str, str], set[ResourceKey]] = defaultdict(set)
    for key in manifests.found:
        if key.kind == MODEL_VERSION.name:
            versions[key.namespace, str(manifests.spec(key).get("name") or key.name)].add(key)
    for key in manifests.found:
        aliases = manifests.spec(key).get("aliases") if key.kind == REGISTERED_MODEL.name else None
        # A manifest that is refused may have anything there.
        for name in aliases.values() if isinstance(aliases, dict) else ():
            if isinstance(name, str):
                found.setdefault(key, set()).update(versions.get((key.namespace, name), ()))
    return found


async def _read(part: RegistryPart, keys: Collection[ResourceKey], owner_id: str) -> None:
    """Read all entries that carry the stamps of resources."""
    paths = {key: key.path for key in sorted(keys) if _PATH.fullmatch(key.path)}
    for family in (RegisteredModel, ModelVersion, Artifact):
        exact = [path for key, path in paths.items() if kind_of(key.kind).entry.family is family]
        inline = [path for key, path in paths.items() if key.kind == MODEL_VERSION.name and family is Artifact]
        stamps = [Stamp(origin, path).text(owner_id) for path in exact for origin in Origin]
        await part.read_stamped(family, stamps, [f"{owner_id}/{path}" for path in inline])


def _named(part: RegistryPart, wanted: Wanted, owner_id: str) -> frozenset[ResourceKey]:
    """Return the resources that the stamps of what was read name, as far as they are known."""
    stamps = ((type(entry), stamp_of(entry, owner_id)) for entry in part.entries())
    keys = (resource_of(entry_type, stamp.reference) for entry_type, stamp in stamps if stamp is not None)
    known = wanted.manifests.found.keys() | wanted.base.found.keys()
    return frozenset(key for key in keys if key is not None and key in known)
