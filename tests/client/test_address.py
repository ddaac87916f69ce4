"""How the constructors interpret an address."""

import re
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry._address import Address, parse_address


def secure(address: str, port: int | str | None = 443) -> Address:
    return parse_address(address, port, default_scheme="https", must_be_secure=True)


def insecure(address: str, port: int | str | None = None) -> Address:
    return parse_address(address, port, default_scheme="http")


@pytest.mark.parametrize(
    ("address", "root"),
    [
        (secure("registry.example"), "https://registry.example:443"),
        (secure("registry.example", "8443"), "https://registry.example:8443"),
        (secure("https://registry.example"), "https://registry.example:443"),
        (secure("https://registry.example:8443", 443), "https://registry.example:8443"),
        (secure("registry.example:8443", 443), "https://registry.example:8443"),
        (insecure("registry", "8080"), "http://registry:8080"),
        (insecure("http://registry", 8080), "http://registry:8080"),
        (insecure("http://registry"), "http://registry"),
        (insecure("https://registry", 8443), "https://registry:8443"),
        (insecure("[::1]", 8080), "http://[::1]:8080"),
        (insecure(" http://registry:8080/ "), "http://registry:8080"),
        (insecure("http://gateway/model-registry/team", 80), "http://gateway:80/model-registry/team"),
        (insecure("gateway/model-registry/"), "http://gateway/model-registry"),
        (parse_address("HTTP://Registry:1"), "http://registry:1"),
    ],
)
def test_scheme_port_and_prefix(address: Address, root: str) -> None:
    assert address.root == root
    assert address.api_version is None
    assert address.base("v1") == f"{root}/api/model_registry/v1"


@pytest.mark.parametrize(
    ("url", "root", "version"),
    [
        ("http://r/api/model_registry/v1alpha3", "http://r", "v1alpha3"),
        ("http://r:80/x/api/model_registry/v1/", "http://r:80/x", "v1"),
        ("http://r/api/model_registry", "http://r", None),
        ("http://r/api/model_registry/v1/more", "http://r/api/model_registry/v1/more", None),
    ],
)
def test_an_api_path_at_the_end_fixes_the_version(url: str, root: str, version: str | None) -> None:
    address = parse_address(url)
    assert (address.root, address.api_version) == (root, version)


def test_an_explicit_version_takes_precedence() -> None:
    assert parse_address("http://r/api/model_registry/v1alpha3", api_version="v1").api_version == "v1"


@pytest.mark.parametrize("host", ["localhost", "registry.localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_every_name_of_this_machine_is_loopback(host: str) -> None:
    assert parse_address(f"http://{host}:1").is_loopback


@pytest.mark.parametrize("host", ["registry", "10.0.0.1", "localhost.example", "[2001:db8::1]"])
def test_other_machines_are_not_loopback(host: str) -> None:
    assert not parse_address(f"http://{host}:1").is_loopback


@pytest.mark.parametrize(
    ("client", "message"),
    [
        (ModelRegistryAPIClient.connect("registry:8080"), "has no scheme: start it with http:// or https://"),
        (ModelRegistryAPIClient.connect("ftp://registry"), "starts with ftp://: use http:// or https://"),
        (ModelRegistryAPIClient.connect("http://"), "has no host: add one"),
        (ModelRegistryAPIClient.connect("http://[::1"), "cannot be parsed: write an IPv6 host in brackets"),
        (ModelRegistryAPIClient.connect("http://r?x=1"), "has a query or fragment"),
        (ModelRegistryAPIClient.connect("http://r:99999"), "has no usable port"),
        (ModelRegistryAPIClient.connect("http://fd00::1"), "has no usable port.* IPv6 host in brackets"),
        (ModelRegistryAPIClient.connect("http://r", api_version="2"), "'2' is not an API version"),
        (
            ModelRegistryAPIClient.insecure_connection("server-address", "port"),
            "'port' is not a number from 1 to 65535",
        ),
        (ModelRegistryAPIClient.insecure_connection("r", 0), "0 is not a number from 1 to 65535"),
        (ModelRegistryAPIClient.insecure_connection("r", 65536), "65536 is not a number from 1 to 65535"),
        (
            ModelRegistryAPIClient.secure_connection("http://r", 443, user_token="t"),
            "The token would be sent unencrypted to 'http://r': use https://",
        ),
    ],
)
async def test_an_invalid_address_is_refused_at_the_first_call(client: ModelRegistryAPIClient, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        await client.get_registered_models()


@pytest.mark.parametrize("credentials", ["me:hunter2", "me:x/hunter2", "me:[hunter2"])
async def test_credentials_in_an_address_are_refused_and_not_shown(credentials: str) -> None:
    with pytest.raises(ValueError, match="contains a user name or password") as refused:
        await ModelRegistryAPIClient.connect(f"http://{credentials}@registry").get_registered_models()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("token", ["", None])
def test_a_secure_connection_needs_a_token(token: str | None) -> None:
    with pytest.raises(ValueError, match="needs a user token, and this one is empty"):
        ModelRegistryAPIClient.secure_connection("registry", 443, user_token=token)  # type: ignore[arg-type]  # the fault


@pytest.mark.parametrize("address", ["::1", "fd01::7"])
async def test_an_ipv6_address_without_brackets_is_refused_with_the_brackets(address: str) -> None:
    client = ModelRegistryAPIClient.insecure_connection(address)
    with pytest.raises(ValueError, match=re.escape(f"write it in brackets, as in http://[{address}]")):
        await client.get_registered_models()


@pytest.mark.parametrize("seconds", [None, 0, -1, "5", float("nan")])
def test_a_time_limit_that_is_no_time_is_refused_at_once(seconds: Any) -> None:
    with pytest.raises(ValueError, match="timeout must be a number of seconds above 0"):
        ModelRegistryAPIClient.connect("http://registry.example", timeout=seconds)
    if seconds is not None:
        with pytest.raises(ValueError, match="write_timeout must be a number of seconds above 0"):
            ModelRegistryAPIClient.connect("http://registry.example", write_timeout=seconds)
