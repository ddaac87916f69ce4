"""Uploads to S3 storage, with boto3 (the extra `s3`)."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model_registry.exceptions import StoreError

Progress = Callable[[int, int], None]
"""Receives how many bytes have been sent and how many there are. Called from the uploading threads, one at a time."""


@dataclass
class S3Params:
    """Where in S3 storage to upload a model, and how.

    Attributes:
        bucket_name: Name of the bucket.
        s3_prefix: Key below which the files are stored. Slashes at its ends are left out.
        endpoint_url: Address of the S3 service. The default is AWS_S3_ENDPOINT.
        access_key_id: The default is AWS_ACCESS_KEY_ID.
        secret_access_key: The default is AWS_SECRET_ACCESS_KEY.
        region: Region of the bucket. The default is AWS_DEFAULT_REGION.
        multipart_threshold: Bytes from which a file is sent in parts.
        multipart_chunksize: Bytes of a part.
        max_pool_connections: How many connections to open at most.
    """

    bucket_name: str
    s3_prefix: str
    endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    region: str | None = None
    multipart_threshold: int = 1024 * 1024
    multipart_chunksize: int = 1024 * 1024
    max_pool_connections: int = 10

    def __repr__(self) -> str:
        return f"{type(self).__name__}(bucket_name={self.bucket_name!r}, s3_prefix={self.s3_prefix!r}, …)"


def with_environment(params: S3Params) -> S3Params:
    """Return the parameters with those that are not given from the environment.

    Raises:
        ValueError: If the endpoint or the credentials are neither given nor set in the environment.
    """
    filled = replace(
        params,
        endpoint_url=params.endpoint_url or os.environ.get("AWS_S3_ENDPOINT"),
        access_key_id=params.access_key_id or os.environ.get("AWS_ACCESS_KEY_ID"),
        secret_access_key=params.secret_access_key or os.environ.get("AWS_SECRET_ACCESS_KEY"),
        region=params.region or os.environ.get("AWS_DEFAULT_REGION"),
    )
    if not filled.endpoint_url:
        raise ValueError("The S3 endpoint is missing: pass `endpoint_url`, or set AWS_S3_ENDPOINT")
    if not (filled.access_key_id and filled.secret_access_key):
        raise ValueError(
            "The S3 credentials are missing: pass `access_key_id` and `secret_access_key`, or set AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY"
        )
    return filled


def key_prefix(params: S3Params) -> str:
    """Return the prefix as the keys and the URI begin with it: without slashes at its ends.

    Raises:
        TypeError: If it is not text.
    """
    prefix = params.s3_prefix
    if not isinstance(prefix, str):
        raise TypeError(f"The prefix is text, got {type(prefix).__name__}: {prefix!r}")
    return prefix.strip("/")


def upload(path: str | os.PathLike[str], params: S3Params, progress: Progress | None = None) -> None:
    """Upload a file, or all files of a directory, below the prefix.

    Args:
        path: The file or the directory.
        params: Where to and how, complete.
        progress: Receives the progress over all files.

    Raises:
        StoreError: If boto3 is not installed.
        ValueError: If the path does not exist, or the directory contains no file.
        Exception: What boto3 raises, if the upload fails.
    """
    files = list(_files(Path(path)))
    if not files:
        raise ValueError(f"{os.fspath(path)!r} contains no file to upload")
    client, config = _connect(params)
    report = _Report(progress, sum(file.stat().st_size for file, _ in files)) if progress else None
    prefix = key_prefix(params)
    for file, name in files:
        key = f"{prefix}/{name}" if prefix else name
        client.upload_file(Filename=str(file), Bucket=params.bucket_name, Key=key, Config=config, Callback=report)


class _Report:
    """Adds up what the uploading threads have sent."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._sent = 0
        self._lock = threading.Lock()

    def __call__(self, sent: int) -> None:
        with self._lock:
            self._sent += sent
            self._progress(self._sent, self._total)


def _files(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file with its name below the path."""
    if not path.exists():
        raise ValueError(f"The path {str(path)!r} does not exist. Please ensure path is correct.")
    if path.is_file():
        yield path, path.name
        return
    for file in sorted(path.rglob("*")):
        if file.is_file():
            yield file, file.relative_to(path).as_posix()


def _connect(params: S3Params) -> tuple[Any, Any]:
    """Return boto3's client and how it transfers files."""
    try:
        import boto3  # noqa: PLC0415 - an extra, which few programs need
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - the same
        from botocore.config import Config  # noqa: PLC0415 - the same
    except ImportError as error:
        raise StoreError("Uploads to S3 need boto3: run `pip install boto3`") from error
    client = boto3.client(
        "s3",
        endpoint_url=params.endpoint_url,
        aws_access_key_id=params.access_key_id,
        aws_secret_access_key=params.secret_access_key,
        region_name=params.region,
        config=Config(max_pool_connections=params.max_pool_connections),
    )
    config = TransferConfig(
        multipart_threshold=params.multipart_threshold, multipart_chunksize=params.multipart_chunksize
    )
    return client, config
