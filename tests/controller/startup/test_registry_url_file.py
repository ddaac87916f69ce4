"""The registry's URL in a file: an operator that is installed before anyone knows the URL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fixtures import Unique, operator_arguments
from tests.support.operator_process import OperatorProcess
from tests.support.probes import probes_of
from tests.support.resources import Namespace, manifest


@pytest.fixture
def waiting(own_space: Namespace, tmp_path: Path) -> Iterator[OperatorProcess]:
    """An operator whose file does not exist yet: ``tmp_path / "url"``."""
    arguments = [one for one in operator_arguments("", own_space) if not one.startswith("--registry-url=")]
    file = ("--registry-url-file", str(tmp_path / "url"))
    process = OperatorProcess([*arguments, *file, "--probe-port=0"], tmp_path / "operator.log")
    process.start()
    yield process
    process.stop()
    print(process.log)  # noqa: T201 - pytest shows it where the test failed


def test_without_a_url_it_lives_is_not_ready_and_says_what_to_edit(
    own_space: Namespace, waiting: OperatorProcess, registry_url: str, tmp_path: Path, unique: Unique
) -> None:
    file = tmp_path / "url"
    probes = probes_of(waiting)
    missing = (
        f"{file} does not exist: create it with the registry's URL, such as "
        "http://model-registry-service.kubeflow:8080. In a pod, add this key to the ConfigMap that is mounted there."
    )
    assert probes.get("/readyz") == (503, f"{missing}\n")
    assert probes.get("/livez") == (200, "ok\n")
    assert "registrar_" in probes.get("/metrics")[1]
    file.write_text("\n")
    waiting.wait_for_log(
        f"{file} holds no URL: write the registry's into it, such as http://model-registry-service.kubeflow:8080. "
        "In a pod, edit the ConfigMap that is mounted there."
    )
    file.write_text("registry:8080\n")
    waiting.wait_for_log(f"Waiting for the registry's URL: {file}: 'registry:8080' is not a URL")
    assert "'registry:8080' is not a URL" in probes.get("/readyz")[1]

    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    file.write_text(f"{registry_url}\n")
    assert own_space.ready("RegisteredModel", name)["status"]["registryUrl"] == registry_url
    waiting.wait_for_log("Probes and metrics are served at", times=2)
    probes_of(waiting).wait("/readyz", 200)
    assert waiting.log.count(missing) == 1
    assert waiting.stop() == 0
    assert "Traceback" not in waiting.log


def test_while_it_waits_it_ends_when_it_is_asked_to(waiting: OperatorProcess) -> None:
    waiting.wait_for_log("Waiting for the registry's URL")
    probes_of(waiting)
    assert waiting.stop() == 0
    assert "Traceback" not in waiting.log
