"""What is wrong with ClusterRegistries, and what a namespace may use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from registrar.api.bodies import Body
from registrar.api.conditions import Condition, ConditionStatus, Reason
from registrar.api.tenants import LabelIndex, Labels, selecting, tenant_of
from registrar.api.v1alpha1.cluster_registry import (
    ClusterRegistrySpec,
    ClusterRegistryStatus,
    RegistryConditionType,
)
from registrar.cli.connections.bodies import metadata_of, status_of
from registrar.cli.validate.found import FoundRegistry
from registrar.cli.validate.problems import Problem, Rule
from registrar.cli.validate.registries import candidate_in, check, check_alone, spec_in
from registrar.planning.resolution import (
    Candidate,
    Subject,
    Unresolved,
    cluster_registry_of,
    conflicts,
    name_of,
    resolve,
)
from registrar.planning.serving import KSERVE_FIELD, kserve_rivals

AMBIGUOUS = Reason.AMBIGUOUS_REGISTRY.value
NOT_SEEN, NOT_ADMITTED = "NotSeen", "NotAdmitted"
"""Findings that are neither a rule of a manifest nor a reason of a condition."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person has to change.

    Attributes:
        rule: the rule of `registrar validate`, or the reason of a condition.
        message: what is wrong, and what to do.
        registry: the name of the ClusterRegistry; None where it is about none.
        place: file and line; None in a cluster.
    """

    rule: str
    message: str
    registry: str | None = None
    place: str | None = None

    def __str__(self) -> str:
        where = self.place or (None if self.registry is None else f"ClusterRegistry {self.registry}")
        return f"{self.rule}: {self.message}" if where is None else f"{where}: {self.rule}: {self.message}"

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"registry": self.registry, "rule": self.rule, "place": self.place, "message": self.message}


@dataclass(slots=True)
class Checked:
    """A ClusterRegistry.

    Attributes:
        found: it.
        status: its status; None for a manifest, which has none.
        answer: what answers at its address; empty if nobody asked.
    """

    found: FoundRegistry
    status: ClusterRegistryStatus | None = None
    answer: str = ""

    @property
    def name(self) -> str:
        """Its name, or its place where it has none."""
        return self.found.name or self.found.place

    @property
    def place(self) -> str | None:
        """File and line; None in a cluster."""
        return self.found.place if self.status is None else None

    @property
    def spec(self) -> ClusterRegistrySpec | None:
        """Its spec; None if it is invalid."""
        return spec_in(self.found)

    @property
    def url(self) -> str:
        """Its address, as far as it has one."""
        spec = self.spec
        return "" if spec is None else spec.root_url

    @property
    def ready(self) -> Condition | None:
        """Its condition Ready, if it has one."""
        conditions = () if self.status is None else self.status.conditions or ()
        return next((each for each in conditions if each.type == RegistryConditionType.READY), None)


@dataclass(frozen=True, slots=True)
class Admission:
    """What a namespace may use.

    Attributes:
        namespace: the namespace.
        patterns: the patterns of the models' names, by the registries that admit it; empty for any name.
        default: the registry that is meant where a resource names none; None for none of these.
        undecided: the registries that may admit it, depending on its labels, which are not known.
    """

    namespace: str
    patterns: Mapping[str, Sequence[str]]
    default: str | None
    undecided: Sequence[str] = ()

    def __str__(self) -> str:
        parts = (
            f"{name} ({', '.join((*self._names(name), *(['default'] if name == self.default else [])))})"
            for name in self.patterns
        )
        certain = f"Namespace {self.namespace} may use {', '.join(parts) or 'no registry'}."
        if not self.undecided:
            return certain
        more = " and ".join(self.undecided)
        return f"{certain} Whether {more} may be used depends on the namespace's labels, which are not known here."

    def _names(self, name: str) -> Iterator[str]:
        patterns = self.patterns[name]
        yield f"models {' '.join(patterns)}" if patterns else "all models"

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        registries = [{"name": name, "modelNames": list(patterns)} for name, patterns in self.patterns.items()]
        return {
            "namespace": self.namespace,
            "registries": registries,
            "default": self.default,
            "undecided": list(self.undecided),
        }


@dataclass(slots=True)
class Check:
    """All that is checked.

    Attributes:
        registries: the ClusterRegistries.
        findings: what is wrong.
        admissions: what the namespaces may use that the user asked about.
        is_complete: whether all files could be read.
    """

    registries: list[Checked]
    findings: list[Finding] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    is_complete: bool = True


def checked_files(registries: Iterable[FoundRegistry], problems: Iterable[Problem]) -> Check:
    """Return ClusterRegistries in files, with what is wrong with them.

    Args:
        registries: the ClusterRegistries.
        problems: what is wrong with the files.
    """
    found = list(registries)
    all_problems = [*problems, *check(found)]
    findings = [Finding(str(problem.rule), problem.message, None, problem.place) for problem in all_problems]
    is_complete = not any(problem.rule is Rule.UNREADABLE for problem in all_problems)
    return Check([Checked(each) for each in found], findings, is_complete=is_complete)


def checked_cluster(registries: Iterable[tuple[FoundRegistry, Body]]) -> Check:
    """Return the ClusterRegistries of a cluster, with what is wrong with them and with their conditions.

    Args:
        registries: each without its status, and as the API server has it.
    """
    made = Check([])
    for found, body in registries:
        checked = Checked(found, status_of(body))
        made.registries.append(checked)
        faults = [Finding(str(each.rule), each.message, checked.name) for each in check_alone(found)]
        made.findings += faults or _reported(checked, body)
    candidates = _candidates(made.registries)
    for name, others in sorted(conflicts(candidates).items()):
        named = " and ".join(map(cluster_registry_of, others))
        message = (
            f"ClusterRegistry {named} has the same root URL and other tenants, so neither is served; "
            "give them the same tenants, or delete all but one."
        )
        made.findings.append(Finding(str(Rule.OTHER_TENANTS), message, cluster_registry_of(name)))
    made.findings += _kserve_conflicts(candidates)
    return made


def _kserve_conflicts(candidates: Mapping[str, Candidate]) -> Iterator[Finding]:
    for name in sorted(candidates):
        if rivals := kserve_rivals(name, candidates):
            message = (
                f"ClusterRegistry {' and '.join(map(cluster_registry_of, rivals))} has {KSERVE_FIELD} too, and KServe "
                "asks one registry, so no version gets status.storageUri; set it on one of them."
            )
            yield Finding(str(Rule.KSERVE_CONFLICT), message, cluster_registry_of(name))


def _reported(checked: Checked, body: Body) -> Iterator[Finding]:
    """Yield what the operator reports of a ClusterRegistry, unless it cannot be valid anyway."""
    metadata = metadata_of(body)
    if checked.status is None or checked.status.observed_generation < metadata.generation:
        message = "No operator has processed it as it is now. Check that one runs with --connections, and its log."
        yield Finding(NOT_SEEN, message, checked.name)
        return
    for condition in checked.status.conditions or ():
        is_ready = condition.type == RegistryConditionType.READY
        is_wrong = is_ready and condition.status is not ConditionStatus.TRUE
        if is_wrong or (condition.type == RegistryConditionType.IN_USE and metadata.terminating):
            yield Finding(condition.reason, condition.message or "", checked.name)


def _candidates(registries: Iterable[Checked]) -> dict[str, Candidate]:
    found = ((each.name, candidate_in(each.found)) for each in registries)
    return {name_of(name): candidate for name, candidate in found if candidate is not None}


def selects(made: Check) -> bool:
    """Return whether the labels of a namespace decide what it may use."""
    return any(candidate.selects for candidate in _candidates(made.registries).values())


def admit(made: Check, namespaces: Iterable[str], labels: Mapping[str, Labels]) -> None:
    """Add what namespaces may use, and what is wrong with that.

    Args:
        made: the check.
        namespaces: the namespaces.
        labels: the labels of each namespace, as far as they are known.
    """
    declared = _candidates(made.registries)
    # Neither of two that contradict each other is served.
    refused, index = conflicts(declared), LabelIndex(labels)
    candidates = {
        name: replace(each, tenants=selecting(each.tenants, index), is_usable=name not in refused)
        for name, each in declared.items()
    }
    for namespace in namespaces:
        is_labelled = namespace in labels
        tenants = {
            cluster_registry_of(name): tenant_of(namespace, each.tenants or ())
            for name, each in candidates.items()
            if each.is_usable
        }
        undecided = (
            [] if is_labelled else [name for name in tenants if _may_select(namespace, candidates[name_of(name)])]
        )
        patterns = {
            name: tenant.names_for(namespace)
            for name, tenant in tenants.items()
            if tenant is not None and name not in undecided
        }
        # Where no default depends on labels, they do not matter.
        is_known = is_labelled or not any(candidates[name_of(name)].is_default for name in undecided)
        resolution = resolve(Subject(namespace, is_labelled=is_known), None, candidates)
        default = None if isinstance(resolution, Unresolved) else cluster_registry_of(resolution)
        made.admissions.append(Admission(namespace, patterns, default, undecided))
        if not patterns and not undecided:
            message = f"No ClusterRegistry admits the namespace {namespace}: add it to the tenants of one."
            made.findings.append(Finding(NOT_ADMITTED, message))
        elif isinstance(resolution, Unresolved) and resolution.problem.reason == AMBIGUOUS:
            made.findings.append(Finding(AMBIGUOUS, resolution.problem.message))


def _may_select(namespace: str, candidate: Candidate) -> bool:
    """Return whether a selector stands before the first tenant that names a namespace."""
    tenants = candidate.tenants or ()
    first = next((each for each in tenants if each.namespace_selector is not None or each.admits(namespace)), None)
    return first is not None and first.namespace_selector is not None
