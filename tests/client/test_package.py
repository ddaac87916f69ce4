"""The package as users see it: its exports, its types, and a namesake in the environment."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import model_registry

PROJECT = Path(__file__).parents[2]
SOURCE_ROOT = PROJECT / "operator"


def python(*arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("module", ["model_registry", "model_registry.types"])
def test_all_names_exist_and_are_listed_in_order(module: str) -> None:
    exported = importlib.import_module(module)
    assert sorted(exported.__all__) == list(exported.__all__)
    for name in exported.__all__:
        assert hasattr(exported, name)


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert model_registry.__version__ == project["version"]


@pytest.fixture
def namesake(tmp_path: Path) -> Path:
    """Return a folder in which PyPI's `model-registry` appears to be installed."""
    info = tmp_path / "model_registry-0.3.12.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: model-registry\nVersion: 0.3.12\n")
    return tmp_path


def test_a_namesake_in_the_same_environment_is_refused_with_instructions(namesake: Path) -> None:
    done = python("-c", "import model_registry", path=f"{SOURCE_ROOT}{os.pathsep}{namesake}")
    assert done.returncode == 1
    assert "ImportError: The distribution `model-registry` 0.3.12 is also installed" in done.stderr
    assert "pip uninstall --yes model-registry model-registrar" in done.stderr
    done = python("-c", "import model_registry.types", path=f"{SOURCE_ROOT}{os.pathsep}{namesake}")
    assert done.returncode == 1, "no way into the package leads around it"


def test_without_the_namesake_the_import_works() -> None:
    done = python("-c", "import model_registry; print(model_registry.__name__)", path=str(SOURCE_ROOT))
    assert (done.returncode, done.stdout) == (0, "model_registry\n")


USERS_PROGRAM = """
import asyncio

from model_registry import ListOptions, ModelRegistryAPIClient, ModelVersion, Pager, RegisteredModel
from model_registry.exceptions import ConflictError
from model_registry.types import DocArtifact, ModelArtifact


async def main() -> None:
    async with ModelRegistryAPIClient.connect("http://localhost:8080") as client:
        model = await client.upsert_registered_model(RegisteredModel("HAL", owner="me"))
        found = await client.get_registered_model_by_id(model.id)
        reveal_type(model)
        reveal_type(found)
        reveal_type(model.custom_properties)
        version = await client.upsert_model_version(ModelVersion("9000", author="me"), model.id)
        trained = await client.upsert_model_artifact(ModelArtifact("core", uri="s3://b/k"), version.id)
        readme = await client.upsert_model_version_artifact(DocArtifact(name="README", uri="u"), version.id)
        reveal_type(trained)
        reveal_type(readme)
        reveal_type(await client.get_model_version_artifacts(version.id, ListOptions(limit=5)))
        async for listed in Pager(client.get_registered_models).descending().limit(10):
            reveal_type(listed)
        try:
            await client.upsert_registered_model(RegisteredModel(name="HAL"))
        except ConflictError as conflict:
            print(conflict.holder, conflict.status)


asyncio.run(main())
"""

SYNCHRONOUS_PROGRAM = """
from pathlib import Path

from model_registry import ModelRegistry, ModelRegistryAPIClient, RegisteredModel, bulk
from model_registry.types import DataSet, Metric, ModelVersion, Pager


def main() -> None:
    with ModelRegistry("http://localhost:8080", author="me", user_token=Path("token")) as registry:
        model = registry.register_model(
            "HAL",
            "s3://b/k",
            model_format_name="onnx",
            model_format_version="1",
            version="9000",
            storage_key="connection",
            metadata={"accuracy": 0.9, "reviewed": True},
        )
        reveal_type(model)
        reveal_type(registry.get_model_version("HAL", "9000"))
        reveal_type(registry.get_model_artifact("HAL", "9000"))
        reveal_type(registry.update(ModelVersion("9000", id="2")))
        reveal_type(registry.get_registered_models().page_size(5))
        for version in registry.get_model_versions("HAL").descending():
            reveal_type(version)


async def many(client: ModelRegistryAPIClient) -> None:
    results = await bulk(client.upsert_registered_model(RegisteredModel(f"m{number}")) for number in range(9))
    reveal_type(results[0])
    reveal_type(results.values())
    reveal_type(results.failures)
    found = await bulk(client.get_model_versions(m.id) async for m in Pager(client.get_registered_models))
    reveal_type(found.values())
    reveal_type(DataSet("d").schema)
    reveal_type(Metric("m", value=1).value)
"""

