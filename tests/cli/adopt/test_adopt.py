"""`registrar adopt` on a real API server, with an operator at work."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

import pytest

from registrar.api.meta import OWNER_PROPERTY
from registrar.cli.exits import ExitCode
from tests.cli.adopt.conftest import REGISTRAR, Adopt, arguments
from tests.cli.program import on_a_terminal
from tests.support.api_server_proxy import ApiServerProxy
from tests.support.fault_proxy import Treatment, proxy_to
from tests.support.fixtures import StartOperator
from tests.support.loopback import Received
from tests.support.resources import Namespace, manifest
from tests.support.rest import Rest


def without_stamp(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return entries without what a stamp changes."""
    stripped = copy.deepcopy(entries)
    for entry in stripped.values():
        entry.pop("lastUpdateTimeSinceEpoch", None)
        entry["customProperties"] = {
            name: value for name, value in (entry.get("customProperties") or {}).items() if name != OWNER_PROPERTY
        }
    return stripped


def stamped(entries: dict[str, dict[str, Any]]) -> set[str]:
    return {path for path, entry in entries.items() if OWNER_PROPERTY in (entry.get("customProperties") or {})}


def resources(space: Namespace) -> list[str]:
    kinds = "registeredmodels,modelversions,modelartifacts"
    return space.cluster.run_kubectl("get", kinds, "-n", space.name, "-o", "name").stdout.split()


def test_adopted_entries_get_one_stamp_each_and_change_in_nothing_else(
    adopt: Adopt, filled: Rest, own_space: Namespace, start_operator: StartOperator
) -> None:
    before = filled.entries()
    archived = {path for path, entry in before.items() if entry.get("state") == "ARCHIVED"}
    planned = adopt("*", "--dry-run")
    assert planned.returncode == ExitCode.DONE, planned.stderr
    assert planned.stdout.splitlines()[-1].startswith("0 to create, 6 to adopt, stamp only, 0 to update")
    assert "1 archived entry left out; see --archived." in planned.stderr
    assert resources(own_space) == []
    with proxy_to(filled.url) as registry:
        start_operator(registry.url, own_space)
        adopted = adopt("*", "--yes", "--timeout=1h")
        assert adopted.returncode == ExitCode.DONE, adopted.stderr
        assert "4 manifests applied." in adopted.stderr
        assert adopted.stdout.splitlines()[-1] == "4 resources ready."
        written = Counter(request.route.rpartition("v1alpha3/")[2] for request in registry.requests("PATCH"))
        assert len(written) == len(before) - len(archived)
        assert set(written.values()) == {1}, written
        after = filled.entries()
        assert without_stamp(after) == without_stamp(before)
        assert stamped(after) == before.keys() - archived
        again = adopt("*", "--yes", "--timeout=1h")
        assert (again.returncode, again.stdout) == (ExitCode.DONE, "")
        assert again.stderr.splitlines()[-1] == "Nothing to adopt."
        assert len(registry.requests("PATCH")) == len(written)
        wrong = adopt("*", "--owner-id=others/a", "--dry-run")
        assert f"Warning: The installation tests/{own_space.name} manages resources of the cluster" in wrong.stderr
        assert wrong.stderr.splitlines()[-1] == "Nothing to adopt."
        added = filled.artifact(_id_of(filled, "2026-03", "model_versions"), "late", uri="s3://models/late.onnx")
        filled.version(_id_of(filled, "fraud"), "2")
        later = adopt("*", "--yes", "--timeout=1h")
        assert later.returncode == ExitCode.ATTENTION
        assert f"Not adopted: model-artifact 'late' (id {added}) of Churn/2026-03, which is managed" in later.stderr
        assert later.stdout.splitlines()[-1] == "1 resource ready."
        assert own_space.get("ModelVersion", "fraud-2")["spec"]["registeredModelRef"] == {"name": "fraud"}
    managers = {
        each["manager"]: each["operation"]
        for each in own_space.get("RegisteredModel", "churn")["metadata"]["managedFields"]
    }
    assert managers["registrar"] == "Apply"


def _id_of(rest: Rest, name: str, family: str = "registered_models") -> str:
    return next(str(entry["id"]) for entry in rest.get(family)["items"] if entry["name"] == name)


@pytest.mark.usefixtures("filled")
def test_without_a_terminal_nobody_can_be_asked(adopt: Adopt, own_space: Namespace) -> None:
    answer = adopt("*")
    assert answer.returncode == ExitCode.USAGE
    assert "There is no terminal to ask: give --yes, or --dry-run to see the plan." in answer.stderr
    assert resources(own_space) == []


@pytest.mark.parametrize(
    ("typed", "end", "number"), [("n\n", "Nothing was applied.", 0), ("y\n", "2 manifests applied.", 2)]
)
def test_a_question_names_number_namespace_and_cluster(
    typed: str, end: str, number: int, filled: Rest, own_space: Namespace
) -> None:
    words = [str(REGISTRAR), "adopt", "fraud", "--timeout=0s", *arguments(filled, own_space)]
    cluster = own_space.cluster.run_kubectl("config", "view", "-o", "jsonpath={.contexts[0].context.cluster}").stdout
    shown = on_a_terminal(own_space.cluster.kubeconfig, *words, typed=typed)
    assert f"Apply 2 manifests to namespace {own_space.name} of cluster {cluster}? [y/N]" in shown
    assert end in shown
    assert len(resources(own_space)) == number


