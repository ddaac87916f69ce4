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

    Raises:
        NotKnownError: the snapshot cannot be read.
    """
    owner_id = parse(OwnerSettings, options).owner_id
    if snapshot is None:
        url = str(options.get("registry_url") or "")
        read_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Source(url, owner_id, read_at, base=base, cluster=has_cluster)
    try:
        header = read_header(snapshot)
    except (OSError, SnapshotError) as error:
        raise NotKnownError(f"The snapshot {snapshot} cannot be read: {error}") from error
    return Source(header.registry_url, owner_id, header.read_at, str(snapshot), base, has_cluster)
