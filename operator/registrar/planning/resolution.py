"""Resolves which registry a resource belongs to: one rule for all kinds, over what is known in memory.

A resource that has an ID stays with the registry that assigned it. Another resource belongs to the registry that it
names, else to that of its parent, else to the one default that admits its namespace, else to that of the flags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from registrar.api.conditions import Reason
from registrar.api.registry_url import normalized_url
from registrar.api.tenants import Tenant, admits, selector_in
from registrar.planning.problems import Disposition, Problem, refused
from registrar.settings import FROM_FLAGS

KIND = "ClusterRegistry"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A registry that resources may belong to.

    Attributes:
        url: its root URL.
        is_default: whether it is meant where a resource names none.
        tenants: who may use it; None where that is not known, so that it may be anybody.
        is_usable: whether the operator can serve it as it is declared.
        serves_kserve: whether its administrator says that KServe's storage initializer asks it.
        is_leaving: whether its ClusterRegistry is being deleted, so that it takes no new resources.
    """

    url: str
    is_default: bool = False
    tenants: Sequence[Tenant] | None = None
    is_usable: bool = True
    serves_kserve: bool = False
    is_leaving: bool = False

    def admits(self, namespace: str) -> bool:
        """Return whether resources of a namespace may use it."""
        return admits(namespace, self.tenants)

    @property
    def selects(self) -> bool:
        """Whether the labels of a namespace decide who may use it."""
        return selector_in(self.tenants) is not None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a resource says about its registry.

    Attributes:
        namespace: its namespace.
        declared: the registry that its spec names; None if it names none.
        pinned: the ClusterRegistry that assigned its ID, as its status records that.
        url: the address of the registry that assigned its ID; None without an ID.
        is_terminating: whether it is being deleted.
        is_labelled: whether the labels of its namespace are known; a new namespace may be seen after its resources.
        may_have_entry: whether it may have an entry whose ID no status records: its finalizer says so.
        served_in: the registry that served it until now, where it may have that entry; None if none is known.
    """

    namespace: str
    declared: str | None = None
    pinned: str | None = None
    url: str | None = None
    is_terminating: bool = False
    is_labelled: bool = True
    may_have_entry: bool = False
    served_in: str | None = None

    @property
    def is_new(self) -> bool:
        """Whether it has no entry for certain, so that any registry will do."""
        return self.url is None and not self.may_have_entry and not self.is_terminating


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a resource belongs to no registry now.

    Attributes:
        problem: what to report.
        is_let_go: whether its deletion leaves its entry, because nobody can retire that.
    """

    problem: Problem
    is_let_go: bool = True


Resolution = str | Unresolved
"""The name of a registry in the operator, or why there is none."""


def name_of(cluster_registry: str) -> str:
    """Return what the operator calls the registry that a ClusterRegistry connects."""
    return f"{KIND}/{cluster_registry}"


def cluster_registry_of(name: str) -> str:
    """Return the ClusterRegistry that connects a registry, the reverse of `name_of`; empty for that of the flags."""
    return name.partition("/")[2]


def resolve(subject: Subject, parent: Resolution | None, candidates: Mapping[str, Candidate]) -> Resolution:
    """Return the registry of a resource.

    Args:
        subject: what the resource says.
        parent: the registry of its parent resource; None if it has none, or that does not exist.
        candidates: the registries, by their names in the operator.
    """
    found = _resolve(subject, parent, candidates)
    if subject.is_labelled or isinstance(found, Unresolved):
        return found
    # Nobody is refused, or gets another default, before it is known who is admitted.
    return _unlabelled(subject.namespace) if _selects(found, candidates) else found


def _resolve(subject: Subject, parent: Resolution | None, candidates: Mapping[str, Candidate]) -> Resolution:
    own = _own(subject, candidates)
    if isinstance(own, Unresolved):
        return own
    if own is None:
        is_by_labels = parent is None and any(each.is_default and each.selects for each in candidates.values())
        if is_by_labels and not subject.is_labelled:
            return _unlabelled(subject.namespace)
        return _inherited(subject, parent, candidates)
    if isinstance(parent, str) and parent != own and not subject.is_terminating:
        return _mismatch(
            f"This resource belongs to {described(own)}, but its parent belongs to {described(parent)}. Correct "
            "spec.registryRef, or refer to a parent in the same registry."
        )
    return _usable(own, candidates, is_new=subject.is_new)


def _own(subject: Subject, candidates: Mapping[str, Candidate]) -> Resolution | None:
    """Return the registry that a resource names, or that assigned its ID; None if there is neither."""
    pinned = pin(subject, candidates)
    declared = None if subject.declared is None else _known(subject.declared, candidates)
    if subject.is_terminating and pinned is not None:
        # Its deletion goes where its entry is, whatever the spec says.
        return pinned
    if isinstance(declared, Unresolved) or pinned is None:
        return declared
    if isinstance(pinned, str) and declared not in {None, pinned}:
        return _mismatch(
            f"spec.registryRef names {described(declared)}, but the entry is in {described(pinned)}. Remove it."
        )
    return pinned


