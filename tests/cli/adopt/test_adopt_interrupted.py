"""`registrar adopt` that ends before everything is applied: what it says, and how the next one goes on."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from devcluster.environment import child_environment
from registrar.cli.exits import ExitCode
from tests.cli.adopt.conftest import REGISTRAR, Adopt, arguments
from tests.cli.program import LIMIT
from tests.support.api_server_proxy import ApiServerProxy
from tests.support.fault_proxy import Treatment
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace
from tests.support.rest import Rest

MODELS = 210
"""A few more than a batch."""
BATCH = 200


def test_ctrl_c_ends_it_after_the_batch_and_the_next_run_applies_the_rest(
    adopt: Adopt, rest: Rest, own_space: Namespace, api_server_proxy: ApiServerProxy
) -> None:
    for number in range(MODELS):
        rest.model(f"m{number:03}")
    words = [str(REGISTRAR), "adopt", "*", "--yes", "--timeout=0s", *arguments(rest, own_space)]
    environment = child_environment({"KUBECONFIG": str(api_server_proxy.kubeconfig)})
    with subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    ) as process:

        def interrupt(received: Received) -> Treatment:
            if received.method == "PATCH" and len(api_server_proxy.requests("PATCH")) == 1:
                os.kill(process.pid, signal.SIGINT)
            return None

        api_server_proxy.script = interrupt
        _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == ExitCode.INTERRUPTED
    lines = said.splitlines()
    assert lines[-1] == f"Interrupted. registrar status --namespace {own_space.name} says what is not ready."
    assert lines[-2] == "200 of 210 manifests applied, 0 refused, 10 missing. Run the command again to apply the rest."
    assert lines[-12:-2] == [f"Missing: RegisteredModel m{number}" for number in range(BATCH, MODELS)]
    api_server_proxy.heal()
    sent = len(api_server_proxy.requests("PATCH"))
    assert sent == BATCH
    again = adopt("*", "--yes", kubeconfig=api_server_proxy.kubeconfig)
    assert "10 manifests applied." in again.stderr
    assert len(api_server_proxy.requests("PATCH")) == MODELS
    assert f"{MODELS} of {MODELS} resources not ready" in again.stdout


def test_ctrl_c_while_it_waits_says_how_to_go_on(filled: Rest, own_space: Namespace) -> None:
    # No operator is there, so only Ctrl-C ends the command.
    words = [str(REGISTRAR), "adopt", "fraud", "--yes", "--timeout=1h", *arguments(filled, own_space)]
    environment = child_environment({"KUBECONFIG": str(own_space.cluster.kubeconfig)})
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line == "0 of 2 resources are ready\n":
                process.send_signal(signal.SIGINT)
                break
        _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == ExitCode.INTERRUPTED
    assert said == f"Interrupted. registrar status --namespace {own_space.name} says what is not ready.\n"


@pytest.mark.usefixtures("filled")
def test_a_server_that_stops_answering_ends_it_with_what_is_missing(
    adopt: Adopt, api_server_proxy: ApiServerProxy
) -> None:
    def fail(received: Received) -> Treatment:
        is_third = received.method == "PATCH" and len(api_server_proxy.requests("PATCH")) > 2
        return Reply(503, {"message": "overloaded"}) if is_third else None

    api_server_proxy.script = fail
    answer = adopt("*", "--yes", kubeconfig=api_server_proxy.kubeconfig)
    assert answer.returncode == ExitCode.NOT_KNOWN
    *_, number, error = answer.stderr.splitlines()
    assert number == "2 of 4 manifests applied, 0 refused, 2 missing. Run the command again to apply the rest."
    assert error.startswith("Error: The API server did not take registeredmodels in namespace ")
    assert error.endswith("503 overloaded")
