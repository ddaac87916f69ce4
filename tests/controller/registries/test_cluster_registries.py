"""Registries that ClusterRegistries connect while the operator runs."""

import threading
from pathlib import Path

from tests.client.certificates import CertificateAuthority
from tests.controller.registries.conftest import Site, because, connected, ref
from tests.support.fault_proxy import proxy_to
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, condition, has_reason, is_ready, manifest
from tests.support.waiting import wait_until

MODEL, VERSION, ARTIFACT = "RegisteredModel", "ModelVersion", "ModelArtifact"
IN_USE = "model-registrar.dev/in-use"


def _chain(name: str, registry: str) -> list[Manifest]:
    """A model that names its registry, and what belongs to it, which does not."""
    return [
        manifest(MODEL, name, registryRef=ref(registry)),
        manifest(VERSION, f"{name}-v1", name="v1", registeredModelRef={"name": name}),
        manifest(ARTIFACT, f"{name}-weights", modelVersionRef={"name": f"{name}-v1"}, uri="s3://models/weights"),
    ]


def test_equal_names_in_two_registries_are_two_entries(site: Site) -> None:
    names = site.connect("dev", 0), site.connect("prod", 1)
    site.rests[1].model("takes-the-first-id")
    site.start()
    for space, name in zip(site.spaces, names, strict=True):
        space.apply(*reversed(_chain("fraud", name)))
    for space, name, rest in zip(site.spaces, names, site.rests, strict=True):
        model = space.ready(MODEL, "fraud")
        assert model["status"]["registryRef"] == ref(name)
        assert rest.get(f"registered_models/{model['status']['id']}")["name"] == "fraud"
        # What names no registry belongs to that of its parent.
        for kind, child in ((VERSION, "fraud-v1"), (ARTIFACT, "fraud-weights")):
            assert space.ready(kind, child)["status"]["registryRef"] == ref(name)
        site.wait(name, lambda found: connected(found) and found["status"].get("resources", 0) > 0)
        found = site.wait(name, lambda found: "finalizers" in found["metadata"])
        assert found["metadata"]["finalizers"] == [IN_USE]
    first, second = (space.get(MODEL, "fraud")["status"]["id"] for space in site.spaces)
    assert first != second
    listed = site.kubectl("get", "cmreg", names[0]).split()
    assert listed[:4] == ["NAME", "URL", "READY", "RESOURCES"]
    assert listed[5:8] == [names[0], site.proxies[0].url, "True"]


def test_a_registry_that_is_added_later_is_served_to_the_end(site: Site) -> None:
    site.start()
    assert site.probes.get("/readyz")[0] == 200
    space = site.spaces[0]
    space.apply(manifest(MODEL, "early", registryRef=ref(site.name("late"))))
    message = condition(space.wait(MODEL, "early", has_reason("WaitingForRegistry")), "Ready")["message"]
    assert message.startswith(
        f"spec.registryRef names ClusterRegistry {site.name('late')}, which does not exist, or the"
    )
    name = site.connect("late", 0)
    space.ready(MODEL, "early")
    assert any(f"registry=ClusterRegistry/{name}" in series for series in site.probes.metrics())
    # A write that is in progress when the operator is asked to stop ends, and is recorded.
    answers = threading.Event()

    def hold_writes(received: Received) -> None:
        if received.method != "GET":
            answers.wait(30)

    site.proxies[0].script = hold_writes
    space.apply(manifest(MODEL, "last", registryRef=ref(name)))
    wait_until(lambda: len(site.proxies[0].writes()) == 2, "the entry is not created")
    site.operator.terminate()
    site.operator.wait_for_log("Operator is stopping")
    # After the five seconds that kopf leaves to tasks before it cancels them.
    threading.Timer(6, answers.set).start()
    assert site.operator.wait() == 0
    recorded = space.get(MODEL, "last")["status"]
    assert site.rests[0].get(f"registered_models/{recorded['id']}")["name"] == "last"
    assert recorded["registryRef"] == ref(name)


