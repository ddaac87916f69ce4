"""A ClusterRegistry whose address leads to something else than before."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from local_registry.store import Store
from tests.controller.registries.conftest import Check, Site, because, connected, ref
from tests.env.registry import serve
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.resources import condition, has_reason, is_ready, manifest

MODEL = "RegisteredModel"
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
        "registry, or it was reset or restored. Nothing is created in it."
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
    handled = {"value": command[-1].partition("=")[2], "recreating": False}
    site.wait(name, lambda found: connected(found) and found["status"].get("acceptedReplacement") == handled)
    # The same word accepts nothing more, also after a restart.
    third = another()
    site.operator.stop()
    site.connect("prod", 0, space.name, url=third.url)
    site.start()
    site.wait(name, because("RegistryReplaced"))
    site.kubectl(*command)
    space.annotate(MODEL, "churn", reconcile_requested_at="now")
    space.wait(MODEL, "churn", lambda found: found["status"].get("lastHandledReconcileAt") == "now")
    assert because("RegistryReplaced")(site.get(name))
    assert third.writes() == []
    site.kubectl("annotate", "--overwrite", "clusterregistry", name, f"{ANNOTATION}=another")
    for model in models:
        space.wait(MODEL, model, ready_at(third.url))
    # And of all that, the other registry has seen nothing.
    assert other.get(MODEL, "churn")["status"] == untouched
    assert len(site.proxies[1].writes()) == writes
    assert connected(site.get(beside))
