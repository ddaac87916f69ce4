"""Which aliases of the base still wait for their versions: only a status says what they named before."""

from __future__ import annotations

from collections.abc import AsyncIterator

from registrar.api.bodies import ResourceKey
from registrar.api.v1alpha1.aliases import property_of
from registrar.cli.plan.bodies import parsed
from registrar.cli.plan.population import Population
from registrar.kinds.desired import declared_aliases
from registrar.kinds.model_version import MODEL_VERSION
from registrar.planning.addresses import LIVE_STATES
from registrar.planning.fields import state_of


async def find_waiting_aliases(population: Population) -> None:
    """Find the aliases of models of the base whose versions the registry lacks, where no cluster knows of them.

    The operator has not written such an alias, so that the registry differs from the base is no drift.
    """
    if population.cluster is None:
        for key in population.base.reached():
            waiting = frozenset([alias async for alias in _waiting(key, population)])
            if waiting:
                population.waiting[key] = waiting


async def _waiting(key: ResourceKey, population: Population) -> AsyncIterator[str]:
    resource = parsed(key, population.base)
    aliases = {} if resource is None else declared_aliases(resource)
    if resource is None or not aliases:
        return
    entry = population.entry_of(resource)
    if entry is None:
        return
    for alias, name in aliases.items():
        if (entry.custom_properties or {}).get(property_of(alias)) != name:
            version = await population.registry.backend.find(MODEL_VERSION.entry, name, str(entry.id))
            if version is None or state_of(version) not in LIVE_STATES:
                yield alias
