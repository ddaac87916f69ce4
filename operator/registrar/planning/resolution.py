"""Resolves which registry a resource belongs to: one rule for all kinds, over what is known in memory.

A resource that has an ID stays with the registry that assigned it. Another resource belongs to the registry that it
names, else to that of its parent, else to the one default that admits its namespace, else to that of the flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from registrar.api.conditions import Reason
from registrar.api.registry_url import normalized_url
from registrar.api.tenants import Tenant, tenant_of
from registrar.planning.problems import Disposition, Problem
from registrar.settings import FROM_FLAGS

KIND = "ClusterRegistry"


@dataclass(frozen=True, slots=True)
class Offer:
    """A registry that resources may belong to.

    Attributes:
        url: its root URL.
        is_default: whether it is meant where a resource names none.
        tenants: who may use it; None where that is not known, so that it may be anybody.
        is_usable: whether the operator can serve it as it is declared.
    """

    url: str
    is_default: bool = False
    tenants: Sequence[Tenant] | None = None
    is_usable: bool = True

    def admits(self, namespace: str) -> bool:
        """Return whether resources of a namespace may use it."""
        return self.tenants is None or tenant_of(namespace, self.tenants) is not None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a resource says about its registry.

    Attributes:
        namespace: its namespace.
        declared: the registry that its spec names; None if it names none.
        pinned: the ClusterRegistry that assigned its ID, as its status records that.
        url: the address of the registry that assigned its ID; None without an ID.
        is_terminating: whether it is being deleted.
    """

    namespace: str
    declared: str | None = None
    pinned: str | None = None
    url: str | None = None
    is_terminating: bool = False


@dataclass(frozen=True, slots=True)
class Homeless:
    """Why a resource belongs to no registry now.

    Attributes:
        problem: what to report.
        is_let_go: whether its deletion leaves its entry, because nobody can retire that.
    """

    problem: Problem
    is_let_go: bool = True


Home = str | Homeless
"""The name of a registry in the operator, or why there is none."""


def name_of(cluster_registry: str) -> str:
    """Return what the operator calls the registry that a ClusterRegistry connects."""
    return f"{KIND}/{cluster_registry}"


def resolve(wish: Wish, parent: Home | None, offers: Mapping[str, Offer]) -> Home:
    """Return the registry of a resource.

    Args:
        wish: what the resource says.
        parent: the registry of its parent resource; None if it has none, or that does not exist.
        offers: the registries, by their names in the operator.
    """
    own = _own(wish, offers)
    if isinstance(own, Homeless):
        return own
    if own is None:
        return _inherited(wish.namespace, parent, offers)
    if isinstance(parent, str) and parent != own and not wish.is_terminating:
        return _mismatch(f"This resource belongs to {described(own)}, but its parent belongs to {described(parent)}.")
    return _usable(own, offers)


def _own(wish: Wish, offers: Mapping[str, Offer]) -> Home | None:
    """Return the registry that a resource names, or that assigned its ID; None if there is neither."""
    pin = _pin(wish, offers)
    declared = None if wish.declared is None else _known(wish.declared, offers)
    if wish.is_terminating and pin is not None:
        # Its deletion goes where its entry is, whatever the spec says.
        return pin
    if isinstance(declared, Homeless) or pin is None:
        return declared
    if isinstance(pin, str) and declared not in {None, pin}:
        return _mismatch(f"spec.registryRef names {declared}, but the entry is in {described(pin)}.")
    return pin


def _inherited(namespace: str, parent: Home | None, offers: Mapping[str, Offer]) -> Home:
    """Return the registry of a resource that has none of its own."""
    if isinstance(parent, Homeless):
        return _waiting(f"Its parent belongs to no registry yet: {parent.problem.message}")
    return _default(namespace, offers) if parent is None else _usable(parent, offers)


def _pin(wish: Wish, offers: Mapping[str, Offer]) -> Home | None:
    """Return the registry that assigned the ID, also under another name; None without an ID."""
    if wish.url is None:
        return None
    if wish.pinned in offers:
        return wish.pinned
    url = normalized_url(wish.url)
    # The flags' registry comes last: the tenants of a ClusterRegistry for the same one govern both.
    names = sorted(offers, key=lambda name: (name == FROM_FLAGS, name))
    found = next((name for name in names if normalized_url(offers[name].url) == url), None)
    if found is not None:
        return found
    if wish.pinned is None and FROM_FLAGS in offers:
        # A registry may get another address: the entry's creation time proves whether it is the same one.
        return FROM_FLAGS
    lost = f"the registry {wish.url}" if wish.pinned is None else described(wish.pinned)
    return _waiting(
        f"The entry is in {lost}, which the operator does not serve. Create that ClusterRegistry, and start the "
        "operator with --connections."
    )


def _known(name: str, offers: Mapping[str, Offer]) -> Home:
    if name in offers:
        return name
    return _waiting(
        f"{described(name)} is not served. Check spec.registryRef, create that ClusterRegistry, and start "
        "the operator with --connections."
    )


def _default(namespace: str, offers: Mapping[str, Offer]) -> Home:
    defaults = sorted(name for name, offer in offers.items() if offer.is_default and offer.admits(namespace))
    if len(defaults) > 1:
        message = f"Several default registries admit the namespace {namespace}: {', '.join(defaults)}."
        return Homeless(Problem(Disposition.TERMINAL, Reason.AMBIGUOUS_REGISTRY, f"{message} Set spec.registryRef."))
    if defaults:
        return _usable(defaults[0], offers)
    if FROM_FLAGS in offers:
        return FROM_FLAGS
    return _waiting(f"spec.registryRef names no registry, and no default registry admits the namespace {namespace}.")


def _usable(name: str, offers: Mapping[str, Offer]) -> Home:
    if offers[name].is_usable:
        return name
    problem = _waiting(f"{described(name)} cannot be used as it is declared; see its conditions.").problem
    return Homeless(problem, is_let_go=False)


def described(name: str) -> str:
    """Return a registry as messages name it."""
    return "the registry of the operator's flags" if name == FROM_FLAGS else name.replace("/", " ", 1)


def _waiting(message: str) -> Homeless:
    return Homeless(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, message))


def _mismatch(message: str) -> Homeless:
    return Homeless(Problem(Disposition.TERMINAL, Reason.REGISTRY_MISMATCH, message), is_let_go=False)


def conflicts(offers: Mapping[str, Offer]) -> Mapping[str, tuple[str, ...]]:
    """Return the ClusterRegistries whose root URL others have too, with other tenants; each with those others."""
    by_url: dict[str, list[str]] = {}
    for name, offer in offers.items():
        if name != FROM_FLAGS:
            by_url.setdefault(normalized_url(offer.url), []).append(name)
    found: dict[str, tuple[str, ...]] = {}
    for names in by_url.values():
        for name in names:
            others = tuple(sorted(_different(name, names, offers)))
            if others:
                found[name] = others
    return found


def _different(name: str, names: Iterable[str], offers: Mapping[str, Offer]) -> Iterable[str]:
    return (other for other in names if offers[other].tenants != offers[name].tenants)
