"""What a plan is made from, as the options of a command name it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registrar.cli.console import NotKnownError
from registrar.cli.options import parse
from registrar.cli.plan.report import Source
from registrar.cli.records import SnapshotError, read_header
from registrar.settings import OwnerSettings


def source_of(snapshot: Path | None, base: str | None, options: Mapping[str, Any], *, has_cluster: bool) -> Source:
    """Return what a plan is made from.

    Args:
        snapshot: the file to read instead of a registry.
        base: what the manifests are compared with.
        options: those of the registry, with ``registry_ref``.
        has_cluster: whether statuses come from a cluster.

    Raises:
        NotKnownError: the snapshot cannot be read.
    """
    owner_id, ref = parse(OwnerSettings, options).owner_id, options.get("registry_ref")
    if snapshot is None:
        url = str(options.get("registry_url") or "")
        read_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Source(url, owner_id, read_at, base=base, cluster=has_cluster, registry_ref=ref)
    try:
        header = read_header(snapshot)
    except (OSError, SnapshotError) as error:
        raise NotKnownError(f"The snapshot {snapshot} cannot be read: {error}") from error
    return Source(header.registry_url, owner_id, header.read_at, str(snapshot), base, has_cluster, ref)
