"""The command as a pipeline runs it: with an account that has the chart's Role for pipelines, and no other right."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registrar.cli import main
from tests.support.accounts import Account, pipeline_account
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, manifest


@dataclass(frozen=True)
class Pipeline:
    """A pipeline's account in a namespace.

    Attributes:
        space: the namespace.
        account: the account, with the Role's rights.
        kubeconfig: its kubeconfig.
    """

    space: Namespace
    account: Account
    kubeconfig: Path

    def register(self, *words: str) -> Result:
        """Run the command in the namespace, in this process."""
        return CliRunner().invoke(main, ["register", *self.place(), *words])

    def place(self) -> list[str]:
        """Return the options that say where and as whom."""
        return [f"--namespace={self.space.name}", f"--kubeconfig={self.kubeconfig}"]

    def model(self) -> str:
        """Apply a model of a new name; returns the name."""
        name = f"churn-{uuid.uuid4().hex[:8]}"
        self.space.apply(manifest("RegisteredModel", name))
        return name


def pipeline_in(space: Namespace, folder: Path) -> Pipeline:
    """Make the account of a pipeline."""
    account = pipeline_account(space)
    return Pipeline(space, account, account.kubeconfig(folder))


@pytest.fixture(scope="module")
def pipeline(
    operator: OperatorProcess,  # noqa: ARG001 - it runs
    space: Namespace,
    tmp_path_factory: pytest.TempPathFactory,
) -> Pipeline:
    """A pipeline in the module's namespace, where an operator works."""
    return pipeline_in(space, tmp_path_factory.mktemp("pipeline"))
