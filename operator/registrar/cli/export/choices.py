"""What an export is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from registrar.cli.export.templates import DEFAULT_TEMPLATES, Templates
from registrar.cli.selection import EVERYTHING, Selection


@dataclass(frozen=True, slots=True)
class Choices:
    """What an export is asked to do.

    Attributes:
        owner_id: the installation that will manage the entries.
        namespace: the namespace that manifests name; None leaves it out.
        selection: which entries.
        with_archived: also those that are archived, or marked for deletion.
        with_sensitive: also what looks like a secret.
        external_parents: refer to the models of selected versions instead of exporting them too.
        templates: how names of resources are put together.
        registry_ref: the ClusterRegistry that manifests name, unless their parents do; None for none.
    """

    owner_id: str
    namespace: str | None = None
    selection: Selection = EVERYTHING
    with_archived: bool = False
    with_sensitive: bool = False
    external_parents: bool = False
    templates: Templates = field(default_factory=lambda: DEFAULT_TEMPLATES)
    registry_ref: str | None = None
