"""The package as others meet it: what it exports, its types, and a namesake on the machine."""

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
    """A folder where PyPI's `model-registry` looks installed."""
    info = tmp_path / "model_registry-0.3.12.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: model-registry\nVersion: 0.3.12\n")
    return tmp_path


def test_a_namesake_in_the_same_environment_is_refused_with_what_to_do(namesake: Path) -> None:
    done = python("-c", "import model_registry", path=f"{SOURCE_ROOT}{os.pathsep}{namesake}")
    assert done.returncode == 1
    assert "ImportError: The distribution `model-registry` 0.3.12 is installed too" in done.stderr
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
        async for each in Pager(client.get_registered_models).descending().limit(10):
            reveal_type(each)
        try:
            await client.upsert_registered_model(RegisteredModel(name="HAL"))
        except ConflictError as conflict:
            print(conflict.holder, conflict.status)


asyncio.run(main())
"""

WRONG_PROGRAM = """
from model_registry import ModelRegistryAPIClient, RegisteredModel


async def wrong(client: ModelRegistryAPIClient) -> None:
    RegisteredModel("m").ownr
    RegisteredModel("m").owner = 5
    await client.upsert_model_version(RegisteredModel("m"))
    ModelRegistryAPIClient.secure_connection("r")
"""


def check_types(program: str, folder: Path) -> str:
    """Run mypy as a user would: strict, without a plugin or settings of ours."""
    file = folder / "program.py"
    file.write_text(program)
    settings = folder / "mypy.ini"
    settings.write_text("[mypy]\nstrict = True\n")
    cache = folder / "cache"
    return python(
        "-m", "mypy", "--config-file", str(settings), "--cache-dir", str(cache), str(file), path=str(SOURCE_ROOT)
    ).stdout


def test_a_users_program_passes_a_strict_type_check(tmp_path: Path) -> None:
    lines = check_types(USERS_PROGRAM, tmp_path).splitlines()
    revealed = [line.split('"')[1].replace("builtins.", "") for line in lines if "Revealed type" in line]
    assert revealed == [
        "model_registry.types.contexts.RegisteredModel",
        "model_registry.types.contexts.RegisteredModel | None",
        "dict[str, bool | int | float | str] | None",
        "model_registry.types.artifacts.ModelArtifact",
        "model_registry.types.artifacts.DocArtifact",
        "list[model_registry.types.artifacts.Artifact]",
        "model_registry.types.contexts.RegisteredModel",
    ]
    assert lines[-1] == "Success: no issues found in 1 source file"


def test_a_users_mistakes_are_found_by_a_type_check(tmp_path: Path) -> None:
    report = check_types(WRONG_PROGRAM, tmp_path)
    for code in ("attr-defined", "assignment", "arg-type", "call-arg"):
        assert f"[{code}]" in report
    assert "Found 4 errors" in report
