"""The kinds: their definitions in one file, and their JSON Schemas for editors and catalogues."""

from __future__ import annotations

import json

from registrar.api import manifests
from registrar.api.meta import VERSION
from registrar.cli.json_schema import any_kind_schema, kind_schemas
from registrar.kinds.table import DEFINED


def definitions() -> str:
    """Return the CustomResourceDefinitions, as ``registrar crds`` prints them."""
    return "".join(manifests.definitions(DEFINED).values())


def schemas() -> dict[str, str]:
    """Return the schemas of ``registrar schema`` by file: one for each kind, named for kubeconform, and one for all."""
    named = {f"{kind.lower()}_{VERSION}": schema for kind, schema in kind_schemas().items()}
    return {
        f"{name}.json": json.dumps(schema, indent=2) + "\n"
        for name, schema in {**named, f"model-registrar_{VERSION}": any_kind_schema()}.items()
    }
