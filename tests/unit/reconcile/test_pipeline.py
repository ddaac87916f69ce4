"""What a reconcile does when the resource changes under it, on an API server that answers as the test wants."""

from typing import Any

import pytest

from registrar.api.meta import PAUSED_ANNOTATION
from registrar.reconcile.pipeline import reconcile
from registrar.workqueue.queue import DONE, NOW, RETRY, Result
from tests.support.loopback import Received, Reply, serving
from tests.unit.build import body, context_of, identity, model_key

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


async def test_a_resource_that_does_not_exist_is_done() -> None:
    async with context_of() as context:
        assert await reconcile(model_key(), context) == DONE


async def test_a_synced_resource_is_deferred_while_the_registry_is_unavailable() -> None:
    async with context_of() as context:
        context.memory.cache.put(body(status={"id": "7", "observedGeneration": 1}))
        assert await reconcile(model_key(), context) == DONE
        assert context.registry.breaker.close(0.0) == (model_key(),)
