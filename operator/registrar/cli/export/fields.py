"""From an entry to the spec that declares it, without what no spec can or should declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from model_registry.types import Artifact, RegistryEntry
from model_registry.types.properties import OpaqueProperty, StructProperty
from registrar.api.properties import is_reserved
from registrar.api.secrets import is_sensitive_json, is_sensitive_name
from registrar.api.v1alpha1.aliases import MAX_ALIASES, PROPERTY_PREFIX, is_alias
from registrar.api.v1alpha1.common import EntryFields
from registrar.api.v1alpha1.digests import DIGEST_PROPERTY, is_digest, pinned_digest
from registrar.cli.documents.dump import Inline
from registrar.cli.export.report import Omission, Reason
from registrar.kinds.base import PROPERTY_PATH, EntryKind
from registrar.planning.fields import state_of

_LIVE = "LIVE"
_EXACT_WHOLE = 2.0**53
"""Up to here every whole double is an integer of the same digits."""


@dataclass(slots=True)
class Declared:
    """What a spec, or an item of one, declares for an entry.

    Attributes:
        entry: the entry.
        spec: fields by their names in manifests, in the order of the schema; the name is not among them.
        omissions: what is missing in it.
    """

    entry: RegistryEntry
    spec: dict[str, Any]
    omissions: list[Omission] = field(default_factory=list)

    def leave_out(self, reason: Reason, part: str = "", detail: str = "") -> None:
        """Record that a part is missing; without a part, all of it."""
        self.omissions.append(omission(self.entry, reason, part, detail))

    @property
    def is_left_out(self) -> bool:
        """Whether the entry is missing as a whole."""
        return any(not one.part for one in self.omissions)


def omission(entry: RegistryEntry, reason: Reason, part: str = "", detail: str = "") -> Omission:
    """Return the record that an entry, or a part of it, is missing."""
    return Omission(reason, type(entry).__name__, str(entry.name), str(entry.id), part, detail)


def declare(entry: RegistryEntry, kind: EntryKind, spec_class: type[EntryFields], *, with_sensitive: bool) -> Declared:
    """Return what a spec declares for an entry.

    Args:
        entry: the entry.
        kind: its kind.
        spec_class: the class of the spec, or of the item of one.
        with_sensitive: declare what looks like a secret too.
    """
    declared = Declared(entry, {})
    present = kind.fields_on(entry)
    properties = dict(_properties(entry, declared, with_sensitive=with_sensitive))
    of_properties = _fields_of_properties(declared, properties, spec_class)
    for attribute, info in spec_class.model_fields.items():
        name = str(info.alias)
        if attribute in of_properties:
            declared.spec[name] = of_properties[attribute]
        elif attribute == "custom_properties":
            if properties:
                declared.spec[name] = properties
        elif attribute == "state":
            if (state := state_of(entry)) not in {None, _LIVE}:
                declared.spec[name] = state
        elif attribute in present:
            value = getattr(entry, attribute)
            if not with_sensitive and is_sensitive_json(value):
                # Without its URI an artifact cannot be declared.
                declared.leave_out(Reason.SENSITIVE, "" if isinstance(entry, Artifact) and name == "uri" else name)
            else:
                declared.spec[name] = value
    return declared


def _fields_of_properties(
    declared: Declared, properties: dict[str, Any], spec_class: type[EntryFields]
) -> dict[str, Any]:
    """Take those properties out that a spec declares by fields of their own; returns the fields by attribute."""
    found: dict[str, Any] = {}
    if "aliases" in spec_class.model_fields:
        found["aliases"] = _taken_aliases(declared, properties)
    if "digest" in spec_class.model_fields:
        found["digest"] = _taken_digest(declared, properties)
    return {attribute: value for attribute, value in found.items() if value}


def _taken_aliases(declared: Declared, properties: dict[str, Any]) -> dict[str, str]:
    """Take out what can be an alias, and leave out what cannot: no other property may have such a name."""
    named = sorted(name for name in properties if name.startswith(PROPERTY_PREFIX))
    aliases = {name: name.removeprefix(PROPERTY_PREFIX) for name in named if isinstance(properties[name], str)}
    taken = [name for name, alias in aliases.items() if is_alias(alias)][:MAX_ALIASES]
    found = {aliases[name]: properties.pop(name) for name in taken}
    for name in (name for name in named if name not in taken):
        del properties[name]
        is_one_too_many = is_alias(aliases.get(name, ""))
        reason = Reason.TOO_MANY if is_one_too_many else Reason.INVALID_VALUE
        declared.leave_out(reason, f"{PROPERTY_PATH}{name}", "it cannot be an alias, and nothing else has such a name")
    return found


def _taken_digest(declared: Declared, properties: dict[str, Any]) -> str | None:
    """Take the digest out, and leave it out if it has another form or the address of the entry contradicts it."""
    digest = properties.pop(DIGEST_PROPERTY, None)
    if digest is None:
        return None
    if is_digest(digest) and pinned_digest(getattr(declared.entry, "uri", None) or "") in {None, digest}:
        return str(digest)
    why = "it differs from the one in uri" if is_digest(digest) else "it is not sha256: and 64 hexadecimal digits"
    declared.leave_out(Reason.INVALID_VALUE, f"{PROPERTY_PATH}{DIGEST_PROPERTY}", why)
    return None


def _properties(entry: RegistryEntry, declared: Declared, *, with_sensitive: bool) -> Iterator[tuple[str, Any]]:
    properties: Mapping[str, Any] = entry.custom_properties or {}
    for name in sorted(properties):
        value, part = properties[name], f"{PROPERTY_PATH}{name}"
        if is_reserved(name):
            continue
        match value:
            case StructProperty():
                declared.leave_out(Reason.STRUCT, part)
            case OpaqueProperty():
                # The stamp is a property too, and an update sends all of them.
                declared.leave_out(
                    Reason.UNSUPPORTED_TYPE,
                    detail=f"its {part} is a {value.metadata_type}, which cannot be written back",
                )
            case _ if not with_sensitive and (is_sensitive_name(name) or is_sensitive_json(value)):
                declared.leave_out(Reason.SENSITIVE, part)
            case float() if value.is_integer():
                yield name, whole_double(value)
            case _:
                yield name, value


def whole_double(value: float) -> Inline:
    """Return a double that is a whole number as a manifest declares it: a plain 2.0 comes out of kubectl as 2."""
    return Inline({"double": int(value) if abs(value) <= _EXACT_WHOLE else value})
