"""s3_uri_from, with and without the environment of a workbench."""

import pytest

from model_registry.exceptions import MissingMetadata
from model_registry.utils import s3_uri_from

VARIABLES = {"AWS_S3_BUCKET": "cool-bucket", "AWS_S3_ENDPOINT": "http://minio:9000", "AWS_DEFAULT_REGION": "eu"}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def workbench(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_everything_given() -> None:
    assert s3_uri_from("a/b", "bucket", endpoint="e", region="r") == "s3://bucket/a/b?endpoint=e&defaultRegion=r"


def test_the_region_is_optional() -> None:
    assert s3_uri_from("a/b", "bucket", endpoint="e") == "s3://bucket/a/b?endpoint=e"


@pytest.mark.usefixtures("workbench")
def test_everything_from_the_environment() -> None:
    uri = "s3://cool-bucket/a?endpoint=http://minio:9000&defaultRegion=eu"
    assert s3_uri_from("a") == uri
    assert s3_uri_from("a", "cool-bucket") == uri


@pytest.mark.usefixtures("workbench")
def test_arguments_take_precedence_over_the_environment() -> None:
    assert s3_uri_from("a", endpoint="e", region="r") == "s3://cool-bucket/a?endpoint=e&defaultRegion=r"
    assert s3_uri_from("a", "other", endpoint="e") == "s3://other/a?endpoint=e&defaultRegion=eu"


def test_without_any_bucket() -> None:
    with pytest.raises(MissingMetadata, match=r"^Custom environment requires all arguments$"):
        s3_uri_from("a", endpoint="e", region="r")


def test_without_an_endpoint_for_another_bucket() -> None:
    with pytest.raises(MissingMetadata, match=r"^endpoint must be provided for non-default bucket$"):
        s3_uri_from("a", "bucket")


@pytest.mark.usefixtures("workbench")
def test_the_environments_endpoint_is_not_used_for_another_bucket() -> None:
    with pytest.raises(MissingMetadata, match=r"^endpoint must be provided for non-default bucket$"):
        s3_uri_from("a", "other")


def test_without_an_endpoint_for_the_default_bucket(workbench: pytest.MonkeyPatch) -> None:
    workbench.delenv("AWS_S3_ENDPOINT")
    with pytest.raises(MissingMetadata, match=r"^Missing environment variable: `bucket` is required$"):
        s3_uri_from("a")