WRONG_PROGRAM = """
from model_registry import ModelRegistry, ModelRegistryAPIClient, RegisteredModel


async def wrong(client: ModelRegistryAPIClient) -> None:
    RegisteredModel("m").ownr
    RegisteredModel("m").owner = 5
    await client.upsert_model_version(RegisteredModel("m"))
    ModelRegistryAPIClient.secure_connection("r")
    await client.get_experiments()


def wrong_too(registry: ModelRegistry) -> None:
    registry.register_model("m", "u", version="v", model_format_name="f", model_format_version="1", storage_kye="k")
    registry.update("m")
    registry.register_hf_model("path", "bucket", "prefix")
"""


def check_types(program: str, folder: Path) -> str:
    """Run mypy as a user would: strict, without this project's plugin and settings."""
    file = folder / "program.py"
    file.write_text(program)
    settings = folder / "mypy.ini"
    settings.write_text("[mypy]\nstrict = True\n")
    cache = folder / "cache"
    return python(
        "-m", "mypy", "--config-file", str(settings), "--cache-dir", str(cache), str(file), path=str(SOURCE_ROOT)
    ).stdout


def revealed_types(program: str, folder: Path) -> list[str]:
    """Return the types that a program reveals, after checking that it has no mistakes."""
    *shown, verdict = check_types(program, folder).splitlines()
    assert verdict == "Success: no issues found in 1 source file", "\n".join(shown)
    return [line.split('"')[1].replace("builtins.", "") for line in shown if "Revealed type" in line]


def test_a_users_program_passes_a_strict_type_check(tmp_path: Path) -> None:
    assert revealed_types(USERS_PROGRAM, tmp_path) == [
        "model_registry.types.contexts.RegisteredModel",
        "model_registry.types.contexts.RegisteredModel | None",
        "dict[str, bool | int | float | str | model_registry.types.properties.OpaqueProperty] | None",
        "model_registry.types.artifacts.ModelArtifact",
        "model_registry.types.artifacts.DocArtifact",
        "list[model_registry.types.artifacts.Artifact]",
        "model_registry.types.contexts.RegisteredModel",
    ]


def test_a_synchronous_program_passes_a_strict_type_check(tmp_path: Path) -> None:
    assert revealed_types(SYNCHRONOUS_PROGRAM, tmp_path) == [
        "model_registry.types.contexts.RegisteredModel",
        "model_registry.types.contexts.ModelVersion | None",
        "model_registry.types.artifacts.ModelArtifact | None",
        "model_registry.types.contexts.ModelVersion",
        "model_registry.types.pager.Pager[model_registry.types.contexts.RegisteredModel]",
        "model_registry.types.contexts.ModelVersion",
        "model_registry.types.contexts.RegisteredModel | Exception",
        "list[model_registry.types.contexts.RegisteredModel]",
        "dict[int, Exception]",
        "list[list[model_registry.types.contexts.ModelVersion]]",
        "str | None",
        "float | None",
    ]


def test_a_users_mistakes_are_found_by_a_type_check(tmp_path: Path) -> None:
    report = check_types(WRONG_PROGRAM, tmp_path)
    for code in ("attr-defined", "assignment", "arg-type", "call-arg", "type-var"):
        assert f"[{code}]" in report
    for left_out in ("get_experiments", "register_hf_model"):
        assert f'has no attribute "{left_out}"' in report
    assert "Found 8 errors" in report
