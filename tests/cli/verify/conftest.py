"""Servers of artifacts on loopback, and a caller without any credentials."""

import hashlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from devcluster.certificates import Authority
from registrar.cli import main
from tests.support.image_registry import ImageRegistry, serving_images
from tests.support.loopback import LoopbackServer, Reply, serving

CONTENT = b"the weights of a model\n" * 1000
RIGHT = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
OTHER = f"sha256:{'0' * 64}"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")

Verify = Callable[..., Result]
"""What the fixture `verify` is."""


def artifact(uri: str | None, digest: str | None = None, **more: Any) -> dict[str, Any]:
    """An inline artifact."""
    fields = {"name": "model", "uri": uri, "digest": digest, **more}
    return {name: value for name, value in fields.items() if value is not None}


def manifest(*artifacts: dict[str, Any], **spec: Any) -> str:
    """A version with artifacts."""
    items = [{**item, "name": f"{item['name']}-{position}"} for position, item in enumerate(artifacts)]
    body = {
        "apiVersion": "model-registrar.dev/v1alpha1",
        "kind": "ModelVersion",
        "metadata": {"name": "churn-1"},
        "spec": {"registeredModelRef": {"name": "churn"}, "artifacts": items, **spec},
    }
    return yaml.safe_dump(body, sort_keys=False)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A caller who has logged in nowhere."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in (*PROXIES, *(name.upper() for name in PROXIES), "HF_TOKEN", "HF_ENDPOINT", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder / ".docker"))
    return folder


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Run the command on a version with these artifacts."""
    monkeypatch.chdir(tmp_path)

    def run(*artifacts: dict[str, Any], options: tuple[str, ...] = (), **spec: Any) -> Result:
        Path("version.yaml").write_text(manifest(*artifacts, **spec))
        return CliRunner().invoke(main, ["verify", "version.yaml", *options])

    return run


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """The TLS context of servers, and the certificate of the authority that signed theirs."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    pair = authority.serving("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context, authority.certificate


@pytest.fixture
def https(tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The TLS context of servers that the command trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    return tls[0]


@pytest.fixture
def images() -> ImageRegistry:
    """What a registry of images holds."""
    return ImageRegistry()


@pytest.fixture
def image_server(images: ImageRegistry) -> Iterator[LoopbackServer]:
    """The same as a server."""
    with serving_images(images) as server:
        yield server


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    """A proxy that sees what goes to hosts beyond loopback without TLS, and knows the content of each file."""
    with serving(lambda _: Reply(200, CONTENT)) as server:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server


def address(server: LoopbackServer, path: str) -> str:
    """The address of an image."""
    return f"oci://127.0.0.1:{server.server_port}/{path}"


def credentials_seen(server: LoopbackServer) -> set[str]:
    """The `Authorization` headers that a server has received."""
    return {received.headers["authorization"] for received in server.received if "authorization" in received.headers}
