"""The page about a new kind is true: the four files that it shows are enough.

They are written into a copy of the operator. That copy runs as a process, on a real API server whose definitions and
rights it has generated itself, against a registry over real HTTP.
"""

import filecmp
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import kubernetes
import pytest
import yaml

from devcluster.controlplane import ControlPlane, KubectlError
from tests.contributing import page
from tests.contributing.serving_environments import serve_environments
from tests.docs.pages import REPOSITORY
from tests.docs.session import commands_of, fits
from tests.support import resources
from tests.support.accounts import Account
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.fixtures import Unique, operator_arguments
from tests.support.operator_process import OperatorProcess
from tests.support.probes import Probes, probes_of
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, condition, has_reason, manifest
from tests.support.waiting import wait_until

KIND, PLURAL = "ServingEnvironment", "servingenvironments"
API = "/api/model_registry/v1alpha3"
RULES = "charts/model-registrar/templates/_rules.tpl"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the operator, changed as the page says, with everything that is generated from it."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(REPOSITORY / "operator", folder / "operator", ignore=shutil.ignore_patterns("__pycache__"))
    page.follow(folder)
    _python(folder, "-m", "tools.generate", "--root", str(folder))
    return folder


def _python(copy: Path, *arguments: str) -> str:
    """What Python prints that imports the copy instead of the repository's operator."""
    paths = os.pathsep.join(map(str, (copy / "operator", REPOSITORY)))
    environment = {**os.environ, "PYTHONPATH": paths}
    command = [sys.executable, *arguments]
    result = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def space(copy: Path, cluster: ControlPlane, custom_objects: kubernetes.client.CustomObjectsApi) -> Iterator[Namespace]:
    """A namespace of a cluster that serves the new kind, by the definition that the copy prints."""
    definitions = _python(copy, "-m", "registrar", "crds")
    cluster.run_kubectl("apply", "--server-side", "-f", "-", stdin=definitions)
    cluster.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "-f", "-", stdin=definitions)
    name = f"test-{uuid.uuid4().hex[:10]}"
    cluster.run_kubectl("create", "namespace", name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(resources.PLURALS, KIND, PLURAL)
        yield Namespace(cluster, name, custom_objects)
    definition = f"{PLURAL}.model-registrar.dev"
    # It waits for resources with finalizers, which the new kind has only if a test failed.
    cluster.run_kubectl("delete", "customresourcedefinition", definition, "--timeout=20s", check=False)
    # kubectl would list the category with the kind that its cache still has; this asks the API server.
    wait_until(
        lambda: PLURAL not in cluster.run_kubectl("api-resources", "--api-group=model-registrar.dev").stdout,
        "the API server still serves the new kind",
    )
    if not cluster.disposable:
        cluster.run_kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def registry() -> Iterator[FaultProxy]:
    """A registry with serving environments, which keeps what it was asked."""
    with serve_environments() as url, proxy_to(url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def operator(
    copy: Path, space: Namespace, registry: FaultProxy, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """The copy, running with exactly the rights that its own chart grants."""
    folder = tmp_path_factory.mktemp("operator")
    account = Account(space, "operator")
    account.allow(*_rules(copy)["work"])
    arguments = [
        *operator_arguments(registry.url, space),
        f"--kubeconfig={account.kubeconfig(folder)}",
        "--feed-interval=0.5",
        "--probe-port=0",
        # It does not concern a kind that cannot be archived.
        "--deletion-policy=Archive",
    ]
    process = OperatorProcess(arguments, folder / "operator.log", {"PYTHONPATH": str(copy / "operator")})
    process.start()
    yield process
    process.stop()
    print(process.log)  # noqa: T201 - pytest shows it where the module's last test failed


@pytest.fixture
def probes(operator: OperatorProcess) -> Probes:
    return probes_of(operator)


def _rules(root: Path) -> dict[str, list[dict[str, list[str]]]]:
    """The rules of each role, as the chart has them."""
    found = re.findall(
        r'define "model-registrar\.rules\.([a-z-]+)" -}}\n(.*?){{- end', (root / RULES).read_text(), re.DOTALL
    )
    return {name: yaml.safe_load(rules) for name, rules in found}


def _entry(registry: FaultProxy, entry_id: str) -> dict[str, Any]:
    """An entry, as its registry answers."""
    answer = httpx.get(f"{registry.upstream.geturl()}{API}/serving_environments/{entry_id}", trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


def _send(registry: FaultProxy, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What someone else does in the registry."""
    answer = httpx.request(method, f"{registry.upstream.geturl()}{API}{path}", json=body, trust_env=False)
    assert answer.is_success, answer.text
    entry: dict[str, Any] = answer.json()
    return entry


def _patches(registry: FaultProxy, entry_id: str) -> list[dict[str, Any]]:
    """What was patched of an entry through the operator's way to the registry."""
    return [sent.json for sent in registry.requests("PATCH") if sent.path.endswith(f"/serving_environments/{entry_id}")]


def test_the_page_adds_two_files_and_changes_two() -> None:
    shown = {Path(path): block.language for path, block in page.files().items()}
    assert {path for path in shown if (REPOSITORY / path).exists()} == {
        path for path, language in shown.items() if language == "diff"
    }
    assert sorted(shown.values()) == ["diff", "diff", "python", "python"]


def test_nothing_else_differs_in_the_copy(copy: Path) -> None:
    original, changed = REPOSITORY / "operator", copy / "operator"
    files = {path.relative_to(changed) for path in changed.rglob("*.py")}
    assert {path.relative_to(original) for path in original.rglob("*.py")} <= files
    same, _, _ = filecmp.cmpfiles(original, changed, map(str, files), shallow=False)
    assert files - set(map(Path, same)) == {Path(path).relative_to("operator") for path in page.files()}


def test_the_copy_keeps_the_rules_of_the_house(copy: Path) -> None:
    config = REPOSITORY / "pyproject.toml"
    files = [str(copy / path) for path in page.files()]
    for command in (["check"], ["format", "--check"]):
        _python(copy, "-m", "ruff", *command, "--no-cache", f"--config={config}", *files)
    script = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    _python(copy, "-c", script, f"--config={config}", "--no-cache")


def test_the_roles_of_the_chart_have_the_rights_of_the_new_kind_too(copy: Path) -> None:
    before, after = _rules(REPOSITORY), _rules(copy)
    assert after.keys() == before.keys()
    compared = 0
    for name, rules in before.items():
        for old, new in zip(rules, after[name], strict=True):
            # A pipeline registers versions, and nothing else; a ClusterRegistry represents no entry.
            is_of_entries = old["resources"][0].startswith("registeredmodels")
            ours = old["apiGroups"] == ["model-registrar.dev"] and name != "pipelines" and is_of_entries
            compared += ours
            added = sorted(set(new["resources"]) - set(old["resources"]))
            assert added == ([old["resources"][0].replace("registeredmodels", PLURAL)] if ours else [])
            assert new["verbs"] == old["verbs"]
    assert compared == 4


@pytest.mark.parametrize(
    "file",
    [
        f"crds/model-registrar.dev_{PLURAL}.yaml",
        f"charts/model-registrar/templates/crds/model-registrar.dev_{PLURAL}.yaml",
        "docs/reference/api.md",
        "docs/reference/rbac.md",
        "integrations/argocd/argocd-cm.yaml",
        f"integrations/argocd/resource_customizations/model-registrar.dev/{KIND}/actions/discovery.lua",
    ],
)
def test_the_new_kind_is_in_what_is_generated(copy: Path, file: str) -> None:
    generated = (copy / file).read_text()
    assert not (REPOSITORY / file).exists() or KIND not in (REPOSITORY / file).read_text()
    assert file.endswith(".lua") or KIND in generated or PLURAL in generated


@pytest.mark.usefixtures("operator")
def test_a_reader_sees_what_the_page_shows(space: Namespace, tmp_path: Path) -> None:
    resource, console = page.block_of("yaml"), page.block_of("console")
    name = resource.text.partition("\n")[0].removeprefix("# ")
    (tmp_path / name).write_text(resource.text)
    for command, shown in commands_of(console):
        program, *words = shlex.split(command)
        assert program == "kubectl"
        arguments = [str(tmp_path / name) if word == name else word for word in words]
        printed = space.cluster.run_kubectl(*arguments, "--namespace", space.name).stdout
        assert fits(shown, printed), f"{console.place}: {command!r} printed\n{printed}"


@pytest.mark.usefixtures("operator")
def test_a_resource_gets_an_entry_with_all_of_its_fields(
    space: Namespace, registry: FaultProxy, probes: Probes, unique: Unique
) -> None:
    name = unique("created")
    space.apply(
        manifest(
            KIND, name, description="d", externalId=unique("external"), customProperties={"replicas": 2, "gpu": True}
        )
    )
    resource = space.ready(KIND, name)
    entry = _entry(registry, resource["status"]["id"])
    assert (entry["name"], entry["description"], entry["externalId"]) == (name, "d", unique("external"))
    assert entry["customProperties"] == {
        "replicas": {"metadataType": "MetadataIntValue", "int_value": "2"},
        "gpu": {"metadataType": "MetadataBoolValue", "bool_value": True},
        # No state represents a deletion here, so that a deletion leaves the entry.
        "model-registrar.dev/owner": {
            "metadataType": "MetadataStringValue",
            "string_value": f"kept:tests/{space.name}/{space.name}/{name}",
        },
    }
    status = resource["status"]
    assert (status["ownedFields"], status["ownedProperties"]) == (["description", "externalId"], ["gpu", "replicas"])
    assert status["registryUrl"] == registry.url
    assert not {"state", "parentId", "artifacts"} & status.keys()
    assert condition(resource, "Ready")["reason"] == "Synced"
    assert [event["reason"] for event in space.events_until(name, "Created")] == ["Created"]
    probes.wait("/readyz", 200)
    metrics = probes.metrics()
    assert metrics[f"registrar_reconcile_total{{kind={KIND},result=success}}"] >= 1
    assert metrics[f"registrar_managed_resources{{kind={KIND},ready=True}}"] >= 1


@pytest.mark.usefixtures("operator")
def test_an_edit_is_one_patch_of_what_was_edited(space: Namespace, registry: FaultProxy, unique: Unique) -> None:
    name = unique("edited")
    space.apply(manifest(KIND, name, description="first", customProperties={"kept": "1"}))
    entry_id = space.ready(KIND, name)["status"]["id"]
    assert _patches(registry, entry_id) == []
    space.apply(manifest(KIND, name, description="second", customProperties={"kept": "1"}))
    assert space.ready(KIND, name)["status"]["id"] == entry_id
    assert _patches(registry, entry_id) == [{"description": "second"}]
    assert _entry(registry, entry_id)["description"] == "second"
    space.apply(manifest(KIND, name, customProperties={"kept": "1"}))
    space.ready(KIND, name)
    assert _patches(registry, entry_id)[1:] == [{"description": ""}]


@pytest.mark.usefixtures("operator")
def test_the_feed_finds_drift(space: Namespace, registry: FaultProxy, probes: Probes, unique: Unique) -> None:
    name = unique("drifted")
    space.apply(manifest(KIND, name, description="declared"))
    entry_id = space.ready(KIND, name)["status"]["id"]
    _send(registry, "PATCH", f"/serving_environments/{entry_id}", {"description": "changed by hand"})
    deadline = time.monotonic() + WAIT_LIMIT
    while _entry(registry, entry_id)["description"] != "declared":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    probes.wait_above(f"registrar_drift_corrected_total{{kind={KIND}}}", 0)


@pytest.mark.usefixtures("operator")
def test_an_existing_entry_is_adopted(space: Namespace, registry: FaultProxy, unique: Unique) -> None:
    name = unique("adopted")
    existing = _send(registry, "POST", "/serving_environments", {"name": name, "description": "before"})
    space.apply(manifest(KIND, name))
    assert space.ready(KIND, name)["status"]["id"] == existing["id"]
    entry = _entry(registry, existing["id"])
    assert entry["description"] == "before"
    assert entry["customProperties"]["model-registrar.dev/owner"]["string_value"].startswith("kept:")


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("collection", ["registered_models", "serving_environments"])
def test_a_taken_external_id_is_reported_with_its_holder(
    collection: str, space: Namespace, registry: FaultProxy, unique: Unique
) -> None:
    holder, name, external_id = unique("holder"), unique("late"), unique("external")
    taken = _send(registry, "POST", f"/{collection}", {"name": holder, "externalId": external_id})
    space.apply(manifest(KIND, name, externalId=external_id))
    resource = space.wait(KIND, name, has_reason("ExternalIdConflict"))
    kind, shown = {
        "registered_models": ("RegisteredModel", f"id {taken['id']}, LIVE"),
        "serving_environments": (KIND, f"id {taken['id']}"),
    }[collection]
    message = condition(resource, "Ready")["message"]
    assert f"belongs to the {kind} {holder!r} ({shown}), which no resource" in message


@pytest.mark.usefixtures("operator")
def test_two_resources_for_one_entry_are_a_conflict(space: Namespace, unique: Unique) -> None:
    first, second = unique("first"), unique("second")
    space.apply(manifest(KIND, first))
    space.ready(KIND, first)
    space.apply(manifest(KIND, second, name=first))
    rival = space.wait(KIND, second, has_reason("NameConflict"))
    assert f"{KIND} {space.name}/{first} has the {KIND} {first!r}" in condition(rival, "Ready")["message"]


def test_the_api_server_enforces_the_rule_of_the_page(space: Namespace, unique: Unique) -> None:
    refused: Manifest = manifest(KIND, unique("archived"), deletionPolicy="Archive")
    with pytest.raises(KubectlError, match="the registry cannot archive a serving environment; set deletionPolicy to"):
        space.apply(refused)
    assert space.get(KIND, unique("archived")) == {}


@pytest.mark.usefixtures("operator")
def test_a_deletion_leaves_the_entry_to_a_later_resource(
    space: Namespace, registry: FaultProxy, unique: Unique
) -> None:
    name = unique("deleted")
    space.apply(manifest(KIND, name, description="first"))
    resource = space.ready(KIND, name)
    entry_id = resource["status"]["id"]
    assert "finalizers" not in resource["metadata"]
    before = _entry(registry, entry_id)
    space.delete(KIND, name)
    space.wait_gone(KIND, name)
    space.apply(manifest(KIND, unique("another"), name=name, description="second"))
    assert space.ready(KIND, unique("another"))["status"]["id"] == entry_id
    stamp = before["customProperties"]["model-registrar.dev/owner"]["string_value"]
    (patched,) = _patches(registry, entry_id)
    assert patched["description"] == "second"
    assert patched["customProperties"]["model-registrar.dev/owner"]["string_value"] == stamp.replace(
        name, unique("another")
    )
