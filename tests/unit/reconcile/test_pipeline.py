"""What a reconcile does when the resource changes under it, on an API server that answers as the test wants."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from registrar.api.bodies import ResourceKey
from registrar.api.meta import FINALIZER, PAUSED_ANNOTATION
from registrar.api.tenants import Tenant
from registrar.cluster.cache import ResourceCache
from registrar.fencing import Leadership
from registrar.reconcile.intake import Intake
from registrar.reconcile.memory import Memory
from registrar.reconcile.pipeline import reconcile
from registrar.workqueue.queue import DONE, NOW, RETRY, Result
from tests.support.loopback import Received, Reply, serving
from tests.unit.build import RecordingQueue, body, context_of, identity, model_key, open_gate

PATH = "/apis/model-registrar.dev/v1alpha1/namespaces/team/registeredmodels/fraud"
# A paused resource needs no registry, and its status is written all the same.
FIRST = body(annotations={PAUSED_ANNOTATION: "true"})
CONFLICT = Reply(409, {"reason": "Conflict", "message": "the object has been modified"})
GONE = Reply(404, {"reason": "NotFound", "message": "not found"})
BROKEN = Reply(500, {"reason": "InternalError", "message": "broken"})


@pytest.mark.parametrize(
    ("to_patch", "to_get", "expected", "uid"),
    [
        (CONFLICT, body(version=2), NOW, "uid-1"),
        (CONFLICT, body(version=2, uid="uid-2"), NOW, "uid-2"),
        (GONE, body(version=2, uid="uid-2"), RETRY, "uid-2"),
        (CONFLICT, None, DONE, None),
        (GONE, None, DONE, None),
        (BROKEN, body(version=2), RETRY, "uid-1"),
    ],
    ids=["changed", "replaced", "deleted and replaced", "deleted while changed", "deleted", "broken"],
)
async def test_a_resource_that_changes_during_its_reconcile_is_read_again(
    to_patch: Reply, to_get: dict[str, Any] | None, expected: Result, uid: str | None
) -> None:
    def answer(request: Received) -> Reply:
        assert request.path.startswith(PATH)
        if request.method == "GET":
            return GONE if to_get is None else Reply(body=to_get, headers={"Content-Type": "application/json"})
        return to_patch

    with serving(answer) as server:
        async with context_of(kubernetes_url=server.url) as context:
            context.memory.cache.put(FIRST)
            context.memory.identify(model_key(), identity("7"))
            assert await reconcile(model_key(), context) == expected
            found = context.memory.cache.get(model_key())
            assert (found and found["metadata"]["uid"]) == uid
            # Neither a successor nor nobody inherits the identity.
            assert (context.memory.dependencies.identity(model_key()) is None) == (uid != "uid-1")


SUCCESSOR = body(version=3, uid="uid-2")


@pytest.mark.parametrize("is_deleted", [False, True], ids=["created", "created and deleted"])
async def test_what_the_watch_shows_while_a_resource_is_read_again_counts(*, is_deleted: bool) -> None:
    """The API server answers a read, and the watch is faster than the answer."""
    loop, found = asyncio.get_running_loop(), Reply(body=SUCCESSOR, headers={"Content-Type": "application/json"})
    answers = [GONE, found] if is_deleted else [found, GONE]

    async def watch() -> None:
        intake.on_change(SUCCESSOR)
        if is_deleted:
            intake.on_delete(SUCCESSOR)

    def answer(request: Received) -> Reply:
        if request.method != "GET":
            return CONFLICT
        if len(answers) == 2:
            asyncio.run_coroutine_threadsafe(watch(), loop).result()
        return answers.pop()

    with serving(answer) as server:
        async with context_of(kubernetes_url=server.url) as context:
            intake = Intake(context.memory, open_gate(), Leadership.without_rivals(), context.monitor)
            context.memory.cache.put(FIRST)
            await reconcile(model_key(), context)
            assert context.memory.cache.get(model_key()) == (None if is_deleted else SUCCESSOR)


async def test_a_resource_that_does_not_exist_is_done() -> None:
    async with context_of() as context:
        assert await reconcile(model_key(), context) == DONE


async def test_a_synced_resource_is_deferred_while_the_registry_is_unavailable() -> None:
    async with context_of() as context:
        context.memory.cache.put(body(status={"id": "7", "observedGeneration": 1}))
        assert await reconcile(model_key(), context) == DONE
        assert context.registry.breaker.close(0.0) == (model_key(),)


@pytest.mark.parametrize(
    "narrower",
    [
        (),
        ({"modelNames": ["{namespace}.*"]},),
        ({"owner": "others"},),
        ({"adoptionPolicy": "Fail"},),
        ({"takeOver": False},),
        ({"externalReferences": "None"},),
    ],
    ids=["nobody", "names", "owner", "adoption", "take-over", "external"],
)
async def test_a_namespace_that_may_do_less_since_it_was_judged_gets_no_entry(
    narrower: tuple[dict[str, Any], ...],
) -> None:
    """The answer to the finalizer's write arrives after the tenants have changed."""
    asked: list[str] = []
    everything = {"namespaces": ["*"], "takeOver": True, "externalReferences": "Any"}

    def registry(request: Received) -> Reply:
        asked.append(request.method)
        return GONE

    with serving(registry) as server:

        def answer(request: Received) -> Reply:
            if request.method == "PATCH" and "finalizers" in str(request.json):
                context.registry.tenants = [Tenant.model_validate({**everything, **limit}) for limit in narrower]
            kept = body(version=2)
            kept["metadata"]["finalizers"] = [FINALIZER]
            return Reply(body=kept, headers={"Content-Type": "application/json"})

        with serving(answer) as cluster:
            async with context_of(kubernetes_url=cluster.url, registry_url=server.url) as context:
                context.registry.loaded = True
                context.registry.tenants = [Tenant.model_validate(everything)]
                context.memory.cache.put(body())
                await reconcile(model_key(), context)
                assert len(context.registry.tenants) == len(narrower)
                assert asked == []


