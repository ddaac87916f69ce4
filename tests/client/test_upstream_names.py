"""Programs written for PyPI's `model-registry` find its names here, or an error says what to use instead.

`upstream_names.json` was recorded with `inspect` from its versions 0.3.10 (the last but one that supports v1alpha3) and
0.3.18. It contains the public names of its modules, the members of its classes and the parameters of its functions ("*"
precedes the keyword-only ones).
"""

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import model_registry
from model_registry import _upstream_compat, core, exceptions, types, utils
from model_registry.core import ModelRegistryAPIClient

RECORDED = json.loads(Path(__file__).with_name("upstream_names.json").read_text())
MIGRATION = Path(__file__).parents[2] / "docs" / "migration.md"

MODULES = {module.__name__: module for module in (model_registry, core, exceptions, types, utils)}
LEFT_OUT_OF_MODULES: dict[str, set[str]] = {
    "model_registry.exceptions": set(_upstream_compat.EXCEPTIONS),
    "model_registry.types": set(_upstream_compat.TYPES),
    "model_registry.utils": set(_upstream_compat.UTILS),
}
LEFT_OUT_OF_CLASSES: dict[str, set[str]] = {
    "ListOptions": set(_upstream_compat.OPTIONS),
    "ModelRegistry": set(_upstream_compat.HIGH_LEVEL),
    "ModelRegistryAPIClient": set(_upstream_compat.CORE),
}
LEFT_OUT_OF_ENTRIES = {
    # To and from the generated classes.
    *("as_basemodel", "create", "from_artifact", "from_basemodel", "update", "validate_artifact", "wrap"),
    # Of artifacts, in 0.3.10.
    *("experiment_id", "experiment_run_id"),
}
ALL_LEFT_OUT = LEFT_OUT_OF_ENTRIES.union(*LEFT_OUT_OF_MODULES.values(), *LEFT_OUT_OF_CLASSES.values())


def recorded(section: str) -> list[Any]:
    return [
        pytest.param(owner, names, id=f"{version}-{owner}")
        for version, record in RECORDED.items()
        for owner, names in record[section].items()
    ]


def class_of(name: str) -> type[Any]:
    found: type[Any] = getattr(model_registry, name, None) or getattr(types, name, None) or getattr(utils, name)
    return found


def is_here(owner: str) -> bool:
    """Return whether a recorded class exists here, and is not an unsupported one."""
    return not any(owner in names for names in LEFT_OUT_OF_MODULES.values())


def left_out_of(owner: str) -> set[str]:
    is_entry = hasattr(types, owner) and issubclass(class_of(owner), types.RegistryEntry)
    return LEFT_OUT_OF_ENTRIES if is_entry else LEFT_OUT_OF_CLASSES.get(owner, set())


@pytest.mark.parametrize(("module", "names"), recorded("names"))
def test_every_name_of_a_module_exists_or_is_listed_as_unsupported(module: str, names: list[str]) -> None:
    left_out = LEFT_OUT_OF_MODULES.get(module, set())
    for name in names:
        if name in left_out:
            with pytest.raises(ImportError, match=name):
                exec(f"from {module} import {name}", {})  # noqa: S102 - the statement that users write
        else:
            assert hasattr(importlib.import_module(module), name), name


@pytest.mark.parametrize(("owner", "names"), recorded("members"))
def test_every_member_of_a_class_exists_or_is_listed_as_unsupported(owner: str, names: list[str]) -> None:
    if not is_here(owner):
        return
    cls = class_of(owner)
    here = {name for name in names if hasattr(cls, name)} | set(inspect.signature(cls).parameters)
    here |= set(getattr(cls, "model_fields", ())) | set(getattr(cls, "__dataclass_fields__", ()))
    here |= set(vars(types.Pager(list))) if cls is types.Pager else set()
    assert set(names) - here <= left_out_of(owner)


