"""The chart's package."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devcluster import charttools
from tools.release.changelog import Change

CHART = Path("charts") / "model-registrar"
_REPOSITORY = re.compile(r"^  # -- Image repository\..*\n  repository: model-registrar$", re.MULTILINE)
_FROM_CLONE = "helm install model-registrar charts/model-registrar"


@dataclass(frozen=True, slots=True)
class Release:
    """What a chart says of its release.

    Attributes:
        version: of the chart, and of the operator that it installs.
        images: where the image and the chart are published, such as ``ghcr.io/model-registrar``.
        changes: the changelog's entries for the version.
    """

    version: str
    images: str
    changes: Sequence[Change]

    @property
    def repository(self) -> str:
        """The image without a tag."""
        return f"{self.images}/model-registrar"

    @property
    def chart(self) -> str:
        """Where Helm finds the chart."""
        return f"oci://{self.images}/charts/model-registrar"


def build(programs: Mapping[str, Path], source: Path, release: Release, seconds: int, folder: Path) -> Path:
    """Package the chart of an exported commit; return the path of the package.

    Args:
        programs: ``helm`` and ``helm-docs``.
        source: the exported commit; its chart is changed.
        release: what the chart says of its release.
        seconds: the time of each file in the package, in seconds since 1970.
        folder: where to write the package.

    Raises:
        ValueError: the chart has not the lines that a release replaces.
        subprocess.CalledProcessError: Helm refused the chart.
    """
    chart = source / CHART
    metadata = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(_released(metadata, release), sort_keys=False, width=1000)
    (chart / "Chart.yaml").write_text(text, encoding="utf-8")
    _replace(chart / "values.yaml", _REPOSITORY, f"  # -- Image repository\n  repository: {release.repository}")
    by_name = f"helm install model-registrar {release.chart} --version {release.version}"
    _replace(chart / "README.md.gotmpl", re.compile(re.escape(_FROM_CLONE)), by_name)
    charttools.write_readme(programs["helm-docs"], chart)
    for path in (chart, *chart.rglob("*")):
        os.utime(path, (seconds, seconds))
    command = [str(programs["helm"]), "package", str(chart), f"--destination={folder}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / f"model-registrar-{release.version}.tgz"


def _released(metadata: dict[str, Any], release: Release) -> dict[str, Any]:
    image = {"name": "model-registrar", "image": f"{release.repository}:{release.version}"}
    changes = [{"kind": change.kind, "description": change.description} for change in release.changes]
    annotations = {
        **metadata["annotations"],
        "artifacthub.io/prerelease": "false",
        "artifacthub.io/images": _text([image]),
        "artifacthub.io/changes": _text(changes),
    }
    return {**metadata, "version": release.version, "appVersion": release.version, "annotations": annotations}


def _text(value: list[dict[str, str]]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)


def _replace(file: Path, pattern: re.Pattern[str], text: str) -> None:
    changed, count = pattern.subn(lambda _: text, file.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(f"{file.name} has {count} places that fit {pattern.pattern!r}, and not one")
    file.write_text(changed, encoding="utf-8")
