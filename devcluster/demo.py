"""``make demo``: the whole product on one machine, step by step, with each claim checked.

It starts its own control plane, registry and operator, and passes on no variable that names another cluster. At the
end it stops and removes everything. The exit status is 0 only if all checks passed.
"""

import argparse
import contextlib
import signal
import time
from pathlib import Path

import yaml
from rich.console import Console

from devcluster import connections, stage
from devcluster.controlplane import KubectlError
from devcluster.errors import BinariesError
from devcluster.narration import CheckFailed, Narrator, printed_console
from devcluster.processes import ChildError
from devcluster.stage import READY, REPOSITORY, Entries, Resource, Stage, manifest_of
from model_registry.exceptions import RegistryError
from model_registry.types import RegisteredModel

EXAMPLES = REPOSITORY / "examples" / "quickstart"
_CHURN = "churn"
_DECLARED = "Scores customers by how likely they are to leave."
_INTERRUPTED = 130


def tour(on: Stage) -> None:
    """Show the operator at work.

    Raises:
        CheckFailed: A claim is not true.
        KubectlError, ChildError, RegistryError: A part failed.
    """
    resources = {resource.kind: resource for resource in _apply_the_examples(on)}
    _show_the_entries(on, list(resources.values()))
    _edit(on, resources["RegisteredModel"])
    _delete_and_apply_again(on, resources["ModelVersion"])
    _adopt(on)
    _change_the_entry(on)
    _apply_a_child_first(on)


def _apply_the_examples(on: Stage) -> list[Resource]:
    on.narrator.step("Apply the examples and wait until they are Ready")
    started = time.monotonic()
    on.kubectl("apply", "-f", EXAMPLES)
    on.kubectl("wait", *READY, "-f", EXAMPLES)
    on.narrator.say(f"all resources are Ready {time.monotonic() - started:.1f} s after the first was applied")
    on.kubectl("get", "model-registry")
    resources = on.resources()
    on.narrator.check(
        bool(resources) and all(resource.entry_id.isdecimal() for resource in resources),
        "every resource has the ID that the registry assigned",
    )
    return resources


def _show_the_entries(on: Stage, resources: list[Resource]) -> None:
    on.narrator.step("Read the registry")
    entries = on.entries()
    _print_entries(on.narrator, entries)
    found = [entries.of(resource) for resource in resources]
    on.narrator.check(
        all(entry is not None and entry.state == "LIVE" for entry in found),
        "the registry has an entry for each resource, under its ID and LIVE",
    )


def _edit(on: Stage, model: Resource) -> None:
    on.narrator.step("Edit a manifest")
    manifest = _manifest_of(model)
    content = yaml.safe_load(manifest.read_text())
    before = content["spec"]["description"]
    after = f"{before} Now with less fraud."
    content["spec"]["description"] = after
    copy = on.folder / manifest.name
    copy.write_text(yaml.safe_dump(content, sort_keys=False))
    on.narrator.output(f"-  description: {before}\n+  description: {after}")
    on.kubectl("apply", "-f", copy)
    seconds = on.wait_for(lambda: _description(on.entries(), model) == after)
    when = f"within {seconds:.1f} s" if seconds >= 0.05 else "at once"  # noqa: PLR2004 - less would print as 0.0 s
    on.narrator.say(f"the registry had the change {when}")
    description = _description(on.entries(), model)
    on.narrator.check(description == after, f"the registry describes model {model.entry_id} as: {description}")


def _delete_and_apply_again(on: Stage, version: Resource) -> None:
    manifest = _manifest_of(version)
    on.narrator.step("Delete a resource")
    on.kubectl("delete", "-f", manifest)
    state = _state(on.entries(), version)
    on.narrator.check(
        state == "ARCHIVED",
        f"nothing is lost: version {version.entry_id} is {state} in the registry, not deleted",
    )
    on.narrator.step("Apply it again")
    on.kubectl("apply", "-f", manifest)
    on.kubectl("wait", *READY, "-f", EXAMPLES)
    on.kubectl("get", "model-registry")
    on.narrator.check(version in on.resources(), f"the resource has the same ID as before, {version.entry_id}")
    state = _state(on.entries(), version)
    on.narrator.check(state == "LIVE", f"version {version.entry_id} is {state} in the registry again")


def _adopt(on: Stage) -> None:
    on.narrator.step("Manage a model that a notebook registered")
    by_hand = on.write_entry(RegisteredModel(_CHURN, owner="grace", description="registered from a notebook"))
    on.narrator.say(f"a notebook registers the model {_CHURN!r}: ID {by_hand.id}, owner 'grace'")
    on.kubectl("apply", "-f", _written(on, "RegisteredModel", _CHURN, description=_DECLARED))
    on.kubectl("wait", *READY, f"rmodel/{_CHURN}")
    on.kubectl("get", "rmodel", _CHURN)
    model = _model(on)
    on.narrator.check(
        (model.id, model.owner, model.description) == (by_hand.id, "grace", _DECLARED),
        f"the resource adopted the entry {by_hand.id}: it has the declared description and still the owner 'grace'",
    )


