"""What the operator remembers of resources between their reconciles."""

from registrar.api.bodies import ResourceKey
from registrar.cluster.cache import ResourceCache
from registrar.reconcile.memory import Memory
from tests.unit.build import RecordingQueue, model_key

CHILD = ResourceKey("ModelVersion", "team", "child")


def test_waiting_is_counted_from_the_first_question() -> None:
    now = 10.0
    memory = Memory(ResourceCache(), RecordingQueue(), lambda: now)
    assert memory.waited(CHILD) == 0.0
    now = 11.5
    assert memory.waited(CHILD) == 1.5
    memory.stop_waiting(CHILD)
    now = 20.0
    assert memory.waited(CHILD) == 0.0
    now = 21.0
    memory.stop_waiting(model_key())
    assert memory.waited(CHILD) == 1.0
