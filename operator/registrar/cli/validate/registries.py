"""The rules that ClusterRegistries keep, alone and between them, as far as they need no cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from registrar.api.certificates import are_certificates
from registrar.api.registry_url import valid_registry_url
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry, ClusterRegistrySpec
from registrar.api.v1alpha1.texts import is_subdomain
from registrar.api.validation import problems
from registrar.api.wording import shown_path
from registrar.cli.fields import unknown_fields
from registrar.cli.validate.found import FoundRegistry
from registrar.cli.validate.problems import Problem, Rule
from registrar.planning.resolution import Candidate, cluster_registry_of, conflicts, name_of
from registrar.planning.serving import KSERVE_FIELD, kserve_rivals

_NAME = ("metadata", "name")
_URL = ("spec", "url")
_KSERVE = ("spec", "servesKServe")


def check(registries: Sequence[FoundRegistry]) -> Iterator[Problem]:
    """Yield what is wrong with ClusterRegistries: of each, and between them where the second of two stands."""
    for found in registries:
        yield from check_alone(found)
    named: dict[str, FoundRegistry] = {}
    for found in registries:
        first = named.setdefault(found.name or "", found)
        if first is not found and found.name:
            message = (
                f"ClusterRegistry {found.name} is also in {first.place}, and the one that is applied last replaces the "
                "other; remove one, or give it another metadata.name"
            )
            yield found.problem(Rule.DUPLICATE_RESOURCE, message, _NAME)
    yield from _conflicts(named)


def candidate_in(found: FoundRegistry) -> Candidate | None:
    """Return what resources may belong to; None if the manifest is invalid."""
    spec = spec_in(found)
    if spec is None:
        return None
    return Candidate(spec.root_url, bool(spec.is_default), spec.tenants, serves_kserve=bool(spec.serves_kserve))


def spec_in(found: FoundRegistry) -> ClusterRegistrySpec | None:
    """Return the spec of a ClusterRegistry; None if it is invalid."""
    try:
        return _validated(found.body).spec
    except ValidationError:
        return None


def check_alone(found: FoundRegistry) -> Iterator[Problem]:
    """Yield what is wrong with a ClusterRegistry, whatever others there are."""
    unknown = dict(unknown_fields(ClusterRegistry.KIND, found.body))
    for path, message in unknown.items():
        yield found.problem(Rule.UNKNOWN_FIELD, f"{shown_path(path)}: {message}", path)
    if found.name is None or not is_subdomain(found.name):
        yield found.problem(
            Rule.INVALID_VALUE, "metadata.name: must consist of lower-case letters, digits, '-' and '.'", _NAME
        )
    try:
        spec = _validated(found.body).spec
    except ValidationError as error:
        for fault in problems(error):
            if tuple(fault.path) not in unknown:
                yield found.problem(Rule.INVALID_VALUE, str(fault), fault.path)
        return
    try:
        valid_registry_url(spec.root_url)
    except ValueError as error:
        yield found.problem(Rule.INVALID_VALUE, f"spec.url: {error}", _URL)
    if spec.ca is not None and spec.ca.bundle is not None and not are_certificates(spec.ca.bundle):
        message = "spec.ca.bundle: contains something that is no certificate in PEM format"
        yield found.problem(Rule.INVALID_VALUE, message, ("spec", "ca", "bundle"))


def _validated(body: Mapping[str, object]) -> ClusterRegistry:
    return ClusterRegistry.model_validate({name: value for name, value in body.items() if name != "status"})


def _conflicts(named: Mapping[str, FoundRegistry]) -> Iterator[Problem]:
    candidates = {
        name_of(name): candidate for name, found in named.items() if (candidate := candidate_in(found)) is not None
    }
    refused = conflicts(candidates)
    seen = set[str]()
    for name, found in named.items():
        seen.add(name_of(name))
        others = [other for other in refused.get(name_of(name), ()) if other in seen]
        if others:
            first = cluster_registry_of(others[0])
            message = (
                f"spec.url: ClusterRegistry {first} in {named[first].place} has the same root URL and other tenants, "
                "so neither is served; give them the same tenants, or remove one"
            )
            yield found.problem(Rule.OTHER_TENANTS, message, _URL)
        rivals = [other for other in kserve_rivals(name_of(name), candidates) if other in seen]
        if rivals:
            first = cluster_registry_of(rivals[0])
            message = (
                f"{KSERVE_FIELD}: ClusterRegistry {first} in {named[first].place} has it too, and KServe asks one "
                "registry, so no version gets status.storageUri; set it on one of them"
            )
            yield found.problem(Rule.KSERVE_CONFLICT, message, _KSERVE)
