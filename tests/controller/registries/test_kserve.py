"""Of several registries KServe asks one: the same names in another one never lead to an address."""

from tests.controller.registries.conftest import Check, Site, connected, ref
from tests.support.resources import Manifest, Namespace, condition, manifest
from tests.support.waiting import wait_until

MODEL, VERSION = "RegisteredModel", "ModelVersion"
ADDRESS = "model-registry://fraud/v1"


def _chain(registry: str | None = None) -> list[Manifest]:
    named = {} if registry is None else {"registryRef": ref(registry)}
    model = manifest(MODEL, "fraud", aliases={"champion": "v1"}, **named)
    artifact = {"name": "model", "uri": "s3://models/fraud"}
    return [model, manifest(VERSION, "v1", registeredModelRef={"name": "fraud"}, artifacts=[artifact])]


def _has(storage_uri: str | None) -> Check:
    def check(found: Manifest) -> bool:
        status = found["status"]
        return (status.get("uri"), status.get("storageUri")) == ("s3://models/fraud", storage_uri)

    return check


def _alias_has(storage_uri: str | None) -> Check:
    return lambda found: [one.get("storageUri") for one in found["status"].get("aliases", ())] == [storage_uri]


def _says(text: str) -> Check:
    return lambda found: text in condition(found, "Ready").get("message", "")


def _wait_for(site: Site, *expected: str | None) -> None:
    for space, storage_uri in zip(site.spaces, expected, strict=True):
        space.wait(VERSION, "v1", _has(storage_uri))
        space.wait(MODEL, "fraud", _alias_has(storage_uri))


def _reasons(space: Namespace) -> list[str]:
    return [event["message"] for event in space.events("v1") if event["reason"] == "NoStorageUri"]


def test_the_mark_moves_the_addresses_of_settled_versions_and_writes_to_no_registry(site: Site) -> None:
    first, second = site.connect("dev", 0), site.connect("prod", 1)
    site.start()
    for space, name in zip(site.spaces, (first, second), strict=True):
        space.apply(*_chain(name))
    _wait_for(site, None, None)
    wait_until(lambda: all(map(_reasons, site.spaces)), "no Event says why")
    assert "no ClusterRegistry has spec.servesKServe" in _reasons(site.spaces[0])[0]
    writes = [len(proxy.writes()) for proxy in site.proxies]
    site.connect("prod", 1, servesKServe=True)
    _wait_for(site, None, ADDRESS)
    # Two that name different registries: nobody can know which one KServe asks.
    site.connect("dev", 0, servesKServe=True)
    _wait_for(site, None, None)
    for name, other in ((first, second), (second, first)):
        found = site.wait(name, _says(f"ClusterRegistry {other} has it too"))
        assert connected(found)
    site.connect("prod", 1)
    _wait_for(site, ADDRESS, None)
    site.wait(first, lambda found: not _says("has it too")(found))
    # Also after a restart, and when the mark has changed in between.
    site.operator.stop()
    site.connect("dev", 0)
    site.connect("prod", 1, servesKServe=True)
    site.start()
    _wait_for(site, None, ADDRESS)
    assert [len(proxy.writes()) for proxy in site.proxies] == writes
    wait_until(lambda: len(_reasons(site.spaces[0])) > 1, "no Event says why the address has gone")


def test_the_registry_of_the_flags_gives_way_to_a_mark(site: Site) -> None:
    tenants = site.folder / "tenants.yaml"
    tenants.write_text("tenants: [{namespaces: ['*']}]")
    site.arguments += [f"--registry-url={site.proxies[0].url}", f"--registry-tenants={tenants}"]
    site.start()
    space = site.spaces[0]
    space.apply(*_chain())
    space.wait(VERSION, "v1", _has(ADDRESS))
    site.connect("prod", 1, servesKServe=True)
    space.wait(VERSION, "v1", _has(None))
    # The same server under another spelling is the same registry.
    site.connect("prod", 1)
    site.connect("dev", 0, servesKServe=True)
    space.wait(VERSION, "v1", _has(ADDRESS))