def test_a_token_is_rotated_without_a_resource_that_notices(site: Site) -> None:
    accepted = ["first"]
    refused: list[Received] = []

    def check(received: Received) -> Reply | None:
        if received.headers.get("authorization") == f"Bearer {accepted[0]}":
            return None
        refused.append(received)
        return Reply(401, b'{"message": "secret words of the server"}')

    site.proxies[0].script = check
    name = site.connect("dev", 0, auth={"tokenSecretKeyRef": {"name": "registry"}})
    site.start()
    missing = site.wait(name, because("CredentialsMissing"))
    assert condition(missing, "Ready")["message"] == (
        f"There is no Secret 'registry' in the namespace {site.spaces[0].name!r}. Create it."
    )
    assert site.proxies[0].received == [], "nothing is sent without the token"
    site.secret("registry", "wrong")
    unauthorized = site.wait(name, because("Unauthorized"))
    assert "secret words" not in str(unauthorized)
    site.secret("registry", "first")
    site.wait(name, connected)
    space = site.spaces[0]
    space.apply(*_chain("fraud", name))
    before = space.ready(ARTIFACT, "fraud-weights")["status"], space.ready(MODEL, "fraud")["status"]
    refused.clear()
    site.secret("registry", "second")
    accepted[0] = "second"
    wait_until(lambda: len(refused) > 0, "the former token is not used any more")
    space.apply(manifest(MODEL, "later", registryRef=ref(name)))
    space.ready(MODEL, "later")
    # One as a rule; a busy machine can have sent another before it has read the first answer.
    assert len(refused) in {1, 2}
    assert (space.get(ARTIFACT, "fraud-weights")["status"], space.get(MODEL, "fraud")["status"]) == before
    site.wait(name, connected)
    about = site.events(name, "Connected")
    assert [(event["type"], event["reason"]) for event in about] == [
        ("Warning", "CredentialsMissing"),
        ("Warning", "Unauthorized"),
        ("Normal", "Connected"),
    ]
    assert "secret words" not in str(about)


def test_a_deletion_waits_for_the_resources_and_names_them(site: Site) -> None:
    name, space = site.connect("dev", 0), site.spaces[0]
    site.start()
    space.apply(manifest(MODEL, "fraud", registryRef=ref(name)), manifest(MODEL, "churn", registryRef=ref(name)))
    space.ready(MODEL, "fraud")
    space.ready(MODEL, "churn")
    site.wait(name, lambda found: found["metadata"].get("finalizers") == [IN_USE])
    site.kubectl("delete", "clusterregistry", name, "--wait=false")
    held = site.wait(name, lambda found: bool(condition(found, "InUse")))
    named = f"RegisteredModel {space.name}/churn, RegisteredModel {space.name}/fraud"
    assert f"waits for 2 resources that use this registry: {named}." in condition(held, "InUse")["message"]
    # It is served until then.
    space.apply(manifest(MODEL, "fraud", registryRef=ref(name), description="edited"))
    entry = f"registered_models/{space.ready(MODEL, 'fraud')['status']['id']}"
    wait_until(lambda: site.rests[0].get(entry)["description"] == "edited", "it is not served any more")
    for model in ("fraud", "churn"):
        space.delete(MODEL, model)
        space.wait_gone(MODEL, model)
    site.wait(name, lambda found: not found)
    assert site.rests[0].get(entry)["state"] == "ARCHIVED"
    wait_until(lambda: not any(name in series for series in site.probes.metrics()), "its metrics stay")


def test_an_abandoned_registry_lets_its_resources_go(site: Site) -> None:
    name, space = site.connect("dev", 0), site.spaces[0]
    site.start()
    space.apply(manifest(MODEL, "fraud", registryRef=ref(name)))
    entry = f"registered_models/{space.ready(MODEL, 'fraud')['status']['id']}"
    site.wait(name, lambda found: found["metadata"].get("finalizers") == [IN_USE])
    site.kubectl("annotate", "clusterregistry", name, "model-registrar.dev/abandon=true")
    site.kubectl("delete", "clusterregistry", name, "--wait=false")
    site.wait(name, lambda found: not found)
    lost = space.wait(MODEL, "fraud", has_reason("WaitingForRegistry"))
    assert lost["status"]["registryRef"] == ref(name)
    space.delete(MODEL, "fraud")
    space.wait_gone(MODEL, "fraud")
    assert site.rests[0].get(entry)["state"] == "LIVE"
    assert [event["reason"] for event in space.events_until("fraud", "EntryLeft")][-1] == "EntryLeft"


