"""docs/reference/api.md against the definitions in crds/: it has every field, limit and column."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from registrar.api.rules import WITHOUT_NUL
from tools.generate.reference import api_page

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "api.md").read_text()
DEFINITIONS = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "crds").glob("*.yaml"))]
BOUNDS = ("minLength", "maxLength", "minItems", "maxItems", "maxProperties", "minimum", "maximum")

VALIDATIONS = "x-kubernetes-validations"

Field = tuple[str, dict[str, Any], bool]


def section(heading: str) -> dict[str, tuple[str, ...]]:
    """The rows of a section's table, by their first cell."""
    _, found, after = PAGE.partition(f"\n### {heading}\n")
    assert found, heading
    rows = re.findall(r"^\| `?([^|`]+)`? \| (.*) \|$", re.split(r"\n##", after)[0], re.MULTILINE)
    return {name: tuple(rest.split(" | ")) for name, rest in rows if name not in ("field", "column", "---")}


def fields(node: dict[str, Any], path: str = "") -> Iterator[Field]:
    """Every field under a schema, by the path that the page gives it."""
    for name, field in node.get("properties", {}).items():
        here = f"{path}.{name}".removeprefix(".")
        yield here, field, name in node.get("required", [])
        yield from fields(field, here)
        yield from fields(field.get("items", {}), f"{here}[]")


def messages(field: dict[str, Any]) -> set[str]:
    """The rules of a field and its items that its row has: that no text may contain a NUL would be in every row."""
    parts = [field, *(field[key] for key in ("items", "additionalProperties") if key in field)]
    rules = [rule for part in parts if part is field or "properties" not in part for rule in part.get(VALIDATIONS, ())]
    return {rule["message"] for rule in rules} - {WITHOUT_NUL.message}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition["spec"]["names"]["kind"])
@pytest.mark.parametrize("part", ["spec", "status"])
def test_every_field_is_there_with_what_the_api_server_enforces(definition: dict[str, Any], part: str) -> None:
    (version,) = definition["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]["properties"][part]
    rows = section(f"{definition['spec']['names']['kind']} {part}")
    expected = list(fields(schema))
    assert len(expected) > 8
    assert list(rows) == [path for path, _, _ in expected]
    for path, field, required in expected:
        nature, meaning = rows[path]
        assert nature.startswith("**required** ") == required, path
        assert field["description"] in meaning, path
        for limit in (field, field.get("items", {})):
            for word in (*limit.get("enum", ()), *(str(limit[key]) for key in BOUNDS if key in limit)):
                assert re.search(rf"(?<![\w-]){re.escape(word)}(?!\w)", nature), (path, word)
        for message in messages(field):
            assert message[1:] in meaning, path


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition["spec"]["names"]["kind"])
def test_columns_names_and_rules_over_several_fields_are_there(definition: dict[str, Any]) -> None:
    names, (version,) = definition["spec"]["names"], definition["spec"]["versions"]
    rows = section(f"{names['kind']} columns")
    assert list(rows) == [column["name"] for column in version["additionalPrinterColumns"]]
    for column in version["additionalPrinterColumns"]:
        path, meaning = rows[column["name"]]
        assert path == f"`{column['jsonPath']}`"
        assert ("-o wide" in meaning) == bool(column.get("priority"))
    schema = version["schema"]["openAPIV3Schema"]
    rules = [*schema.get(VALIDATIONS, []), *schema["properties"]["spec"].get(VALIDATIONS, [])]
    assert all(f"- {rule['message']}\n" in PAGE for rule in rules)
    assert f"`{names['plural']}`, `{names['singular']}`, `{names['shortNames'][0]}`" in PAGE


def test_a_schema_of_an_unknown_type_is_refused() -> None:
    definition = yaml.safe_load((ROOT / "crds" / "model-registrar.dev_registeredmodels.yaml").read_text())
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["odd"] = {"x-kubernetes-int-or-string": True, "description": "Either."}

    with pytest.raises(ValueError, match="a schema of an unknown type"):
        api_page([definition])
