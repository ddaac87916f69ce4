"""URIs of stored models."""

import os
from typing import TYPE_CHECKING, Any

from ._left_out import UTILS, absence
from .exceptions import MissingMetadata


def s3_uri_from(
    path: str,
    bucket: str | None = None,
    *,
    endpoint: str | None = None,
    region: str | None = None,
) -> str:
    """Build the URI of an object in S3 storage.

    What is not given is taken from the environment variables AWS_S3_BUCKET, AWS_S3_ENDPOINT and AWS_DEFAULT_REGION, as
    workbenches set them for a data connection.

    Args:
        path: Key of the object in the bucket; taken as it is, nothing is quoted.
        bucket: Name of the bucket.
        endpoint: Address of the S3 service. Required for a bucket other than the environment's.
        region: Region of the bucket.

    Returns:
        ``s3://{bucket}/{path}?endpoint={endpoint}&defaultRegion={region}``, without the region if none is known.

    Raises:
        MissingMetadata: If the bucket or the endpoint is neither given nor in the environment.
    """
    default_bucket = os.environ.get("AWS_S3_BUCKET")
    if not bucket:
        bucket = default_bucket
        if not bucket:
            raise MissingMetadata("Custom environment requires all arguments")
    elif bucket != default_bucket and not endpoint:
        raise MissingMetadata("endpoint must be provided for non-default bucket")
    endpoint = endpoint or os.environ.get("AWS_S3_ENDPOINT")
    if not endpoint:
        raise MissingMetadata("Missing environment variable: `bucket` is required")
    region = region or os.environ.get("AWS_DEFAULT_REGION")
    query = f"endpoint={endpoint}&defaultRegion={region}" if region else f"endpoint={endpoint}"
    return f"s3://{bucket}/{path}?{query}"


if not TYPE_CHECKING:  # or a type checker would take every name to exist

    def __getattr__(name: str) -> Any:
        raise absence(__name__, name, UTILS)
