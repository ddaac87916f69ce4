"""What the ClusterRegistries of a cluster, and the flags, offer to resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from registrar.api.registry_url import normalized_url
from registrar.api.tenants import Tenant
from registrar.cluster.cluster_registries import Declared
from registrar.planning.resolution import Offer, conflicts, described, name_of
from registrar.settings import FROM_FLAGS


def offers_of(declared: Mapping[str, Declared], flags: Offer | None) -> dict[str, Offer]:
    """Return what resources may belong to, by its name in the operator.

    Args:
        declared: the ClusterRegistries, by name.
        flags: the offer of the flags' registry; None without one.
    """
    offers = {name_of(name): _offer_of(each) for name, each in declared.items()}
    refused = conflicts(offers)
    offers = {name: replace(offer, is_usable=offer.is_usable and name not in refused) for name, offer in offers.items()}
    return offers if flags is None else {FROM_FLAGS: flags, **offers}


def _offer_of(declared: Declared) -> Offer:
    spec, is_default = declared.spec, declared.may_be_default and not declared.metadata.terminating
    if isinstance(spec, str):
        return Offer("", is_default, None, is_usable=False)
    return Offer(spec.url, is_default, spec.tenants)


def refusal(name: str, declared: Declared, offers: Mapping[str, Offer]) -> str | None:
    """Return why a ClusterRegistry is not served, and what to change; None if it can be served."""
    if isinstance(declared.spec, str):
        return declared.spec
    others = conflicts(offers).get(name_of(name))
    if others is None:
        return None
    return (
        f"{' and '.join(map(described, others))} also has the root URL {declared.spec.url}, with other tenants, so "
        "neither is served. Give them the same tenants, or delete all but one."
    )


def tenants_of_flags(flags: Offer, offers: Mapping[str, Offer]) -> Sequence[Tenant] | None:
    """Return the tenants of the flags' registry: those of a ClusterRegistry for the same one, if there is any.

    The flags are no way round the ClusterRegistry: where several disagree, nobody may use it.
    """
    url = normalized_url(flags.url)
    same = [offer for name, offer in offers.items() if name != FROM_FLAGS and normalized_url(offer.url) == url]
    if not same:
        return flags.tenants
    return same[0].tenants if all(offer.is_usable for offer in same) else ()
