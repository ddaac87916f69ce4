"""Runs everything that the demo shows: a control plane, a registry and the operator between them."""

import asyncio
import contextlib
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from devcluster import controlplane, embedded_registry
from devcluster.controlplane import ControlPlane
from devcluster.embedded_registry import EmbeddedRegistry
from devcluster.narration import Narrator
from devcluster.processes import Child, ChildError, Children
from model_registry import ModelRegistryAPIClient
from model_registry.types import Artifact, ModelVersion, RegisteredModel

REPOSITORY = Path(__file__).parents[1]
API_VERSION = "model-registrar.dev/v1alpha1"
WAIT_SECONDS = 60.0
READY = ("--for=condition=Ready", f"--timeout={WAIT_SECONDS:.0f}s")
"""Arguments of ``kubectl wait``."""
_POLL_SECONDS = 0.05

Entry = RegisteredModel | ModelVersion | Artifact


def manifest_of(kind: str, resource_name: str, /, **spec: object) -> dict[str, object]:
    """Return a manifest of one of the project's kinds."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": resource_name}, "spec": spec}


@dataclass(frozen=True)
class Resource:
    """A resource of the project, as the API server shows it.

    Attributes:
        entry_id: ID of its registry entry; empty if it has none yet.
    """

    kind: str
    name: str
    entry_id: str


@dataclass(frozen=True)
class Entries:
    """All entries of the registry."""

    models: list[RegisteredModel]
    versions: list[ModelVersion]
    artifacts: list[Artifact]

    @property
    def all(self) -> list[Entry]:
        """Models, then versions, then artifacts."""
        return [*self.models, *self.versions, *self.artifacts]

    def of(self, resource: Resource) -> Entry | None:
        """Return the entry with the resource's ID, if any. Artifacts are numbered apart from models and versions."""
        return next(
            (entry for entry in self.all if (type(entry).__name__, entry.id) == (resource.kind, resource.entry_id)),
            None,
        )


@dataclass(frozen=True)
class Stage:
    """The running parts.

    Attributes:
        folder: For copies of manifests; removed at the end.
        children: What runs the operator, and can run it again.
    """

    plane: ControlPlane
    registry: EmbeddedRegistry
    operator: Child
    folder: Path
    narrator: Narrator
    children: Children

    def how_to_use(self) -> str:
        """Return what a person needs in another terminal, as rich's markup."""
        # kubectl finds `kubectl registrar` beside the interpreter.
        folders = (str(self.plane.kubectl.parent), str(Path(sys.executable).parent))
        return (
            "In another terminal:\n\n"
            f"   export KUBECONFIG={shlex.quote(str(self.plane.kubeconfig))}\n"
            f"   export PATH={':'.join(map(shlex.quote, folders))}:$PATH\n"
            "   kubectl get model-registry\n"
            f"   curl {self.registry.url}/api/model_registry/v1alpha3/registered_models\n\n"
            f"   API server:      {self.plane.url}\n"
            f"   model registry:  {self.registry.url}\n"
            f"   operator's log:  {self.operator.log}\n\n"
            "[bold]Press Ctrl-C here to stop everything[/bold] and clean up."
        )

    def start_operator(self) -> Child:
        """Start the operator of the checkout again; the one before must have ended."""
        return start_operator(self.children, self.plane, self.registry)

    def kubectl(self, *arguments: str | Path) -> str:
        """Run kubectl, show the command and its output, and return the output."""
        words = [_shown(word) for word in arguments]
        self.narrator.command(" ".join(["kubectl", *words]))
        printed = self.plane.run_kubectl(*arguments).stdout
        self.narrator.output(printed)
        return printed

    def written(self, name: str, *manifests: dict[str, object]) -> Path:
        """Write manifests and show them; returns their file."""
        text = yaml.safe_dump_all(manifests, sort_keys=False)
        self.narrator.output(text)
        path = self.folder / f"{name}.yaml"
        path.write_text(text)
        return path

    def resources(self) -> list[Resource]:
        """Return all resources of the project, as the API server shows them now."""
        return resources_of(self.plane)

    def entries(self) -> Entries:
        """Return all entries that the registry has now."""
        return asyncio.run(read_entries(self.registry.url))

    def write_entry(self, model: RegisteredModel) -> RegisteredModel:
        """Write a model to the registry with the client, as a notebook does, and return it."""
        return asyncio.run(_upsert(self.registry.url, model))

    def wait_for(self, holds: Callable[[], bool]) -> float:
        """Wait until ``holds()`` and return the seconds that it took.

        Raises:
            ChildError: The operator ended, or ``WAIT_SECONDS`` have passed. The message has the end of its log.
        """
        started = time.monotonic()
        while not holds():
            if self.operator.returncode is not None or time.monotonic() - started > WAIT_SECONDS:
                raise ChildError(f"It did not happen within {WAIT_SECONDS:.0f} s. {self.operator.tail()}")
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - started


