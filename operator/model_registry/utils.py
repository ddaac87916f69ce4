"""URIs of stored models, and where to upload them."""

import os
from typing import TYPE_CHECKING

from model_registry._s3 import S3Params as S3Params  # noqa: PLC0414 - upstream has it here
from model_registry._upstream_compat import PRIVATE_UTILS, UTILS, missing_name
from model_registry.exceptions import MissingMetadata


def s3_uri_from(
    path: str,
    bucket: str | None = None,
    *,
    endpoint: str | None = None,
    region: str | None = None,
) -> str:
    """Build the URI of an object in S3 storage.

    Arguments that are not given come from the environment variables AWS_S3_BUCKET, AWS_S3_ENDPOINT and
    AWS_DEFAULT_REGION, which workbenches set for a data connection.

    Args:
        path: Key of the object in the bucket. It is used as it is, without quoting.
        bucket: Name of the bucket.
        endpoint: Address of the S3 service. Required if `bucket` is not the environment's bucket.
        region: Region of the bucket.

    Returns:
        ``s3://{bucket}/{path}?endpoint={endpoint}&defaultRegion={region}``, without the region if it is unknown.

    Raises:
        MissingMetadata: If the bucket or the endpoint is neither given nor set in the environment.
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


if not TYPE_CHECKING:  # otherwise a type checker would accept every name
    __getattr__ = missing_name(__name__, UTILS | PRIVATE_UTILS)
