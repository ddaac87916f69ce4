"""A body is parsed once: the source itself shows that only the modules that parse or store it look into it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import registrar

ROOT = Path(registrar.__file__).parent
PARTS = {"metadata", "spec", "status"}
"""The parts of a resource as the API server sends it."""
MAY_READ = (
    "api/bodies.py",
    "reconcile/resource.py",
    "cluster/",
    "cli/cluster.py",
    "cli/connections/bodies.py",
    "cli/documents/manifest.py",
    "cli/status/resources.py",
    "cli/validate/alone.py",
)
"""The operator's rim and parser, and those of the command line, which reads what kubectl reads."""
NOT_RESOURCES = {
    "api/schema.py": "manifests of CustomResourceDefinitions, which are written",
    "election/elector.py": "a Lease, which is no managed resource",
}
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.py"))


def raw_reads(source: str) -> Iterator[str]:
    """Yield each part that is read by subscript, ``get`` or ``pop``, or by a pattern, with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(slice=key, ctx=ast.Load()):
                keys = [key]
            case ast.Call(func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[key, *_]):
                keys = [key]
            case ast.MatchMapping(keys=patterns):
                keys = patterns
            case _:
                continue
        yield from (
            f"line {key.lineno}: {key.value}" for key in keys if isinstance(key, ast.Constant) and key.value in PARTS
        )


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith(MAY_READ)])
def test_only_the_rim_and_the_parser_read_a_raw_body(module: str) -> None:
    found = list(raw_reads((ROOT / module).read_text(encoding="utf-8")))
    if module in NOT_RESOURCES:
        assert found, f"{module} reads no part any more: take it off the list"
    else:
        assert found == []


def test_the_parser_and_the_rim_do_read_raw_bodies() -> None:
    for allowed in MAY_READ:
        reading = [name for name in MODULES if name.startswith(allowed)]
        assert any(any(raw_reads((ROOT / name).read_text(encoding="utf-8"))) for name in reading), allowed
    assert set(MODULES) >= NOT_RESOURCES.keys()


@pytest.mark.parametrize(
    "source",
    [
        'body["spec"]',
        'x = y["a"]["metadata"]["name"]',
        '(body.get("status") or {}).get("id")',
        'body.get("spec", {})',
        'body.pop("status", None)',
        "match body:\n    case {'spec': spec}:\n        pass",
    ],
)
def test_each_way_to_read_a_part_is_found(source: str) -> None:
    assert len(list(raw_reads(source))) == 1


@pytest.mark.parametrize("source", ['{"spec": 1}', 'body["spec"] = 1', "resource.spec", 'f("spec")', 'labels.get("a")'])
def test_writing_a_body_is_no_read(source: str) -> None:
    assert list(raw_reads(source)) == []