@contextlib.contextmanager
def build(narrator: Narrator) -> Iterator[Stage]:
    """Start all parts and print each step; leaving the block ends the parts in reverse order.

    Raises:
        BinariesError: The control plane's programs can be neither found, fetched nor built.
        ChildError: A part did not start. The message has the end of its log.
    """
    with contextlib.ExitStack() as parts:
        narrator.step("Start a Kubernetes control plane")
        started = time.monotonic()
        plane = parts.enter_context(controlplane.start())
        narrator.say(f"etcd and kube-apiserver are ready at {plane.url} after {time.monotonic() - started:.1f} s")

        narrator.step("Start an empty model registry")
        registry = parts.enter_context(embedded_registry.start())
        narrator.say(f"the embedded registry listens at {registry.url}")

        narrator.step("Install the CRDs and start the operator")
        children = parts.enter_context(Children())
        crds = REPOSITORY / "crds"
        narrator.command(f"kubectl apply --server-side -f {_shown(crds)}")
        narrator.output(plane.run_kubectl("apply", "--server-side", "-f", crds).stdout)
        plane.run_kubectl("wait", "--for=condition=Established", f"--timeout={WAIT_SECONDS:.0f}s", "-f", crds)
        narrator.command(" ".join(["registrar", *_operator_words(plane, registry)]))
        operator = start_operator(children, plane, registry)
        yield Stage(plane, registry, operator, children.folder, narrator, children)


def start_operator(children: Children, plane: ControlPlane, registry: EmbeddedRegistry) -> Child:
    """Start the operator of the checkout."""
    return children.start("operator", [sys.executable, "-m", "registrar", *_operator_words(plane, registry)])


def _operator_words(plane: ControlPlane, registry: EmbeddedRegistry) -> list[str]:
    return ["run", "--registry-url", registry.url, "--kubeconfig", str(plane.kubeconfig), "--feed-interval", "1"]


def resources_of(plane: ControlPlane) -> list[Resource]:
    """Return all resources of the project in a cluster."""
    listed = plane.run_kubectl("get", "model-registry", "--all-namespaces", "--output=json").stdout
    return [
        Resource(item["kind"], item["metadata"]["name"], item.get("status", {}).get("id", ""))
        for item in json.loads(listed)["items"]
    ]


async def read_entries(url: str) -> Entries:
    """Return all entries of a registry."""
    async with ModelRegistryAPIClient.connect(url) as client:
        return Entries(
            await client.get_registered_models(),
            await client.get_model_versions(),
            await client.get_artifacts(),
        )


async def _upsert(url: str, model: RegisteredModel) -> RegisteredModel:
    async with ModelRegistryAPIClient.connect(url) as client:
        return await client.upsert_registered_model(model)


def _shown(word: str | Path) -> str:
    """Return a word of a command as a person in the repository would type it."""
    path = Path(word)
    if path.is_absolute() and path.is_relative_to(REPOSITORY):
        return str(path.relative_to(REPOSITORY)) + ("/" if path.is_dir() else "")
    return str(word)
