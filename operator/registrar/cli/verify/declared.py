"""The artifacts that manifests declare, with the digests that they have to have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, pinned_digest
from registrar.cli.documents.load import Path
from registrar.cli.validate.found import Found

_URI = "uri"


@dataclass(frozen=True, slots=True)
class DeclaredArtifact:
    """An artifact in a manifest.

    Attributes:
        kind: the kind of the resource that declares it.
        namespace: the resource's namespace; None if neither the manifest nor the command line names one.
        resource: the resource's name.
        name: the artifact's name.
        file: the file.
        line: the line of the digest, or of the address without one.
        uri: the address; None if an upload provides it later.
        digest: the declared digest; None without one.
    """

    kind: str
    namespace: str | None
    resource: str
    name: str
    file: str
    line: int
    uri: str | None
    digest: str | None

    @property
    def expected(self) -> str | None:
        """The digest that the content has to have: the declared one, or the one in the address of an image."""
        return self.digest or (None if self.uri is None else pinned_digest(self.uri))

    @property
    def place(self) -> str:
        """Where it is declared, in the form that editors and terminals open."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.name!r} of {self.kind} {self.resource}"


def artifacts_in(manifests: Iterable[Found]) -> Iterator[DeclaredArtifact]:
    """Yield the artifacts of valid manifests, in the order of files and lines."""
    for found in manifests:
        manifest = found.manifest
        if manifest is None:
            continue
        if found.kind.entry.has_digest:
            yield _artifact(found, manifest.name, manifest.entry_name, ("spec",), manifest.spec)
        for inline in found.kind.inline:
            for position, item in manifest.items(inline.field):
                yield _artifact(found, manifest.name, str(item["name"]), ("spec", inline.field, position), item)


def _artifact(found: Found, resource: str, name: str, path: Path, content: Mapping[str, Any]) -> DeclaredArtifact:
    field = DIGEST_PROPERTY if content.get(DIGEST_PROPERTY) else _URI
    return DeclaredArtifact(
        kind=found.kind.name,
        namespace=found.namespace,
        resource=resource,
        name=name,
        file=found.file,
        line=found.line((*path, field)),
        uri=content.get(_URI),
        digest=content.get(DIGEST_PROPERTY),
    )
