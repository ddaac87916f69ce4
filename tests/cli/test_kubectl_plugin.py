"""``kubectl registrar``: the command line as kubectl and a terminal see it."""

import click
import pytest

from devcluster.controlplane import ControlPlane
from registrar.cli.exits import ExitCode
from tests.cli.program import PROGRAMS, on_a_terminal, run
from tests.support.resources import Namespace, manifest


def test_kubectl_finds_the_command_as_a_plugin(own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    plane = own_space.cluster
    answer = run(plane.kubeconfig, plane.kubectl, "registrar", "status", "rmodel/churn", "-n", own_space.name)
    assert answer.returncode == ExitCode.ATTENTION
    assert answer.stdout.splitlines()[0] == f"RegisteredModel {own_space.name}/churn is not ready, for 1 cause:"
    answer = run(plane.kubeconfig, plane.kubectl, "registrar", "trace", "--help")
    assert answer.stdout.startswith("Usage: kubectl registrar trace [OPTIONS]")


@pytest.mark.parametrize(
    ("words", "offered", "directive"),
    [
        (["st"], "status\tSay what is not ready, why, and what to do.", ":4"),
        (["status", "--not-"], "--not-ready\tList only what is not ready", ":4"),
        (["status", "--output", ""], "wide", ":4"),
        (["status", "--kubeconfig", ""], "", ":0"),
    ],
)
def test_kubectl_completes_the_command(cluster: ControlPlane, words: list[str], offered: str, directive: str) -> None:
    answer = run(cluster.kubeconfig, cluster.kubectl, "__complete", "registrar", *words)
    *offers, last = answer.stdout.splitlines()
    assert last == directive
    assert any(offer.startswith(offered) for offer in offers) if offered else not offers


def test_colours_reach_a_terminal_alone_and_none_if_the_user_wants_none(own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    words = (PROGRAMS / "registrar", "status", "-n", own_space.name)
    kubeconfig = own_space.cluster.kubeconfig
    shown = on_a_terminal(kubeconfig, *words)
    assert "\x1b[33m" in shown
    plain = on_a_terminal(kubeconfig, *words, NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain.replace("\r\n", "\n") == run(kubeconfig, *words).stdout == click.unstyle(shown).replace("\r\n", "\n")