@pytest.mark.parametrize("had_entry", [False, True], ids=["new", "renamed by mistake"])
async def test_a_refused_child_is_judged_again_once_its_parent_may_have_its_name(
    had_entry: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    version = ResourceKey("ModelVersion", "team", "v1")

    def answer(request: Received) -> Reply:
        key = version if "modelversions" in request.path else model_key()
        before = context.memory.cache.get(key)
        assert before is not None
        newer = {**before["metadata"], "resourceVersion": str(int(before["metadata"]["resourceVersion"]) + 1)}
        status = {**before["status"], **request.json.get("status", {})}
        answered = {**before, "metadata": newer, "status": status}
        return Reply(body=answered, headers={"Content-Type": "application/json"})

    queue = RecordingQueue()
    with serving(answer) as cluster:
        async with context_of(kubernetes_url=cluster.url) as built:
            context = replace(built, memory=Memory(ResourceCache(), open_gate(queue), lambda _: None))
            context.registry.loaded = True
            context.registry.tenants = [Tenant.model_validate({"namespaces": ["*"], "modelNames": ["{namespace}.*"]})]
            context.memory.cache.put(body(name="others.fraud"))
            context.memory.cache.put(body("ModelVersion", "v1"))
            if had_entry:
                context.memory.identify(model_key(), identity("7", "team.fraud"))
            for key in (model_key(), version):
                await reconcile(key, context)
                found = context.memory.cache.get(key)
                assert found is not None
                assert found["status"]["conditions"][0]["reason"] == "RegistryNotPermitted"
            queue.added.clear()
            refused = context.memory.cache.get(model_key())
            assert refused is not None
            metadata = {**refused["metadata"], "generation": 2, "resourceVersion": "9"}
            context.memory.cache.put({**refused, "metadata": metadata, "spec": {"name": "team.fraud"}})
            await reconcile(model_key(), context)
            assert "v1" in [name for name, _ in queue.added]
