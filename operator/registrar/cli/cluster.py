"""Reads and applies resources as kubectl does: contexts, exec plugins, proxies, lists in pages, server-side apply.

This module and `registrar.cli.login` alone import the ``kubernetes`` package, when a command runs that needs it;
docs/design/006-cli.md says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registrar.api.bodies import Body
from registrar.api.meta import GROUP, VERSION
from registrar.api.nesting import read_shallow
from registrar.cli.documents.dump import dump
from registrar.cli.events import Event, event_of
from registrar.cli.login import Login, log_in, verify_as_kubectl
from registrar.cli.refusals import (
    EDIT,
    EXPIRED,
    ClusterError,
    MissingError,
    Refusal,
    apply_error,
    get_error,
    list_error,
)

if TYPE_CHECKING:
    import kubernetes

PAGE_SIZE = 500
"""Resources that one list request returns at most, as with kubectl."""
MAX_LISTS = 3
"""How often a list is begun, if its pages expire while they are read."""
REQUEST_TIMEOUT = (10, 60)
"""Seconds to connect, and to wait for an answer."""
FIELD_MANAGER = "registrar"
"""Whose the fields of applied resources are, as ``kubectl get --show-managed-fields`` prints it."""
ABSENT = "1"
"""The version of a resource that must not exist yet: etcd's revisions begin there, so no object has it, and the API
server compares it only with an object that exists."""
_APPLY = "application/apply-patch+yaml"


class _ExpiredError(Exception):
    """The pages of a list expired while they were read."""


class Cluster:
    """A cluster that the user is logged in to.

    Args:
        client: the connection.
        login: where it leads.

    Attributes:
        name: the kubeconfig's name for the cluster, or else the API server's address.
        namespace: the namespace of the kubeconfig's context, or the pod's.
    """

    def __init__(self, client: kubernetes.client.ApiClient, login: Login) -> None:
        self._client = client
        self.name = login.cluster or str(client.configuration.host)
        self.namespace = login.namespace

    def list_resources(self, plural: str, namespace: str | None) -> list[Body]:
        """Return all resources of one of our kinds, in a namespace or (None) in all.

        Raises:
            ClusterError: the API server refused, or did not answer.
        """
        import kubernetes  # noqa: PLC0415 - see the top of this module

        objects = kubernetes.client.CustomObjectsApi(self._client)
        request, place = (
            (objects.list_cluster_custom_object, (plural,))
            if namespace is None
            else (objects.list_namespaced_custom_object, (namespace, plural))
        )
        return self._listed(plural, namespace, partial(request, GROUP, VERSION, *place))

    def list_core(self, plural: str, namespace: str | None, selector: str = "") -> list[Body]:
        """Return the objects of a kind of Kubernetes' core group that have these labels.

        Raises:
            NotAllowedError: the user may not list them there.
            ClusterError: as `list_resources`.
        """
        return self._listed(plural, namespace, partial(self._core_page, plural, namespace, selector))

    def _core_page(
        self, plural: str, namespace: str | None, selector: str, *, limit: int, _continue: str = "", **options: Any
    ) -> Any:
        place = {"plural": plural} if namespace is None else {"plural": plural, "namespace": namespace}
        path = "/api/v1/{plural}" if namespace is None else "/api/v1/namespaces/{namespace}/{plural}"
        query = {"limit": limit, "labelSelector": selector, "continue": _continue}
        return self._call("GET", path, place, [(name, value) for name, value in query.items() if value], **options)

    def events(self, namespace: str, uid: str) -> list[Event]:
        """Return the Events about a resource, oldest first.

        Raises:
            ClusterError: as `list_resources`.
        """
        import kubernetes  # noqa: PLC0415 - see the top of this module

        listed = kubernetes.client.CoreV1Api(self._client).list_namespaced_event
        selector = f"involvedObject.uid={uid}"
        explain = partial(list_error, "events", namespace)
        answer = self._ask(explain, listed, namespace, field_selector=selector, limit=PAGE_SIZE)
        return sorted(map(event_of, answer.items), key=lambda event: event.last_seen)

    def get(self, plural: str, namespace: str, name: str, *, grant: str) -> Body | None:
        """Return a resource of one of our kinds; None if it does not exist.

        Args:
            plural: its kind.
            namespace: its namespace.
            name: its name.
            grant: what an administrator does where the right is missing, as the end of a sentence.

        Raises:
            ClusterError: as `list_resources`.
        """
        import kubernetes  # noqa: PLC0415 - see the top of this module

        read = kubernetes.client.CustomObjectsApi(self._client).get_namespaced_custom_object
        explain = partial(get_error, plural, namespace, grant=grant)
        try:
            found: Body = self._ask(explain, read, GROUP, VERSION, namespace, plural, name)
        except MissingError:
            return None
        return found

    def apply(
        self,
        plural: str,
        body: Body,
        *,
        version: str | None = None,
        grant: str = EDIT,
        is_dry_run: bool = False,
    ) -> Body:
        """Apply a resource of one of our kinds server-side, without taking a field from another manager.

        Args:
            plural: its kind.
            body: it, with its name and its namespace.
            version: the resourceVersion that it must still have, or `ABSENT`. None applies to any.
            grant: as `get`.
            is_dry_run: have the API server do everything but store it.

        Returns:
            The resource as it is then.

        Raises:
            OutdatedError: it has another version.
            ResourceRefusedError: the API server refuses this one.
            ClusterError: it would refuse all, or did not answer.
        """
        metadata = body["metadata"]
        place = {"namespace": metadata["namespace"], "plural": plural, "name": metadata["name"]}
        if version is not None:
            body = {**body, "metadata": {**metadata, "resourceVersion": version}}
        explain = partial(apply_error, plural, metadata["namespace"], grant=grant)
        applied: Body = self._ask(explain, self._patch, place, dump(body).encode(), is_dry_run=is_dry_run)
        return applied

    def _patch(self, place: dict[str, str], document: bytes, *, is_dry_run: bool, **options: Any) -> Any:
        """Send a document as it is; returns the answer.

        The package's own method takes no text: it writes JSON with escapes of emoji that the API server's YAML parser
        refuses.
        """
        path = f"/apis/{GROUP}/{VERSION}/namespaces/{{namespace}}/{{plural}}/{{name}}"
        query = [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]
        query += [("dryRun", "All")] if is_dry_run else []
        return self._call("PATCH", path, place, query, document, **options)

    def _call(
        self,
        method: str,
        path: str,
        place: dict[str, str],
        query: list[tuple[str, Any]],
        body: bytes | None = None,
        **options: Any,
    ) -> Any:
        request = self._client.param_serialize(
            method,
            path,
            path_params=place,
            query_params=query,
            header_params={"Accept": "application/json", **({} if body is None else {"Content-Type": _APPLY})},
            body=body,
            auth_settings=["BearerToken"],
        )
        answer: Any = self._client.call_api(*request, **options)
        answer.read()
        return self._client.response_deserialize(answer, {"2XX": "object"}).data

    def _listed(self, plural: str, namespace: str | None, request: Callable[..., Any]) -> list[Body]:
        for _ in range(MAX_LISTS):
            try:
                return list(self._pages(partial(list_error, plural, namespace), request))
            except _ExpiredError:
                continue
        raise ClusterError(f"The pages of {plural} expired while they were read.", is_temporary=True)

    def _pages(self, explain: Callable[[Refusal], Exception], request: Callable[..., Any]) -> Iterator[Body]:
        options: dict[str, Any] = {"limit": PAGE_SIZE}
        while True:
            page = self._ask(explain, request, **options)
            yield from page["items"]
            if not (token := page["metadata"].get("continue")):
                return
            options["_continue"] = token

    def _ask(
        self, explain: Callable[[Refusal], Exception], request: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Any:
        import urllib3  # noqa: PLC0415 - it comes with the kubernetes package
        from kubernetes.client import ApiException  # noqa: PLC0415 - see the top of this module

        try:
            return request(*arguments, _request_timeout=REQUEST_TIMEOUT, **options)
        except ApiException as error:
            if error.status == EXPIRED and "_continue" in options:
                raise _ExpiredError from None
            raise explain(Refusal(error.status or 0, str(error.reason), str(error.body))) from None
        except urllib3.exceptions.HTTPError as error:
            why = getattr(error, "reason", None) or error
            host = self._client.configuration.host
            raise ClusterError(f"The API server {host} does not answer: {why}", is_temporary=True) from None


@contextmanager
def connect(kubeconfig: Path | None, context: str | None) -> Iterator[Cluster]:
    """Log in to a cluster as kubectl does.

    Args:
        kubeconfig: the file; None means KUBECONFIG, or ``~/.kube/config``, or the pod's service account.
        context: the context; None means the current one.

    Raises:
        ClusterError: the package is not installed, or the kubeconfig cannot be used.
    """
    try:
        import kubernetes  # noqa: PLC0415 - see the top of this module
        import yaml  # noqa: PLC0415 - the same
    except ModuleNotFoundError as error:
        if error.name != "kubernetes":
            raise
        message = "To read a cluster, this command needs an extra: install model-registrar[cluster]."
        raise ClusterError(message) from None
    # It warns of each repeated request; what counts is how the last one ended.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    configuration = kubernetes.client.Configuration()
    # A kubeconfig of another form is no error of its own in the package.
    malformed = (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError)
    try:
        login = log_in(configuration, kubeconfig, context)
    except (kubernetes.config.ConfigException, OSError, *malformed) as error:
        raise ClusterError(f"The kubeconfig cannot be used: {' '.join(str(error).split())}") from None
    with kubernetes.client.ApiClient(configuration) as client:
        verify_as_kubectl(client)
        _read_shallow(client)
        yield Cluster(client, login)


def _read_shallow(client: kubernetes.client.ApiClient) -> None:
    """Read resources that are nested too deeply for the package's parser, so that one cannot hide the others."""
    deserialize = client.deserialize

    def read(response_text: str, response_type: str, content_type: str | None) -> Any:
        return read_shallow(response_text, lambda text: deserialize(text, response_type, content_type))

    client.deserialize = read  # type: ignore[method-assign]  # the package has no option for it
