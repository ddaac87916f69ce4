"""What a reconcile of one entry is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from registrar.kinds.base import Desired, Identity
from registrar.planning.actions import Patch, Policies, RecordedState
from registrar.planning.claims import Claimant
from registrar.planning.tenancy import Permit
from registrar.reconcile.resource import ManagedResource
from registrar.reporting.outcome import Facts


@dataclass(frozen=True, slots=True)
class EntryRequest:
    """One entry to reconcile.

    Attributes:
        resource: the resource.
        desired: the entry's desired state.
        parent: the entry that it belongs to; None at the root.
        claimant: the resource, or its inline artifact, as one that wants the entry.
        recorded: what the status records of the entry.
        policies: how far to go.
        permit: what the tenants of the registry let the namespace do.
        holder: for an inline artifact, what is known of the resource's own entry and artifacts; None for its own entry.
    """

    resource: ManagedResource
    desired: Desired
    parent: Identity | None
    claimant: Claimant
    recorded: RecordedState
    policies: Policies
    permit: Permit
    holder: Facts | None = None

    @property
    def force_read(self) -> bool:
        """Whether the entry has to be read from the registry, however well the view knows it."""
        return self.resource.needs_read

    def corrects_drift(self, action: Patch) -> bool:
        """Return whether a patch corrects what others changed: nobody changed the spec or asked for it."""
        return self.recorded.settled and not self.force_read and not self.ends_wait(action)

    def ends_wait(self, action: Patch) -> bool:
        """Return whether all that a patch changes is aliases whose version did not exist before."""
        pending = {self.desired.kind.property_path(name) for name in self.desired.aliases.pending}
        return bool(action.changes) and all(change.path in pending for change in action.changes)
