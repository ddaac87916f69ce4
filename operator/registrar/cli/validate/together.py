"""The rules that manifests keep between them."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from registrar.api.wording import shown_path
from registrar.cli.documents.references import named_registry
from registrar.cli.validate.entries import Entry, Index, Key, Place
from registrar.cli.validate.found import Found
from registrar.cli.validate.problems import Problem, Rule
from registrar.kinds.model_version import MODEL_VERSION
from registrar.planning.external_ids import ExternalIdSpace, external_id_space

_NAME = ("metadata", "name")


def check(manifests: Iterable[Found], *, is_complete: bool) -> Iterator[Problem]:
    """Yield what is wrong between manifests: a problem stands where the second of two does.

    Args:
        manifests: the manifests, in the order of files and lines.
        is_complete: whether all documents could be read; otherwise a missing parent may be in one of the others.
    """
    named: dict[Key, Found] = {}
    for found in manifests:
        manifest = found.manifest
        if manifest is None:
            continue
        first = named.setdefault((found.kind.name, found.namespace, manifest.name), found)
        if first is not found:
            message = (
                f"{found.kind.name} {manifest.name} is also in {first.place(_NAME)}, and the one that is applied last "
                "replaces the other; remove one, or give it another metadata.name"
            )
            yield found.problem(Rule.DUPLICATE_RESOURCE, message, _NAME)
    index = Index(named)
    if is_complete:
        yield from _missing_parents(index, named)
    entries = list(index.entries())
    if is_complete:
        yield from _aliases(entries)
    yield from (_rivalry(*pair) for pair in rivals(entries))
    yield from _similar_names(entries)
    yield from _other_registries(index, named)


def _missing_parents(index: Index, named: dict[Key, Found]) -> Iterator[Problem]:
    for found in named.values():
        manifest = found.manifest
        key = None if manifest is None else index.parent_of(found, manifest)
        if key is None or key in named or found.kind.parent is None:
            continue
        kind, namespace, name = key
        field = found.kind.reference_field
        where = "" if namespace is None else f" in namespace {namespace}"
        message = (
            f"spec.{field}.name: no {kind} {name!r}{where} is among these manifests; correct the name, add the "
            "manifest, or refer to an entry of the registry with external"
        )
        yield found.problem(Rule.MISSING_PARENT, message, ("spec", field, "name"))


def _other_registries(index: Index, named: Mapping[Key, Found]) -> Iterator[Problem]:
    for found in named.values():
        manifest = found.manifest
        own = None if manifest is None else named_registry(manifest)
        key = None if manifest is None else index.parent_of(found, manifest)
        parent = None if key is None else named.get(key)
        above = None if parent is None else index.registry_of(parent)
        if own is not None and key is not None and above not in {None, own}:
            message = (
                f"spec.registryRef.name: {own!r} is not the registry of {key[0]} {key[2]}, which is {above!r}; remove "
                "the field, or refer to a parent in the same registry"
            )
            yield found.problem(Rule.OTHER_REGISTRY, message, ("spec", "registryRef", "name"))


def _aliases(entries: Iterable[Entry]) -> Iterator[Problem]:
    versions: defaultdict[tuple[str | None, Place], dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        if entry.kind is MODEL_VERSION.entry:
            versions[entry.registry, entry.place[:-1]][entry.name] = entry
    for entry in (one for one in entries if one.kind.has_aliases and (one.registry, one.place) in versions):
        manifest, known = entry.found.manifest, versions[entry.registry, entry.place]
        declared = {} if manifest is None else manifest.spec.get("aliases")
        for alias, version in declared.items() if isinstance(declared, Mapping) else ():
            path = ("spec", "aliases", alias)
            if isinstance(version, str) and version not in known:
                message = (
                    f"{shown_path(path)}: no version {version!r} of this model is among these manifests; correct the "
                    "name, or add the manifest, unless the registry has the version already"
                )
                yield entry.found.problem(Rule.MISSING_VERSION, message, path)
            elif isinstance(version, str) and _is_archived(known[version]):
                message = (
                    f"{shown_path(path)}: the version {version!r} is archived by {known[version]}; name another "
                    "version, or remove spec.state there"
                )
                yield entry.found.problem(Rule.ARCHIVED_VERSION, message, path)


def _is_archived(entry: Entry) -> bool:
    manifest = entry.found.manifest
    return manifest is not None and manifest.spec.get("state") == entry.kind.retired_state


def rivals(entries: Sequence[Entry]) -> Iterator[tuple[Rule, Entry, Entry]]:
    """Yield pairs that want the same entry, then pairs that want the same external ID, each with the broken rule."""
    seen: dict[tuple[str | None, str, Place], Entry] = {}
    for entry in entries:
        first = seen.setdefault((entry.registry, entry.kind.name, entry.place), entry)
        # Two artifacts of one name in one manifest break a rule of the model.
        if first is not entry and first.found is not entry.found:
            yield Rule.DUPLICATE_ENTRY, first, entry
    held: dict[tuple[str | None, ExternalIdSpace, str], Entry] = {}
    for entry in entries:
        if entry.external_id is None:
            continue
        first = held.setdefault((entry.registry, external_id_space(entry.kind.entry), entry.external_id), entry)
        if first is not entry:
            yield Rule.DUPLICATE_EXTERNAL_ID, first, entry


def _rivalry(rule: Rule, first: Entry, entry: Entry) -> Problem:
    """Return the problem of the second of two rivals."""
    if rule is Rule.DUPLICATE_ENTRY:
        message = (
            f"{entry} represents the same entry as {first} in {first.name_place}; remove one, or give "
            f"it another {'name' if entry.path else 'spec.name'}"
        )
        return entry.found.problem(rule, message, entry.name_path)
    message = (
        f"externalId {entry.external_id!r} is also that of {first} in {first.name_place}; the registry allows it once"
    )
    return entry.found.problem(rule, message, (*(entry.path or ("spec",)), "externalId"))


def _similar_names(entries: Iterable[Entry]) -> Iterator[Problem]:
    seen: dict[tuple[str | None, str, Place], Entry] = {}
    for entry in entries:
        place = (*entry.place[:-1], _folded(entry.name))
        first = seen.setdefault((entry.registry, entry.kind.name, place), entry)
        if first.name != entry.name:
            message = (
                f"the name {entry.name!r} differs from {first.name!r} in {first.name_place} only in case "
                "or accents, and a registry on MySQL takes them for one; choose another name"
            )
            yield entry.found.problem(Rule.SIMILAR_NAME, message, entry.name_path)


def _folded(name: str) -> str:
    """Return a name without case and accents."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))
