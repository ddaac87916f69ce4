"""Which registry a resource belongs to, step by step."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from registrar.api.conditions import Reason
from registrar.api.registry_url import normalized_url
from registrar.api.tenants import LabelIndex, Tenant
from registrar.planning.problems import Disposition
from registrar.planning.resolution import Candidate, Resolution, Subject, Unresolved, conflicts, resolve
from registrar.settings import FROM_FLAGS

DEV, PROD, OTHER = "ClusterRegistry/dev", "ClusterRegistry/prod", "ClusterRegistry/other"


def tenants(*namespaces: str) -> tuple[Tenant, ...]:
    return (Tenant(namespaces=namespaces),)


def candidate(name: str, *, is_default: bool = False, namespaces: tuple[str, ...] = ("*",), **more: bool) -> Candidate:
    return Candidate(f"http://{name}:8080", is_default, tenants(*namespaces), **more)


FLAGS = {FROM_FLAGS: Candidate("http://flags:8080")}
BOTH = {DEV: candidate("dev"), PROD: candidate("prod")}
WITH_DEFAULT = {**FLAGS, DEV: candidate("dev", is_default=True, namespaces=("team-a",)), PROD: candidate("prod")}
TEAM_A = Subject("team-a")
LEAVING = {PROD: Candidate("http://prod:8080", tenants=tenants("*"), is_leaving=True)}
UNREAD = Candidate("http://prod:8080", is_default=True, tenants=None, is_usable=False)


@pytest.mark.parametrize(
    ("subject", "parent", "candidates", "expected"),
    [
        (TEAM_A, None, FLAGS, FROM_FLAGS),
        (TEAM_A, None, WITH_DEFAULT, DEV),
        (Subject("team-b"), None, WITH_DEFAULT, FROM_FLAGS),
        (TEAM_A, PROD, WITH_DEFAULT, PROD),
        (Subject("team-a", declared=PROD), None, WITH_DEFAULT, PROD),
        (Subject("team-a", declared=PROD), PROD, WITH_DEFAULT, PROD),
        # Whoever has an ID stays, whatever the default is.
        (Subject("team-a", pinned=PROD, url="http://prod:8080"), None, WITH_DEFAULT, PROD),
        (Subject("team-a", url="http://flags:8080"), None, WITH_DEFAULT, FROM_FLAGS),
        (Subject("team-a", declared=PROD, pinned=PROD, url="http://prod:8080"), None, BOTH, PROD),
        # The pinned one has another name by now, or comes from the flags again.
        (Subject("team-a", pinned=OTHER, url="http://PROD:8080/"), None, BOTH, PROD),
        (Subject("team-a", pinned=OTHER, url="http://flags:8080"), None, WITH_DEFAULT, FROM_FLAGS),
        # A ClusterRegistry for the flags' registry comes first: its tenants govern both.
        (Subject("team-a", url="http://prod:8080"), None, {FROM_FLAGS: Candidate("http://prod:8080"), **BOTH}, PROD),
        # The flags' registry may have another address than it had.
        (Subject("team-a", url="http://former:8080"), None, WITH_DEFAULT, FROM_FLAGS),
        # One of which it is not known whom it admits holds back nobody whom another one admits.
        (TEAM_A, None, {DEV: candidate("dev", is_default=True), PROD: UNREAD}, DEV),
        # Until it is gone, it serves what it has, and a deletion whose entry may not be recorded yet.
        (Subject("team-a", declared=PROD, pinned=PROD, url="http://prod:8080"), None, LEAVING, PROD),
        (Subject("team-a", declared=PROD, is_terminating=True), None, LEAVING, PROD),
        # Nor does one leave that may have an entry: nobody else would retire it, and a default would get a second one.
        (Subject("team-a", declared=PROD, may_have_entry=True), None, LEAVING, PROD),
        (Subject("team-a", may_have_entry=True), PROD, LEAVING, PROD),
        (Subject("team-a", is_terminating=True), PROD, LEAVING, PROD),
        (Subject("team-a", may_have_entry=True, served_in=PROD), None, WITH_DEFAULT, PROD),
        (Subject("team-a", may_have_entry=True, served_in=PROD), DEV, BOTH, DEV),
        (Subject("team-a", may_have_entry=True, served_in=OTHER), None, WITH_DEFAULT, DEV),
        (Subject("team-a", declared=DEV, may_have_entry=True, served_in=PROD), None, BOTH, DEV),
        # A deletion goes where the entry is, whatever the references say.
        (Subject("team-a", declared=DEV, pinned=PROD, url="http://prod:8080", is_terminating=True), DEV, BOTH, PROD),
    ],
)
def test_a_resource_belongs_to(
    subject: Subject, parent: Resolution | None, candidates: Mapping[str, Candidate], expected: str
) -> None:
    assert resolve(subject, parent, candidates) == expected


NOWHERE = resolve(TEAM_A, None, {})
TWO_DEFAULTS = {DEV: candidate("dev", is_default=True), PROD: candidate("prod", is_default=True)}
UNUSABLE = {**FLAGS, DEV: candidate("dev", is_default=True, is_usable=False)}
UNKNOWN_TENANTS = {**FLAGS, DEV: Candidate("", is_default=True, tenants=None, is_usable=False)}


@pytest.mark.parametrize(
    ("subject", "parent", "candidates", "reason", "message", "is_let_go"),
    [
        (TEAM_A, None, BOTH, Reason.WAITING_FOR_REGISTRY, "No default registry admits the namespace team-a", True),
        (Subject("team-b"), None, {DEV: WITH_DEFAULT[DEV]}, Reason.WAITING_FOR_REGISTRY, "the namespace team-b", True),
        (
            Subject("team-a", declared=OTHER),
            None,
            BOTH,
            Reason.WAITING_FOR_REGISTRY,
            "spec.registryRef names ClusterRegistry other, which does not exist. Correct the name",
            True,
        ),
        (
            Subject("team-a", declared=PROD),
            None,
            FLAGS,
            Reason.WAITING_FOR_REGISTRY,
            "started without --connections",
            True,
        ),
        (
            Subject("team-a", pinned=OTHER, url="http://other:8080"),
            None,
            WITH_DEFAULT,
            Reason.WAITING_FOR_REGISTRY,
            "ClusterRegistry other, which does not exist. Ask an administrator to connect that registry by a",
            True,
        ),
        (TEAM_A, NOWHERE, WITH_DEFAULT, Reason.WAITING_FOR_REGISTRY, "Its parent belongs to no registry yet", True),
        (TEAM_A, None, UNUSABLE, Reason.WAITING_FOR_REGISTRY, "ClusterRegistry dev cannot be used", False),
        (TEAM_A, None, UNKNOWN_TENANTS, Reason.WAITING_FOR_REGISTRY, "ClusterRegistry dev cannot be used", False),
        # A ClusterRegistry that is being deleted would never go, if it took new entries.
        (Subject("team-a", declared=PROD), None, LEAVING, Reason.WAITING_FOR_REGISTRY, "takes no new entries", True),
        (TEAM_A, PROD, LEAVING, Reason.WAITING_FOR_REGISTRY, "is being deleted", True),
        (TEAM_A, None, TWO_DEFAULTS, Reason.AMBIGUOUS_REGISTRY, "ClusterRegistry dev, ClusterRegistry prod", True),
        (Subject("team-a", declared=DEV), PROD, BOTH, Reason.REGISTRY_MISMATCH, "its parent belongs to", False),
        (
            Subject("team-a", pinned=DEV, url="http://dev:8080"),
            PROD,
            BOTH,
            Reason.REGISTRY_MISMATCH,
            "This resource belongs to ClusterRegistry dev, but its parent belongs to ClusterRegistry prod",
            False,
        ),
        (
            Subject("team-a", declared=PROD, url="http://flags:8080"),
            None,
            WITH_DEFAULT,
            Reason.REGISTRY_MISMATCH,
            "but the entry is in the registry of the operator's flags",
            False,
        ),
    ],
)
def test_a_resource_belongs_to_none(
    subject: Subject,
    parent: Resolution | None,
    candidates: Mapping[str, Candidate],
    reason: Reason,
    message: str,
    *,
    is_let_go: bool,
) -> None:
    found = resolve(subject, parent, candidates)
    assert isinstance(found, Unresolved)
    assert (found.problem.reason, found.is_let_go) == (reason, is_let_go)
    assert message in found.problem.message
    waits = reason is Reason.WAITING_FOR_REGISTRY
    assert (found.problem.disposition is Disposition.WAITING) == waits


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://registry", "HTTP://Registry:80/"),
        ("https://registry:443/a", "https://registry./a/"),
        ("http://[::1]:8080", "http://[::1]:8080/"),
    ],
)
def test_spellings_of_one_address_are_the_same(url: str, same: str) -> None:
    assert normalized_url(url) == normalized_url(same)


@pytest.mark.parametrize("other", ["https://registry", "http://registry:8080", "http://registry/a", "http://registry2"])
def test_other_addresses_are_not(other: str) -> None:
    assert normalized_url("http://registry") != normalized_url(other)


def test_one_address_with_different_tenants_is_a_conflict() -> None:
    first = Candidate("http://registry:80", tenants=tenants("team-a"))
    same = Candidate("http://Registry/", tenants=tenants("team-a"))
    other = Candidate("http://registry", tenants=tenants("team-b"))
    assert conflicts({DEV: first, PROD: same}) == {}
    assert conflicts({DEV: first, OTHER: other}) == {DEV: (OTHER,), OTHER: (DEV,)}
    assert conflicts({DEV: first, FROM_FLAGS: other}) == {}


BY_LABEL = Tenant.model_validate({"namespaceSelector": {"matchLabels": {"a": "b"}}})
SELECTS = (BY_LABEL.selecting(LabelIndex({"team-b": {"a": "b"}})),)
SELECTING = Candidate("http://dev:8080", is_default=True, tenants=SELECTS)
NEW = Subject("team-a", is_labelled=False)


@pytest.mark.parametrize(
    ("subject", "candidates"),
    [
        # No other default, and not the flags' registry: it would assign an ID for good.
        (NEW, {DEV: SELECTING, PROD: candidate("prod", is_default=True), **FLAGS}),
        (replace(NEW, declared=DEV), {DEV: SELECTING}),
        (replace(NEW, pinned=DEV, url="http://dev:8080"), {DEV: SELECTING}),
        (replace(NEW, pinned=DEV, url="http://dev:8080", is_terminating=True), {DEV: SELECTING}),
        # The tenants of the ClusterRegistry govern the flags' registry too.
        (
            replace(NEW, declared=FROM_FLAGS),
            {DEV: replace(SELECTING, is_default=False, url="http://flags:8080"), **FLAGS},
        ),
    ],
)
def test_nobody_is_judged_by_labels_that_are_not_known(subject: Subject, candidates: Mapping[str, Candidate]) -> None:
    found = resolve(subject, None, candidates)
    assert isinstance(found, Unresolved)
    assert (found.problem.disposition, found.is_let_go) == (Disposition.WAITING, False)
    assert found.problem.message == (
        "The labels of the namespace team-a are not known yet, and they decide which registry it may use."
    )
    assert not isinstance(resolve(replace(subject, is_labelled=True), None, candidates), Unresolved)


def test_labels_that_decide_nothing_hold_nobody_back() -> None:
    candidates = {DEV: SELECTING, PROD: candidate("prod"), **FLAGS}
    assert resolve(replace(NEW, declared=PROD), None, candidates) == PROD
    assert resolve(NEW, PROD, candidates) == PROD
    assert resolve(NEW, None, {DEV: replace(SELECTING, is_default=False), **FLAGS}) == FROM_FLAGS
