"""`registrar adopt` with the rights that its user has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from registrar.api.meta import GROUP
from registrar.cli.exits import ExitCode
from tests.cli.adopt.conftest import Adopt
from tests.docs.pages import blocks_of
from tests.support.accounts import Account, Rule
from tests.support.resources import PLURALS, Namespace

GUIDE = Path("docs/how-to/adopt-many.md")


def role_of_the_guide() -> Rule:
    """Return the rule of the Role that the guide shows."""
    (role,) = (
        document
        for block in blocks_of(GUIDE)
        if block.language == "yaml"
        for document in yaml.safe_load_all(block.text)
        if document["kind"] == "Role"
    )
    (rule,) = role["rules"]
    found: Rule = rule
    return found


@pytest.mark.usefixtures("filled")
def test_the_role_of_the_guide_is_enough(adopt: Adopt, own_space: Namespace, tmp_path: Path) -> None:
    account = Account(own_space, "adopter")
    account.allow(role_of_the_guide())
    answer = adopt("*", "--yes", kubeconfig=account.kubeconfig(tmp_path))
    assert "4 manifests applied." in answer.stderr
    assert "4 of 4 resources not ready, for 1 cause:" in answer.stdout


@pytest.mark.parametrize(
    ("verbs", "sentence"),
    [
        ([], "You may not list registeredmodels in namespace {} (403)"),
        (["list"], "You may not patch registeredmodels in namespace {} (403)"),
        (["list", "patch"], "You may not create registeredmodels in namespace {} (403)"),
    ],
    ids=["none", "list", "list and patch"],
)
@pytest.mark.usefixtures("filled")
def test_a_missing_right_is_named(
    verbs: list[str], sentence: str, adopt: Adopt, own_space: Namespace, tmp_path: Path
) -> None:
    account = Account(own_space, "adopter")
    account.allow({"apiGroups": [GROUP], "resources": [*PLURALS.values()], "verbs": verbs or ["watch"]})
    answer = adopt("*", "--yes", kubeconfig=account.kubeconfig(tmp_path))
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert sentence.format(own_space.name) in answer.stderr
    assert set(role_of_the_guide()["verbs"]) == {"list", "patch", "create"}, "each of them is needed"


@pytest.mark.usefixtures("filled")
def test_a_namespace_that_does_not_exist_is_named(adopt: Adopt) -> None:
    answer = adopt("*", "--yes", "--namespace=nowhere")
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert "Error: The namespace nowhere does not exist: create it, or give another --namespace." in answer.stderr
