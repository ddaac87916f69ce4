"""What kstatus makes of a resource: the generic rules of sigs.k8s.io/cli-utils.

They are in its pkg/kstatus, README and status/core.go; Flux and kpt decide by them. In this order:

1. a ``deletionTimestamp`` means Terminating;
2. a ``status.observedGeneration`` that is not the generation means InProgress;
3. the first condition ``Reconciling`` that is True means InProgress, ``Stalled`` that is True means Failed;
4. the condition ``Ready`` means Current if True, else InProgress;
5. everything else is Current.
"""

from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """A status that kstatus gives."""

    TERMINATING = "Terminating"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    CURRENT = "Current"


_DECISIVE = {"Reconciling": Phase.IN_PROGRESS, "Stalled": Phase.FAILED}


def phase(resource: dict[str, Any]) -> Phase:
    """The status of a resource."""
    metadata, status = resource["metadata"], resource.get("status", {})
    if "deletionTimestamp" in metadata:
        return Phase.TERMINATING
    if "observedGeneration" in status and status["observedGeneration"] != metadata["generation"]:
        return Phase.IN_PROGRESS
    conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
    for condition_type, value in conditions.items():
        if condition_type in _DECISIVE and value == "True":
            return _DECISIVE[condition_type]
    if "Ready" in conditions:
        return Phase.CURRENT if conditions["Ready"] == "True" else Phase.IN_PROGRESS
    return Phase.CURRENT
