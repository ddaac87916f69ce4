"""The JSON Schema of what `registrar adopt` prints for programs."""

from __future__ import annotations

import json
from typing import Any

from registrar.cli.adopt.outcome import FORMAT_VERSION
from registrar.cli.export.report import Reason
from registrar.kinds.table import KINDS
from tools.generate.json_schema import COUNT, TEXT, TEXT_OR_NULL, TEXTS, array, nullable, record, version_pattern


def adopt_schema(plan_schema: dict[str, Any]) -> str:
    """Return the schema as a file.

    Args:
        plan_schema: that of `registrar plan`, whose JSON is a part of this one.
    """
    plan = {name: value for name, value in plan_schema.items() if name not in {"$schema", "$defs", "title"}}
    resource = {"kind": {"enum": [kind.name for kind in KINDS]}, "name": TEXT}
    omission = {"reason": {"enum": list(map(str, Reason))}, "kind": TEXT, "name": TEXT, "id": TEXT}
    properties = {
        "formatVersion": version_pattern(FORMAT_VERSION),
        "complete": {"type": "boolean", "description": "Whether all was read, applied and waited for."},
        "dryRun": {"type": "boolean"},
        "target": record(
            {"namespace": {**TEXT_OR_NULL, "description": "Null if the manifests name none."}},
            optional={"cluster": TEXT, "directory": {**TEXT, "description": "With --git."}},
        ),
        "plan": {**nullable({"$ref": "#/$defs/plan"}), "description": "Null if it could not be made."},
        "leftOut": array(record(omission, optional={"part": TEXT, "detail": TEXT})),
        "archived": {**COUNT, "description": "Archived entries that are left out."},
        "notAdopted": {**TEXTS, "description": "Artifacts that only the manifest of a managed version can hold."},
        "refused": array(record({**resource, "message": TEXT})),
        "applied": array(record(resource)),
        "missing": {**array(record(resource)), "description": "Manifests that were not sent."},
        "filesWritten": TEXTS,
        "state": {**nullable(_state()), "description": "The resources after the waiting; null without it."},
    }
    schema = {
        "$schema": plan_schema["$schema"],
        "title": "What registrar adopt --output json prints",
        **record(properties),
        "$defs": {"plan": plan, "change": plan_schema["$defs"]["change"]},
    }
    return json.dumps(schema, indent=2) + "\n"


def _state() -> dict[str, Any]:
    counts = ("total", "ready", "notReady", "drifted", "aliasesWaiting")
    cause = {"reason": TEXT, "advice": TEXT, "needsPerson": {"type": "boolean"}, "count": COUNT}
    key = {"kind": TEXT, "namespace": TEXT, "name": TEXT}
    origin = {"subject": TEXT_OR_NULL, "message": TEXT, "affected": array(record(key))}
    return record(
        {
            "summary": record(dict.fromkeys(counts, COUNT)),
            "causes": array(record({**cause, "origins": array(record(origin))})),
            "errors": TEXTS,
        }
    )
