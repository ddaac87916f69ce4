"""Who may use the registry of a plan: as a file says, or the ClusterRegistry among the manifests."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from registrar.api.tenants import LabelIndex, Tenant, selecting, selector_in
from registrar.cli.plan.manifests import Manifests
from registrar.cli.validate.registries import candidate_in

MAX_NAMED = 5
"""Namespaces that a sentence names at once."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Who may use a registry.

    Attributes:
        tenants: as the operator counts with them; None lets every namespace use the registry.
        warning: what the plan does not know of that; empty if it knows all.
    """

    tenants: Sequence[Tenant] | None
    warning: str = ""


def tenancy_in(manifests: Manifests, registry: str | None, namespaces: Collection[str]) -> Tenancy:
    """Return who may use a registry, as far as manifests say so.

    Args:
        manifests: the manifests.
        registry: the name of its ClusterRegistry; None for the registry of the operator's flags.
        namespaces: the namespaces that the plan is about.
    """
    if registry is None or not manifests.registries:
        return Tenancy(None)
    found = next((each for each in manifests.registries if each.name == registry), None)
    if found is None:
        named = ", ".join(sorted(str(each.name) for each in manifests.registries))
        return Tenancy(
            None,
            f"These manifests have no ClusterRegistry {registry}, only {named}: the plan does not judge who may use "
            "that registry.",
        )
    candidate = candidate_in(found)
    if candidate is None:
        # What is wrong with its manifest is a problem of its own.
        return Tenancy(None)
    unknown = sorted({*namespaces} - manifests.labels.keys())
    if selector_in(candidate.tenants) is not None and unknown:
        hidden = len(unknown) - MAX_NAMED
        shown = ", ".join(unknown[:MAX_NAMED]) + (f" and {hidden} more" if hidden > 0 else "")
        return Tenancy(
            None,
            f"ClusterRegistry {registry} selects namespaces by their labels, and those of {shown} are not known: the "
            "plan does not judge who may use it. Plan with the manifests of these Namespaces.",
        )
    return Tenancy(selecting(candidate.tenants, LabelIndex(manifests.labels)))