def test_a_new_default_moves_nothing_that_has_an_entry(site: Site) -> None:
    old, new = site.connect("old", 0, isDefault=True), site.connect("new", 1)
    space = site.spaces[0]
    site.start()
    space.apply(manifest(MODEL, "settled"))
    before = space.ready(MODEL, "settled")["status"]
    assert before["registryRef"] == ref(old)
    # For a moment there are two.
    site.connect("new", 1, isDefault=True)
    space.apply(manifest(MODEL, "unsure"))
    message = condition(space.wait(MODEL, "unsure", has_reason("AmbiguousRegistry")), "Ready")["message"]
    assert f"ClusterRegistry {new}, ClusterRegistry {old}" in message
    site.connect("old", 0)
    assert space.ready(MODEL, "unsure")["status"]["registryRef"] == ref(new)
    space.apply(manifest(VERSION, "v1", registeredModelRef={"name": "settled"}))
    assert space.ready(VERSION, "v1")["status"]["registryRef"] == ref(old)
    assert space.get(MODEL, "settled")["status"] == before
    # So do those that are only compared after a restart.
    writes = [len(proxy.writes()) for proxy in site.proxies]
    site.operator.stop()
    site.start()
    space.apply(manifest(MODEL, "last"))
    assert space.ready(MODEL, "last")["status"]["registryRef"] == ref(new)
    assert space.get(MODEL, "settled")["status"] == before
    assert [len(proxy.writes()) - number for proxy, number in zip(site.proxies, writes, strict=True)] == [0, 1]


def test_a_namespace_that_is_not_admitted_asks_the_registry_for_nothing(site: Site) -> None:
    admitted, other = site.spaces
    name = site.connect("dev", 0, admitted.name, isDefault=True)
    site.start()
    site.wait(name, connected)
    other.apply(*_chain("fraud", name), manifest(MODEL, "unnamed"))
    for kind, resource in ((MODEL, "fraud"), (VERSION, "fraud-v1"), (ARTIFACT, "fraud-weights")):
        other.wait(kind, resource, has_reason("RegistryNotPermitted"))
    other.wait(MODEL, "unnamed", has_reason("WaitingForRegistry"))
    assert {received.method for received in site.proxies[0].received} == {"GET"}
    assert all("fraud" not in received.path for received in site.proxies[0].received)
    for kind, resource in ((ARTIFACT, "fraud-weights"), (VERSION, "fraud-v1"), (MODEL, "fraud")):
        other.delete(kind, resource)
        other.wait_gone(kind, resource)
    # Admitted without a change of the resource.
    site.connect("dev", 0, admitted.name, other.name, isDefault=True)
    assert other.ready(MODEL, "unnamed")["status"]["registryRef"] == ref(name)
    # And excluded again: nothing of it is written any more.
    site.connect("dev", 0, admitted.name, isDefault=True)
    other.wait(MODEL, "unnamed", has_reason("RegistryNotPermitted"))
    writes = len(site.proxies[0].writes())
    other.apply(manifest(MODEL, "unnamed", description="edited"))
    other.wait(MODEL, "unnamed", has_reason("RegistryNotPermitted"))
    assert len(site.proxies[0].writes()) == writes


def test_one_address_with_different_tenants_is_served_to_nobody(site: Site) -> None:
    space, other = site.spaces
    first = site.connect("first", 0, space.name)
    site.start()
    space.apply(manifest(MODEL, "fraud", registryRef=ref(first)))
    space.ready(MODEL, "fraud")
    second = site.connect("second", 0, other.name, url=f"{site.proxies[0].url}/")
    for name, rival in ((first, second), (second, first)):
        found = site.wait(name, because("InvalidSpec"))
        assert condition(found, "Ready")["message"].startswith(f"ClusterRegistry {rival} also has the root URL")
        assert condition(found, "Stalled")["status"] == "True"
        site.operator.wait_for_log(f"ClusterRegistry {name}: InvalidSpec: ClusterRegistry {rival} also has")
    writes = len(site.proxies[0].writes())
    space.apply(manifest(MODEL, "fraud", registryRef=ref(first), description="edited"))
    message = condition(space.wait(MODEL, "fraud", has_reason("WaitingForRegistry")), "Ready")["message"]
    assert message == f"ClusterRegistry {first} cannot be used as it is declared; see its conditions."
    assert len(site.proxies[0].writes()) == writes
    site.connect("first", 0, space.name, other.name)
    site.connect("second", 0, space.name, other.name, url=f"{site.proxies[0].url}/")
    site.wait(first, connected)
    site.wait(second, connected)
    edited = space.wait(MODEL, "fraud", is_ready)
    assert site.rests[0].get(f"registered_models/{edited['status']['id']}")["description"] == "edited"


