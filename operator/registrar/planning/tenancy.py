"""Whether a namespace may use a registry for a model: one judgement for resources of all kinds.

It is about the name of the registered model at the root, because a version or an artifact is a part of that model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.tenants import ExternalReferences, Tenant, tenant_of
from registrar.api.v1alpha1 import AdoptionPolicy
from registrar.kinds.base import Desired
from registrar.planning.actions import Policies
from registrar.planning.problems import Problem, refused

MAX_PATTERNS_SHOWN = 5
"""Patterns that a message names."""
HIDDEN_REQUEUE_SECONDS = 15.0
"""Until the operator looks again for an entry by its ID: no event announces it."""
ANOTHER_NAMESPACE = "a resource of another namespace"


@dataclass(frozen=True, slots=True)
class External:
    """A reference to an entry that no resource represents, at the top of a resource's references.

    Attributes:
        field: the field of the spec, such as ``spec.registeredModelRef``.
        described: the entry as the reference names it, such as ``RegisteredModel with id '42'``.
        has_id: whether the reference gives an ID, so that only the registry knows the model's name.
    """

    field: str
    described: str
    has_id: bool


@dataclass(frozen=True, slots=True)
class Use:
    """What a resource wants to use a registry for.

    Attributes:
        namespace: the resource's namespace.
        root: the name of the registered model; None while it is not known.
        external: the reference that leads out of the resources of the namespace; None if none does.
        owner: the owner that a registered model declares; None where it declares none, or is no registered model.
        is_absent: the registry does not have what the reference names.
        is_looked_up: no resource says the root; the registry was asked for it, by an ID.
        field: the field that says the root; empty where it cannot change, because the model has its entry.
        registry: the registry, as messages name it.
    """

    namespace: str
    root: str | None
    external: External | None = None
    owner: str | None = None
    is_absent: bool = False
    is_looked_up: bool = False
    field: str = "spec.name"
    registry: str = "this registry"


@dataclass(frozen=True, slots=True)
class Permit:
    """What a namespace may do with a model: all terms of its tenant, so that equal ones permit the same.

    Attributes:
        owner: the owner that the registered model has to have; None for any.
        may_adopt: whether it may adopt entries that no resource manages, or that other namespaces have left.
        may_take_over: whether it may take entries from other installations.
        names: the patterns of the names that its models may have; None for any name.
        external: which entries that no resource represents it may refer to.
    """

    owner: str | None = None
    may_adopt: bool = True
    may_take_over: bool = True
    names: tuple[str, ...] | None = None
    external: ExternalReferences = ExternalReferences.ANY

    def is_in_force(self, namespace: str, tenants: Sequence[Tenant] | None) -> bool:
        """Return whether another judgement would be the same for this namespace, whatever it uses."""
        return judge(Use(namespace, None), tenants) == self

    def limit(self, policies: Policies, since: str = "") -> Policies:
        """Return a resource's policies within these limits.

        Args:
            policies: what it declares.
            since: when it was created (RFC 3339).
        """
        return replace(
            policies,
            adoption=policies.adoption if self.may_adopt else AdoptionPolicy.FAIL,
            take_over=policies.take_over and self.may_take_over,
            may_adopt=self.may_adopt,
            may_take_over=self.may_take_over,
            since="" if self.may_adopt else since,
        )

    def complete(self, desired: Desired) -> Desired:
        """Return a desired entry with the owner that it has to have: the judgement has refused any other."""
        if self.owner is None or "owner" not in desired.kind.entry.model_fields:
            return desired
        return replace(desired, fields={**desired.fields, "owner": self.owner})


EVERYTHING = Permit()
"""What every namespace may do in a registry without tenants."""


def judge(use: Use, tenants: Sequence[Tenant] | None) -> Permit | Problem:
    """Return what a resource may do in a registry, or why it may do nothing there.

    No message names what belongs to other tenants, or says whether it exists.

    Args:
        use: what the resource wants. While the name of the model is not known, the rest is judged.
        tenants: of the registry; None for a registry that everybody may use for everything.
    """
    if tenants is None:
        return EVERYTHING
    tenant = tenant_of(use.namespace, tenants)
    if tenant is None:
        return _refused(
            f"The namespace {use.namespace!r} may not use {use.registry}. Ask its administrator to admit the "
            "namespace, or declare this in a namespace that may use it."
        )
    return _refusal_of_root(use, tenant) or _refusal_of_owner(use, tenant) or _permit(use, tenant)


def _permit(use: Use, tenant: Tenant) -> Permit:
    return Permit(
        owner=tenant.owner_of(use.namespace),
        may_adopt=tenant.adoption_policy is not AdoptionPolicy.FAIL,
        may_take_over=bool(tenant.take_over),
        names=None if tenant.model_names is None else tenant.names_for(use.namespace),
        external=tenant.external_references or ExternalReferences.OWN,
    )


def _refusal_of_root(use: Use, tenant: Tenant) -> Problem | None:
    external = use.external
    if external is not None:
        match tenant.external_references:
            case ExternalReferences.NONE:
                return _refused(
                    f"The namespace {use.namespace!r} may not refer to entries that none of its resources manages. "
                    f"Name a resource of this namespace in {external.field}, or ask the administrator of the registry."
                )
            case ExternalReferences.ANY:
                return None
    is_allowed = not use.is_absent and (use.root is None or tenant.allows_name(use.root, use.namespace))
    if is_allowed or tenant.model_names is None:
        return None
    if external is not None and external.has_id:
        # It must not show whether the ID exists.
        return _refused(
            f"The registry has no {external.described} that the namespace {use.namespace!r} may use. Check "
            f"{external.field}.",
            requeue_after=HIDDEN_REQUEUE_SECONDS,
        )
    if use.is_looked_up:
        # The ID may be any: whoever may edit a status could read the names of others here.
        return _refused(
            f"The parent entry that is recorded for this resource is none that the namespace {use.namespace!r} may "
            "use. Check the resources that its spec refers to, or ask the administrator of the registry.",
            requeue_after=HIDDEN_REQUEUE_SECONDS,
        )
    if external is not None:
        remedy = f"Change {external.field}, or ask"
    else:
        remedy = f"Set {use.field} to such a name, or ask" if use.field else "Ask"
    return _refused(
        f"The namespace {use.namespace!r} may not use the registered model {use.root!r}: the names of its models must "
        f"match {_shown(tenant.names_for(use.namespace))}. {remedy} the administrator of the registry."
    )


def _refusal_of_owner(use: Use, tenant: Tenant) -> Problem | None:
    owner = tenant.owner_of(use.namespace)
    if owner is None or use.owner in {None, owner}:
        return None
    return _refused(
        f"spec.owner is {use.owner!r}, but models of the namespace {use.namespace!r} have the owner {owner!r}. Set "
        "spec.owner to that, or remove it."
    )


def _refused(message: str, requeue_after: float | None = None) -> Problem:
    return refused(Reason.REGISTRY_NOT_PERMITTED, message, requeue_after=requeue_after)


def _shown(patterns: Sequence[str]) -> str:
    hidden = len(patterns) - MAX_PATTERNS_SHOWN
    shown = [repr(pattern) for pattern in patterns[:MAX_PATTERNS_SHOWN]]
    return " or ".join([*shown, *([f"one of {hidden} more patterns"] if hidden > 0 else [])])


def named(other: ResourceKey, namespace: str, tenants: Sequence[Tenant] | None) -> str:
    """Return another resource as a message in a namespace may name it."""
    return str(other) if tenants is None or other.namespace == namespace else ANOTHER_NAMESPACE
