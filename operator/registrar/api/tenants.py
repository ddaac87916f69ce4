"""Tenants: which namespaces may use a registry, and for which models.

A list of tenants is read in order, and the first that names or selects a namespace applies to it. A namespace that none
admits may not use the registry, so an empty list admits nobody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, PrivateAttr, StrictBool, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from registrar.api.meta import Frozen
from registrar.api.rules import Pattern, Rule
from registrar.api.v1alpha1.common import AdoptionPolicy
from registrar.api.validation import describe

if TYPE_CHECKING:
    from yaml.nodes import Node

NAMESPACE = "{namespace}"
"""What represents the resource's namespace in the pattern of a model's name, and in an owner."""
MAX_TENANTS = 64
MAX_PATTERNS = 64
MAX_LABELS = 16
Labels = Mapping[str, str]
LabelValue = Annotated[
    str,
    Field(max_length=63),
    Pattern(
        r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
        "must be the value of a label: letters, digits, '-', '_' and '.', with a letter or digit at both ends",
    ),
]
_OTHER_SPECIAL = re.compile(r"[?\[]")

NAMESPACE_PATTERN = Pattern(
    r"^[-a-z0-9*]+$",
    "must be the name of a namespace, in which '*' matches any text: lower-case letters, digits, '-' and '*'",
)
MODEL_NAME_PATTERN = Pattern(
    r"^([^{}*\x00]*\{namespace\}\.)?[^{}\x00]*$",
    "must be the name of a model, in which '*' matches any text. {namespace} may stand in it once, at the start or "
    "after literal text, and '.' must follow it, so that no namespace matches the names of another one whose name is "
    "longer. Other braces are not allowed",
)
OWNER_PATTERN = Pattern(
    r"^(\{namespace\}|[^{}\x00]+)$", "must be {namespace}, or the name of a person or team, which has no braces"
)
NamespacePattern = Annotated[str, Field(min_length=1, max_length=63), NAMESPACE_PATTERN]
ModelNamePattern = Annotated[str, Field(min_length=1, max_length=255), MODEL_NAME_PATTERN]
OwnerName = Annotated[str, Field(min_length=1, max_length=255), OWNER_PATTERN]


class ExternalReferences(StrEnum):
    """Which entries that no resource represents a resource may refer to."""

    ANY = "Any"
    OWN = "Own"
    NONE = "None"


class _Strict(Frozen):
    """What must have no field that this version does not know: it may be a limit, which must not be ignored."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Have the API server keep unknown fields: it would drop a misspelt limit, and the operator must refuse it."""
        described = super().__get_pydantic_json_schema__(schema, handler)
        found = handler.resolve_ref_schema(described)
        found.pop("additionalProperties", None)
        found["x-kubernetes-preserve-unknown-fields"] = True
        return described


class NamespaceSelector(_Strict):
    """Namespaces by their labels.

    It has no matchExpressions: with DoesNotExist, every namespace would be admitted that nobody has labelled.
    """

    match_labels: Annotated[dict[str, LabelValue], Field(min_length=1, max_length=MAX_LABELS)]
    """Labels that a namespace must have, all of them with this value."""


class LabelIndex:
    """Finds namespaces by their labels: there may be thousands of them, and a selector means a few.

    Args:
        namespaces: the labels of each namespace.
    """

    def __init__(self, namespaces: Mapping[str, Labels]) -> None:
        self._having: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for name, labels in namespaces.items():
            for label in labels.items():
                self._having[label].add(name)

    def selected_by(self, selector: NamespaceSelector) -> frozenset[str]:
        """Return the namespaces that a selector means."""
        first, *others = (self._having.get(label, set()) for label in selector.match_labels.items())
        return frozenset(first.intersection(*others))


class Tenant(_Strict):
    """Namespaces that may use the registry, and what they may do there."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.namespaces) != has(self.namespaceSelector)",
            message="set exactly one of namespaces and namespaceSelector",
            holds=lambda tenant: (tenant.namespaces is None) != (tenant.namespace_selector is None),
        ),
    )

    namespaces: Annotated[tuple[NamespacePattern, ...], Field(min_length=1, max_length=MAX_PATTERNS)] | None = None
    """Names of the namespaces. * matches any text, so the name * alone admits every namespace."""
    namespace_selector: NamespaceSelector | None = None
    """Labels of the namespaces, instead of namespaces. Whoever may label a namespace then decides who may use the
    registry. It needs --connections-namespace-selectors."""
    model_names: Annotated[tuple[ModelNamePattern, ...], Field(min_length=1, max_length=MAX_PATTERNS)] | None = None
    """Names that the registered models of these namespaces may have, also where a resource is a version or an artifact
    of one. * matches any text, and {namespace} the namespace of the resource: it must be followed by a dot, as in
    {namespace}.*. If unset, any name."""
    owner: OwnerName | None = None
    """Owner of the registered models that these namespaces declare: a name, or {namespace}. A RegisteredModel without
    an owner gets it; one that declares another owner is refused. If unset, each may declare any owner."""
    adoption_policy: AdoptionPolicy | None = None
    """Fail refuses to adopt entries that no resource manages, or that a resource of another namespace has left,
    whatever a resource or the operator's default says. Adopt, or no value, leaves the decision to them."""
    external_references: ExternalReferences | None = None
    """Models that a version or artifact may refer to although no resource manages them. Own, the default, allows those
    whose name modelNames allows; Any allows all; None allows none."""
    take_over: StrictBool | None = None
    """Whether the annotation model-registrar.dev/take-over may take entries from another installation of the operator.
    If unset, it may not."""

    _selected: frozenset[str] = PrivateAttr(default=frozenset())

    def admits(self, namespace: str) -> bool:
        """Return whether this tenant is for a namespace; one that selects namespaces is for those of `selecting`."""
        if self.namespaces is None:
            return namespace in self._selected
        return any(_matches(pattern, namespace) for pattern in self.namespaces)

    def selecting(self, namespaces: LabelIndex) -> Tenant:
        """Return this tenant for the namespaces that exist; it differs where it is for others."""
        selector = self.namespace_selector
        if selector is None:
            return self
        tenant = self.model_copy()
        tenant._selected = namespaces.selected_by(selector)  # noqa: SLF001 - a copy of this very class
        return tenant

    def allows_name(self, name: str, namespace: str) -> bool:
        """Return whether a registered model of that name may be used from a namespace that this tenant admits."""
        return self.model_names is None or any(_matches(pattern, name) for pattern in self.names_for(namespace))

    def names_for(self, namespace: str) -> tuple[str, ...]:
        """Return the patterns of the names that the models of a namespace may have; empty for any name."""
        return tuple(_fill_in(pattern, namespace) for pattern in self.model_names or ())

    def owner_of(self, namespace: str) -> str | None:
        """Return the owner that the models of a namespace have to have; None for any."""
        return None if self.owner is None else _fill_in(self.owner, namespace)


