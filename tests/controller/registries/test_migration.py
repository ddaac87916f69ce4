"""Resources that stay with their entries, whatever connects the registry: flags, a ClusterRegistry, or another one."""

import json

from tests.controller.registries.conftest import Check, Site, because, connected, ref
from tests.support.fault_proxy import always
from tests.support.loopback import Reply
from tests.support.resources import Manifest, has_reason, is_ready, manifest
from tests.support.waiting import wait_until

MODEL, VERSION, ARTIFACT = "RegisteredModel", "ModelVersion", "ModelArtifact"
TREE = ((MODEL, "churn"), (VERSION, "v1"), (ARTIFACT, "weights"))
MANY = 50


def _tree() -> list[Manifest]:
    """Everything that has an entry, and none of it names a registry."""
    return [
        manifest(MODEL, "churn", description="first"),
        manifest(
            VERSION, "v1", registeredModelRef={"name": "churn"}, artifacts=[{"name": "inline", "uri": "s3://m/i"}]
        ),
        manifest(ARTIFACT, "weights", modelVersionRef={"name": "v1"}, uri="s3://m/weights"),
    ]


def _belongs_to(registry: str | None) -> Check:
    wanted = None if registry is None else ref(registry)
    return lambda found: is_ready(found) and found["status"].get("registryRef") == wanted


def _lasting(found: Manifest) -> Manifest:
    """What a status says of the entry; whether KServe can load it depends on what connects the registry."""
    left_out = {"registryRef", "conditions", "storageUri"}
    return {field: value for field, value in found["status"].items() if field not in left_out}


def _abandon(site: Site, name: str) -> None:
    site.kubectl("annotate", "clusterregistry", name, "model-registrar.dev/abandon=true")
    site.kubectl("delete", "clusterregistry", name)


def test_from_the_flags_to_a_cluster_registry_and_back_without_a_write_to_the_registry(site: Site) -> None:
    space, server = site.spaces[0], site.proxies[0]
    with_connections = list(site.arguments)
    with_flags = [f"--registry-url={server.url}", *(one for one in with_connections if "--connections" not in one)]
    site.arguments[:] = with_flags
    site.start()
    space.apply(*_tree())
    before = {kind: _lasting(space.ready(kind, name)) for kind, name in TREE}
    writes = len(server.writes())
    site.operator.stop()
    name = site.connect("default", 0, isDefault=True)
    site.arguments[:] = with_connections
    site.start()
    assert {kind: _lasting(space.wait(kind, each, _belongs_to(name))) for kind, each in TREE} == before
    site.wait(name, lambda found: connected(found) and found["status"].get("resources") == len(TREE))
    _abandon(site, name)
    for kind, each in TREE:
        space.wait(kind, each, has_reason("WaitingForRegistry"))
    site.operator.stop()
    site.arguments[:] = with_flags
    site.start()
    assert {kind: _lasting(space.wait(kind, each, _belongs_to(None))) for kind, each in TREE} == before
    assert len(server.writes()) == writes
    # And they are managed again.
    space.patch(MODEL, "churn", {"spec": {"description": "second"}})
    space.wait(MODEL, "churn", is_ready)
    assert len(server.writes()) == writes + 1


def test_a_cluster_registry_that_is_deleted_and_made_again_continues_with_all_ids(site: Site) -> None:
    space, server, name = site.spaces[0], site.proxies[0], site.connect("prod", 0, isDefault=True)
    site.start()
    space.apply(*_tree())
    before = {kind: _lasting(space.ready(kind, each)) for kind, each in TREE}
    writes = len(server.writes())
    # While it is in use, only an administrator who abandons its entries gets it deleted.
    site.wait(name, lambda found: "finalizers" in found["metadata"])
    _abandon(site, name)
    for kind, each in TREE:
        space.wait(kind, each, has_reason("WaitingForRegistry"))
    # What is edited meanwhile waits, and another default gets nothing of it.
    other = site.connect("other", 1, isDefault=True)
    site.wait(other, connected)
    space.patch(MODEL, "churn", {"spec": {"description": "second"}})
    space.wait(MODEL, "churn", has_reason("WaitingForRegistry"))
    assert site.connect("prod", 0) == name
    after = {kind: _lasting(space.wait(kind, each, _belongs_to(name))) for kind, each in TREE}
    assert {kind: status["id"] for kind, status in after.items()} == {kind: each["id"] for kind, each in before.items()}
    assert [received.json["description"] for received in server.writes()[writes:]] == ["second"]
    assert site.proxies[1].writes() == []


