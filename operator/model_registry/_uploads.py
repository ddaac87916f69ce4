"""Uploading a model to S3 storage and registering it."""

import os
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar, Unpack

from model_registry import _s3
from model_registry._new_entries import NewEntries, new_entries
from model_registry._registration import ArtifactFields, _differing_fields, register
from model_registry.core import ModelRegistryAPIClient
from model_registry.exceptions import DuplicateError
from model_registry.types import RegisteredModel, SupportedTypes
from model_registry.utils import S3Params, s3_uri_from

T = TypeVar("T")


class Uploads:
    """The methods of `ModelRegistry` that upload.

    Attributes:
        api: The underlying asynchronous client.
    """

    api: ModelRegistryAPIClient
    _author: str

    def async_runner(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result."""
        raise NotImplementedError

    def save_to_s3(
        self,
        path: str | os.PathLike[str],
        bucket_name: str,
        s3_prefix: str,
        *,
        endpoint_url: str | None = None,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        region: str | None = None,
        multipart_threshold: int = 1024 * 1024,
        multipart_chunksize: int = 1024 * 1024,
        max_pool_connections: int = 10,
        progress: _s3.Progress | None = None,
    ) -> str:
        """Upload a file, or all files of a directory, to S3 storage, and return the URI. It needs the extra `s3`.

        Args:
            path: The file or the directory.
            bucket_name: Name of the bucket.
            s3_prefix: Key prefix of the stored files. Slashes at its ends are left out.
            endpoint_url: Address of the S3 service. The default is AWS_S3_ENDPOINT.
            access_key_id: The default is AWS_ACCESS_KEY_ID.
            secret_access_key: The default is AWS_SECRET_ACCESS_KEY.
            region: Region of the bucket. The default is AWS_DEFAULT_REGION.
            multipart_threshold: Size in bytes from which a file is uploaded in parts.
            multipart_chunksize: Size of a part in bytes.
            max_pool_connections: Maximum number of connections.
            progress: A function that is called with the number of bytes sent and the total number of bytes.

        Raises:
            StoreError: If boto3 is not installed.
            ValueError: If the path does not exist, or the endpoint or the credentials are missing.
            TypeError: If the prefix is not text.
            Exception: Whatever boto3 raises if the upload fails.
        """
        params = S3Params(
            bucket_name,
            s3_prefix,
            endpoint_url,
            access_key_id,
            secret_access_key,
            region,
            multipart_threshold,
            multipart_chunksize,
            max_pool_connections,
        )
        return _save(path, params, progress)

    def upload_artifact_and_register_model(
        self,
        name: str,
        model_files_path: str | os.PathLike[str],
        *,
        upload_params: S3Params,
        version: str,
        model_format_name: str,
        model_format_version: str,
        author: str | None = None,
        owner: str | None = None,
        version_description: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, SupportedTypes] | None = None,
        progress: _s3.Progress | None = None,
        exist_ok: bool = False,
        **more: Unpack[ArtifactFields],
    ) -> RegisteredModel:
        """Upload a model to S3 storage, and register it. It needs the extra `s3`.

        It checks all arguments, and whether the version exists, before it uploads anything. If the upload or the
        registration fails, repeat the call. It uploads the files again and creates what is missing.

        Args:
            name: Name of the model.
            model_files_path: The file or the directory to upload.
            upload_params: Where to upload it, as `utils.S3Params`.
            version: Name of the new version.
            model_format_name: Name of the format, such as "onnx".
            model_format_version: Version of the format.
            author: As in `register_model`.
            owner: As in `register_model`.
            version_description: As in `register_model`.
            description: As in `register_model`.
            metadata: As in `register_model`.
            progress: A function that is called with the number of bytes sent and the total number of bytes.
            exist_ok: Return the model if this version exists with the same values, which include the URI, instead of
                raising an error. Nothing is uploaded then: the files are not compared with those that are stored.
            **more: As in `register_model`.

        Returns:
            The model.

        Raises:
            DuplicateError: If the version exists with its artifact, or without it but with other values. With
                `exist_ok`, only if a value differs.
            ValueError: If `upload_params` is not an `S3Params`, an argument is not valid, or for the reasons that
                `save_to_s3` lists.
        """
        params = _s3.with_environment(_require_s3_params(upload_params))
        entries = new_entries(
            name,
            _uri_of(params),
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
        registered = self.async_runner(_registered_before(self.api, entries, exist_ok=exist_ok))
        if registered is not None:
            return registered
        _s3.upload(model_files_path, params, progress)
        return self.async_runner(register(self.api, *entries, exist_ok=exist_ok))


def _require_s3_params(given: S3Params | None) -> S3Params:
    if given is None:
        raise ValueError(
            'Param "upload_params" is required to perform an upload. Please ensure the value provided is valid, '
            "such as S3Params(bucket_name=…, s3_prefix=…)"
        )
    if not isinstance(given, S3Params):
        raise ValueError(  # noqa: TRY004 - what upstream raises
            'Param "upload_params" must be an S3Params. For an image of an OCI registry, push it with skopeo or '
            "oras, and call `register_model` with its URI (oci://…)"
        )
    return given


def _save(path: str | os.PathLike[str], given: S3Params, progress: _s3.Progress | None) -> str:
    params = _s3.with_environment(given)
    uri = _uri_of(params)
    _s3.upload(path, params, progress)
    return uri


def _uri_of(params: S3Params) -> str:
    """Return the URI of what is uploaded with these parameters, which are complete."""
    prefix, bucket = _s3.key_prefix(params), params.bucket_name
    return s3_uri_from(prefix, bucket, endpoint=params.endpoint_url, region=params.region)


async def _registered_before(
    api: ModelRegistryAPIClient, entries: NewEntries, *, exist_ok: bool
) -> RegisteredModel | None:
    """Return the model if its version exists and is accepted, or None if it is new or can be completed.

    Raises:
        DuplicateError: If the version cannot be registered.
    """
    model = await api.get_registered_model_by_params(entries.model.name)
    stored = model and await api.get_model_version_by_params(model.id, entries.version.name)
    if not stored:
        return None
    artifact = await api.get_model_artifact_by_params(entries.artifact.name, stored.id)
    if artifact is not None and not exist_ok:
        raise DuplicateError(f"Model `{entries.model.name}:{stored.name}` already exists in Model Registry.")
    if artifact is None and not any(_differing_fields(entries.version, stored)):
        return None
    # A registration of such a version creates nothing: it returns the model, or its error says why not.
    return await register(api, *entries, exist_ok=exist_ok)