def test_a_field_of_another_manager_is_left_and_the_manager_named(
    adopt: Adopt, filled: Rest, own_space: Namespace
) -> None:
    assert "4 manifests applied." in adopt("*", "--yes").stderr
    patch = '{"spec": {"description": "Another one."}}'
    edit = ["patch", "rmodel/churn", "-n", own_space.name, "--type=merge", "--field-manager=alice", f"--patch={patch}"]
    own_space.cluster.run_kubectl(*edit)
    answer = adopt("*", "--yes")
    assert answer.returncode == ExitCode.ATTENTION
    message = "RegisteredModel churn was refused: the field manager 'alice' owns spec.description, with other values."
    assert message in answer.stderr
    assert own_space.get("RegisteredModel", "churn")["spec"]["description"] == "Another one."
    assert filled.get(f"registered_models/{_id_of(filled, 'Churn')}")["description"] == "Predicts churn."


@pytest.mark.usefixtures("filled")
def test_a_resource_that_comes_while_the_others_are_applied_is_left(
    adopt: Adopt, own_space: Namespace, api_server_proxy: ApiServerProxy
) -> None:
    came: list[Received] = []

    def interfere(request: Received) -> Treatment:
        if request.method == "PATCH" and not came:
            came.append(request)
            # As another run of the command would.
            words = ["apply", "--server-side", "--field-manager=registrar", "-n", own_space.name, "-f", "-"]
            theirs = manifest("RegisteredModel", "fraud", description="Theirs.")
            own_space.cluster.run_kubectl(*words, stdin=json.dumps(theirs))
        return None

    api_server_proxy.script = interfere
    answer = adopt("*", "--yes", kubeconfig=api_server_proxy.kubeconfig)
    assert answer.returncode == ExitCode.ATTENTION
    assert "Not applied: RegisteredModel fraud was created by others at the same time. Run" in answer.stderr
    assert "Missing: ModelVersion fraud-1" in answer.stderr
    assert own_space.get("RegisteredModel", "fraud")["spec"] == {"description": "Theirs."}


@pytest.mark.usefixtures("filled")
def test_a_name_that_another_entry_has_is_refused_with_what_is_below_it(adopt: Adopt, own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "churn", name="Something else"))
    answer = adopt("*", "--yes")
    assert answer.returncode == ExitCode.ATTENTION
    assert (
        "Error: RegisteredModel churn exists already for the entry 'Something else', and 'Churn' would get its name"
        in answer.stderr
    )
    assert own_space.get("RegisteredModel", "churn")["spec"] == {"name": "Something else"}
    assert {name.partition("/")[2] for name in resources(own_space)} == {"churn", "fraud", "fraud-1"}


@pytest.mark.usefixtures("filled")
def test_a_resource_that_represents_an_entry_keeps_its_name(adopt: Adopt, own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "cards", name="fraud"))
    answer = adopt("fraud", "--yes")
    assert "2 manifests applied." in answer.stderr
    assert own_space.get("RegisteredModel", "cards")["spec"] == {"name": "fraud", "externalId": "42"}
    assert own_space.get("ModelVersion", "fraud-1")["spec"]["registeredModelRef"] == {"name": "cards"}


@pytest.mark.usefixtures("filled")
def test_a_resource_that_is_being_deleted_is_not_applied(adopt: Adopt, own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "fraud"))
    own_space.patch("RegisteredModel", "fraud", {"metadata": {"finalizers": ["example.com/others"]}})
    own_space.delete("RegisteredModel", "fraud")
    answer = adopt("fraud", "--yes")
    assert answer.returncode == ExitCode.ATTENTION
    assert "Error: RegisteredModel fraud is being deleted: wait until it is gone." in answer.stderr
    assert answer.stderr.splitlines()[-1] == "Nothing to adopt."
    own_space.patch("RegisteredModel", "fraud", {"metadata": {"finalizers": None}})


@pytest.mark.usefixtures("filled")
def test_models_that_do_not_exist_are_named(adopt: Adopt, own_space: Namespace) -> None:
    answer = adopt("fruad", "Ch*", "--yes")
    assert (answer.returncode, answer.stdout) == (ExitCode.ATTENTION, "")
    assert answer.stderr == "Error: The registry has no model 'fruad'.\n"
    assert resources(own_space) == []


def test_what_is_left_out_has_its_reason_and_is_not_adopted(adopt: Adopt, rest: Rest, own_space: Namespace) -> None:
    version = rest.version(rest.model("fraud"), "1")
    rest.artifact(version, "notes", state="LIVE")
    answer = adopt("fraud", "--dry-run")
    assert answer.returncode == ExitCode.ATTENTION
    assert "Left out: " in answer.stderr
    assert "NoUri" in answer.stderr
    assert adopt("fraud", "--dry-run", "--allow=NoUri").returncode == ExitCode.DONE
    assert resources(own_space) == []


def test_what_is_not_ready_is_named_with_its_cause(adopt: Adopt, filled: Rest, own_space: Namespace) -> None:
    answer = adopt("fraud", "--yes")
    assert answer.returncode == ExitCode.ATTENTION
    *_, first, cause, message, todo, last = answer.stdout.splitlines()
    assert first == "2 of 2 resources not ready, for 1 cause:"
    assert cause.split() == ["2", "NotSeen"]
    assert message.strip() == "No operator has seen it."
    assert "Check that an operator is running" in todo
    assert last == f"registrar status --namespace {own_space.name} --wait goes on waiting."
    assert stamped(filled.entries()) == set()