Tenants = Annotated[tuple[Tenant, ...], Field(max_length=MAX_TENANTS)]
"""The first that admits a namespace applies to it; an empty list admits nobody."""


class _TenantsFile(_Strict):
    """A file with tenants: the same field as a resource that describes a registry has in its spec."""

    tenants: Tenants


def read_tenants(text: str) -> Sequence[Tenant]:
    """Return the tenants that a YAML document lists under ``tenants``.

    Raises:
        ValueError: the document is not valid; the message names the field.
    """
    import yaml  # noqa: PLC0415 - few commands need it

    try:
        _refuse_repeated_fields(yaml.compose(text, Loader=yaml.SafeLoader))
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"it is no YAML: {error}") from error
    if not isinstance(content, dict):
        raise ValueError("it has no field tenants; write a list of tenants there, or [] to admit nobody")  # noqa: TRY004
    try:
        tenants = _TenantsFile.model_validate(content).tenants
    except ValidationError as error:
        raise ValueError(describe(error, _TenantsFile)) from error
    if (position := selector_in(tenants)) is not None:
        raise ValueError(
            f"tenants[{position}].namespaceSelector: only a ClusterRegistry selects namespaces by their labels; name "
            "them in namespaces"
        )
    return tenants


def _refuse_repeated_fields(node: Node | None) -> None:
    """Refuse a mapping that has a key twice: of two limits, YAML would silently take the last.

    Raises:
        ValueError: there is one.
    """
    if node is None or isinstance(node.value, str):
        return
    for child in node.value:
        for each in child if isinstance(child, tuple) else (child,):
            _refuse_repeated_fields(each)
    names = [key.value for key, _ in filter(lambda child: isinstance(child, tuple), node.value)]
    repeated = sorted({str(name) for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"line {node.start_mark.line + 1}: {', '.join(repeated)} appears more than once")


def selector_in(tenants: Sequence[Tenant] | None) -> int | None:
    """Return the position of the first tenant that selects namespaces by their labels; None if none does."""
    positions = (number for number, tenant in enumerate(tenants or ()) if tenant.namespace_selector is not None)
    return next(positions, None)


def selecting(tenants: Sequence[Tenant] | None, namespaces: LabelIndex) -> Sequence[Tenant] | None:
    """Return tenants for the namespaces that exist, see `Tenant.selecting`."""
    return None if tenants is None else tuple(tenant.selecting(namespaces) for tenant in tenants)


def admits(namespace: str, tenants: Sequence[Tenant] | None) -> bool:
    """Return whether a namespace may use a registry with these tenants; without any, every namespace may."""
    return tenants is None or tenant_of(namespace, tenants) is not None


def tenant_of(namespace: str, tenants: Sequence[Tenant]) -> Tenant | None:
    """Return the tenant for a namespace; None if the namespace may not use the registry."""
    return next((tenant for tenant in tenants if tenant.admits(namespace)), None)


def affected(before: Sequence[Tenant] | None, after: Sequence[Tenant] | None) -> frozenset[str] | None:
    """Return the namespaces that tenants select now and did not select before, or the other way round.

    Returns:
        None if more than that has changed, which may concern any namespace.
    """
    if before is None or after is None or [vars(one) for one in before] != [vars(one) for one in after]:
        return frozenset() if before is after else None
    changed = (one._selected ^ two._selected for one, two in zip(before, after, strict=True))  # noqa: SLF001 - as above
    return frozenset().union(*changed)


def _fill_in(pattern: str, namespace: str) -> str:
    """Return the text with the namespace in its place: a namespace's name has no ``*``."""
    return pattern.replace(NAMESPACE, namespace)


def _matches(pattern: str, text: str) -> bool:
    """Return whether a pattern matches the whole text: of the special characters of fnmatch, it has only ``*``."""
    return fnmatchcase(text, _OTHER_SPECIAL.sub(r"[\g<0>]", pattern))
