"""Whether the operator reaches a registry, for the conditions of its ClusterRegistry.

Nothing that a server answers is repeated but its HTTP status: administrators choose the address, and everybody who sees
the ClusterRegistry reads the message.
"""

from __future__ import annotations

from model_registry import exceptions
from model_registry._failures import is_verification_failure
from registrar.api.v1alpha1.cluster_registry import RegistryReason
from registrar.registries.backend import RegistryWentBackError
from registrar.registries.registry import Registry
from registrar.reporting.registry_status import Health


def health_of(registry: Registry) -> Health:
    """Return what the last attempt to read a registry has shown."""
    if registry.failure is not None:
        return _failed(registry.failure)
    if not registry.loaded:
        return Health(RegistryReason.NOT_TRIED, "The operator has not read the registry yet.")
    return Health(RegistryReason.CONNECTED, "The operator reads the registry.")


def _failed(failure: Exception) -> Health:
    match failure:
        case exceptions.Unauthorized() | exceptions.Forbidden():
            message = f"The registry refuses the operator's token (HTTP {failure.status}). Check the token."
            return Health(RegistryReason.UNAUTHORIZED, message)
        case exceptions.NotARegistryError():
            message = f"What answers is no model registry (HTTP {failure.status}). Check spec.url or spec.serviceRef."
            return Health(RegistryReason.NOT_A_REGISTRY, message)
        case exceptions.RateLimited():
            message = f"The registry asks the operator for fewer requests (HTTP {failure.status})."
        case exceptions.APIStatusError():
            message = f"The registry answers with HTTP status {failure.status}."
        case exceptions.RequestTimeout():
            message = "The registry did not answer in time."
        case exceptions.ConnectionFailed() if is_verification_failure(failure):
            message = "The certificate of the registry is not trusted. Set spec.ca to the authorities that issued it."
            return Health(RegistryReason.CERTIFICATE_NOT_TRUSTED, message)
        case exceptions.ConnectionFailed(is_temporary=False):
            message = "The registry cannot be reached with these settings; the operator's log has the details."
        case exceptions.ConnectionFailed():
            message = "The registry did not answer."
        case RegistryWentBackError():
            message = "The registry shows an older state again and again, as several databases at one address do."
        case _:
            message = "The registry cannot be read; the operator's log has the details."
    return Health(RegistryReason.UNREACHABLE, message)
