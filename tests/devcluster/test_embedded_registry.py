import signal
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from devcluster import embedded_registry
from devcluster.embedded_registry import EmbeddedRegistry
from devcluster.processes import ChildError, Children

MODELS = "/api/model_registry/v1alpha3/registered_models"


@pytest.fixture
def registry() -> Iterator[EmbeddedRegistry]:
    with embedded_registry.start() as started:
        yield started


def _names(registry: EmbeddedRegistry) -> list[str]:
    items = httpx.get(registry.url + MODELS, trust_env=False).raise_for_status().json()["items"]
    return [item["name"] for item in items]


def _create(registry: EmbeddedRegistry) -> str:
    name = f"kept-{uuid.uuid4().hex[:8]}"
    httpx.post(registry.url + MODELS, json={"name": name}, trust_env=False).raise_for_status()
    return name


def test_registry_is_empty_and_answers_as_soon_as_it_is_started(registry: EmbeddedRegistry) -> None:
    assert _names(registry) == []


@pytest.mark.parametrize(("end", "status"), [("stop", 0), ("kill", -signal.SIGKILL)])
def test_registry_starts_again_at_its_address_with_its_entries(
    registry: EmbeddedRegistry, end: str, status: int
) -> None:
    name, url = _create(registry), registry.url

    assert getattr(registry, end)() == status
    with pytest.raises(httpx.ConnectError):
        _names(registry)
    registry.start()

    assert registry.url == url
    assert _names(registry) == [name]


def test_named_database_is_kept(tmp_path: Path) -> None:
    with embedded_registry.start(tmp_path / "mine.db") as first:
        name = _create(first)
    with embedded_registry.start(tmp_path / "mine.db") as second:
        assert _names(second) == [name]


def test_named_port_is_used() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    with embedded_registry.start(port=port) as registry:
        assert registry.url == f"http://127.0.0.1:{port}"
        assert _names(registry) == []


def test_registry_that_cannot_start_is_an_error_with_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(ChildError, match=r"local_registry ended with status \d+ before it was ready(?s:.)*absent"),
        embedded_registry.start(tmp_path / "absent" / "registry.db"),
    ):
        pass


def test_registry_that_was_never_started_cannot_be_stopped(tmp_path: Path) -> None:
    with Children() as children, pytest.raises(RuntimeError, match=r"call start\(\) first"):
        EmbeddedRegistry(children, tmp_path / "registry.db", 0).stop()
