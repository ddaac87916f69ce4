"""The cache of resources: the newest body of each, without what nothing reads."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registrar.api.bodies import RecordedId, has_entry, ready_state
from registrar.api.meta import LAST_APPLIED_ANNOTATION, PAUSED_ANNOTATION
from registrar.cluster.cache import ResourceCache
from tests.unit.build import OWNER_ID, body, model_key


def _ready(status: str, reason: str, generation: int = 1) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status, "reason": reason, "observedGeneration": generation}]}


STATUSES = {
    "put": None,
    "put ready": _ready("True", "Synced"),
    "put invalid": _ready("False", "InvalidSpec"),
    "put waiting": _ready("False", "RegistryUnavailable"),
    "put edited": _ready("False", "InvalidSpec", 0),
    "put successor": None,
}


def _version(found: Any) -> int:
    return int(found["metadata"]["resourceVersion"])


@given(st.lists(st.integers(1, 120), min_size=1))
def test_an_older_body_never_replaces_a_newer_one(versions: list[int]) -> None:
    cache, newest = ResourceCache(), 0
    for version in versions:
        sent = body(version=version)
        assert cache.is_news(sent) == (version > newest)
        assert cache.put(sent) == (version > newest)
        newest = max(newest, version)
        found = cache.get(model_key())
        assert found is not None
        assert _version(found) == newest


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([*STATUSES, "remove"]))))
def test_the_count_by_ready_is_that_of_the_bodies(steps: list[tuple[str, str]]) -> None:
    cache = ResourceCache()
    for version, (name, what) in enumerate(steps, 1):
        if what == "remove":
            cache.remove(model_key(name))
        else:
            uid = f"uid-{version}" if what == "put successor" else "uid"
            cache.put(body("RegisteredModel", name, version=version, uid=uid, status=STATUSES[what]))
        counted = {place: number for place, number in cache.count_ready().items() if number}
        bodies = [found for key in cache if (found := cache.get(key)) is not None]
        assert counted == Counter(("RegisteredModel", *ready_state(found)) for found in bodies)
        assert cache.count_new() == sum(not has_entry(found) for found in bodies)


def test_bodies_are_kept_without_what_nothing_reads() -> None:
    cache, sent = ResourceCache(), body(annotations={LAST_APPLIED_ANNOTATION: "{}", "mine": "1"})
    sent["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    cache.put(sent)
    found = cache.get(model_key())
    assert found is not None
    assert found["metadata"]["annotations"] == {"mine": "1"}
    assert "managedFields" not in found["metadata"]
    assert found["spec"] == sent["spec"]
    # What has its texts shared is not copied again.
    later = ResourceCache()
    later.put(found)
    again = later.get(model_key())
    assert again is not None
    assert again["spec"] is found["spec"]
    # The body that was passed in belongs to the caller.
    assert sent["metadata"]["annotations"].keys() == {LAST_APPLIED_ANNOTATION, "mine"}
    assert "managedFields" in sent["metadata"]


def test_equal_texts_of_two_bodies_are_kept_once() -> None:
    """As JSON from the API server, each body that is read alone has texts of its own."""
    cache = ResourceCache()
    for name in ("first", "second"):
        found = json.loads(json.dumps(body("RegisteredModel", name, status=_ready("True", "Synced"), tags=["a tag"])))
        found["metadata"]["managedFields"] = [{"manager": "kubectl"}]
        cache.put(found)
    first, second = cache.get(model_key("first")), cache.get(model_key("second"))
    assert first is not None
    assert second is not None
    pairs = list(zip(_texts(first), _texts(second), strict=True))
    assert len(pairs) > 25
    assert {one for one, other in pairs if one is not other} == {"first"}


def _texts(value: object) -> Iterator[str]:
    """Yield all keys and texts, in order."""
    if isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))
    elif isinstance(value, str):
        yield value


def test_recorded_ids_are_those_that_a_status_records() -> None:
    cache = ResourceCache()
    cache.put(body("RegisteredModel", "new"))
    cache.put(
        body("RegisteredModel", "synced", status={"id": "7", "registryUrl": "http://registry", "observedGeneration": 1})
    )
    cache.put(body("ModelVersion", "v1", status={"id": "8", "registryUrl": "http://other", "observedGeneration": 1}))
    assert sorted(cache.recorded_ids(OWNER_ID), key=lambda recorded: recorded.kind) == [
        RecordedId("ModelVersion", "8", None, "http://other"),
        RecordedId("RegisteredModel", "7", None, "http://registry"),
    ]


def test_a_removed_resource_leaves_nothing_behind() -> None:
    cache = ResourceCache()
    cache.put(body())
    assert len(cache) == 1
    cache.remove(model_key())
    assert cache.get(model_key()) is None
    assert list(cache) == []
    assert len(cache) == 0
    assert not any(cache.count_ready().values())
    cache.remove(model_key())
    assert not any(cache.count_ready().values())


def test_what_is_not_created_again_counts_for_no_guard() -> None:
    """Paused ones, and those of another installation, whose stamp keeps them out of the view: they look missing."""
    cache = ResourceCache()
    status = {"id": "7", "createTimeSinceEpoch": "1", "registryUrl": "http://registry"}
    other, ours = ({"managedBy": {"ownerId": owner, "registryUrl": "http://registry"}} for owner in ("o", OWNER_ID))
    cache.put(body("RegisteredModel", "theirs", status={**status, **other}))
    cache.put(body("RegisteredModel", "paused", status=status, annotations={PAUSED_ANNOTATION: "true"}))
    assert list(cache.recorded_ids(OWNER_ID)) == []
    cache.put(body("RegisteredModel", "ours", status={**status, **ours}))
    assert len(list(cache.recorded_ids(OWNER_ID))) == 1
