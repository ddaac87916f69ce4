"""What a 409 of Kubeflow's server means: it always blames the name, even if the external ID collided."""

from __future__ import annotations

from typing import Any

from model_registry.exceptions import ConflictError
from registrar.api.conditions import Reason
from registrar.kinds.base import Desired
from registrar.planning.fields import describe_entry
from registrar.planning.problems import ReconcileError, terminal


def explain_conflict(desired: Desired, conflict: ConflictError) -> ReconcileError:
    """Return the problem behind a conflict where the name is free: the external ID, or a database that ignores case."""
    holder: Any = conflict.holder
    external_id = desired.fields.get("external_id")
    if holder is not None and external_id is not None and holder.external_id == external_id:
        return terminal(
            Reason.EXTERNAL_ID_CONFLICT,
            f"The external ID {external_id!r} belongs to {describe_entry(holder)}, which no resource of this "
            "installation manages. Choose another externalId, or give that entry another one in the registry.",
        )
    if external_id is not None and holder is None:
        return terminal(
            Reason.EXTERNAL_ID_CONFLICT,
            f"The registry reports that the name {desired.name!r} or the external ID {external_id!r} is taken, and "
            "does not show by which entry. Choose another externalId.",
        )
    return terminal(
        Reason.NAME_CONFLICT,
        f"The registry reports that the name {desired.name!r} is taken, but has no entry of exactly that name here: "
        "its database treats names that differ only in case or accents as the same. Choose another "
        f"{desired.name_setting}.",
    )
