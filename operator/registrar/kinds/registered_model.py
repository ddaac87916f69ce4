"""Registered models: the root of the tree."""

from __future__ import annotations

from model_registry.types import RegisteredModel
from registrar.api import v1alpha1
from registrar.kinds.base import EntryKind, ResourceKind


def live_unless_declared(declared: str | None, observed: str | None) -> str | None:
    """Return the state of a model or version: absent means LIVE, so one archived in the UI has drifted.

    An entry without a state, as old data has it, is not archived and stays so.
    """
    return declared if observed is None else declared or "LIVE"


ENTRY = EntryKind(
    name="RegisteredModel",
    entry=RegisteredModel,
    family=RegisteredModel,
    retired_state="ARCHIVED",
    state_rule=live_unless_declared,
    has_aliases=True,
)

REGISTERED_MODEL = ResourceKind(
    resource=v1alpha1.RegisteredModel,
    status=v1alpha1.RegisteredModelStatus,
    entry=ENTRY,
)
