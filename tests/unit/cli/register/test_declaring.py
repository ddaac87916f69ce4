"""From arguments to a manifest, without a cluster."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import UserDict
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from registrar.cli import main
from registrar.cli.exits import ExitCode
from registrar.cli.register.arguments import property_value
from registrar.cli.register.contents import differences, holds
from registrar.cli.register.declaring import Registration, declared
from registrar.cli.register.errors import InvalidRegistrationError


@pytest.mark.parametrize(
    ("model", "version", "name"),
    [
        ("churn", "2026-11-23", "churn-2026-11-23"),
        ("churn", "1.4.0", "churn-1.4.0"),
        # What a name cannot hold is replaced, and a hash keeps two such versions apart.
        ("churn", "V1", "churn-v1-[0-9a-f]{8}"),
        ("churn", "v1_rc", "churn-v1-rc-[0-9a-f]{8}"),
        ("churn", "模型", "churn-x-[0-9a-f]{8}"),
        ("churn", "1" * 200, "churn-1{114}-[0-9a-f]{8}"),
    ],
)
def test_the_resource_is_named_for_model_and_version(model: str, version: str, name: str) -> None:
    found = Registration(model, version).manifest(None)
    assert found.entry_name == version
    assert re.fullmatch(name, found.name)
    assert found.name == Registration(model, version).manifest("team").name


def test_names_that_differ_in_what_no_resource_name_holds_stay_apart() -> None:
    versions = ("v1 rc", "v1_rc", "V1-rc", "v1-rc", "v1--rc")
    assert len({Registration("churn", version).manifest(None).name for version in versions}) == len(versions)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("0.94", 0.94),
        ("1e-3", 0.001),
        ("2.0", {"double": 2}),
        ("1e3", {"double": 1000}),
        ("true", True),
        ("false", False),
        # Neither YAML's other booleans nor its octal numbers: a pipeline means text by them.
        ("yes", "yes"),
        ("True", "True"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("NaN", "NaN"),
        ("2026-11-23", "2026-11-23"),
        ("9fceb02", "9fceb02"),
        ("", ""),
        ('"12"', "12"),
        ('"unbalanced', '"unbalanced'),
        ("{string: 1234567}", {"string": "1234567"}),
        ("{string: }", {"string": ""}),
        ('{string: "12"}', {"string": "12"}),
        ("{int: 7}", {"int": 7}),
        ("{double: 2}", {"double": 2.0}),
        ("{bool: true}", {"bool": True}),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_a_property_is_declared_with_the_type_that_its_text_shows(text: str, value: Any) -> None:
    found = declared(property_value(text))
    assert (type(value), value) == (type(found) if not isinstance(found, dict) else dict, found)


class Single(float):
    """A number of another library, as NumPy's float64 is."""


@pytest.mark.parametrize(
    ("value", "written"), [(7, 7), (7.0, {"double": 7}), (Single(0.5), 0.5), (True, True), ({"int": 1}, {"int": 1})]
)
def test_a_property_of_python_has_its_own_type(value: Any, written: Any) -> None:
    assert declared(value) == written
    assert isinstance(declared(value), type(written))


@pytest.mark.parametrize("value", [None, [1], Decimal(1), b"1", UserDict])
def test_a_property_of_no_such_type_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRegistrationError, match="A custom property cannot be a"):
        declared(value)


REFUSED = {
    "a property without a value": (["--property=accuracy"], "'accuracy' is no property: write name=value"),
    "a property twice": (["--property=a=1", "--property=a=2"], "'a' is given twice"),
    "a property of another type": (["--property=a={int: x}"], "'{int: x}': 'x' is no int"),
    "a number beyond the registry's": (["--property=a=20261123120000"], "does not fit the registry's 32-bit integers"),
    "a property of the operator": (["--property=model-registrar.dev/owner=me"], "belong to the operator"),
    "an artifact without a URI": (["--artifact=s3://models"], "'s3://models' is no artifact: write name=uri"),
    "an empty URI": (["--artifact=model="], "spec.artifacts[0].uri: must not be empty; give it a value, or remove it"),
    "a format of nothing": (["--format=onnx=onnx"], "There is no artifact 'onnx' for the format: give its URI too."),
    "two formats": (["--artifact=m=u", "--format=a", "--format=b"], "'b': give one format for an artifact"),
    "a digest of nothing": (
        ["--digest=onnx=sha256:1"],
        "There is no artifact 'onnx' for the digest: give its URI too.",
    ),
    "a digest of two": (["--artifact=m=u", "--artifact=n=u", "--digest=sha256:1"], "name the artifact."),
    "a digest twice": (["--artifact=m=u", "--digest=a", "--digest=b"], "'b': give one digest for an artifact"),
    "a digest that is none": (["--artifact=m=u", "--digest=sha256:1"], "spec.artifacts[0].digest: "),
    "a source of four parts": (["--artifact=m=u", "--source=kfp/run/a/b"], "write kind/class/group/id/name."),
    "a source of nothing": (["--source=kfp/run/ns/id/name"], "A source is that of artifacts: give one."),
    "a model that is no resource": (["--model=Churn Model"], "'Churn Model' is not the metadata.name"),
    "a version of two lines": (
        ["--version=a\nb"],
        "spec.name: must not begin or end with white space",
    ),
    "a name that is no name": (["--name=A_b"], "The name 'A_b' is not valid for a resource."),
    "an unknown output": (["--output-file=id=/tmp/id"], "there is no output 'id', only name, namespace, version"),
    "text of a dry run": (["--dry-run", "--output=text"], "give --output yaml or json."),
    "YAML of no dry run": (["--output=yaml"], "--output yaml is for --dry-run."),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=list(REFUSED))
def test_a_wrong_argument_is_a_usage_error_before_anything_is_read(arguments: list[str], message: str) -> None:
    wrong = ["register", "--model=churn", "--version=1", "--kubeconfig=/dev/null", *arguments]
    result = CliRunner().invoke(main, wrong)
    assert message in " ".join(result.stderr.split()), result.stderr
    assert result.exit_code == ExitCode.USAGE


def test_differences_name_the_fields_and_hide_secrets() -> None:
    before = {
        "description": "a",
        "customProperties": {"a.b": 1, "token": {"string": "old"}, "same": {"double": 1}},
        "artifacts": [{"name": "model", "uri": "s3://a"}, {"name": "onnx", "uri": "s3://o"}],
    }
    after = {
        "customProperties": {"a.b": {"double": 1}, "token": "new", "same": 1.0},
        "artifacts": [{"name": "model", "uri": "s3://b"}],
    }
    assert differences(before, after) == (
        "description 'a' -> not set, customProperties.a.b 1 -> 1.0, customProperties.token (hidden) -> (hidden), "
        "artifacts.model.uri 's3://a' -> 's3://b', artifacts.onnx.name 'onnx' -> not set, "
        "artifacts.onnx.uri 's3://o' -> not set"
    )
    assert differences({"a": "x", **before}, {"a": "x", **before}) == ""


def test_a_spec_holds_what_is_declared_if_others_add_to_it() -> None:
    declared_spec = {"name": "1", "customProperties": {"reviewed": True}}
    assert holds({**declared_spec, "description": "By others."}, declared_spec)
    assert not holds({"name": "1", "customProperties": {"reviewed": 1}}, declared_spec)
    assert not holds({"name": "1"}, declared_spec)


def test_the_function_needs_neither_kopf_nor_a_cluster_to_be_imported() -> None:
    program = "import sys, registrar.pipelines\nprint({'kopf', 'aiohttp', 'kubernetes'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