def test_the_flags_are_no_way_round_the_tenants_of_a_cluster_registry(site: Site, tmp_path: Path) -> None:
    space, other = site.spaces
    tenants = tmp_path / "tenants.yaml"
    tenants.write_text("tenants: [{namespaces: ['*']}]")
    site.arguments += [f"--registry-url={site.proxies[0].url}", f"--registry-tenants={tenants}"]
    site.start()
    for each in site.spaces:
        each.apply(manifest(MODEL, f"model-of-{each.name}"))
        assert "registryRef" not in each.ready(MODEL, f"model-of-{each.name}")["status"]
    name = site.connect("same", 0, space.name)
    # What the flags' registry has belongs to the ClusterRegistry now, without a write to the registry.
    writes = len(site.proxies[0].writes())
    space.wait(MODEL, f"model-of-{space.name}", lambda found: found["status"].get("registryRef") == ref(name))
    other.wait(MODEL, f"model-of-{other.name}", has_reason("RegistryNotPermitted"))
    other.apply(manifest(MODEL, "another"))
    other.wait(MODEL, "another", has_reason("RegistryNotPermitted"))
    assert len(site.proxies[0].writes()) == writes
    # One that is invalid opens no way round it either, and its users still hold it.
    patch = '{"spec": {"ca": {"bundle": "-----BEGIN CERTIFICATE-----"}}}'
    site.kubectl("patch", "clusterregistry", name, "--type=merge", f"--patch={patch}")
    broken = site.wait(name, because("InvalidSpec"))
    other.apply(manifest(MODEL, "another", description="edited"))
    other.wait(MODEL, "another", has_reason("RegistryNotPermitted"))
    assert len(site.proxies[0].writes()) == writes
    # That of the namespace that it does not admit is none: its deletion would leave the entry as it is.
    assert site.wait(name, lambda found: found["status"].get("resources") == 1)["metadata"]["finalizers"] == [IN_USE]
    assert broken["metadata"]["finalizers"] == [IN_USE]
    # And back again.
    site.kubectl("annotate", "clusterregistry", name, "model-registrar.dev/abandon=true")
    site.kubectl("delete", "clusterregistry", name)
    other.ready(MODEL, "another")
    own = f"model-of-{space.name}"
    space.wait(MODEL, own, lambda found: is_ready(found) and "registryRef" not in found["status"])
    assert len(site.proxies[0].writes()) == writes + 1


def test_without_connections_a_resource_that_names_a_registry_waits(site: Site) -> None:
    """Its entry must not get into the registry of the flags."""
    name, space = site.connect("dev", 1), site.spaces[0]
    flags = [f"--registry-url={site.proxies[0].url}"]
    site.arguments[:] = [*flags, *(one for one in site.arguments if not one.startswith("--connections"))]
    site.start()
    space.apply(*_chain("fraud", name), manifest(MODEL, "churn"))
    assert "registryRef" not in space.ready(MODEL, "churn")["status"]
    for kind, resource in ((MODEL, "fraud"), (VERSION, "fraud-v1"), (ARTIFACT, "fraud-weights")):
        found = space.wait(kind, resource, has_reason("WaitingForRegistry"))
        assert "the operator was started without --connections" in condition(found, "Ready")["message"]
    assert len(site.proxies[0].writes()) == 1
    assert site.proxies[1].received == []
    assert "conditions" not in site.get(name)["status"], "no ClusterRegistry is touched"
    space.delete(MODEL, "fraud")
    space.wait_gone(MODEL, "fraud")