@pytest.mark.parametrize(("function", "theirs"), recorded("signatures"))
def test_every_upstream_call_is_accepted(function: str, theirs: list[str]) -> None:
    """Positional parameters have the same position and name, and keywords are accepted."""
    owner, _, method = function.partition(".")
    if not is_here(owner) or (method and method in left_out_of(owner)):
        return
    found = getattr(class_of(owner), method) if method else getattr(utils, owner, None) or class_of(owner)
    ours = [parameter for parameter in inspect.signature(found).parameters.values() if parameter.name != "self"]
    positional = theirs[: theirs.index("*")] if "*" in theirs else [name for name in theirs if name[0] != "*"]
    at_the_same_place = [parameter.name for parameter in ours if parameter.kind is parameter.POSITIONAL_OR_KEYWORD][
        : len(positional)
    ]
    assert at_the_same_place == positional
    names = {parameter.name for parameter in ours}
    keywords = {name for name in theirs if not name.startswith("*")}
    assert keywords <= names or any(parameter.kind is parameter.VAR_KEYWORD for parameter in ours)


def test_unsupported_names_exist_upstream_only() -> None:
    upstream = {name for record in RECORDED.values() for names in record["names"].values() for name in names}
    upstream |= {name for record in RECORDED.values() for names in record["members"].values() for name in names}
    assert upstream >= ALL_LEFT_OUT
    for owner, names in LEFT_OUT_OF_CLASSES.items():
        assert not any(hasattr(class_of(owner), name) for name in names)


def test_unsupported_names_are_in_the_migration_guide() -> None:
    page = MIGRATION.read_text()
    for name in sorted(ALL_LEFT_OUT):
        assert f"`{name}`" in page, name


def test_importing_an_unsupported_name_explains_it() -> None:
    with pytest.raises(
        ImportError, match=r"'OCIParams' from 'model_registry.utils': uploads to OCI registries are not supported: push"
    ):
        from model_registry.utils import OCIParams  # type: ignore[attr-defined]  # noqa: F401, PLC0415 - unsupported
    with pytest.raises(ImportError, match=r"'Experiment' from 'model_registry.types': experiments"):
        from model_registry.types import Experiment  # type: ignore[attr-defined]  # noqa: F401, PLC0415 - unsupported
    with pytest.raises(ImportError, match=r"'ExperimentRunError' from 'model_registry.exceptions': experiments"):
        from model_registry.exceptions import (  # type: ignore[attr-defined]  # noqa: PLC0415 - unsupported
            ExperimentRunError,  # noqa: F401
        )


@pytest.mark.parametrize("module", ["model_registry.exceptions", "model_registry.types", "model_registry.utils"])
def test_an_unknown_name_is_missing_as_usual(module: str) -> None:
    assert not hasattr(importlib.import_module(module), "nobodys")


def test_calling_an_unsupported_method_explains_it() -> None:
    client = ModelRegistryAPIClient.connect("http://localhost")
    with pytest.raises(AttributeError, match="no attribute 'get_experiments': experiments and their runs are not supp"):
        client.get_experiments  # type: ignore[attr-defined]  # noqa: B018 - the look-up is the point
    with pytest.raises(AttributeError, match=r"no attribute 'nobodys'$"):
        client.nobodys  # type: ignore[attr-defined]  # noqa: B018 - the same
    assert not hasattr(client, "get_experiments")


def test_the_configuration_of_the_generated_client_is_refused_with_what_to_use() -> None:
    client = ModelRegistryAPIClient.connect("http://localhost")
    with pytest.raises(AttributeError, match=r"no attribute 'config': .*create a client with `connect`"):
        client.config  # type: ignore[attr-defined]  # noqa: B018 - the look-up is the point
    with pytest.raises(TypeError, match=r"^Create a client with ModelRegistryAPIClient\.connect\(.*, not from a dict$"):
        ModelRegistryAPIClient({"host": "http://localhost"})  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="no attribute 'as_options': pass the options themselves"):
        types.ListOptions().as_options()  # type: ignore[attr-defined]


def test_upstreams_other_names_for_our_types() -> None:
    assert isinstance(True, types.SupportedTypes)
    assert issubclass(types.RegisteredModel, types.base.BaseResourceModel)
    by_name = types.ArtifactTypeQueryParam
    assert by_name["MODEL_MINUS_ARTIFACT"] is by_name["MODEL_ARTIFACT"]
    assert by_name["DOC_MINUS_ARTIFACT"] is by_name["DOC_ARTIFACT"]
    assert by_name["DATASET_MINUS_ARTIFACT"] is by_name["DATASET_ARTIFACT"]
