"""Resources in the states that the command distinguishes."""

from typing import Any

from registrar.api.bodies import Body, ResourceKey
from registrar.cli.status.report import Reading, Report, Scope, report
from registrar.cli.status.resources import observe
from tests.unit.build import body

OUTAGE = ("RegistryUnavailable", "The registry cannot be reached: refused")


def condition(kind: str, status: str, reason: str, message: str, generation: int = 1) -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-11-23T12:00:00Z",
        "observedGeneration": generation,
    }


def ready(entry_id: str, **status: Any) -> dict[str, Any]:
    """The status of a resource whose entry matches the spec."""
    message = "The registry entry matches the spec."
    found = {"id": entry_id, "state": "LIVE", "registryUrl": "http://r", "observedGeneration": 1}
    return {**found, "conditions": [condition("Ready", "True", "Synced", message)], **status}


def drifted(entry_id: str, reason: str = "ChangedOutside") -> dict[str, Any]:
    status = ready(entry_id)
    return {**status, "conditions": [*status["conditions"], condition("Drifted", "True", reason, "owner is 'x'")]}


def alias_waits(entry_id: str) -> dict[str, Any]:
    status = ready(entry_id, aliases=[{"name": "champion", "version": "1", "versionId": "7"}])
    waiting = condition("AliasesResolved", "False", "VersionMissing", "The alias 'champion' waits")
    return {**status, "conditions": [*status["conditions"], waiting]}


def not_ready(reason: str, message: str = "Something.", *, stalled: bool = False) -> dict[str, Any]:
    kind = "Stalled" if stalled else "Reconciling"
    conditions = [condition("Ready", "False", reason, message), condition(kind, "True", reason, message)]
    return {"observedGeneration": 1, "conditions": conditions}


def model(name: str, status: dict[str, Any] | None = None, /, **more: Any) -> Body:
    return body("RegisteredModel", name, status=status, **more)


def version(name: str, of: str, status: dict[str, Any] | None = None, /, **more: Any) -> Body:
    return body("ModelVersion", name, status=status, registeredModelRef={"name": of}, **more)


def artifact(name: str, of: str, status: dict[str, Any] | None = None, /, **more: Any) -> Body:
    return body("ModelArtifact", name, status=status, modelVersionRef={"name": of}, uri="s3://a", **more)


def waiting_version(name: str, of: str) -> Body:
    return version(name, of, not_ready("WaitingForRegisteredModel", f"RegisteredModel team/{of} has no ID yet"))


def waiting_artifact(name: str, of: str) -> Body:
    return artifact(name, of, not_ready("WaitingForModelVersion", f"ModelVersion team/{of} has no ID yet"))


def deleted(resource: Body, *finalizers: str) -> Body:
    metadata = {**resource["metadata"], "deletionTimestamp": "2026-11-23T12:00:00Z", "finalizers": list(finalizers)}
    return {**resource, "metadata": metadata}


def report_of(*bodies: Body, resource: ResourceKey | None = None, unread: dict[str, str] | None = None) -> Report:
    reading = Reading(tuple(observe(one) for one in bodies), unread or {})
    return report(reading, Scope("team", resource))
