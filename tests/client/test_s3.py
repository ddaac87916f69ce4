"""Uploads to a local S3 server (moto)."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from model_registry import ModelRegistry
from model_registry.exceptions import DuplicateError, StoreError, UnwritableProperty
from model_registry.types import ArtifactState, ProtoProperty, RegisteredModel
from model_registry.utils import S3Params, s3_uri_from

Unique = Callable[[str], str]
FORMAT: dict[str, Any] = {"model_format_name": "onnx", "model_format_version": "1"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def params(endpoint: str, unique: Unique, monkeypatch: pytest.MonkeyPatch) -> S3Params:
    for name in (
        "AWS_S3_ENDPOINT",
        "AWS_S3_BUCKET",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    params = S3Params(unique("bucket"), "models/hal", endpoint, "key", "secret", "us-east-1")
    storage(params).create_bucket(Bucket=params.bucket_name)
    return params


@pytest.fixture
def registry(registry_url: str) -> Iterator[ModelRegistry]:
    with ModelRegistry(registry_url, author="me", user_token="t") as connected:
        yield connected


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "deep" / "weights.onnx").write_bytes(b"w" * 3_000_000)
    return tmp_path / "model"


def storage(params: S3Params) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=params.endpoint_url,
        aws_access_key_id=params.access_key_id,
        aws_secret_access_key=params.secret_access_key,
        region_name=params.region,
    )


def stored(params: S3Params) -> dict[str, int]:
    listed = storage(params).list_objects_v2(Bucket=params.bucket_name)
    return {item["Key"]: item["Size"] for item in listed.get("Contents", [])}


def incomplete(registry: ModelRegistry, name: str, author: str) -> None:
    model = registry.async_runner(registry._register_model(name))
    registry.async_runner(registry._register_new_version(model, "v1", author))


def test_a_directory_is_uploaded_and_registered(
    registry: ModelRegistry, params: S3Params, files: Path, unique: Unique
) -> None:
    reported: list[tuple[int, int]] = []
    model = registry.upload_artifact_and_register_model(
        unique("m"),
        str(files),
        upload_params=params,
        version="v1",
        **FORMAT,
        storage_key="connection",
        metadata={"a": 1},
        progress=lambda sent, total: reported.append((sent, total)),
    )
    assert model.name == unique("m")
    assert stored(params) == {"models/hal/config.json": 2, "models/hal/deep/weights.onnx": 3_000_000}
    artifact, version = registry.get_model_artifact(unique("m"), "v1"), registry.get_model_version(unique("m"), "v1")
    assert artifact is not None
    assert version is not None
    assert (
        artifact.uri == f"s3://{params.bucket_name}/models/hal?endpoint={params.endpoint_url}&defaultRegion=us-east-1"
    )
    assert (artifact.storage_key, artifact.state) == ("connection", ArtifactState.UNKNOWN)
    assert version.custom_properties == {"a": 1}
    assert reported[-1] == (3_000_002, 3_000_002)
    assert [sent for sent, _ in reported] == sorted(sent for sent, _ in reported)


def test_a_version_that_exists_is_refused_before_the_upload(
    registry: ModelRegistry, params: S3Params, files: Path, unique: Unique
) -> None:
    registry.register_model(unique("m"), "s3://1", version="v1", **FORMAT)
    with pytest.raises(DuplicateError, match=rf"^Model `{unique('m')}:v1` already exists in Model Registry\.$"):
        registry.upload_artifact_and_register_model(unique("m"), files, upload_params=params, version="v1", **FORMAT)
    assert stored(params) == {}


def test_a_registration_that_stopped_halfway_is_completed(
    registry: ModelRegistry, params: S3Params, files: Path, unique: Unique
) -> None:
    incomplete(registry, unique("m"), "me")
    registry.upload_artifact_and_register_model(unique("m"), files, upload_params=params, version="v1", **FORMAT)
    assert registry.get_model_artifact(unique("m"), "v1") is not None


def test_a_file_is_uploaded_with_the_environments_settings(
    registry: ModelRegistry, params: S3Params, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_S3_ENDPOINT", params.endpoint_url or "")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    uri = registry.save_to_s3(str(files / "config.json"), params.bucket_name, "single/")
    assert uri == s3_uri_from("single", params.bucket_name, endpoint=params.endpoint_url, region="us-east-1")
    assert stored(params) == {"single/config.json": 2}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"endpoint_url": None}, "The S3 endpoint is missing: pass `endpoint_url`, or set AWS_S3_ENDPOINT"),
        ({"secret_access_key": None}, "The S3 credentials are missing: pass `access_key_id` and `secret_access_key`"),
    ],
)
def test_missing_settings_are_named(
    registry: ModelRegistry, params: S3Params, files: Path, change: dict[str, None], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        registry.save_to_s3(files, **{**vars(params), **change})


def test_a_path_without_files_is_refused(registry: ModelRegistry, params: S3Params, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        registry.save_to_s3(tmp_path / "absent", **vars(params))
    with pytest.raises(ValueError, match="contains no file to upload"):
        registry.save_to_s3(tmp_path, **vars(params))


def test_other_parameters_are_refused_with_the_way_for_images(registry: ModelRegistry, files: Path) -> None:
    with pytest.raises(ValueError, match=r"must be an S3Params\. For an image .* push it with skopeo or oras"):
        registry.upload_artifact_and_register_model("m", files, upload_params={}, version="v1", **FORMAT)  # type: ignore[arg-type]  # what a program for upstream may pass


def test_missing_parameters_are_refused_in_upstreams_words(registry: ModelRegistry, files: Path) -> None:
    with pytest.raises(ValueError, match='Param "upload_params" is required to perform an upload'):
        registry.upload_artifact_and_register_model("m", files, upload_params=None, version="v1", **FORMAT)  # type: ignore[arg-type]  # what a program for upstream may pass


def test_without_boto3_the_extra_is_named(
    registry: ModelRegistry, params: S3Params, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(StoreError, match=re.escape("pip install boto3")):
        registry.save_to_s3(files, **vars(params))


def test_credentials_are_not_shown(params: S3Params) -> None:
    assert "secret" not in repr(params)


@pytest.mark.parametrize("prefix", ["/models/x", "models/x/", "//models/x//"])
def test_the_uri_leads_to_what_was_uploaded_whatever_slashes_the_prefix_has(
    registry: ModelRegistry, params: S3Params, files: Path, prefix: str
) -> None:
    uri = registry.save_to_s3(files, **{**vars(params), "s3_prefix": prefix})
    assert uri.startswith(f"s3://{params.bucket_name}/models/x?")
    assert set(stored(params)) == {"models/x/config.json", "models/x/deep/weights.onnx"}


@pytest.mark.parametrize("prefix", ["", "/"])
def test_without_a_prefix_the_uri_is_that_of_the_bucket(
    registry: ModelRegistry, params: S3Params, files: Path, prefix: str
) -> None:
    uri = registry.save_to_s3(files, **{**vars(params), "s3_prefix": prefix})
    assert uri.startswith(f"s3://{params.bucket_name}/?")
    assert set(stored(params)) == {"config.json", "deep/weights.onnx"}


def test_a_prefix_that_is_not_text_is_refused(registry: ModelRegistry, params: S3Params, files: Path) -> None:
    with pytest.raises(TypeError, match="The prefix is text, got NoneType"):
        registry.save_to_s3(files, **{**vars(params), "s3_prefix": None})
    assert stored(params) == {}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"storage_ky": "c"}, ValueError, "storage_ky"),
        ({"metadata": {"accuracy": None}}, ValueError, "custom property 'accuracy': a value must be"),
        ({"metadata": {"parameters": 7_000_000_000}}, ValueError, "needs more than 32 bits"),
        ({"metadata": {"a": ProtoProperty({})}}, UnwritableProperty, "Nothing has been written"),
        ({"version": None}, ValueError, "name"),
        ({"version": 1}, ValueError, "valid string"),
        ({"author": 1}, ValueError, "author"),
        ({"upload_params": S3Params("b", "p", "http://s3", "k")}, ValueError, "credentials are missing"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_sent(
    registry: ModelRegistry,
    params: S3Params,
    files: Path,
    unique: Unique,
    change: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    call = {"upload_params": params, "version": "v1", **FORMAT, **change}
    with pytest.raises(error, match=message):
        registry.upload_artifact_and_register_model(unique("m"), files, **call)
    assert stored(params) == {}
    assert registry.get_registered_model(unique("m")) is None


@pytest.mark.parametrize("exist_ok", [False, True])
def test_an_incomplete_version_of_another_author_is_refused_before_the_upload(
    registry: ModelRegistry, params: S3Params, files: Path, unique: Unique, *, exist_ok: bool
) -> None:
    incomplete(registry, unique("m"), "you")
    with pytest.raises(DuplicateError, match="without its artifact and with another author: register it"):
        registry.upload_artifact_and_register_model(
            unique("m"), files, upload_params=params, version="v1", **FORMAT, exist_ok=exist_ok
        )
    assert stored(params) == {}
    assert registry.get_model_artifact(unique("m"), "v1") is None


def test_an_equal_version_is_accepted_on_request_and_not_uploaded_again(
    registry: ModelRegistry, params: S3Params, files: Path, unique: Unique
) -> None:
    def upload(prefix: str = params.s3_prefix, **change: Any) -> RegisteredModel:
        call = {"version": "v1", **FORMAT, "metadata": {"a": 1}, "exist_ok": True, **change}
        return registry.upload_artifact_and_register_model(
            unique("m"), files, upload_params=replace(params, s3_prefix=prefix), **call
        )

    first = upload()
    assert set(stored(params)) == {"models/hal/config.json", "models/hal/deep/weights.onnx"}
    storage(params).delete_object(Bucket=params.bucket_name, Key="models/hal/config.json")
    assert upload() == first
    assert upload("/models/hal/") == first
    with pytest.raises(DuplicateError, match="v1 already exists, with an artifact with another uri"):
        upload("elsewhere")
    with pytest.raises(DuplicateError, match="v1 already exists, with another custom_properties"):
        upload(metadata={"a": 2})
    assert set(stored(params)) == {"models/hal/deep/weights.onnx"}


def test_the_warning_about_a_deprecated_argument_points_to_the_call(
    registry: ModelRegistry, params: S3Params, files: Path, unique: Unique
) -> None:
    call: dict[str, Any] = {**FORMAT, "version": "v1", "description": "d"}
    with pytest.warns(DeprecationWarning, match="'description' parameter") as by_upload:
        registry.upload_artifact_and_register_model(unique("m"), files, upload_params=params, **call)
    with pytest.warns(DeprecationWarning, match="'description' parameter") as by_registration:
        registry.register_model(unique("n"), "s3://1", **call)
    assert {warning.filename for warning in [*by_upload, *by_registration]} == {__file__}