def test_a_standby_takes_over_the_registries_of_the_leader(site: Site, tmp_path: Path) -> None:
    space = site.spaces[0]
    names = [site.connect("dev", 0, auth={"tokenSecretKeyRef": {"name": "registry"}})]
    site.secret("registry", "token")
    site.arguments += ["--leader-election", f"--lease-namespace={space.name}", "--lease-duration=3"]
    site.arguments += ["--renew-deadline=2", "--retry-period=0.5"]
    site.start()
    site.operator.wait_for_log("is now the leader")
    standby = OperatorProcess(site.arguments, tmp_path / "standby.log")
    standby.start()
    try:
        standby.wait_for_log("Ready to take over")
        # One that both have known from their start, and one that was added since.
        site.kubectl("create", "serviceaccount", "for-registry", f"--namespace={space.name}")
        names.append(site.connect("late", 1, auth={"serviceAccountToken": {"serviceAccountName": "for-registry"}}))
        for name in names:
            site.wait(name, connected)
        issued = f"Got a token of the ServiceAccount for-registry for ClusterRegistry {names[1]}"
        assert issued in site.operator.log
        assert issued not in standby.log, "a replica that does not lead needs no token"
        site.operator.kill()
        for name in names:
            space.apply(manifest(MODEL, f"in-{name}", registryRef=ref(name)))
        for name in names:
            assert space.ready(MODEL, f"in-{name}")["status"]["registryRef"] == ref(name)
        assert issued in standby.log
    finally:
        standby.stop()
    assert all(one.headers.get("authorization") == "Bearer token" for one in site.proxies[0].received)


def test_authorities_are_replaced_together_with_the_certificate(site: Site, tmp_path: Path) -> None:
    former, latter, space = CertificateAuthority("former"), CertificateAuthority("latter"), site.spaces[0]
    context = former.server_context(tmp_path)
    with proxy_to(site.proxies[0].url, context=context) as secured:
        name = site.connect("dev", 0, url=secured.url)
        site.start()
        site.wait(name, because("CertificateNotTrusted"))
        assert site.proxies[0].received == []
        site.connect("dev", 0, url=secured.url, ca={"bundle": former.pem})
        site.wait(name, connected)
        space.apply(manifest(MODEL, "fraud", registryRef=ref(name)))
        before = space.ready(MODEL, "fraud")["status"]
        latter.certify(context, tmp_path)
        secured.close_connections()
        site.connect("dev", 0, url=secured.url, ca={"bundle": latter.pem})
        space.apply(manifest(MODEL, "churn", registryRef=ref(name)))
        space.ready(MODEL, "churn")
        assert space.get(MODEL, "fraud")["status"] == before
        no_pem = latter.pem.replace(latter.pem.splitlines()[1], "nothing")
        site.connect("dev", 0, url=secured.url, ca={"bundle": no_pem})
        message = condition(site.wait(name, because("InvalidSpec")), "Ready")["message"]
        assert message.startswith("spec.ca.bundle contains something that is no certificate in PEM format")


def test_a_child_does_not_leave_the_registry_of_its_parent(site: Site) -> None:
    dev, prod, space = site.connect("dev", 0), site.connect("prod", 1), site.spaces[0]
    site.start()
    version = manifest(VERSION, "v1", registeredModelRef={"name": "fraud"}, registryRef=ref(prod))
    space.apply(manifest(MODEL, "fraud", registryRef=ref(dev)), version)
    message = condition(space.wait(VERSION, "v1", has_reason("RegistryMismatch")), "Ready")["message"]
    assert message == (
        f"This resource belongs to ClusterRegistry {prod}, but its parent belongs to ClusterRegistry {dev}. "
        "Correct spec.registryRef, or refer to a parent in the same registry."
    )
    space.ready(MODEL, "fraud")
    assert site.rests[1].get("model_versions")["items"] == []
    version["spec"].pop("registryRef")
    space.apply(version)
    assert space.ready(VERSION, "v1")["status"]["registryRef"] == ref(dev)


def test_other_settings_of_a_connection_need_no_restart(site: Site) -> None:
    name, space = site.connect("dev", 0), site.spaces[0]
    site.start()
    space.apply(manifest(MODEL, "fraud", registryRef=ref(name)))
    before = space.ready(MODEL, "fraud")["status"]
    site.connect("dev", 0, limits={"requestsInFlight": 1, "requestsPerSecond": 50}, apiVersion="v1alpha3")
    site.wait(name, lambda found: connected(found) and found["metadata"]["generation"] == 2)
    space.apply(manifest(MODEL, "churn", registryRef=ref(name)))
    space.ready(MODEL, "churn")
    assert space.get(MODEL, "fraud")["status"] == before
