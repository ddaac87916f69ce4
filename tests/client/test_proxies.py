"""Which requests go through the proxy that the environment sets, and what an unusable one is reported as."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry._address import parse_address
from model_registry._proxy import proxy_for
from model_registry.exceptions import ConnectionFailed, UnusableProxy
from tests.support.loopback import MODEL, Reply, serving

PROXY = "http://proxy.example:3128"
SERVICE = "http://registry.models.svc.cluster.local:8080"
MIXED = "localhost,127.0.0.1,[::1],.svc,.cluster.local,10.128.0.0/14,172.30.0.0/16,fd01::/48"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


def is_used(url: str, no_proxy: str) -> bool:
    """Return whether a registry is reached through a proxy with this NO_PROXY."""
    os.environ["HTTP_PROXY"] = os.environ["HTTPS_PROXY"] = PROXY
    os.environ["NO_PROXY"] = no_proxy
    return proxy_for(parse_address(url)) is not None


@pytest.mark.parametrize(
    ("url", "no_proxy"),
    [
        (SERVICE, MIXED),
        (SERVICE, "*.svc.cluster.local"),
        (SERVICE, "*.SVC.cluster.local."),
        (SERVICE, "svc.cluster.local"),
        (SERVICE, "registry.models.svc.cluster.local"),
        (SERVICE, "registry.models.svc.cluster.local:8080"),
        (SERVICE, "http://registry.models.svc.cluster.local"),
        (SERVICE, "a.example svc.cluster.local"),
        (SERVICE, "*"),
        ("http://10.129.1.1:8080", MIXED),
        ("http://10.96.1.1:8080", "10.96.0.0/12"),
        ("http://10.96.1.1:8080", "10.96.1.1"),
        ("http://10.96.1.1:8080", "10.96.1.1:8080"),
        ("http://[fd01::7]:8080", MIXED),
        ("http://[fd01::7]:8080", "fd01::7"),
        ("http://[fd01::7]:8080", "[fd01::7]"),
        ("http://[fd01::7]:8080", "[fd01::7]:8080"),
        ("http://[FD01:0::7]:8080", "[fd01::]/48"),
        ("https://registry.example", "registry.example:443"),
        ("http://localhost:8080", ""),
        ("http://[::1]:8080", ""),
    ],
)
@pytest.mark.usefixtures("_restored")
def test_what_no_proxy_excludes_is_reached_directly(url: str, no_proxy: str) -> None:
    assert not is_used(url, no_proxy)


@pytest.mark.parametrize(
    ("url", "no_proxy"),
    [
        (SERVICE, ""),
        (SERVICE, "registry.models.svc.cluster.local:80"),
        (SERVICE, "https://registry.models.svc.cluster.local"),
        (SERVICE, "vc.cluster.local"),
        (SERVICE, "10.0.0.0/8,[::1],fd01::/48,300.0.0.0/8,x/y,[,]:1,.,*."),
        ("http://10.96.1.1:8080", "10.97.0.0/16,96.1.1"),
        ("http://[fd02::7]:8080", MIXED),
        ("http://model-registry-service.kubeflow:8080", MIXED),
    ],
)
@pytest.mark.usefixtures("_restored")
def test_everything_else_goes_through_the_proxy(url: str, no_proxy: str) -> None:
    assert is_used(url, no_proxy)


@pytest.fixture
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.setenv(name, "")


@contextmanager
def proxying() -> Iterator[tuple[str, list[str]]]:
    """Serve a proxy that answers each request itself. Yield its address, and the URLs that it was asked for."""
    with serving(lambda _: Reply(200, {"items": [MODEL], "nextPageToken": ""})) as server:
        asked: list[str] = []
        yield server.url, asked
        asked.extend(received.path for received in server.received)


async def test_a_request_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxying() as (url, asked):
        monkeypatch.setenv("HTTP_PROXY", url.removeprefix("http://"))
        async with ModelRegistryAPIClient.connect("http://registry.example:8080") as client:
            assert len(await client.get_registered_models()) == 1
    assert asked == ["http://registry.example:8080/api/model_registry/v1alpha3/registered_models"]


async def test_a_specific_proxy_takes_precedence_over_the_one_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxying() as (url, asked):
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", url)
        async with ModelRegistryAPIClient.connect("http://registry.example") as client:
            await client.get_registered_models()
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        (
            "socks5://user:secret@127.0.0.1:1",
            r"The proxy socks5://127\.0\.0\.1:1 that ALL_PROXY sets .*pip install so",
        ),
        (
            "socks5h://127.0.0.1:1",
            r"SOCKS needs the package socksio: run `pip install socksio`; or add registry\.ex",
        ),
        ("socks4://127.0.0.1:1", r"use http://, https://, socks5://, socks5h://; or add registry\.example to NO_PROXY"),
        ("http://user:se/secret@proxy:1", r"The proxy http://proxy:1 that ALL_PROXY sets cannot be used"),
        ("http://", "is not a URL with a host and a port"),
        ("http://proxy:port", "is not a URL with a host and a port"),
        ("http://[::1", "is not a URL with a host and a port"),
        ("http://pro xy:1", "is not a URL with a host and a port"),
    ],
)
async def test_a_proxy_that_cannot_be_used_is_reported_with_what_to_change(
    monkeypatch: pytest.MonkeyPatch, proxy: str, message: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    async with ModelRegistryAPIClient.connect("http://registry.example") as client:
        with pytest.raises(UnusableProxy, match=message) as raised:
            await client.get_registered_models()
    assert not raised.value.is_temporary
    assert "secret" not in str(raised.value)


async def test_a_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://user:secret@127.0.0.1:{unused_tcp_port}")
    async with ModelRegistryAPIClient.connect("http://registry.example", retries=0) as client:
        with pytest.raises(ConnectionFailed) as raised:
            await client.get_registered_models()
    message = str(raised.value)
    assert f"through the proxy http://127.0.0.1:{unused_tcp_port} that HTTP_PROXY sets: connection refused" in message
    assert message.endswith("If it needs no proxy, add registry.example to NO_PROXY")
    assert "secret" not in message


async def test_nobody_listening_is_reported_as_such(unused_tcp_port: int) -> None:
    async with ModelRegistryAPIClient.connect(f"http://127.0.0.1:{unused_tcp_port}", retries=0) as client:
        with pytest.raises(ConnectionFailed, match="cannot be reached: connection refused"):
            await client.get_registered_models()
