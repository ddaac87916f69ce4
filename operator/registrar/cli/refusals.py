"""What a command says when the API server refuses a request: pure, from the status and the body of the answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import click

from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.cli.exits import ExitCode

FORBIDDEN, CONFLICT, EXPIRED, TOO_MANY, SERVER_FAULT = 403, 409, 410, 429, 500
"""HTTP statuses of the API server."""
_INVALID = frozenset({400, 422})
_MANAGER = re.compile(r'conflict with "(.*?)"(?: with subresource ".*?")?(?: using |$)')
"""How the API server names the field manager in a cause: with a version, unless it applied server-side too."""
_BY_RBAC = re.compile(r'is forbidden: User ".*?" cannot (\w+) resource')
EDIT = "bind the role edit to you"
"""What gives the rights to apply, as the end of a sentence about an administrator."""


class ClusterError(click.ClickException):
    """The cluster could not be read, or takes no writes.

    Attributes:
        is_temporary: the same request may succeed later.
    """

    exit_code = ExitCode.NOT_KNOWN

    def __init__(self, message: str, *, is_temporary: bool = False) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


class NotAllowedError(ClusterError):
    """The user's rights do not suffice."""


class ResourceRefusedError(Exception):
    """The API server refuses one resource, and may accept others."""


class OwnedFieldsError(ResourceRefusedError):
    """Other field managers own fields that a server-side apply would change; the message names both."""


class OutdatedError(ResourceRefusedError):
    """The resource was changed, or created, after it had been read."""


class MissingError(Exception):
    """The resource does not exist."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer of the API server that is no success.

    Attributes:
        status: the HTTP status; 0 for none.
        reason: the HTTP reason.
        body: the body, most often a Status of Kubernetes as JSON.
    """

    status: int
    reason: str
    body: str = ""

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later."""
        return self.status in {0, EXPIRED, TOO_MANY} or self.status >= SERVER_FAULT

    @property
    def content(self) -> dict[str, Any]:
        """The Status; empty if a proxy has answered instead."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def message(self) -> str:
        """The API server's words, or else the HTTP reason."""
        return str(self.content.get("message") or self.reason)


def list_error(plural: str, namespace: str | None, refusal: Refusal) -> ClusterError:
    """Return why a list was refused, in a namespace or (None) in all."""
    where = "in all namespaces" if namespace is None else f"in namespace {namespace}"
    match refusal.status:
        case 401:
            return _not_logged_in()
        case 403:
            if plural == ClusterRegistry.PLURAL:
                how = "have an administrator bind the role view to you with a ClusterRoleBinding"
                return _not_allowed("list", plural, "in the cluster", how)
            hint = "ask for one namespace with --namespace, or " if namespace is None else ""
            return _not_allowed("list", plural, where, f"{hint}have an administrator bind the role view to you")
        case 404:
            return _not_served(plural)
        case status:
            message = f"The API server did not list {plural} {where}: {status} {refusal.reason}"
            return ClusterError(message, is_temporary=refusal.is_temporary)


def get_error(plural: str, namespace: str, refusal: Refusal, *, grant: str) -> ClusterError | MissingError:
    """Return why a resource was not read; `grant` is what an administrator does where the right to it is missing."""
    match refusal.status:
        case 401:
            return _not_logged_in()
        case 403:
            return _not_allowed("get", plural, f"in namespace {namespace}", f"have an administrator {grant}")
        case 404 if refusal.content:
            return MissingError(refusal.message)
        case 404:
            return _not_served(plural)
        case status:
            message = f"The API server did not read {plural} in namespace {namespace}: {status} {refusal.message}"
            return ClusterError(message, is_temporary=refusal.is_temporary)


def apply_error(
    plural: str, namespace: str, refusal: Refusal, *, grant: str = EDIT
) -> ClusterError | ResourceRefusedError:
    """Return why a resource was not applied: an error of this resource alone, or one that all would meet.

    Args:
        plural: its kind.
        namespace: its namespace.
        refusal: the answer.
        grant: what an administrator does where a right is missing, as the end of a sentence.
    """
    verb = _missing_verb(refusal)
    # A webhook or a quota forbids one resource; a missing right forbids all.
    if refusal.status in {*_INVALID, CONFLICT} or (refusal.status == FORBIDDEN and verb is None):
        return _refused(plural, refusal)
    if verb is not None:
        return _not_allowed(verb, plural, f"in namespace {namespace}", f"have an administrator {grant}")
    match refusal.status:
        case 401:
            return _not_logged_in()
        case 404 if (refusal.content.get("details") or {}).get("kind") == "namespaces":
            return ClusterError(f"The namespace {namespace} does not exist: create it, or give another --namespace.")
        case 404:
            return _not_served(plural)
        case status:
            message = f"The API server did not take {plural} in namespace {namespace}: {status} {refusal.message}"
            return ClusterError(message, is_temporary=refusal.is_temporary)


def _refused(plural: str, refusal: Refusal) -> ResourceRefusedError:
    """Return why the API server refuses this resource."""
    if owners := _owners(refusal):
        return OwnedFieldsError(owners)
    # A quota that changes at the same moment is a conflict too, about the quota.
    is_outdated = refusal.status == CONFLICT and (refusal.content.get("details") or {}).get("kind") == plural
    return (OutdatedError if is_outdated else ResourceRefusedError)(refusal.message)


def _missing_verb(refusal: Refusal) -> str | None:
    """Return what the account may not do; None where something else than its rights forbids it."""
    found = _BY_RBAC.search(refusal.message)
    if found is not None:
        return found[1]
    # Kubernetes 1.30 leaves the reason out where a server-side apply would create the object.
    return "create" if refusal.status == FORBIDDEN and refusal.message.rstrip().endswith("is forbidden:") else None


def _owners(refusal: Refusal) -> str:
    """Return whose fields a server-side apply would change; empty if it failed for another reason."""
    causes = (refusal.content.get("details") or {}).get("causes") or ()
    fields: dict[str, list[str]] = {}
    for cause in causes:
        found = _MANAGER.search(str(cause.get("message")))
        if cause.get("reason") == "FieldManagerConflict" and found is not None:
            fields.setdefault(found[1], []).append(str(cause.get("field")).removeprefix("."))
    owned = [f"the field manager {manager!r} owns {', '.join(names)}" for manager, names in fields.items()]
    return f"{'; '.join(owned)}, with other values" if owned else ""


def _not_allowed(verb: str, plural: str, where: str, remedy: str) -> NotAllowedError:
    return NotAllowedError(f"You may not {verb} {plural} {where} (403): {remedy}.")


def _not_logged_in() -> ClusterError:
    return ClusterError("The API server does not accept the kubeconfig's credentials (401).")


def _not_served(plural: str) -> ClusterError:
    return ClusterError(
        f"The cluster does not serve {plural} (404): apply the definitions, with "
        "registrar crds | kubectl apply --server-side -f -"
    )