def _inherited(subject: Subject, parent: Resolution | None, candidates: Mapping[str, Candidate]) -> Resolution:
    """Return the registry of a resource that has none of its own."""
    if isinstance(parent, Unresolved):
        return _waiting(f"Its parent belongs to no registry yet: {parent.problem.message}")
    if parent is not None:
        return _usable(parent, candidates, is_new=subject.is_new)
    if subject.served_in in candidates and not subject.is_new:
        # Another default would get a second entry of it.
        return _usable(str(subject.served_in), candidates, is_new=False)
    return _default(subject.namespace, candidates)


def pin(subject: Subject, candidates: Mapping[str, Candidate]) -> Resolution | None:
    """Return the registry that assigned the ID, also under another name; None without an ID."""
    if subject.url is None:
        return None
    if subject.pinned in candidates:
        return subject.pinned
    url = normalized_url(subject.url)
    # The flags' registry comes last: the tenants of a ClusterRegistry for the same one govern both.
    names = sorted(candidates, key=lambda name: (name == FROM_FLAGS, name))
    found = next((name for name in names if normalized_url(candidates[name].url) == url), None)
    if found is not None:
        return found
    if subject.pinned is None and FROM_FLAGS in candidates:
        # A registry may get another address: the entry's creation time proves whether it is the same one.
        return FROM_FLAGS
    lost, name = f"the registry {subject.url}, which no ClusterRegistry connects", "a ClusterRegistry"
    if subject.pinned is not None:
        lost, name = f"{described(subject.pinned)}, which does not exist", "a ClusterRegistry of that name"
    return _waiting(
        f"The entry is in {lost}{_unless_served(candidates)}. Ask an administrator to connect that registry by {name}."
    )


def _known(name: str, candidates: Mapping[str, Candidate]) -> Resolution:
    if name in candidates:
        return name
    return _waiting(
        f"spec.registryRef names {described(name)}, which does not exist{_unless_served(candidates)}. Correct the "
        "name, or ask an administrator for that ClusterRegistry."
    )


def _unless_served(candidates: Mapping[str, Candidate]) -> str:
    """Return the other reason why a ClusterRegistry may be unknown, unless the operator serves one."""
    if any(name != FROM_FLAGS for name in candidates):
        return ""
    return ", or the operator was started without --connections"


def _default(namespace: str, candidates: Mapping[str, Candidate]) -> Resolution:
    defaults = sorted(
        name for name, candidate in candidates.items() if candidate.is_default and candidate.admits(namespace)
    )
    # One whose tenants are not known may admit nobody here, so it holds nobody back whom another one admits.
    known = [name for name in defaults if candidates[name].tenants is not None]
    if len(known) > 1:
        message = f"Several default registries admit the namespace {namespace}: {', '.join(map(described, known))}."
        return Unresolved(refused(Reason.AMBIGUOUS_REGISTRY, f"{message} Set spec.registryRef."))
    if defaults:
        return _usable((known or defaults)[0], candidates, is_new=True)
    if FROM_FLAGS in candidates:
        return FROM_FLAGS
    return _waiting(
        f"No default registry admits the namespace {namespace}. Set spec.registryRef to a ClusterRegistry that admits "
        "it, or ask an administrator for a default."
    )


def _selects(name: str, candidates: Mapping[str, Candidate]) -> bool:
    """Return whether labels decide who may use a registry; the tenants of a ClusterRegistry govern the flags' too."""
    if name != FROM_FLAGS:
        return candidates[name].selects
    url = normalized_url(candidates[name].url)
    return any(candidate.selects for candidate in candidates.values() if normalized_url(candidate.url) == url)


def _unlabelled(namespace: str) -> Unresolved:
    message = f"The labels of the namespace {namespace} are not known yet, and they decide which registry it may use."
    return Unresolved(_waiting(message).problem, is_let_go=False)


def _usable(name: str, candidates: Mapping[str, Candidate], *, is_new: bool) -> Resolution:
    if is_new and candidates[name].is_leaving:
        return _waiting(f"{described(name)} is being deleted, and takes no new entries. Use another registry.")
    if candidates[name].is_usable:
        return name
    problem = _waiting(f"{described(name)} cannot be used as it is declared; see its conditions.").problem
    return Unresolved(problem, is_let_go=False)


def described(name: str) -> str:
    """Return a registry as messages name it."""
    return "the registry of the operator's flags" if name == FROM_FLAGS else name.replace("/", " ", 1)


def _waiting(message: str) -> Unresolved:
    return Unresolved(Problem(Disposition.WAITING, Reason.WAITING_FOR_REGISTRY, message))


def _mismatch(message: str) -> Unresolved:
    return Unresolved(refused(Reason.REGISTRY_MISMATCH, message), is_let_go=False)


def conflicts(candidates: Mapping[str, Candidate]) -> Mapping[str, tuple[str, ...]]:
    """Return the ClusterRegistries whose root URL others have too, with other tenants; each with those others."""
    by_url: dict[str, list[str]] = {}
    for name, candidate in candidates.items():
        if name != FROM_FLAGS and candidate.url:
            by_url.setdefault(normalized_url(candidate.url), []).append(name)
    found: dict[str, tuple[str, ...]] = {}
    for names in by_url.values():
        for name in names:
            others = tuple(sorted(_different(name, names, candidates)))
            if others:
                found[name] = others
    return found


def _different(name: str, names: Iterable[str], candidates: Mapping[str, Candidate]) -> Iterable[str]:
    return (other for other in names if candidates[other].tenants != candidates[name].tenants)
