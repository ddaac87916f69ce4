"""What the user asked to adopt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registrar.cli.export.choices import Choices
from registrar.cli.export.options import choices_of, selection_of
from registrar.cli.options import parse
from registrar.cli.plan.report import Source
from registrar.cli.plan.source import source_of
from registrar.settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for.

    Attributes:
        models: patterns for the names of models.
        snapshot: the file to read instead of a registry.
        dry_run: whether to stop after the plan.
        options: those of the registry, of the policies and of `registrar.cli.export.options.selecting`.
    """

    models: tuple[str, ...]
    snapshot: Path | None
    dry_run: bool
    options: Mapping[str, Any]

    def choices(self, namespace: str | None) -> Choices:
        """Return what to export for a namespace; None leaves it out of the manifests."""
        return choices_of(selection_of(self.models, self.options, unmanaged=True), namespace, self.options)

    def source(self, *, has_cluster: bool) -> Source:
        """Return what the plan is made from."""
        return source_of(self.snapshot, None, self.options, has_cluster=has_cluster)

    def settings(self, source: Source) -> Settings:
        """Return the operator's settings."""
        return parse(Settings, {**self.options, "registry_url": source.registry_url})
