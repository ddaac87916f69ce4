"""Register versions from Python, as the command ``registrar register`` does.

It requires the extra ``cluster``, and neither kopf nor the address of a registry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from registrar.cli.cluster import connect
from registrar.cli.options import DEFAULT_SECONDS
from registrar.cli.refusals import ClusterError
from registrar.cli.register import applying
from registrar.cli.register.declaring import ALL, PropertyValue, Registration
from registrar.cli.register.errors import InvalidRegistrationError, NotReadyError, RegistrationError
from registrar.cli.register.outputs import Registered

__all__ = [
    "ClusterError",
    "InvalidRegistrationError",
    "NotReadyError",
    "Registered",
    "RegistrationError",
    "register",
]


def register(
    model: str,
    version: str,
    *,
    artifacts: Mapping[str, str] | None = None,
    doc_artifacts: Mapping[str, str] | None = None,
    formats: str | Mapping[str, str] | None = None,
    digests: str | Mapping[str, str] | None = None,
    properties: Mapping[str, PropertyValue] | None = None,
    source: str | None = None,
    description: str | None = None,
    author: str | None = None,
    deletion_policy: str | None = None,
    name: str | None = None,
    registry_ref: str | None = None,
    namespace: str | None = None,
    update: bool = False,
    timeout: float = DEFAULT_SECONDS,
    kubeconfig: Path | None = None,
    context: str | None = None,
    show: Callable[[str], None] | None = None,
) -> Registered:
    """Apply one ModelVersion under an existing model, and wait until it is in the registry.

    The same content again is no write. No field is taken from another manager, such as Argo CD.

    Args:
        model: ``metadata.name`` of the RegisteredModel.
        version: name of the version in the registry.
        artifacts: URIs of the model artifacts, by their names; KServe serves the last one.
        doc_artifacts: URIs of documents, such as an evaluation report, by their names.
        formats: ``format`` or ``format:version`` of all artifacts, or by their names.
        digests: ``sha256:…`` of the only artifact, or by the names of artifacts and documents. Another digest is
            another version, also for an update.
        properties: custom properties. The Python type is that of the property: ``7`` is an integer, ``7.0`` a double.
        source: what made the artifacts, as ``kind/class/group/id/name``. The registry's UI links to the run of
            ``kfp/pipelinerun/<namespace>/<run's ID>/<run's name>``.
        description: description of the version.
        author: author of the version.
        deletion_policy: ``Archive`` or ``Orphan``; None leaves it to the operator.
        name: ``metadata.name`` of the resource; None makes it from model and version.
        registry_ref: name of the ClusterRegistry that the model belongs to; None leaves it to the model.
        namespace: namespace of model and version; None means that of the kubeconfig's context, or of the pod.
        update: change a version that exists with other content.
        timeout: seconds to wait in all.
        kubeconfig: the file to log in with; None means KUBECONFIG, or ``~/.kube/config``, or the pod's account.
        context: the context of the kubeconfig; None means the current one.
        show: takes each line about the progress.

    Returns:
        The IDs and addresses of the version.

    Raises:
        InvalidRegistrationError: what is declared is not valid; nothing was written.
        NotReadyError: the version is applied, but not in the registry within the time. The operator goes on.
        RegistrationError: a person has to change something, such as apply the model first.
        ClusterError: a right is missing, or the API server does not answer.
    """
    registration = Registration(
        model=model,
        version=version,
        artifacts=artifacts or {},
        doc_artifacts=doc_artifacts or {},
        formats=_by_name(formats),
        digests=_by_name(digests),
        properties=properties or {},
        source=source,
        description=description,
        author=author,
        deletion_policy=deletion_policy,
        name=name,
        registry_ref=registry_ref,
    )
    with connect(kubeconfig, context) as cluster:
        manifest = registration.manifest(namespace or cluster.namespace)
        return applying.register(cluster, manifest, is_update=update, timeout=timeout, show=show or _say_nothing)


def _by_name(given: str | Mapping[str, str] | None) -> Mapping[str, str]:
    return {ALL: given} if isinstance(given, str) else given or {}


def _say_nothing(_line: str) -> None:
    """Show no progress."""
