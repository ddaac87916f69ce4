"""What came of an adoption, for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registrar.cli.adopt.applying import Applied
from registrar.cli.adopt.candidates import Refused
from registrar.cli.export.manifests import Manifest
from registrar.cli.export.report import Omission
from registrar.cli.plan.as_json import report_json as plan_json
from registrar.cli.plan.report import Report as Plan
from registrar.cli.status.as_json import report_json as state_json
from registrar.cli.status.report import Report as State

FORMAT_VERSION = "1.0"
"""The minor version counts additions, the major one breaks."""


@dataclass(slots=True)
class Outcome:
    """What came of an adoption, as far as it went: it grows, so that whatever ends the command can be reported.

    Attributes:
        target: where the manifests go, by the names of the JSON.
        is_dry_run: whether nothing was to be applied or written.
        plan: the plan; None if it could not be made.
        omissions: what the manifests lack.
        archived: how many archived entries are left out.
        refused: the manifests that are not applied.
        stranded: a sentence for each artifact that only a person can adopt.
        applied: what came of applying; None if nothing was to be applied.
        files: the files that were written.
        state: the resources after the waiting; None if nothing was waited for.
        is_complete: whether all was read and done that the command is for.
    """

    target: Mapping[str, str | None]
    is_dry_run: bool
    plan: Plan | None = None
    omissions: Sequence[Omission] = ()
    archived: int = 0
    refused: list[Refused] = field(default_factory=list)
    stranded: Sequence[str] = ()
    applied: Applied | None = None
    files: Sequence[str] = ()
    state: State | None = None
    is_complete: bool = True

    def as_json(self) -> dict[str, Any]:
        """Return it as one object, whose schema is docs/reference/adopt.schema.json."""
        applied = self.applied or Applied()
        return {
            "formatVersion": FORMAT_VERSION,
            "complete": self.is_complete,
            "dryRun": self.is_dry_run,
            "target": dict(self.target),
            "plan": None if self.plan is None else plan_json(self.plan),
            "leftOut": [one.as_json() for one in self.omissions],
            "archived": self.archived,
            "notAdopted": list(self.stranded),
            "refused": [{**_resource(one.manifest), "message": f"{one}"} for one in (*self.refused, *applied.refused)],
            "applied": [_resource(one) for one in applied.done],
            "missing": [_resource(one) for one in applied.missing],
            "filesWritten": list(self.files),
            "state": None if self.state is None else _state(self.state),
        }


def _resource(manifest: Manifest) -> dict[str, str]:
    return {"kind": manifest.kind.name, "name": manifest.name}


def _state(state: State) -> dict[str, Any]:
    found = state_json(state, (), None)
    return {name: found[name] for name in ("summary", "causes", "errors")}
