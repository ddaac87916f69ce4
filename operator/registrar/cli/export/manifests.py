"""A resource on its way to a file, and which of its parts the schema refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import ValidationError

from model_registry.types import RegistryEntry
from registrar.api.meta import API_VERSION
from registrar.api.v1alpha1.common import ManagedSpec
from registrar.api.validation import problems
from registrar.cli.catalogue import Place
from registrar.cli.documents.dump import dump
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.fields import Declared, omission
from registrar.cli.export.report import Omission, Reason
from registrar.kinds.base import AnyResource, ResourceKind

ASSUMED_NAMESPACE = "default"
"""Where a manifest is applied that names none."""
_SPEC = "spec"
_NEEDED = frozenset({"uri"})
"""Fields without which there is no entry of that kind."""


@dataclass(slots=True)
class Manifest:
    """A resource that an export writes.

    Attributes:
        kind: its kind.
        name: its ``metadata.name``.
        namespace: its ``metadata.namespace``; None leaves it out.
        place: where its entry is.
        declared: what it declares for its entry.
        reference: the fields that name the parent and the registry, with their values.
        items: what it declares for inline entries, by the list that holds them.
        dropped: inline entries that are missing as a whole.
    """

    kind: ResourceKind
    name: str
    namespace: str | None
    place: Place
    declared: Declared
    reference: Mapping[str, Any] = field(default_factory=dict)
    items: dict[str, list[Declared]] = field(default_factory=dict)
    dropped: list[Omission] = field(default_factory=list)

    @property
    def entry(self) -> RegistryEntry:
        """The entry that it represents."""
        return self.declared.entry

    @property
    def omissions(self) -> list[Omission]:
        """What is missing in it."""
        return [*self.declared.omissions, *(one for item in self.each_item() for one in item.omissions), *self.dropped]

    def each_item(self) -> Iterator[Declared]:
        """Yield what it declares for inline entries, in the order of the lists."""
        for items in self.items.values():
            yield from items

    def body(self) -> dict[str, Any]:
        """Return the resource, its keys in the order of the schema."""
        metadata = {"name": self.name} if self.namespace is None else {"name": self.name, "namespace": self.namespace}
        content = {
            **({} if self.entry.name == self.name else {"name": self.entry.name}),
            **self.declared.spec,
            **self.reference,
            **{name: [_item(item) for item in items] for name, items in self.items.items() if items},
        }
        order = [str(info.alias) for info in spec_class(self.kind).model_fields.values()]
        spec = {name: content[name] for name in order if name in content}
        body = {"apiVersion": API_VERSION, "kind": self.kind.name, "metadata": metadata}
        return {**body, "spec": spec} if spec else body

    def text(self) -> str:
        """Return the document, with a comment for each part that it lacks."""
        return "".join(f"{one.comment()}\n" for one in self.omissions) + dump(self.body())


def spec_class(kind: ResourceKind) -> type[ManagedSpec]:
    """Return the class of the spec of a kind."""
    fields = kind.resource.model_fields
    return cast("type[ManagedSpec]", fields[_SPEC].annotation)


def parse(kind: ResourceKind, manifest: FileManifest, namespace: str = ASSUMED_NAMESPACE) -> AnyResource:
    """Return a manifest as the operator would read it from the API server.

    Args:
        kind: its kind.
        manifest: the manifest.
        namespace: where it is applied if it names no namespace.

    Raises:
        ValidationError: the API server would refuse it.
    """
    return kind.resource.model_validate(manifest.applied_in(namespace))


def fit(manifest: Manifest) -> None:
    """Leave out of a manifest what its schema refuses: a property, a field, an item, or all of it."""
    while not manifest.declared.is_left_out:
        try:
            parse(manifest.kind, FileManifest(manifest.body()))
        except ValidationError as error:
            problem = next(problems(error))
            reason = _reason(problem.kind, problem.message, problem.path)
            _leave_out(manifest, problem.path, reason, problem.message)
        else:
            return


def drop(manifest: Manifest, item: Declared, reason: Reason, detail: str) -> None:
    """Leave an inline entry out of a manifest."""
    for items in manifest.items.values():
        items[:] = [one for one in items if one is not item]
    manifest.dropped.append(omission(item.entry, reason, detail=detail))


def _item(item: Declared) -> dict[str, Any]:
    return {"name": item.entry.name, **item.spec}


def _leave_out(manifest: Manifest, loc: Sequence[int | str], reason: Reason, message: str) -> None:
    match loc:
        case ["spec", str(name), int(position), *rest] if name in manifest.items:
            item = manifest.items[name][position]
            if not _remove(item, rest, reason, message):
                drop(manifest, item, reason, message)
        case ["spec", *rest] if _remove(manifest.declared, rest, reason, message):
            return
        case _:
            manifest.declared.leave_out(reason, detail=message)


def _remove(declared: Declared, path: Sequence[int | str], reason: Reason, message: str) -> bool:
    """Remove a field or a property; return False if there is nothing to remove but the whole entry."""
    match path:
        case ["customProperties" | "aliases" as field, str(name), *_] if name in declared.spec.get(field, {}):
            declared.leave_out(reason, f"{field}.{name}", message)
            del declared.spec[field][name]
            if not declared.spec[field]:
                del declared.spec[field]
        case [str(name), *_] if name in declared.spec and name not in _NEEDED:
            declared.leave_out(reason, name, message)
            del declared.spec[name]
        case _:
            return False
    return True


def _reason(kind: str, message: str, path: tuple[int | str, ...]) -> Reason:
    if kind == "string_too_long" or message.startswith("must not be longer"):
        return Reason.TOO_LONG
    if kind == "too_long":
        return Reason.TOO_MANY
    return Reason.UNKNOWN_STATE if path[-1:] == ("state",) else Reason.INVALID_VALUE