def test_a_cluster_registry_gets_another_name_without_a_write_to_the_registry(site: Site) -> None:
    """As docs/several-registries.md says."""
    space, old = site.spaces[0], site.connect("old", 0)
    site.start()
    model, *below = _tree()
    model["spec"]["registryRef"] = ref(old)
    space.apply(model, *below)
    before = {kind: space.wait(kind, name, _belongs_to(old))["status"]["id"] for kind, name in TREE}
    writes, new = len(site.proxies[0].writes()), site.connect("new", 0)
    del model["spec"]["registryRef"]
    space.apply(model)
    _abandon(site, old)
    for kind, name in TREE:
        assert space.wait(kind, name, _belongs_to(new))["status"]["id"] == before[kind]
    model["spec"]["registryRef"] = ref(new)
    space.apply(model)
    generation = space.get(MODEL, "churn")["metadata"]["generation"]
    space.wait(MODEL, "churn", lambda found: is_ready(found) and found["status"]["observedGeneration"] == generation)
    assert len(site.proxies[0].writes()) == writes


def test_another_default_asks_no_registry_about_what_has_an_entry(site: Site) -> None:
    old, new = site.connect("old", 0, isDefault=True), site.connect("new", 1)
    space = site.spaces[0]
    site.start()
    names = [f"model-{number}" for number in range(MANY)]
    space.apply(*(manifest(MODEL, name) for name in names))
    site.wait(old, lambda found: connected(found) and found["metadata"].get("finalizers") is not None)
    for name in names:
        space.ready(MODEL, name)

    def settled() -> list[tuple[str, str]]:
        listed = json.loads(site.kubectl("get", "rmodel", "--namespace", space.name, "--output=json"))["items"]
        return [
            (each["metadata"]["name"], each["metadata"]["resourceVersion"])
            for each in listed
            if each["metadata"]["name"] in names
        ]

    before, asked = settled(), [len(proxy.received) for proxy in site.proxies]
    site.connect("old", 0)
    site.connect("new", 1, isDefault=True)
    space.apply(manifest(MODEL, "later"))
    assert space.ready(MODEL, "later")["status"]["registryRef"] == ref(new)
    assert settled() == before, "not even a status is written"
    first, second = (proxy.received[number:] for proxy, number in zip(site.proxies, asked, strict=True))
    # Lists are the feed.
    assert {(received.method, received.route.rsplit("/", 1)[-1]) for received in first} <= {
        ("GET", "registered_models"),
        ("GET", "model_versions"),
        ("GET", "artifacts"),
    }
    assert [received.method for received in second if received.method != "GET"] == ["POST"]


def test_a_restart_writes_nothing_to_a_cluster_registry(site: Site) -> None:
    names = site.connect("dev", 0), site.connect("away", 1)
    site.proxies[1].script = always(Reply(503, b"{}"))
    space = site.spaces[0]
    space.apply(*(manifest(MODEL, f"model-{number}", registryRef=ref(names[0])) for number in range(3)))
    site.start()
    site.wait(names[0], lambda found: connected(found) and found["status"].get("resources") == 3)
    site.wait(names[1], because("Unreachable"))
    for number in range(3):
        space.ready(MODEL, f"model-{number}")
    site.wait(names[0], lambda found: "finalizers" in found["metadata"])
    before = [site.get(name) for name in names]
    site.operator.stop()
    asked = [len(proxy.received) for proxy in site.proxies]
    site.start()
    site.operator.wait_for_log("Ready: watching 3 resources", times=2)
    # The view of one is loaded and polled again, and the other one was tried twice.
    wait_until(lambda: len(site.proxies[0].received) > asked[0] + 9, "the registry is not read")
    wait_until(lambda: len(site.proxies[1].received) > asked[1] + 1, "the registry is not tried")
    assert [site.get(name) for name in names] == before
