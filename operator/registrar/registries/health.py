"""Whether the operator reaches a registry, for the conditions of its ClusterRegistry.

Nothing that a server answers is repeated but its HTTP status: administrators choose the address, and everybody who sees
the ClusterRegistry reads the message.
"""

from __future__ import annotations

from dataclasses import replace

from model_registry import exceptions
from model_registry._failures import is_verification_failure, known_reason
from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec, RegistryReason
from registrar.registries.backend import RegistryWentBackError
from registrar.registries.credentials import CredentialsUnavailableError
from registrar.registries.registry import Registry
from registrar.reporting.advice import RETRIES
from registrar.reporting.registry_status import ADVICE, Health


def health_of(registry: Registry, spec: ClusterRegistrySpec) -> Health:
    """Return what the last attempt to read a registry has shown.

    Args:
        registry: the registry.
        spec: how it is connected.
    """
    # What was missing then has a reason of its own, and may be there by now: the registry was not asked.
    is_unasked = isinstance(registry.failure, CredentialsUnavailableError)
    if registry.failure is not None and not is_unasked:
        failed = _failed(registry.failure, spec)
        return replace(failed, message=f"{failed.message} {RETRIES}")
    if is_unasked or not registry.loaded:
        return Health(RegistryReason.NOT_TRIED, "The operator has not read the registry yet.")
    return Health(RegistryReason.CONNECTED, "The operator reads the registry.")


def _failed(failure: Exception, spec: ClusterRegistrySpec) -> Health:
    match failure:
        case exceptions.Unauthorized() | exceptions.Forbidden():
            message = f"The registry refuses the operator's token (HTTP {failure.status}). Check the token."
            if spec.auth is None:
                message = f"The registry refuses requests without a token (HTTP {failure.status}). Set spec.auth."
            return Health(RegistryReason.UNAUTHORIZED, message)
        case exceptions.NotARegistryError():
            message = f"What answers is no model registry (HTTP {failure.status}). Check spec.url or spec.serviceRef."
            return Health(RegistryReason.NOT_A_REGISTRY, message)
        case exceptions.RateLimited():
            message = f"The registry asks the operator for fewer requests (HTTP {failure.status})."
        case exceptions.APIStatusError():
            message = f"The registry answers with HTTP status {failure.status}. Check its own log."
        case exceptions.ConnectionFailed():
            return _not_connected(failure, spec)
        case RegistryWentBackError():
            message = "The registry shows an older state again and again, as several databases at one address do."
        case _:
            message = "The registry cannot be read; the operator's log has the details."
    return Health(RegistryReason.UNREACHABLE, message)


def _not_connected(failure: exceptions.ConnectionFailed, spec: ClusterRegistrySpec) -> Health:
    if is_verification_failure(failure):
        how = "spec.ca does not contain the authority" if spec.ca else "Set spec.ca to the authorities"
        message = f"The certificate of the registry is not trusted. {how} that issued it."
        return Health(RegistryReason.CERTIFICATE_NOT_TRUSTED, message)
    if isinstance(failure, exceptions.RequestTimeout):
        message = f"The registry did not answer in time. {ADVICE[RegistryReason.UNREACHABLE]}"
    elif not failure.is_temporary:
        message = "The registry cannot be reached with these settings; the operator's log has the details."
    else:
        what = known_reason(failure) or "the connection failed"
        message = f"The registry did not answer: {what}. {ADVICE[RegistryReason.UNREACHABLE]}"
    return Health(RegistryReason.UNREACHABLE, message)
