"""The registries that resources may belong to: those of the ClusterRegistries of a cluster, and that of the flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from registrar.api.registry_url import normalized_url
from registrar.api.tenants import LabelIndex, Labels, Tenant, affected, selecting, selector_in
from registrar.cluster.cluster_registries import Declared
from registrar.planning.resolution import Candidate, conflicts, described, name_of
from registrar.reporting.registry_status import is_abandoned
from registrar.settings import FROM_FLAGS


def candidates_of(
    declared: Mapping[str, Declared], flags: Candidate | None, namespaces: Mapping[str, Labels] | None = None
) -> dict[str, Candidate]:
    """Return what resources may belong to, by its name in the operator: an abandoned ClusterRegistry is not among them.

    Args:
        declared: the ClusterRegistries, by name.
        flags: the candidate of the flags' registry; None without one.
        namespaces: the labels of each namespace; None if the operator does not watch them.
    """
    index = None if namespaces is None else LabelIndex(namespaces)
    candidates = {
        name_of(name): _candidate_of(each, index) for name, each in declared.items() if not is_abandoned(each.metadata)
    }
    refused = conflicts(candidates)
    candidates = {
        name: replace(candidate, is_usable=candidate.is_usable and name not in refused)
        for name, candidate in candidates.items()
    }
    return candidates if flags is None else {FROM_FLAGS: flags, **candidates}


def _candidate_of(declared: Declared, namespaces: LabelIndex | None) -> Candidate:
    is_leaving = declared.metadata.terminating
    is_default = declared.may_be_default and not is_leaving
    is_usable = not isinstance(declared.spec, str)
    if namespaces is None and selector_in(declared.tenants) is not None:
        # Whom it selects is not known, so that it may be anybody.
        return Candidate(
            declared.url, is_default, is_usable=False, serves_kserve=declared.serves_kserve, is_leaving=is_leaving
        )
    tenants = declared.tenants if namespaces is None else selecting(declared.tenants, namespaces)
    return Candidate(declared.url, is_default, tenants, is_usable, declared.serves_kserve, is_leaving)


def relabelled(before: Mapping[str, Candidate], after: Mapping[str, Candidate]) -> frozenset[str] | None:
    """Return the namespaces that registries select now and did not select before, or the other way round.

    Returns:
        None if more than that has changed, which may concern any namespace.
    """
    if before.keys() != after.keys():
        return None
    found: set[str] = set()
    for name, candidate in after.items():
        namespaces = affected(before[name].tenants, candidate.tenants)
        if namespaces is None or candidate != replace(before[name], tenants=candidate.tenants):
            return None
        found |= namespaces
    return frozenset(found)


def refusal(
    name: str, declared: Declared, candidates: Mapping[str, Candidate], namespaces: Mapping[str, Labels] | None = None
) -> str | None:
    """Return why a ClusterRegistry is not served, and what to change; None if it can be served."""
    if isinstance(declared.spec, str):
        return declared.spec
    position = selector_in(declared.tenants)
    if namespaces is None and position is not None:
        return (
            f"spec.tenants[{position}].namespaceSelector: the operator does not watch namespaces, so it cannot know "
            "their labels. Start it with --connections-namespace-selectors (chart: connections.namespaceSelectors), or "
            f"name the namespaces in spec.tenants[{position}].namespaces."
        )
    others = conflicts(candidates).get(name_of(name))
    if others is None:
        return None
    return (
        f"{' and '.join(map(described, others))} also has the root URL {declared.url}, with other tenants, so "
        "neither is served. Give them the same tenants, or delete all but one."
    )


def tenants_of_flags(flags: Candidate, candidates: Mapping[str, Candidate]) -> Sequence[Tenant] | None:
    """Return the tenants of the flags' registry: those of a ClusterRegistry for the same one, if there is any.

    The flags are no way round the ClusterRegistry: where several disagree, or one is invalid, nobody may use it. One
    without an address may be meant for any.
    """
    url = normalized_url(flags.url)
    same = [
        candidate
        for name, candidate in candidates.items()
        if name != FROM_FLAGS and (not candidate.url or normalized_url(candidate.url) == url)
    ]
    if not same:
        return flags.tenants
    return same[0].tenants if all(candidate.is_usable for candidate in same) else ()
