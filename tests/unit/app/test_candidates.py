"""What an invalid ClusterRegistry still limits: it opens no way round its tenants, and stops nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from registrar.api.certificates import certificates_in
from registrar.api.meta import ObjectMeta
from registrar.api.tenants import tenant_of
from registrar.api.v1alpha1.registry_marks import ABANDON_ANNOTATION
from registrar.app.candidates import candidates_of, refusal, relabelled, tenants_of_flags
from registrar.cluster.cluster_registries import Declared, read
from registrar.planning.resolution import Candidate, Subject, Unresolved, resolve
from registrar.planning.serving import kserve_rivals

URL = "http://registry.ml:8080"
PEM = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----"
BROKEN: dict[str, Any] = {"ca": {"bundle": PEM}}


def declared(name: str = "a", *namespaces: str, url: str | dict[str, Any] = URL, **more: Any) -> dict[str, Declared]:
    """Return a ClusterRegistry with a URL, or with the reference to a Service."""
    address = {"url": url} if isinstance(url, str) else {"serviceRef": url}
    spec = {**address, "tenants": [{"namespaces": list(namespaces or ("team-a",))}], **more}
    return {name: read({"metadata": {"name": name, "uid": "u", "resourceVersion": "1"}, "spec": spec})}


def test_the_flags_are_no_way_round_an_invalid_one() -> None:
    broken = declared(**BROKEN)
    flags = Candidate(URL, tenants=None)
    candidates = candidates_of(broken, flags)
    assert refusal("a", broken["a"], candidates) is not None
    assert tenants_of_flags(flags, candidates) == ()


@pytest.mark.parametrize(
    "url",
    [
        f"{URL}/api/model_registry",
        f"{URL}/api/model_registry/v1",
        f"{URL}//",
        "http://REGISTRY.ML.:8080",
        "http://registry.ml.svc:8080",
        "http://registry.ml.svc.cluster.local.:8080/",
        {"namespace": "ml", "name": "registry", "port": 8080},
        {"namespace": "ml", "name": "registry", "port": 8080, "scheme": "http"},
    ],
    ids=str,
)
def test_spellings_of_one_address_are_one(url: str | dict[str, Any]) -> None:
    flags = Candidate(URL, tenants=None)
    candidates = candidates_of(declared("a", "team-a", url=url), flags)
    tenants = tenants_of_flags(flags, candidates)
    assert tenants is not None
    assert tenant_of("team-b", tenants) is None
    both = {**declared("a", "team-a"), **declared("b", "team-b", url=url)}
    assert not any(each.is_usable for each in candidates_of(both, None).values())


@pytest.mark.parametrize("url", ["http://r/x/..", "http://r/./x", "http://r/%2e%2e/x", "http://bücher:80"])
def test_spellings_that_cannot_be_compared_are_refused(url: str) -> None:
    assert str(declared("a", "team-a", url=url)["a"].spec).startswith("spec.url: ")


def test_an_invalid_default_is_one_for_its_own_tenants_only() -> None:
    valid = declared("good", "team-a", url="http://good", isDefault=True)
    broken = declared("bad", "team-b", isDefault=True, **BROKEN)
    candidates = candidates_of({**valid, **broken}, None)
    assert resolve(Subject("team-a"), None, candidates) == "ClusterRegistry/good"
    assert isinstance(resolve(Subject("team-b"), None, candidates), Unresolved)


def test_the_mark_for_kserve_counts_of_an_invalid_one_too() -> None:
    both = {**declared("good", servesKServe=True), **declared("bad", url="http://other", servesKServe=True, **BROKEN)}
    assert kserve_rivals("ClusterRegistry/good", candidates_of(both, None)) == ("ClusterRegistry/bad",)


def test_a_misspelt_limit_is_refused_and_admits_nobody() -> None:
    found = declared(tenants=[{"namespaces": ["*"], "modelName": ["{namespace}.*"]}])
    assert "modelName" in str(found["a"].spec)
    flags = Candidate(URL, tenants=None)
    assert tenants_of_flags(flags, candidates_of(found, flags)) == ()


def test_text_around_certificates_may_be_in_any_language() -> None:
    assert certificates_in(f"# Autorité\n{PEM}\n# fin") == PEM
    assert isinstance(declared(ca={"bundle": f"{PEM}é".replace("MII", "É")})["a"].spec, str)


@pytest.mark.parametrize(
    "url",
    [
        "http://registry.ml:8081",
        "https://registry.ml:8080",
        {"namespace": "ml", "name": "registry", "port": 8081},
        {"namespace": "ml", "name": "registry", "port": 8080, "scheme": "https"},
        {"namespace": "other", "name": "registry", "port": 8080},
        {"namespace": "ml", "name": "other", "port": 8080},
    ],
    ids=str,
)
def test_other_addresses_are_no_conflict(url: str | dict[str, Any]) -> None:
    both = {**declared("a", "team-a"), **declared("b", "team-b", url=url)}
    assert all(each.is_usable for each in candidates_of(both, None).values())


def test_a_conflict_names_the_address_that_a_service_has() -> None:
    service = {"namespace": "ml", "name": "registry", "port": 8080}
    both = {**declared("a", "team-a"), **declared("b", "team-b", url=service)}
    message = refusal("b", both["b"], candidates_of(both, None))
    assert message is not None
    assert "has the root URL http://registry.ml.svc:8080, with" in message


def test_an_entry_stays_with_its_registry_when_that_is_named_by_its_service() -> None:
    service = {"namespace": "ml", "name": "registry", "port": 8080}
    candidates = candidates_of(declared("a", "team-a", url=service), None)
    assert resolve(Subject("team-a", url=URL), None, candidates) == "ClusterRegistry/a"


@pytest.mark.parametrize(
    "more",
    [
        {"serviceRef": {"namespace": "ml", "name": "registry", "port": 8080}},  # and url
        {"url": None, "serviceRef": {"namespace": "ml", "name": "registry"}},
        {"url": None},
    ],
    ids=["two", "half of one", "none"],
)
def test_one_without_one_address_may_be_meant_for_any(more: dict[str, Any]) -> None:
    found = declared(**more)
    assert isinstance(found["a"].spec, str)
    assert found["a"].url == ""
    flags = Candidate("http://elsewhere", tenants=None)
    assert tenants_of_flags(flags, candidates_of(found, flags)) == ()


SELECTOR = [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]


def test_a_selector_that_nobody_can_evaluate_opens_nothing() -> None:
    """Whom it means is not known, so it may mean anybody: no one falls through to another default, or to the flags."""
    broken = declared(tenants=SELECTOR, isDefault=True)
    flags = Candidate(URL)
    candidates = candidates_of(broken, flags, None)
    message = refusal("a", broken["a"], candidates, None)
    assert message is not None
    assert message.startswith("spec.tenants[0].namespaceSelector: the operator does not watch namespaces")
    assert tenants_of_flags(flags, candidates) == ()
    assert isinstance(resolve(Subject("team-a"), None, candidates), Unresolved)


def test_a_selector_is_for_the_namespaces_that_have_its_labels_now() -> None:
    found = declared(tenants=SELECTOR)
    labels = {"team-a": {"a": "b"}, "team-b": {"a": "c"}}
    candidates = candidates_of(found, Candidate(URL), labels)
    assert refusal("a", found["a"], candidates, labels) is None
    admitted = tenants_of_flags(Candidate(URL), candidates)
    assert [tenant_of(name, admitted or ()) is not None for name in ("team-a", "team-b", "new")] == [True, False, False]


def test_other_labels_concern_the_namespaces_that_have_them() -> None:
    found = declared(tenants=SELECTOR)
    before = candidates_of(found, None, {"kept": {"a": "b"}, "gone": {"a": "b"}, "other": {}})
    after = candidates_of(found, None, {"kept": {"a": "b"}, "gone": {}, "other": {"app": "x"}, "new": {"a": "b"}})
    assert relabelled(before, after) == frozenset({"gone", "new"})
    assert relabelled(after, after) == frozenset()
    # More than labels may concern anybody.
    owned = declared(tenants=[{**SELECTOR[0], "owner": "ann"}])
    for other in (owned, declared(tenants=SELECTOR, isDefault=True), declared("b", tenants=SELECTOR)):
        assert relabelled(before, candidates_of(other, None, {})) is None


@pytest.mark.parametrize(
    ("is_deleted", "value", "is_served"), [(True, "true", False), (True, "false", True), (False, "true", True)]
)
def test_an_abandoned_one_is_served_no_longer(is_deleted: bool, value: str, is_served: bool) -> None:  # noqa: FBT001 - parameters of the test
    """A finalizer of others may hold it, and the deletion of its resources must not archive their entries."""
    found = declared()
    metadata = {"name": "a", "uid": "u", "resourceVersion": "1", "annotations": {ABANDON_ANNOTATION: value}}
    if is_deleted:
        metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    found["a"] = replace(found["a"], metadata=ObjectMeta.model_validate(metadata))
    assert bool(candidates_of(found, None)) == is_served
