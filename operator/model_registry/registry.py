"""The synchronous client for notebooks and scripts: models by name, in few calls."""

import logging
import warnings
import weakref
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from . import _background
from ._arguments import core_client, effective_port, named_authority, token_file
from ._left_out import HIGH_LEVEL, LeavesOut
from ._registration import ArtifactFields, register
from ._tls import Authority
from ._token import Token
from .core import ModelRegistryAPIClient
from .exceptions import StoreError
from .types import (
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


class ModelRegistry(LeavesOut):
    """A synchronous client of one registry.

    It may be used from scripts, threads, forked processes, and where an event loop is running, as in a notebook (the
    loop stands still during a call). The requests are made by `model_registry.core.ModelRegistryAPIClient` on one
    background event loop per process. Connections are kept open between calls, and closed by `close()`, by `with`, or
    at the end of the process.

    The constructor asks the registry for one model, so that a wrong address or token is found there.

    Args:
        server_address: Host or URL.
        port: Used if the address has none; 8080 for an http:// address, else 443, if neither has.
        author: Who registers: the author of new versions and the owner of new models, unless told otherwise.
        is_secure: Whether to use TLS and verify the server's certificate. If None: not for an http:// address.
        user_token: The token, the path of its file as a `Path` (read again when it changes), or a function that
            returns it.
        user_token_envvar: Without a token: the environment variable that names its file; KF_PIPELINES_SA_TOKEN_PATH,
            or else the token of the pod's service account, if None.
        custom_ca: Path or PEM text of the certificate authorities to believe instead of the system's.
        custom_ca_envvar: Without `custom_ca`: the environment variable that holds it.
        log_level: Level of the logger `model_registry`; None leaves it alone.
        async_runner: Runs each coroutine and returns its result, in place of the background event loop.

    Raises:
        ValueError: If an argument cannot be right, or the named environment variable is not set.
        StoreError: If there is no token for a secure connection, its file cannot be read, or the registry does not
            answer as one.

    Attributes:
        api: The asynchronous client underneath; its calls are run by `async_runner`.

    Every method raises, of `model_registry.exceptions`:
        APIStatusError: The subclass that fits, if the server answers with an error.
        ConnectionFailed: If there is no answer; `OutcomeUnknown` if a create may have been carried out.
    """

    _left_out = HIGH_LEVEL

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
        if async_runner is None:
            # Left to itself, a client that nobody closed may lose its sockets before it could close them.
            weakref.finalize(self, _background.start, self.api.aclose).atexit = False
        self.get_registered_models().page_size(1).next_page()

    @staticmethod
    def hint_server_address_port(server_address: str, port: int | str) -> None:
        """Log a warning if the port is not one that is usual for the address's scheme."""
        for scheme, usual in (("https", "443"), ("http", "80")):
            if server_address.startswith(f"{scheme}://") and not str(port).endswith(usual):
                logger.warning(
                    "Server address protocol is %s://, but port is not %s or ending with %s. "
                    "You may want to verify the configuration is correct.",
                    scheme,
                    usual,
                    usual,
                )

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
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
        **more: Unpack[ArtifactFields],
    ) -> RegisteredModel:
        """Register a version of a model that is stored already, and the model itself if there is none of that name.

        Three entries are written one after the other: the model, the version, the artifact that carries the model's
        name and the URI. If one of them fails, the same call made once more completes what is missing.

        Args:
            name: Name of the model.
            uri: Where the model is stored; `utils.s3_uri_from` builds one for S3.
            model_format_name: Such as "onnx".
            model_format_version: Version of the format.
            version: Name of the version; new.
            author: Author of the version, if not the client's.
            owner: Owner of the model, if not the client's; an existing model keeps its own.
            version_description: Description of the version.
            description: Deprecated; another word for `version_description`.
            metadata: Custom properties of the version.
            **more: More fields of the artifact: storage_key, storage_path, service_account_name, model_source_kind,
                model_source_class, model_source_group, model_source_id, model_source_name; see `ModelArtifact`.

        Returns:
            The model.

        Raises:
            DuplicateError: If the version exists.
        """
        if description is not None:
            warnings.warn(
                "The 'description' parameter is deprecated and will be removed in a future version. "
                "Use 'version_description' instead.",
                DeprecationWarning,
                stacklevel=2,
            )
        new_version = ModelVersion(
            version,
            author=author or self._author,
            description=description if version_description is None else version_description,
            custom_properties=metadata,
        )
        artifact = ModelArtifact(
            name,
            uri=uri,
            model_format_name=model_format_name,
            model_format_version=model_format_version,
            **more,
        )
        model = RegisteredModel(name, owner=owner or self._author)
        return self.async_runner(register(self.api, model, new_version, artifact))

    def update(self, model: EntryT) -> EntryT:
        """Write the fields of a model, a version or an artifact that are not None; return it as stored.

        Raises:
            StoreError: If it has no ID, or is no entry.
            NotFound: If there is none with this ID.
            IdentityMismatch: If the ID is now of an entry with another name.
        """
        if not isinstance(model, RegistryEntry):
            raise StoreError(f"Model must be an instance of {RegistryEntry.__name__} or a subclass")
        if not model.id:
            raise StoreError("Model must have an ID")
        updated: EntryT = self.async_runner(_update(self.api, model))
        return updated

    def get_registered_model(self, name: str) -> RegisteredModel | None:
        """Return the model of this name."""
        return self.async_runner(self.api.get_registered_model_by_params(name))

    def get_model_version(self, name: str, version: str) -> ModelVersion | None:
        """Return the version of this name of the model of that name.

        Raises:
            StoreError: If there is no such model.
        """
        return self.async_runner(self.api.get_model_version_by_params(self._model_id(name), version))

    def get_model_artifact(self, name: str, version: str) -> ModelArtifact | None:
        """Return the artifact that `register_model` made for this version: it has the model's name.

        Raises:
            StoreError: If there is no such model, or no such version.
        """
        found = self.get_model_version(name, version)
        if found is None:
            raise StoreError(f"Version {version} does not exist")
        return self.async_runner(self.api.get_model_artifact_by_params(name, found.id))

    def get_registered_models(self) -> Pager[RegisteredModel]:
        """Return an iterator over the models."""

        def page(options: ListOptions) -> list[RegisteredModel]:
            return self.async_runner(self.api.get_registered_models(options))

        return Pager(page)

    def get_model_versions(self, name: str) -> Pager[ModelVersion]:
        """Return an iterator over the versions of a model.

        Raises:
            StoreError: If there is no such model.
        """
        model_id = self._model_id(name)

        def page(options: ListOptions) -> list[ModelVersion]:
            return self.async_runner(self.api.get_model_versions(model_id, options))

        return Pager(page)

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
