"""The synchronous client for notebooks and scripts, which finds models by name."""

import copy
import logging
import sys
import warnings
import weakref
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from model_registry import _background
from model_registry._arguments import core_client, effective_port, hint_server_address_port, named_authority, token_file
from model_registry._new_entries import new_entries
from model_registry._registration import ArtifactFields, register
from model_registry._tls import Authority
from model_registry._token import Token
from model_registry._uploads import Uploads
from model_registry._upstream_compat import HIGH_LEVEL, missing_attribute
from model_registry._upstream_private import UpstreamPrivateNames
from model_registry.core import ModelRegistryAPIClient
from model_registry.exceptions import StoreError
from model_registry.types import (
    Artifact,
    ListOptions,
    ModelArtifact,
    ModelVersion,
    Pager,
    RegisteredModel,
    RegistryEntry,
    SupportedTypes,
)

logger = logging.getLogger("model_registry")

T = TypeVar("T")
EntryT = TypeVar("EntryT", bound=RegistryEntry)


class ModelRegistry(Uploads, UpstreamPrivateNames):
    """A synchronous client for one registry.

    It works in scripts, threads and forked processes, and while an event loop is running, as in a notebook (a call
    blocks that loop). `model_registry.core.ModelRegistryAPIClient` sends the requests, on one background event loop per
    process. Connections stay open between calls. `close()`, `with` or the end of the process closes them.

    The constructor requests one model from the registry, so that a wrong address or token fails there.

    Args:
        server_address: Host or URL.
        port: Used if the address has no port. If neither has one, it is 8080 for an http:// address, else 443.
        author: The default author of new versions and the default owner of new models.
        is_secure: Whether to use TLS and verify the server's certificate. None means True for all but http://
            addresses.
        user_token: The token, the path of its file as a `Path` (read again when it changes), or a function that
            returns it.
        user_token_envvar: The environment variable that names the token's file, used if `user_token` is not given.
            None means KF_PIPELINES_SA_TOKEN_PATH, and if that is not set, the token of the pod's service account.
        custom_ca: Path or PEM text of the certificate authorities to trust instead of the system's.
        custom_ca_envvar: The environment variable that contains `custom_ca`, used if that is not given.
        log_level: Level of the logger `model_registry`. None does not change it.
        async_runner: Runs each coroutine and returns its result, instead of the background event loop.

    Raises:
        ValueError: If an argument is invalid, or the named environment variable is not set.
        StoreError: If a secure connection has no token, or the token's file cannot be read.
        RegistryError: If the server does not answer, or is not a registry.

    Attributes:
        api: The underlying asynchronous client. `async_runner` runs its calls.

    Every method raises these exceptions of `model_registry.exceptions`:
        APIStatusError: The matching subclass, if the server answers with an error.
        ConnectionFailed: If there is no response. `OutcomeUnknown` if a create may have succeeded.
    """

    if not TYPE_CHECKING:  # otherwise a type checker would accept every name
        __getattr__ = missing_attribute(HIGH_LEVEL)

    def __init__(
        self,
        server_address: str,
        port: int | str | None = None,
        *,
        author: str,
        is_secure: bool | None = None,
        user_token: Token | None = None,
        user_token_envvar: str | None = None,
        custom_ca: Authority | None = None,
        custom_ca_envvar: str | None = None,
        log_level: int | None = None,
        async_runner: Callable[[Coroutine[Any, Any, Any]], Any] | None = None,
    ) -> None:
        if log_level is not None:
            logger.setLevel(log_level)
        if async_runner is not None and not callable(async_runner):
            raise ValueError("`async_runner` must be a bound method or a function that takes in a coroutine to run.")
        self._run = async_runner or _background.run
        self._author = author
        token = user_token or token_file(user_token_envvar)
        if not token:
            warnings.warn("User access token is missing", stacklevel=2)
        ca = custom_ca or named_authority(custom_ca_envvar)
        port = effective_port(server_address, port)
        self.hint_server_address_port(server_address, port)
        self.api = core_client(server_address, port, token, ca, is_secure=is_secure)
        self._close_when_collected()
        self.get_registered_models().page_size(1).next_page()

    def __copy__(self) -> Self:
        return copy.deepcopy(self)  # a copy that shared the connections would close them for both

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._close_when_collected()

    def _close_when_collected(self) -> None:
        if self._run is _background.run:
            # Without this, the sockets of a client that was never closed may be collected before they are closed.
            weakref.finalize(self, _background.start, self.api.aclose).atexit = False

    hint_server_address_port = staticmethod(hint_server_address_port)

    def close(self) -> None:
        """Close the connections. A later call opens new ones. During interpreter shutdown, this does nothing."""
        if sys.is_finalizing():
            return
        self.async_runner(self.api.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def async_runner(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine, such as a call of the asynchronous client, and return its result."""
        result: T = self._run(coro)
        return result

    def register_model(
        self,
        name: str,
        uri: str,
        *,
        model_format_name: str,
        model_format_version: str,
        version: str,
        author: str | None = None,
        owner: str | None = None,
        version_description: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, SupportedTypes] | None = None,
        exist_ok: bool = False,
        **more: Unpack[ArtifactFields],
    ) -> RegisteredModel:
        """Register a version of a stored model, and the model itself if no model has that name.

        It creates three entries, one after the other: the model, the version, and an artifact with the model's name and
        the URI. If one of these steps fails, repeat the call to create what is missing.

        Args:
            name: Name of the model.
            uri: Where the model is stored. `utils.s3_uri_from` builds a URI for S3.
            model_format_name: Name of the format, such as "onnx".
            model_format_version: Version of the format.
            version: Name of the new version.
            author: Author of the version. The default is the client's author.
            owner: Owner of a new model. The default is the client's author. An existing model keeps its owner.
            version_description: Description of the version.
            description: Deprecated. Use `version_description`.
            metadata: Custom properties of the version.
            exist_ok: Return the model if this version exists with the same values, instead of raising an error.
            **more: More fields of the artifact: storage_key, storage_path, service_account_name, model_source_kind,
                model_source_class, model_source_group, model_source_id, model_source_name. See `ModelArtifact`.

        Returns:
            The model.

        Raises:
            DuplicateError: If the version exists with its artifact, or without it but with other values. With
                `exist_ok`, only if a value differs. The message names the fields.
            ValueError: If the URI is empty.
        """
        entries = new_entries(
            name,
            uri,
            model_format_name=model_format_name,
            model_format_version=model_format_version,
            version=version,
            author=author or self._author,
            owner=owner or self._author,
            version_description=version_description,
            description=description,
            metadata=metadata,
            **more,
        )
        return self.async_runner(register(self.api, *entries, exist_ok=exist_ok))

    def update(self, model: EntryT) -> EntryT:
        """Write the fields of a model, a version or an artifact that are not None, and return it as stored.

        Raises:
            StoreError: If it has no ID, or is not an entry.
            NotFound: If no entry has this ID.
            IdentityMismatch: If the ID now belongs to an entry with another name.
        """
        if not isinstance(model, RegistryEntry):
            raise StoreError(f"Model must be an instance of {RegistryEntry.__name__} or a subclass")
        if not model.id:
            raise StoreError("Model must have an ID")
        updated: EntryT = self.async_runner(_update(self.api, model))
        return updated

    def get_registered_model(self, name: str) -> RegisteredModel | None:
        """Return the model with this name."""
        return self.async_runner(self.api.get_registered_model_by_params(name))

    def get_model_version(self, name: str, version: str) -> ModelVersion | None:
        """Return the version with this name of the model with that name.

        Raises:
            StoreError: If the model does not exist.
        """
        return self.async_runner(self.api.get_model_version_by_params(self._model_id(name), version))

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion | None:
        """Return the version that an alias, such as `champion`, names in the model with that name.

        Raises:
            StoreError: If the model does not exist.
        """
        return self.async_runner(self.api.get_model_version_by_alias(self._model_id(name), alias))

    def get_model_artifact(self, name: str, version: str) -> ModelArtifact | None:
        """Return the artifact that `register_model` created for this version. It has the model's name.

        Raises:
            StoreError: If the model or the version does not exist.
        """
        stored_version = self.get_model_version(name, version)
        if stored_version is None:
            raise StoreError(f"Version {version} does not exist")
        return self.async_runner(self.api.get_model_artifact_by_params(name, stored_version.id))

    def get_registered_models(self) -> Pager[RegisteredModel]:
        """Return an iterator over the models."""
        return Pager(self._page_of_models)

    def get_model_versions(self, name: str) -> Pager[ModelVersion]:
        """Return an iterator over the versions of a model.

        Raises:
            StoreError: If the model does not exist.
        """
        return Pager(partial(self._page_of_versions, self._model_id(name)))

    # Methods, because a pager with a nested function could not be pickled.
    def _page_of_models(self, options: ListOptions) -> list[RegisteredModel]:
        return self.async_runner(self.api.get_registered_models(options))

    def _page_of_versions(self, model_id: str | None, options: ListOptions) -> list[ModelVersion]:
        return self.async_runner(self.api.get_model_versions(model_id, options))

    def _model_id(self, name: str) -> str | None:
        model = self.get_registered_model(name)
        if model is None:
            raise StoreError(f"Model {name} does not exist")
        return model.id


async def _update(api: ModelRegistryAPIClient, entry: Any) -> Any:
    match entry:
        case RegisteredModel():
            return await api.upsert_registered_model(entry)
        case ModelVersion():
            return await api.upsert_model_version(entry)
        case Artifact():
            return await api.upsert_artifact(entry)
