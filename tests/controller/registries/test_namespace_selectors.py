"""Tenants that select namespaces by their labels."""

import json

import pytest

from tests.controller.registries.conftest import Site, because, connected, ref
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest

MODEL = "RegisteredModel"
LABEL = "example.com/ml"
SELECTS = "--connections-namespace-selectors"


def _selecting(site: Site) -> list[Manifest]:
    """Tenants that no other test's namespaces are meant by."""
    return [{"namespaceSelector": {"matchLabels": {LABEL: site.spaces[0].name}}}]


def _label(site: Site, space: Namespace, *, is_admitted: bool) -> None:
    change = f"{LABEL}={site.spaces[0].name}" if is_admitted else f"{LABEL}-"
    site.kubectl("label", "namespace", space.name, change)


def test_labels_decide_who_may_use_a_registry(site: Site) -> None:
    site.arguments.append(SELECTS)
    admitted, other = site.spaces
    _label(site, admitted, is_admitted=True)
    name = site.connect("dev", 0, tenants=_selecting(site), isDefault=True)
    site.start()
    site.wait(name, connected)
    admitted.apply(manifest(MODEL, "named", registryRef=ref(name)), manifest(MODEL, "unnamed"))
    other.apply(manifest(MODEL, "other", registryRef=ref(name)), manifest(MODEL, "other-unnamed"))
    for model in ("named", "unnamed"):
        assert admitted.ready(MODEL, model)["status"]["registryRef"] == ref(name)
    other.wait(MODEL, "other", has_reason("RegistryNotPermitted"))
    other.wait(MODEL, "other-unnamed", has_reason("WaitingForRegistry"))
    assert len(site.proxies[0].writes()) == 2
    # Nobody touches the resources.
    _label(site, other, is_admitted=True)
    other.ready(MODEL, "other-unnamed")
    entry = f"registered_models/{other.ready(MODEL, 'other')['status']['id']}"
    _label(site, other, is_admitted=False)
    for model in ("other", "other-unnamed"):
        other.wait(MODEL, model, has_reason("RegistryNotPermitted"))
    assert len(site.proxies[0].writes()) == 4
    other.apply(manifest(MODEL, "other", registryRef=ref(name), description="edited"))
    other.wait(MODEL, "other", has_reason("RegistryNotPermitted"))
    other.delete(MODEL, "other")
    other.wait_gone(MODEL, "other")
    assert len(site.proxies[0].writes()) == 4
    assert site.rests[0].get(entry)["state"] == "LIVE"
    admitted.ready(MODEL, "named")


def test_a_restart_refuses_nobody_who_is_admitted(site: Site) -> None:
    """All labels are known before the first resource is judged."""
    site.arguments.append(SELECTS)
    space = site.spaces[0]
    _label(site, space, is_admitted=True)
    name = site.connect("dev", 0, tenants=_selecting(site), isDefault=True)
    site.start()
    space.apply(manifest(MODEL, "fraud"))
    before = space.ready(MODEL, "fraud")["status"]
    site.operator.stop()
    site.start()
    space.apply(manifest(MODEL, "churn"))
    assert space.ready(MODEL, "churn")["status"]["registryRef"] == ref(name)
    assert space.get(MODEL, "fraud")["status"] == before
    reasons = {event["reason"] for model in ("fraud", "churn") for event in space.events_until(model, "Created")}
    assert reasons == {"Created"}


@pytest.mark.parametrize("with_flags", [False, True])
def test_without_the_right_to_namespaces_a_selector_admits_nobody(site: Site, *, with_flags: bool) -> None:
    """It opens no way round its tenants either: to another default, or to the flags' registry."""
    space = site.spaces[0]
    _label(site, space, is_admitted=True)
    name = site.connect("dev", 0, tenants=_selecting(site), isDefault=True)
    if with_flags:
        tenants = site.folder / "tenants.yaml"
        tenants.write_text(json.dumps({"tenants": [{"namespaces": ["*"]}]}))
        site.arguments += [f"--registry-url={site.proxies[0].url}", f"--registry-tenants={tenants}"]
    site.start()
    refused = condition(site.wait(name, because("InvalidSpec")), "Ready")
    assert refused["message"] == (
        "spec.tenants[0].namespaceSelector: the operator does not watch namespaces, so it cannot know their labels. "
        "Start it with --connections-namespace-selectors (chart: connections.namespaceSelectors), or name the "
        "namespaces in spec.tenants[0].namespaces."
    )
    space.apply(manifest(MODEL, "fraud"))
    space.wait(MODEL, "fraud", has_reason("WaitingForRegistry"))
    assert site.proxies[0].writes() == []
