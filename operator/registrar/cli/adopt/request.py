"""What the user asked to adopt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registrar.cli.export.choices import Choices
from registrar.cli.options import parse
from registrar.cli.plan.report import Source
from registrar.cli.plan.source import source_of
from registrar.cli.selection import selection_of
from registrar.settings import OwnerSettings, Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for.

    Attributes:
        models: patterns for the names of models.
        snapshot: the file to read instead of a registry.
        dry_run: whether to stop after the plan.
        is_json: whether the outcome is printed for programs, and nothing else on stdout.
        options: those of the registry, of the policies and of `registrar.cli.selection.narrowing_options`.
    """

    models: tuple[str, ...]
    snapshot: Path | None
    dry_run: bool
    is_json: bool
    options: Mapping[str, Any]

    def choices(self, namespace: str | None) -> Choices:
        """Return what to export for a namespace; None leaves it out of the manifests."""
        return Choices(
            owner_id=parse(OwnerSettings, self.options).owner_id,
            namespace=namespace,
            selection=selection_of({**self.options, "models": self.models, "unmanaged": True}),
            with_archived=self.options["archived"],
            registry_ref=self.options["registry_ref"],
        )

    def source(self, *, has_cluster: bool) -> Source:
        """Return what the plan is made from."""
        return source_of(self.snapshot, None, self.options, has_cluster=has_cluster)

    def settings(self, source: Source) -> Settings:
        """Return the operator's settings."""
        return parse(Settings, {**self.options, "registry_url": source.registry_url})
