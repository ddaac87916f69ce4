"""Runs the examples of docs/client/, page by page, against a registry, and compares the reference with the code."""

import ast
import inspect
import re
from collections.abc import AsyncIterator, Callable
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import model_registry
from model_registry import ModelRegistry, ModelRegistryAPIClient, Pager, Results, exceptions, types, utils
from model_registry.types import ListOptions, RegistryEntry

DOCS = Path(__file__).parents[2] / "docs"
PAGES = DOCS / "client"
TEXTS = {path.stem: path.read_text() for path in PAGES.glob("*.md")}
FIRST = ("connect", "register")
"""Every page continues where these end."""
REFERENCE = DOCS / "reference" / "client.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(\w+)(?:\(([^`]*)\))?` \| (.*) \|$", re.MULTILINE)
WITHOUT_DOCSTRING = {"__version__", "SupportedTypes"}
"""A text and a union, which cannot have one."""


class Reader:
    """Runs the examples of pages, one after the other.

    Args:
        replacements: Text of the pages -> what to use instead on this machine.
    """

    def __init__(self, replacements: dict[str, str]) -> None:
        self.names: dict[str, Any] = {}
        self._replacements = replacements

    async def follow(self, path: Path, page: str) -> None:
        blocks = list(BLOCK.finditer(page))
        assert len(blocks) == page.count("```python")
        for block in blocks:
            source = block[1]
            for shown, own in self._replacements.items():
                source = source.replace(shown, own)
            # Blank lines in front, so that a traceback points into the page.
            line = page.count("\n", 0, block.start(1))
            code = compile("\n" * line + source, str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            result = eval(code, self.names)  # noqa: S307 - the project's own page
            if inspect.isawaitable(result):
                await result


@pytest.fixture
async def reader(registry_url: str, unique: Callable[[str], str]) -> AsyncIterator[Reader]:
    reader = Reader({"http://localhost:8080": registry_url, "HAL": unique("HAL")})
    yield reader
    if "registry" in reader.names:
        reader.names["registry"].close()
    await reader.names["client"].aclose()


@pytest.mark.filterwarnings("ignore:User access token is missing")
@pytest.mark.parametrize("page", sorted(TEXTS))
async def test_the_examples_run_unchanged(page: str, reader: Reader) -> None:
    for name in (*FIRST[: FIRST.index(page)], page) if page in FIRST else (*FIRST, page):
        await reader.follow(PAGES / f"{name}.md", TEXTS[name])


def rows(heading: str) -> list[re.Match[str]]:
    """Return the rows of a section of the reference: a name, its parameters if it has any, and a description."""
    _, _, after = REFERENCE.read_text().partition(f"\n## {heading}\n")
    assert after, heading
    return list(ROW.finditer(after.partition("\n## ")[0]))


def section(heading: str) -> dict[str, str]:
    """Return the names in a section of the reference, with their parameters."""
    return {row[1]: row[2] or "" for row in rows(heading)}


def summary(value: Any) -> str:
    """Return the first paragraph of a docstring."""
    return " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())


def parameters(function: Callable[..., Any]) -> str:
    """Return parameters as the reference writes them: names, defaults, and "*" before keyword-only ones."""
    shown = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        prefix = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        default = "" if parameter.default is parameter.empty else f"={parameter.default!r}"
        shown.append(f"{prefix}{parameter.name}{default}")
    return ", ".join(shown)


def methods(cls: type[Any]) -> dict[str, str]:
    """Return the public methods of a class and of its bases in this package."""
    found: dict[str, str] = {}
    for base in cls.__mro__:
        for name in vars(base) if base.__module__.startswith("model_registry") else ():
            value = inspect.getattr_static(cls, name)
            if isinstance(value, property):
                found[name] = ""
            elif callable(getattr(cls, name)) and not name.startswith("_"):
                found[name] = parameters(getattr(cls, name))
    return found


@pytest.mark.parametrize("cls", [ModelRegistry, ModelRegistryAPIClient, Results, Pager, ListOptions])
def test_the_reference_lists_every_method_with_its_parameters(cls: type[Any]) -> None:
    assert section(cls.__name__) == methods(cls)


@pytest.mark.parametrize(
    "owner",
    [model_registry, types, exceptions, utils, ModelRegistry, ModelRegistryAPIClient, Results, Pager, ListOptions],
    ids=lambda owner: owner.__name__,
)
def test_the_reference_matches_the_docstrings(owner: Any) -> None:
    listed = [row for row in rows(owner.__name__) if row[1] not in WITHOUT_DOCSTRING]
    assert listed
    for row in listed:
        assert row[3] == summary(getattr(owner, row[1])), row[1]


def test_the_reference_lists_every_name_of_the_package() -> None:
    assert set(section("model_registry")) == set(model_registry.__all__)


def test_the_reference_lists_every_type() -> None:
    assert set(section("model_registry.types")) == set(types.__all__)


def test_the_reference_lists_every_exception() -> None:
    raised = {name for name, value in vars(exceptions).items() if inspect.isclass(value) and value is not Any}
    assert set(section("model_registry.exceptions")) == raised


def test_the_reference_lists_every_function_of_utils() -> None:
    public = {
        name: parameters(value)
        for name, value in vars(utils).items()
        if inspect.isfunction(value) and not name.startswith("_") and value.__module__ == utils.__name__
    }
    assert section("model_registry.utils") == public


def test_the_reference_lists_every_field_of_every_entry() -> None:
    text = REFERENCE.read_text()
    entries = [
        value
        for name in types.__all__
        if inspect.isclass(value := getattr(types, name)) and issubclass(value, RegistryEntry)
    ]
    assert len(entries) > 5
    for entry in entries:
        (row,) = re.findall(rf"^\| `{entry.__name__}` \| (.*) \|$", text.partition("\n## Fields\n")[2], re.MULTILINE)
        inherited = set(entry.__mro__[1].model_fields) if issubclass(entry.__mro__[1], RegistryEntry) else set()
        assert set(re.findall(r"`(\w+)`", row)) == set(entry.model_fields) - inherited, entry.__name__


def test_the_reference_lists_every_member_of_every_enumeration() -> None:
    text = REFERENCE.read_text()
    for name in types.__all__:
        cls = getattr(types, name)
        if inspect.isclass(cls) and issubclass(cls, Enum):
            (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", text.partition("\n## Fields\n")[2], re.MULTILINE)
            assert re.findall(r"`(\w+)`", row) == [member.name for member in cls], name
