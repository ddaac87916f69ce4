"""A ClusterRegistry whose address leads to something else than before."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from local_registry.store import Store
from tests.controller.registries.conftest import Check, Site, because, connected, ref
from tests.env.registry import serve
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.resources import Manifest, Namespace, condition, has_reason, is_ready, manifest
from tests.support.rest import Rest

MODEL, VERSION, ARTIFACT = "RegisteredModel", "ModelVersion", "ModelArtifact"
ANNOTATION = "model-registrar.dev/accept-replaced"
MODELS = ("churn", "fraud", "spam")

Another = Callable[[], FaultProxy]
"""Returns one more registry, which is empty."""


@pytest.fixture
def another() -> Iterator[Another]:
    with ExitStack() as stack:

        def start() -> FaultProxy:
            return stack.enter_context(proxy_to(stack.enter_context(serve(Store(":memory:")))))

        yield start


def ready_at(url: str) -> Check:
    return lambda found: is_ready(found) and found["status"]["registryUrl"] == url


def test_another_registry_is_filled_once_for_each_word_that_accepts_it(site: Site, another: Another) -> None:
    space, other = site.spaces
    name, beside = site.connect("prod", 0, space.name), site.connect("dev", 1, other.name)
    site.start()
    space.apply(*(manifest(MODEL, model, registryRef=ref(name)) for model in MODELS))
    other.apply(manifest(MODEL, "churn", registryRef=ref(beside)))
    for model in MODELS:
        space.ready(MODEL, model)
    untouched, writes = other.ready(MODEL, "churn")["status"], len(site.proxies[1].writes())
    # Not even a few entries get into a registry that nobody has confirmed, nor a new one.
    second = another()
    site.connect("prod", 0, space.name, url=second.url)
    message = condition(site.wait(name, because("RegistryReplaced")), "Ready")["message"]
    assert message.startswith(
        f"3 of 3 entries, which were in the registry {site.proxies[0].url}, are not in {second.url}: that is another "
        "registry, or it was reset or restored. Nothing is created or released in it."
    )
    space.apply(manifest(MODEL, "new", registryRef=ref(name)))
    models = (*MODELS, "new")
    for model in models:
        said = condition(space.wait(MODEL, model, has_reason("RegistryReplaced")), "Ready")["message"]
        assert f"ClusterRegistry {name} says in its conditions" in said
    assert second.writes() == []
    # The command in the message accepts it.
    command = message.partition(": kubectl ")[2].split()
    site.kubectl(*command)
    for model in models:
        space.wait(MODEL, model, ready_at(second.url))
    assert len(second.writes()) == len(models)
    word = command[-1].partition("=")[2]
    site.wait(name, lambda found: connected(found) and found["status"]["acceptedReplacement"]["recreating"] is False)
    assert site.get(name)["status"]["acceptedReplacement"]["value"] == word
    # The same word accepts nothing more, also after a restart.
    third = another()
    site.operator.stop()
    site.connect("prod", 0, space.name, url=third.url)
    # A resource that never had an entry runs first after a restart.
    space.apply(manifest(MODEL, "late", registryRef=ref(name)))
    wanted = (*models, "late")
    site.start()
    site.wait(name, because("RegistryReplaced"))
    space.wait(MODEL, "late", has_reason("RegistryReplaced"))
    site.kubectl(*command)
    space.annotate(MODEL, "churn", reconcile_requested_at="now")
    space.wait(MODEL, "churn", lambda found: found["status"].get("lastHandledReconcileAt") == "now")
    assert because("RegistryReplaced")(site.get(name))
    assert third.writes() == []
    site.kubectl("annotate", "--overwrite", "clusterregistry", name, f"{ANNOTATION}=another")
    for model in wanted:
        space.wait(MODEL, model, ready_at(third.url))
    # And of all that, the other registry has seen nothing.
    assert other.get(MODEL, "churn")["status"] == untouched
    assert len(site.proxies[1].writes()) == writes
    assert connected(site.get(beside))


def _tree(registry: str) -> list[Manifest]:
    """Everything that has an entry, with one artifact inside its version."""
    return [
        manifest(MODEL, "churn", registryRef=ref(registry)),
        manifest(
            VERSION,
            "v1",
            registeredModelRef={"name": "churn"},
            artifacts=[{"name": "inline", "uri": "s3://models/inline"}],
        ),
        manifest(ARTIFACT, "weights", modelVersionRef={"name": "v1"}, uri="s3://models/weights"),
    ]


def _statuses(space: Namespace, url: str) -> dict[str, Manifest]:
    """Wait until all of a tree is Ready at an address; returns what must not depend on that."""
    found = {}
    for kind, name in ((MODEL, "churn"), (VERSION, "v1"), (ARTIFACT, "weights")):
        status = space.wait(kind, name, ready_at(url))["status"]
        assert status["managedBy"]["registryUrl"] == url
        left_out = ("registryUrl", "managedBy", "conditions", "observedGeneration")
        found[kind] = {field: value for field, value in status.items() if field not in left_out}
    return found


def test_the_same_database_at_another_address_keeps_all_ids_without_a_write(site: Site) -> None:
    space, name = site.spaces[0], site.connect("prod", 0)
    site.start()
    space.apply(*_tree(name))
    before, entries = _statuses(space, site.proxies[0].url), site.rests[0].entries()
    with proxy_to(site.rests[0].url) as moved:
        site.connect("prod", 0, url=moved.url)
        assert _statuses(space, moved.url) == before
        assert site.rests[0].entries() == entries
        assert moved.writes() == []
        site.wait(name, connected)
        assert "claims it from" not in site.operator.log, "it is no other installation"


def test_a_deletion_waits_until_the_address_is_right_again(site: Site, another: Another) -> None:
    """It would end at once where the entry is not, and leave it LIVE in the right registry."""
    space, name = site.spaces[0], site.connect("prod", 0)
    site.start()
    space.apply(*(manifest(MODEL, model, registryRef=ref(name)) for model in MODELS))
    entry = space.ready(MODEL, "churn")["status"]["id"]
    wrong = another()
    site.connect("prod", 0, url=wrong.url)
    site.wait(name, because("RegistryReplaced"))
    space.delete(MODEL, "churn")
    message = condition(space.wait(MODEL, "churn", has_reason("RegistryReplaced")), "Ready")["message"]
    assert message.startswith(f"The deletion waits for the registry: The registry {wrong.url} lacks entries")
    assert message.endswith("To delete without archiving the entry, set spec.deletionPolicy to Orphan.")
    site.connect("prod", 0)
    space.wait_gone(MODEL, "churn")
    assert site.rests[0].get(f"registered_models/{entry}")["state"] == "ARCHIVED"
    assert wrong.writes() == []


def test_strangers_with_the_same_ids_are_left_alone(site: Site, another: Another) -> None:
    space, name = site.spaces[0], site.connect("prod", 0)
    site.start()
    space.apply(*_tree(name))
    _statuses(space, site.proxies[0].url)
    theirs = another()
    with httpx.Client(trust_env=False) as http:
        rest = Rest(theirs.url, http)
        # The model has even the same name, and only its creation time shows that it is another one.
        version = rest.version(rest.model("churn"), "theirs")
        for artifact in ("one", "two"):
            rest.artifact(version, artifact, uri="s3://theirs")
        assert rest.entries().keys() == site.rests[0].entries().keys()
        entries, done = rest.entries(), len(theirs.writes())
        site.connect("prod", 0, url=theirs.url)
        site.wait(name, because("RegistryReplaced"))
        space.wait(MODEL, "churn", has_reason("RegistryReplaced"))
        # Neither an edit nor a deletion touches what has the ID now.
        space.patch(VERSION, "v1", {"spec": {"description": "edited"}})
        for kind, resource in ((ARTIFACT, "weights"), (VERSION, "v1"), (MODEL, "churn")):
            space.delete(kind, resource)
            space.wait(kind, resource, has_reason("RegistryReplaced"))
            space.patch(kind, resource, {"spec": {"deletionPolicy": "Orphan"}})
            space.wait_gone(kind, resource)
        assert rest.entries() == entries
        assert len(theirs.writes()) == done


def test_another_address_and_other_tenants_apply_together(site: Site, another: Another) -> None:
    """Who is admitted now writes to the new address only, and who is not any more asks it for nothing."""
    former, latter = site.spaces
    name, new = site.connect("prod", 0, former.name), another()
    site.start()
    former.apply(manifest(MODEL, "churn", name="of-the-former", registryRef=ref(name)))
    latter.apply(manifest(MODEL, "churn", name="of-the-latter", registryRef=ref(name)))
    entry = former.ready(MODEL, "churn")["status"]["id"]
    latter.wait(MODEL, "churn", has_reason("RegistryNotPermitted"))
    before = site.rests[0].entries()
    site.connect("prod", 0, latter.name, url=new.url)
    # The entry of the former proves that this is another registry, whoever is admitted to it.
    latter.wait(MODEL, "churn", has_reason("RegistryReplaced"))
    site.wait(name, because("RegistryReplaced"))
    assert new.writes() == []
    site.kubectl("annotate", "clusterregistry", name, f"{ANNOTATION}=moved")
    latter.wait(MODEL, "churn", ready_at(new.url))
    former.wait(MODEL, "churn", has_reason("RegistryNotPermitted"))
    former.patch(MODEL, "churn", {"spec": {"description": "edited"}})
    assert former.wait(MODEL, "churn", has_reason("RegistryNotPermitted"))["status"]["id"] == entry
    former.delete(MODEL, "churn")
    former.wait_gone(MODEL, "churn")
    assert site.rests[0].entries() == before
    assert b"of-the-latter" not in b"".join(received.body for received in site.proxies[0].received)
    assert [received.json["name"] for received in new.writes()] == ["of-the-latter"]
    assert all("of-the-former" not in received.path for received in new.received)
