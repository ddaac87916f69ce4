"""What a reconcile needs of the API server: a narrow protocol, and the errors of its calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from registrar.api.bodies import Body, ResourceKey
from registrar.api.meta import ObjectMeta


class KubernetesError(Exception):
    """The API server refused a request, or did not answer.

    Attributes:
        status: HTTP status; 0 if no answer came.
        reason: the machine-readable reason of the Status object, such as ``Conflict``.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{message} ({status} {reason})")
        self.status = status
        self.reason = reason

    @property
    def is_too_large(self) -> bool:
        """Whether the object is larger than the API server, or etcd behind it, stores. No retry ends that."""
        # What etcd refuses is an InternalError: by its own limit, or by that of the messages to it.
        refusals = ("request is too large", "message larger than max")
        is_refused = self.status == HTTPStatus.INTERNAL_SERVER_ERROR and any(text in str(self) for text in refusals)
        return is_refused or self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class StaleResourceError(KubernetesError):
    """The resource has changed since it was read (409)."""


class ResourceGoneError(KubernetesError):
    """The resource does not exist (404)."""


class ClusterAPI(Protocol):
    """One API server. Every method may raise KubernetesError."""

    async def get(self, key: ResourceKey) -> Body | None:
        """Return the resource as it is now; None if it does not exist."""

    async def patch_status(self, key: ResourceKey, metadata: ObjectMeta, status: Mapping[str, Any]) -> Body:
        """Merge a patch into the status of exactly this version of a resource; returns the resource after it.

        Raises:
            StaleResourceError: the resource has changed in between.
            ResourceGoneError: the resource no longer exists.
        """

    async def patch_finalizers(self, key: ResourceKey, metadata: ObjectMeta, finalizers: Sequence[str]) -> Body:
        """Replace the finalizers of exactly this version of a resource. Returns and raises as `patch_status`."""

    async def write_event(self, name: str, event: Mapping[str, Any], patch: Mapping[str, Any] | None) -> None:
        """Post one Event (core/v1), or merge a patch into it where it exists already.

        Args:
            name: the Event's name.
            event: the whole Event, posted where it is new or no longer exists.
            patch: what to change on the existing one; None for a new Event.
        """
