"""How kstatus judges a resource: the generic rules of sigs.k8s.io/cli-utils, which Flux and kpt use.

They are documented in its pkg/kstatus (README and status/core.go). In this order:

1. a ``deletionTimestamp`` means Terminating;
2. a ``status.observedGeneration`` that is not the generation means InProgress;
3. the first condition ``Reconciling`` that is True means InProgress, ``Stalled`` that is True means Failed;
4. the condition ``Ready`` means Current if True, else InProgress;
5. everything else is Current.
"""

from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """A status of kstatus."""

    TERMINATING = "Terminating"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    CURRENT = "Current"


_ABNORMAL = {"Reconciling": Phase.IN_PROGRESS, "Stalled": Phase.FAILED}


def phase(resource: dict[str, Any]) -> Phase:
    """Return the status of a resource."""
    metadata, status = resource["metadata"], resource.get("status", {})
    if "deletionTimestamp" in metadata:
        return Phase.TERMINATING
    if "observedGeneration" in status and status["observedGeneration"] != metadata["generation"]:
        return Phase.IN_PROGRESS
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions", [])}
    for condition_type, value in conditions.items():
        if condition_type in _ABNORMAL and value == "True":
            return _ABNORMAL[condition_type]
    if "Ready" in conditions:
        return Phase.CURRENT if conditions["Ready"] == "True" else Phase.IN_PROGRESS
    return Phase.CURRENT
