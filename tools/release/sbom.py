"""The software bill of materials: SPDX, of what uv has locked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from license_expression import get_spdx_licensing
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    Checksum,
    ChecksumAlgorithm,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.writer.json import json_writer

_DOCUMENT = "SPDXRef-DOCUMENT"


def write(uv: Path, source: Path, version: str, seconds: int, file: Path) -> None:
    """Write the packages that an installation with all extras consists of, and which needs which.

    Args:
        uv: the program.
        source: the exported commit, with its ``uv.lock``.
        version: of the release.
        seconds: the time of the document, in seconds since 1970.
        file: where to write it.

    Raises:
        subprocess.CalledProcessError: uv cannot export the lock file.
        ValueError: the document is not valid SPDX.
    """
    locked = _locked(uv, source)
    root = locked["metadata"]["component"]
    packages = [_own_package(root, version), *map(_package, locked["components"])]
    (tool,) = locked["metadata"]["tools"]
    described = CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=_DOCUMENT,
        name=f"model-registrar-{version}",
        document_namespace=f"https://model-registrar.dev/spdx/model-registrar-{version}",
        creators=[Actor(ActorType.TOOL, f"{tool['name']}-{tool['version']}")],
        created=datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None),
    )
    relationships = [Relationship(_DOCUMENT, RelationshipType.DESCRIBES, _id(root["bom-ref"])), *_needs(locked)]
    document = Document(described, packages=packages, relationships=relationships)
    json_writer.write_document_to_file(document, str(file), validate=True)


def _locked(uv: Path, source: Path) -> dict[str, Any]:
    """Return the lock file as CycloneDX, which has a program of its own and is not published."""
    command = [str(uv), "export", "--quiet", "--frozen", "--format=cyclonedx1.5"]
    options = ["--all-extras", "--no-default-groups", f"--project={source}"]
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    exported = subprocess.run(
        [*command, *options], check=True, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    )
    found: dict[str, Any] = json.loads(exported.stdout)
    return found


def _own_package(root: dict[str, Any], version: str) -> Package:
    return Package(
        spdx_id=_id(root["bom-ref"]),
        name=root["name"],
        version=version,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        license_declared=get_spdx_licensing().parse("Apache-2.0"),
        external_references=[_purl(f"pkg:pypi/model-registrar@{version}")],
    )


def _package(component: dict[str, Any]) -> Package:
    sources = [each for each in component.get("externalReferences", ()) if each["url"].endswith((".tar.gz", ".zip"))]
    checksums = [Checksum(ChecksumAlgorithm.SHA256, one["content"]) for each in sources for one in each["hashes"]]
    return Package(
        spdx_id=_id(component["bom-ref"]),
        name=component["name"],
        version=component["version"],
        download_location=sources[0]["url"] if sources else SpdxNoAssertion(),
        files_analyzed=False,
        checksums=checksums,
        external_references=[_purl(component["purl"])],
    )


def _purl(locator: str) -> ExternalPackageRef:
    return ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", locator)


def _needs(locked: dict[str, Any]) -> Iterator[Relationship]:
    for each in locked["dependencies"]:
        for needed in each.get("dependsOn", ()):
            yield Relationship(_id(each["ref"]), RelationshipType.DEPENDS_ON, _id(needed))


def _id(reference: str) -> str:
    """Return an identifier that SPDX allows."""
    return "SPDXRef-" + "".join(one if one.isalnum() or one in ".-" else "-" for one in reference)
