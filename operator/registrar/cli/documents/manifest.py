"""A manifest of ours as it stands in a file, before the operator's models parse it: the rim of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registrar.api.meta import API_VERSION
from registrar.api.tenants import Labels


@dataclass(frozen=True, slots=True)
class FileManifest:
    """A resource of our group, which may have faults but for its kind and name.

    Attributes:
        body: what kubectl would send.
    """

    body: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The kind, as it is written."""
        return str(self.body["kind"])

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The metadata, with labels and annotations."""
        found: Mapping[str, Any] = self.body["metadata"]
        return found

    @property
    def name(self) -> str:
        """``metadata.name``."""
        return str(self.metadata["name"])

    @property
    def namespace(self) -> str | None:
        """``metadata.namespace``; None if it names none."""
        found = self.metadata.get("namespace")
        return None if found is None else str(found)

    @property
    def spec(self) -> Mapping[str, Any]:
        """The spec; empty without one."""
        found = self.body.get("spec")
        return found if isinstance(found, Mapping) else {}

    @property
    def entry_name(self) -> str:
        """The name of its entry in the registry."""
        return str(self.spec.get("name") or self.name)

    def with_spec(self, spec: Mapping[str, Any]) -> FileManifest:
        """Return the manifest with another spec; without one, if that is empty and there was none."""
        return FileManifest({**self.body, "spec": spec} if spec or "spec" in self.body else self.body)

    def items(self, field: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield place and content of the inline entries in a list of the spec, as far as they have a name."""
        listed = self.spec.get(field)
        for position, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, Mapping) and isinstance(item.get("name"), str):
                yield position, item

    def applied_in(self, namespace: str) -> dict[str, Any]:
        """Return the resource as the API server has it once it is applied, in a namespace if it names none."""
        return {"spec": {}, **self.body, "metadata": {"namespace": namespace, **self.metadata}, "status": {}}


def manifest_in(content: Mapping[str, Any]) -> FileManifest | None:
    """Return the manifest that a document holds; None if it is not of our group, or has no name."""
    metadata = content.get("metadata")
    if content.get("apiVersion") != API_VERSION or not isinstance(metadata, Mapping):
        return None
    return FileManifest(content) if isinstance(metadata.get("name"), str) else None


def labels_in(content: Mapping[str, Any]) -> dict[str, Labels]:
    """Return the name of a manifest with its labels; nothing where the API server would refuse it."""
    metadata = content.get("metadata")
    name, labels = (metadata.get("name"), metadata.get("labels") or {}) if isinstance(metadata, dict) else (None, {})
    return {name: labels} if isinstance(name, str) and isinstance(labels, dict) else {}
