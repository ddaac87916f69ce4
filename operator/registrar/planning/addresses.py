"""The addresses of a version: where its model is, and whether KServe loads exactly that from ``model-registry://``.

The rules are those of Kubeflow's storage initializer (``internal/csi/storage/modelregistry_provider.go``) and of the
downloads in KServe that it uses: it takes the newest artifact of the version, whatever its state, and fails if that is
a document. IDs rise, so the newest artifact has the highest one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from model_registry.types import Artifact, DocArtifact, ModelArtifact
from registrar.api.v1alpha1.texts import MAX_STATUS_URI_LENGTH
from registrar.planning.fields import shown_state, state_of

_LOADABLE = frozenset({"s3", "gs", "http", "https"})
LIVE = "LIVE"
LIVE_STATES = frozenset({LIVE, None})
"""States of a version that is not archived: old data has versions without a state."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the status of a version reports.

    Attributes:
        uri: where the newest LIVE declared model artifact is; None without one, and where others moved it.
        storage_uri: the version as KServe takes it; None where that would load something else, or nothing.
        newest_id: the highest ID of the artifacts in the version; None without any.
        obstacle: why there is no ``storage_uri``; None if there is one, or nothing to load.
    """

    uri: str | None = None
    storage_uri: str | None = None
    newest_id: str | None = None
    obstacle: str | None = None


def addresses_of(
    model: str | None,
    version: str,
    state: str | None,
    declared: Iterable[Artifact],
    other_ids: Iterable[str],
    moved_ids: Collection[str] = (),
) -> Addresses:
    """Return the addresses of a version.

    Args:
        model: name of its model; None where that is unknown.
        version: its name.
        state: its state. KServe loads an archived version like any other, so it gets no address to load it from.
        declared: its artifacts and documents that resources declare, as the registry has them.
        other_ids: the IDs of further artifacts of the version, such as those that left the spec.
        moved_ids: the IDs of declared ones that have another URI in the registry than declared: nobody reviewed what is
            there.
    """
    artifacts = {int(str(artifact.id)): artifact for artifact in declared}
    newest = max({*artifacts, *map(int, other_ids)}, default=None)
    if newest is None:
        return Addresses()
    if state not in LIVE_STATES:
        return Addresses(newest_id=str(newest), obstacle=f"the version is {state}")
    live = [number for number, artifact in artifacts.items() if _is_served(artifact)]
    if not live:
        return Addresses(newest_id=str(newest), obstacle="no declared model artifact of the version is LIVE")
    served = artifacts[max(live)]
    if served.id in moved_ids:
        moved = f"{served.name!r} has another uri in the registry than its resource declares"
        return Addresses(newest_id=str(newest), obstacle=moved)
    uri = str(served.uri)
    if len(uri) > MAX_STATUS_URI_LENGTH:
        long = f"the uri of {served.name!r} is longer than {MAX_STATUS_URI_LENGTH} characters"
        return Addresses(newest_id=str(newest), obstacle=long)
    obstacle = _overtaken(newest, artifacts.get(newest)) if newest != max(live) else _unloadable(uri)
    obstacle = obstacle or _inexpressible(model, version)
    storage_uri = None if obstacle else f"model-registry://{model}/{version}"
    return Addresses(uri, storage_uri, str(newest), obstacle)


def unless_elsewhere(found: Addresses, obstacle: str | None) -> Addresses:
    """Return the addresses of a version without the one for KServe, if there is a reason why KServe asks elsewhere."""
    if found.storage_uri is None or obstacle is None:
        return found
    return replace(found, storage_uri=None, obstacle=obstacle)


def _is_served(artifact: Artifact) -> bool:
    return isinstance(artifact, ModelArtifact) and state_of(artifact) == LIVE and bool(artifact.uri)


def _overtaken(newest_id: int, newest: Artifact | None) -> str:
    """Return why the newest artifact is not the one to serve."""
    what = f"KServe loads the newest artifact of a version, and that is the one with the ID {newest_id}"
    if newest is None:
        return f"{what}, which no resource declares any more"
    if isinstance(newest, DocArtifact):
        return f"{what}, the document {newest.name!r}"
    return f"{what}, {newest.name!r} in the state {shown_state(newest)}"


def _unloadable(uri: str) -> str | None:
    try:
        scheme = urlsplit(uri).scheme.lower()
    except ValueError:
        return "KServe cannot read the address: it is no URL"
    if scheme not in _LOADABLE:
        what = scheme or "an address without a scheme"
        return f"KServe loads s3, gs, http and https through the registry, and not {what}"
    if scheme == "s3" and "?" in uri:
        return "KServe takes the query of an s3 address for a part of the file's name"
    return None


def _inexpressible(model: str | None, version: str) -> str | None:
    if model is None:
        return "the name of the model is not known, because its resource no longer exists"
    address = f"model-registry://{model}/{version}"
    for character, what in (("/", "slash"), ("?", "question mark")):
        if character in model + version:
            return f"{address} has a {what} in a name, and KServe cannot know where the name ends"
    return None
