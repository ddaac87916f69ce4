"""The manifest of one version, from what a pipeline knows about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any

from pydantic import ValidationError

from registrar.api.meta import API_VERSION
from registrar.api.v1alpha1 import ModelVersion, ModelVersionSpec
from registrar.api.v1alpha1.texts import is_subdomain
from registrar.api.validation import describe
from registrar.cli.documents.dump import Inline
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.documents.references import ref_to
from registrar.cli.export.fields import whole_double
from registrar.cli.export.manifests import parse
from registrar.cli.export.names import name_of
from registrar.cli.register.errors import InvalidRegistrationError
from registrar.kinds.model_version import MODEL_VERSION

PropertyValue = str | bool | int | float | Mapping[str, Any]
"""A custom property: its Python type is that of the property; a mapping is the typed form of manifests."""
ALL = ""
"""In place of an artifact's name: all artifacts."""
SOURCE_FIELDS = ("modelSourceKind", "modelSourceClass", "modelSourceGroup", "modelSourceId", "modelSourceName")
"""What a source consists of, in its order."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A version to register.

    Attributes:
        model: ``metadata.name`` of the RegisteredModel.
        version: name of the version in the registry.
        artifacts: URIs of the model artifacts, by their names.
        doc_artifacts: URIs of the documents, by their names.
        formats: ``format`` or ``format:version`` of the artifacts, by their names; `ALL` means each that has none.
        digests: ``sha256:…`` of artifacts and documents, by their names; `ALL` means the only artifact.
        properties: the custom properties.
        source: ``kind/class/group/id/name`` of what made the artifacts.
        description: of the version.
        author: of the version.
        deletion_policy: ``Archive`` or ``Orphan``.
        name: ``metadata.name`` of the resource; None makes it from model and version.
        registry_ref: name of the ClusterRegistry; None means that of the model.
    """

    model: str
    version: str
    artifacts: Mapping[str, str] = field(default_factory=dict)
    doc_artifacts: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)
    source: str | None = None
    description: str | None = None
    author: str | None = None
    deletion_policy: str | None = None
    name: str | None = None
    registry_ref: str | None = None

    def manifest(self, namespace: str | None) -> FileManifest:
        """Return the manifest, its keys in the order of the schema.

        Args:
            namespace: its namespace; None leaves it out.

        Raises:
            InvalidRegistrationError: the API server would refuse it.
        """
        if not is_subdomain(self.model):
            message = f"The model {self.model!r} is not the metadata.name of a RegisteredModel"
            raise InvalidRegistrationError(message)
        name = self.name or name_of((MODEL_VERSION.name, self.model, self.version))
        metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
        body = {"apiVersion": API_VERSION, "kind": ModelVersion.KIND, "metadata": metadata, "spec": self._spec()}
        manifest = FileManifest(body)
        try:
            parse(MODEL_VERSION, manifest)
        except ValidationError as error:
            raise InvalidRegistrationError(describe(error)) from None
        if not is_subdomain(name):
            raise InvalidRegistrationError(f"The name {name!r} is not valid for a resource")
        return manifest

    def _spec(self) -> dict[str, Any]:
        digests = self._digests()
        content = {
            "name": self.version,
            "description": self.description,
            "customProperties": {name: declared(value) for name, value in self.properties.items()},
            "deletionPolicy": self.deletion_policy,
            "registryRef": None if self.registry_ref is None else ref_to(self.registry_ref),
            "registeredModelRef": {"name": self.model},
            "author": self.author,
            "docArtifacts": [_item(name, uri, digests) for name, uri in self.doc_artifacts.items()],
            "artifacts": list(self._artifacts(digests)),
        }
        order = (str(info.alias) for info in ModelVersionSpec.model_fields.values())
        return {name: content[name] for name in order if content.get(name) not in (None, {}, [])}

    def _artifacts(self, digests: Mapping[str, str]) -> Iterator[dict[str, str]]:
        if unknown := self.formats.keys() - self.artifacts.keys() - {ALL}:
            raise InvalidRegistrationError(f"There is no artifact {min(unknown)!r} for the format: give its URI too")
        if self.source is not None and not self.artifacts:
            raise InvalidRegistrationError("A source is that of artifacts: give one")
        source = {} if self.source is None else source_fields(self.source)
        for name, uri in self.artifacts.items():
            model_format, _, version = self.formats.get(name, self.formats.get(ALL, "")).partition(":")
            formats = {"modelFormatName": model_format, "modelFormatVersion": version}
            present = {key: value for key, value in formats.items() if value}
            yield {**_item(name, uri, digests), **present, **source}

    def _digests(self) -> Mapping[str, str]:
        """Return the digests by the names of artifacts and documents."""
        if unknown := self.digests.keys() - self.artifacts.keys() - self.doc_artifacts.keys() - {ALL}:
            raise InvalidRegistrationError(f"There is no artifact {min(unknown)!r} for the digest: give its URI too")
        if ALL not in self.digests:
            return self.digests
        if len(self.artifacts) != 1:
            raise InvalidRegistrationError("A digest is that of one artifact: name the artifact")
        return {**dict.fromkeys(self.artifacts, self.digests[ALL]), **self.digests}


def _item(name: str, uri: str, digests: Mapping[str, str]) -> dict[str, str]:
    return {"name": name, "uri": uri, **({"digest": digests[name]} if name in digests else {})}


def declared(value: object) -> Any:
    """Return the value of a custom property as a manifest declares it.

    Raises:
        InvalidRegistrationError: no property has a value of this type.
    """
    match value:
        case bool() | str():
            return value
        case Mapping():
            return Inline(value)
        # Numbers of other libraries too, such as NumPy's.
        case Integral():
            return int(value)
        case Real():
            number = float(value)
            return whole_double(number) if number.is_integer() else number
    raise InvalidRegistrationError(f"A custom property cannot be a {type(value).__name__}: {value!r}")


def source_fields(text: str) -> dict[str, str]:
    """Return the fields of a source, such as ``kfp/pipelinerun/team/3f2a/nightly``; empty parts are left out.

    Raises:
        InvalidRegistrationError: it has fewer parts.
    """
    parts = text.split("/", len(SOURCE_FIELDS) - 1)
    if len(parts) < len(SOURCE_FIELDS):
        raise InvalidRegistrationError(f"{text!r} is no source: write kind/class/group/id/name")
    return {name: part for name, part in zip(SOURCE_FIELDS, parts, strict=True) if part}
