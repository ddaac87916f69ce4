"""The image, built and run as the chart runs it. Only where a container engine answers.

``MODEL_REGISTRAR_BASE_IMAGE`` names the image to build on where the Dockerfile's cannot be pulled, and
``MODEL_REGISTRAR_BUILD_OPTIONS`` more options of ``docker build``.
"""

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from devcluster import engine, image
from devcluster.engine import Engine, NoEngineError
from devcluster.ports import free_port
from tests.chart.installed import RELEASE, Site, site
from tests.support.resources import manifest

TAG = "localhost/model-registrar:tests"
BUILD_MINUTES = 10
ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture(scope="module")
def container_engine() -> Engine:
    try:
        return engine.find("This test needs a container engine:", "Start one to run it.")
    except NoEngineError as error:
        pytest.skip(" ".join(str(error).split()))


@pytest.fixture(scope="module")
def own_site(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tools, tmp_path_factory.mktemp("site")) as found:
        yield found


def _run(found: Engine, *arguments: str | Path) -> str:
    result = subprocess.run([found.program, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def built(container_engine: Engine) -> Engine:
    options = os.environ.get("MODEL_REGISTRAR_BUILD_OPTIONS", "").split()
    image.build(TAG, base=os.environ.get("MODEL_REGISTRAR_BASE_IMAGE"), options=options)
    return container_engine


@pytest.mark.timeout(BUILD_MINUTES * 60)
def test_the_image_runs_as_nobody_and_says_what_it_is(built: Engine) -> None:
    assert _run(built, "run", "--rm", "--read-only", "--network=none", TAG, "--version") == (
        f"registrar, version {image.version()}\n"
    )
    (described,) = yaml.safe_load(_run(built, "inspect", TAG))
    assert described["Config"]["User"] == "65532:65532"
    labels = described["Config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == image.version()
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert len(labels["org.opencontainers.image.revision"]) == 40


def test_the_image_holds_what_the_lock_file_says_and_no_tests(built: Engine) -> None:
    program = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions(path=['/app'])))"
    held = set(_run(built, "run", "--rm", "--network=none", "--entrypoint=python3", TAG, "-c", program).split())
    assert {"model-registrar", "kopf", "httpx", "pydantic"} <= held
    assert held & {"pytest", "kubernetes", "sqlalchemy", "starlette", "ruff", "sphinx"} == set()


@pytest.mark.timeout(BUILD_MINUTES * 60)
def test_the_image_of_the_commands_registers_and_has_no_operator(container_engine: Engine) -> None:
    tag = f"{TAG}-commands"
    options = [*os.environ.get("MODEL_REGISTRAR_BUILD_OPTIONS", "").split(), "--build-arg=EXTRA=cluster"]
    image.build(tag, base=os.environ.get("MODEL_REGISTRAR_BASE_IMAGE"), options=options)
    confined = ("run", "--rm", "--read-only", "--network=none")
    printed = _run(container_engine, *confined, tag, "register", "--dry-run", "--model=churn", "--version=1")
    assert yaml.safe_load(printed)["metadata"] == {"name": "churn-1"}
    program = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions(path=['/app'])))"
    held = set(_run(container_engine, *confined, "--entrypoint=python3", tag, "-c", program).split())
    assert held >= {"model-registrar", "kubernetes", "click"}
    assert "kopf" not in held


def test_a_pod_of_it_works_in_a_cluster(built: Engine, own_site: Site) -> None:
    """Read-only, without a capability, with the pod's own token directory and the variables of the kubelet."""
    own_site.install(own_site.values())
    template = own_site.pod("pod")
    account = own_site.folder / "account"
    account.mkdir()
    config = yaml.safe_load((own_site.folder / "pod" / "kubeconfig").read_text())
    (account / "token").write_text(config["users"][0]["user"]["token"])
    authority = yaml.safe_load(own_site.plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    (account / "ca.crt").write_bytes(base64.b64decode(authority["certificate-authority-data"]))
    (account / "namespace").write_text(RELEASE)
    for path in (account, *account.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    address = urlsplit(own_site.plane.url)
    name = f"model-registrar-{free_port()}"
    _run(
        built,
        *("run", "--detach", f"--name={name}", "--network=host", "--read-only", "--cap-drop=ALL"),
        *("--security-opt=no-new-privileges", f"--volume={account}:{ACCOUNT_FOLDER}:ro"),
        *(f"--env=KUBERNETES_SERVICE_HOST={address.hostname}", f"--env=KUBERNETES_SERVICE_PORT={address.port}"),
        *(TAG, "run", *template.arguments),
    )
    try:
        space = own_site.space("team")
        space.apply(manifest("RegisteredModel", "from-an-image", description="Made by a container."))
        assert space.ready("RegisteredModel", "from-an-image")["status"]["id"]
        template.wait_until_ready()
        assert template.probe("livenessProbe") == 200
        _run(built, "stop", "--time=30", name)
        assert _run(built, "inspect", "--format={{.State.ExitCode}}", name) == "0\n"
    finally:
        print(subprocess.run([built.program, "logs", name], capture_output=True, text=True, check=False).stderr)  # noqa: T201 - pytest shows it where the test failed
        _run(built, "rm", "--force", name)
