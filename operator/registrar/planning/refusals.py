"""Why an entry that exists is left alone, although a resource wants it."""

from __future__ import annotations

from datetime import datetime

from model_registry.types import OpaqueProperty, RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.properties import opaque_names
from registrar.api.v1alpha1 import AdoptionPolicy
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, is_of_other_address
from registrar.kinds.base import Desired
from registrar.planning.actions import Policies, RecordedState
from registrar.planning.ownership import ForeignStamp, Origin, Stamp
from registrar.planning.problems import Problem, refused

MAX_DIGEST_SHOWN = 100
"""Characters of a digest in the registry that a message repeats: others may have written any text."""
MAX_URI_SHOWN = 300
"""Characters of each address that a message repeats: an address can be as long as the registry's column."""
SKEW_SECONDS = 60
"""How far the clocks of the API server and the registry may be apart."""


def refusal(
    desired: Desired,
    observed: RegistryEntry,
    written: Stamp | ForeignStamp | None,
    recorded: RecordedState,
    policies: Policies,
) -> Problem | None:
    """Return why an entry that exists must not be written; None if it may be.

    Args:
        desired: the desired state.
        observed: the entry at that place.
        written: its stamp.
        recorded: what the status records of this very entry.
        policies: how far to go.
    """
    what = f"{desired.kind.name} {desired.name!r} (id {observed.id})"
    if not desired.matches(observed):
        return _elsewhere(what, desired)
    if isinstance(written, ForeignStamp) and not policies.take_over:
        return _of_other(what, desired, written, policies)
    is_known = recorded.entry_id == observed.id and not predates(observed, policies.since)
    is_unmanaged = written is None and not is_known and policies.adoption is AdoptionPolicy.FAIL
    if is_unmanaged or (not policies.may_adopt and _is_of_another_namespace(written, desired)):
        return _not_adopted(what, desired, policies)
    if (problem := _other_content(what, desired, observed, recorded)) is not None:
        return problem
    if opaque := opaque_names(desired.properties, observed.custom_properties or {}):
        return refused(
            Reason.REFUSED_BY_REGISTRY,
            f"{what} has the custom properties {', '.join(opaque)} of a type that the operator cannot write, so it "
            "does not overwrite them. Remove these names from spec.customProperties or spec.aliases, or delete the "
            "properties in the registry.",
        )
    return None


def _elsewhere(what: str, desired: Desired) -> Problem:
    """Return why an entry that was moved to another parent is left alone; its name stays taken below the first one."""
    return refused(
        Reason.NAME_CONFLICT,
        f"{what} was moved to another parent in the registry, but its name is still taken below {desired.parent_id}. "
        f"Move it back there, declare it below its parent, or choose another {desired.name_setting}.",
    )


def predates(entry: RegistryEntry, since: str) -> bool:
    """Return whether an entry is older than a resource, so that the resource cannot have created it.

    Without an owner stamp, only the status says whose entry it is, and a backup can restore any status. When a resource
    was created, the API server says.

    Args:
        entry: the entry.
        since: when the resource was created (RFC 3339); empty if that does not matter.
    """
    if not since or entry.create_time_since_epoch is None:
        return False
    return int(entry.create_time_since_epoch) / 1000 < datetime.fromisoformat(since).timestamp() - SKEW_SECONDS


def _of_other(what: str, desired: Desired, written: ForeignStamp, policies: Policies) -> Problem:
    """Return why an entry of another installation is left to it. A stamp that a deletion policy keeps never goes."""
    is_kept = written.text.startswith(f"{Origin.KEPT}:")
    if policies.may_take_over:
        way_out = "Make sure that no resource there has it, and" if is_kept else "Delete it there, or"
        return refused(
            Reason.OWNED_BY_OTHER,
            f"{what} carries the owner stamp {written.text!r} of another installation"
            f"{', which a deletion there leaves' if is_kept else ''}. {way_out} set the annotation "
            f'model-registrar.dev/take-over: "true" here.{_if_renamed(desired, written)}',
        )
    # The stamp names a resource of another tenant.
    way_out = "A deletion there leaves the stamp: ask" if is_kept else "Delete it there, or ask"
    return refused(
        Reason.REGISTRY_NOT_PERMITTED,
        f"{what} carries the owner stamp of another installation, and this namespace may not take entries over. "
        f"{way_out} the administrator of the registry.",
    )


def _if_renamed(desired: Desired, written: ForeignStamp) -> str:
    """Return what to do if the other installation is this one under an earlier owner ID: its stamp has this name."""
    owner, resource = written.text.partition(":")[2], f"/{desired.reference}"
    owner_id = owner.removesuffix(resource)
    if owner_id in {"", owner}:
        return ""
    return f" If this installation had the owner ID {owner_id!r} before, start the operator with --owner-id={owner_id}."


def _is_of_another_namespace(written: Stamp | ForeignStamp | None, desired: Desired) -> bool:
    """Return whether a resource of another namespace has the entry or has left it, whatever the status records."""
    return isinstance(written, Stamp) and written.namespace != desired.reference.partition("/")[0]


def _not_adopted(what: str, desired: Desired, policies: Policies) -> Problem:
    """Return why an entry that no resource manages, or none of this namespace, is not adopted."""
    if policies.may_adopt:
        return refused(
            Reason.ADOPTION_REFUSED,
            f"The registry already has {what}, and adoptionPolicy is Fail. Choose another {desired.name_setting}, or "
            "set adoptionPolicy to Adopt to manage that entry.",
        )
    return refused(
        Reason.REGISTRY_NOT_PERMITTED,
        f"The registry already has {what}, and this namespace may not adopt entries. Choose another "
        f"{desired.name_setting}, or ask the administrator of the registry.",
    )


def _other_content(what: str, desired: Desired, observed: RegistryEntry, recorded: RecordedState) -> Problem | None:
    """Return why an entry that has a digest does not get other content; None if it may be written."""
    known = (observed.custom_properties or {}).get(DIGEST_PROPERTY)
    if not desired.kind.has_digest or known in {None, ""} or isinstance(known, OpaqueProperty):
        return None
    if desired.digest is None:
        return _undeclared_digest(what, desired, observed, recorded, known)
    # A digest that the resource has set, and that is not the entry's any more, was changed in the registry: it has
    # drifted like any other property.
    if desired.digest in {recorded.owned.digest, known}:
        return None
    return refused(
        Reason.DIGEST_CHANGED,
        f"{what} has the digest {str(known)[:MAX_DIGEST_SHOWN]!r} in the registry, and the spec says "
        f"{desired.digest!r}. Other content is another version: set the digest back, and declare the other content in "
        f"another version or under another {desired.name_setting}. If the registry is wrong, correct its property "
        "digest there.",
    )


def _undeclared_digest(
    what: str, desired: Desired, observed: RegistryEntry, recorded: RecordedState, known: object
) -> Problem | None:
    """Return why an entry does not get another address; None if it may: its digest would be that of other content.

    In a settled spec, the address is not news: others have changed it in the registry.
    """
    before, after = str(getattr(observed, "uri", None) or ""), str(desired.fields.get("uri") or "")
    if recorded.settled or not is_of_other_address(known, before, after):
        return None
    return refused(
        Reason.DIGEST_CHANGED,
        f"{what} has the digest {known!r} in the registry, for the uri {before[:MAX_URI_SHOWN]!r}, and the spec "
        f"says the uri {after[:MAX_URI_SHOWN]!r} and no digest. If the content is the same, declare this digest. "
        "Other content is another version: set the uri back, and declare the other content in another version or "
        f"under another {desired.name_setting}. If the registry is wrong, delete its property digest there.",
    )