def _change_the_entry(on: Stage) -> None:
    on.narrator.step("Change the entry in the registry")
    on.write_entry(RegisteredModel(_CHURN, id=_model(on).id, description="changed in the UI"))
    on.narrator.say("someone changes the description to 'changed in the UI'")
    seconds = on.wait_for(lambda: _model(on).description == _DECLARED and "Corrected" in _events(on))
    on.narrator.say(f"the operator restored it after {seconds:.1f} s (it polls every second here, 15 by default)")
    on.kubectl("events", "--for", f"rmodel/{_CHURN}", "--types=Normal")
    on.narrator.check("changed in the UI" in _events(on), "an Event names the value that was replaced")


def _apply_a_child_first(on: Stage) -> None:
    on.narrator.step("Apply a version before its model")
    on.kubectl("apply", "-f", _written(on, "ModelVersion", "late-1", name="1", registeredModelRef={"name": "late"}))
    on.kubectl("wait", "--for=condition=Reconciling", READY[1], "mversion/late-1")
    waiting = on.kubectl("get", "mversion", "late-1", "--output=wide")
    on.narrator.check("WaitingForRegisteredModel" in waiting, "the version waits and says for what")
    on.kubectl("apply", "-f", _written(on, "RegisteredModel", "late"))
    on.kubectl("wait", *READY, "rmodel/late", "mversion/late-1")
    ids = {resource.name: resource.entry_id for resource in on.resources()}
    on.narrator.check(
        any(version.registered_model_id == ids["late"] for version in on.entries().versions),
        f"it continued as soon as its model had an ID: version {ids['late-1']} is below model {ids['late']}",
    )


def _written(on: Stage, kind: str, resource_name: str, **spec: object) -> Path:
    return on.written(resource_name, manifest_of(kind, resource_name, **spec))


def _model(on: Stage) -> RegisteredModel:
    return next(model for model in on.entries().models if model.name == _CHURN)


def _events(on: Stage) -> str:
    return on.plane.run_kubectl("events", "--for", f"rmodel/{_CHURN}").stdout


def _print_entries(narrator: Narrator, entries: Entries) -> None:
    rows = [
        (f"   {type(entry).__name__}", entry.id or "", entry.name or "", str(entry.state), entry.description or "")
        for entry in entries.all
    ]
    narrator.table(["   ENTRY", "ID", "NAME", "STATE", "DESCRIPTION"], rows)


def _manifest_of(resource: Resource) -> Path:
    for path in sorted(EXAMPLES.glob("*.yaml")):
        content = yaml.safe_load(path.read_text())
        if (content["kind"], content["metadata"]["name"]) == (resource.kind, resource.name):
            return path
    raise CheckFailed(f"no manifest in {EXAMPLES} declares {resource.kind} {resource.name}")


def _description(entries: Entries, resource: Resource) -> str | None:
    entry = entries.of(resource)
    return entry.description if entry else None


def _state(entries: Entries, resource: Resource) -> str:
    entry = entries.of(resource)
    return str(entry.state) if entry else "absent"


def _keep(on: Stage, console: Console) -> None:
    """Print how to use what is running, then wait for Ctrl-C."""
    console.print(f"\n[bold]Everything keeps running.[/bold] {on.how_to_use()}")
    while on.operator.returncode is None:
        time.sleep(1)
    raise ChildError(f"The operator ended with status {on.operator.returncode}. {on.operator.tail()}")


def main() -> int:
    """Run the demo and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m devcluster demo",
        description="Show the operator at work on a temporary control plane, and check each step.",
    )
    parser.add_argument("--keep", action="store_true", help="keep everything running afterwards, until Ctrl-C")
    parser.add_argument(
        "--registries", type=int, choices=(1, 2), default=1, help="with 2, show one operator for two registries too"
    )
    arguments = parser.parse_args()
    console = printed_console()
    narrator = Narrator(console)
    shown = False
    # `kill` ends it as Ctrl-C does.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with stage.build(narrator) as on, contextlib.ExitStack() as others:
            try:
                tour(on)
                if arguments.registries > 1:
                    on = connections.tour(on, others)  # noqa: PLW2901 - another operator runs from then on
            except (CheckFailed, KubectlError):
                on.kubectl("get", "model-registry", "--output=wide")
                narrator.output(on.operator.tail())
                raise
            shown = True
            if arguments.keep:
                _keep(on, console)
    except CheckFailed as error:
        narrator.failure(f"Not true: {error}")
        return 1
    except (KubectlError, ChildError, BinariesError, RegistryError) as error:
        narrator.failure(str(error))
        return 1
    except KeyboardInterrupt:
        console.print("\nEverything has been stopped and cleaned up.")
        return 0 if shown else _INTERRUPTED
    console.print("\n[bold green]All checks passed.[/bold green] Everything has been stopped and cleaned up.")
    return 0
