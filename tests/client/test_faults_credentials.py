"""Certificates and tokens that are rotated while entries are written. With real sockets and real TLS."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConnectionFailed, Unauthorized
from model_registry.types import RegisteredModel
from tests.client.certificates import CertificateAuthority
from tests.support.fault_proxy import FaultProxy, Treatment, proxy_to
from tests.support.loopback import Received, Reply

Unique = Callable[[str], str]


def replace(path: Path, text: str) -> None:
    """Replace a file atomically, as Kubernetes does with projected files."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


async def create_each(through: ModelRegistryAPIClient, names: list[str]) -> list[RegisteredModel]:
    return await asyncio.gather(*(through.upsert_registered_model(RegisteredModel(name)) for name in names))


async def stored(client: ModelRegistryAPIClient, names: list[str]) -> list[RegisteredModel]:
    """Return the entries with these names, in the order of the names."""
    found = [model for model in await client.get_registered_models() if model.name in names]
    return sorted(found, key=lambda model: names.index(model.name))


class TokenGate:
    """Accepts requests with the current token, which it replaces after some requests.

    Args:
        path: The file of the client's token, replaced at the same moment.
        lasting: How many requests each token is good for.
    """

    def __init__(self, path: Path, lasting: int) -> None:
        self._path = path
        self._lasting = lasting
        self._seen = 0
        self._lock = threading.Lock()
        self.refused = 0
        self.token = "token-0"
        replace(path, self.token)

    def __call__(self, received: Received) -> Treatment:
        with self._lock:
            self._seen += 1
            if self._seen % self._lasting == 0:
                self.token = f"token-{self._seen}"
                replace(self._path, self.token)
            if received.headers.get("authorization") == f"Bearer {self.token}":
                return None
            self.refused += 1
            return Reply(401, "Unauthorized")


async def test_tokens_are_rotated_during_calls(
    registry_url: str, client: ModelRegistryAPIClient, unique: Unique, tmp_path: Path
) -> None:
    names = [unique(f"m{number}") for number in range(64)]
    gate = TokenGate(tmp_path / "token", lasting=40)
    with proxy_to(registry_url, gate) as proxy:
        async with ModelRegistryAPIClient.connect(proxy.url, token=tmp_path / "token") as through:
            created = await create_each(through, names)
    assert gate.refused > 0, "at least the request that came when the first token had ended"
    assert await stored(client, names) == created


async def test_a_token_that_only_the_server_rotated_is_refused_and_nothing_is_written(
    registry_url: str, client: ModelRegistryAPIClient, unique: Unique, tmp_path: Path
) -> None:
    gate = TokenGate(tmp_path / "token", lasting=1000)
    with proxy_to(registry_url, gate) as proxy:
        async with ModelRegistryAPIClient.connect(proxy.url, token=tmp_path / "token") as through:
            await through.get_registered_model_by_params(unique("m"))
            gate.token = "another"
            with pytest.raises(Unauthorized, match="answered 401: Unauthorized"):
                await through.upsert_registered_model(RegisteredModel(unique("m")))
    assert await stored(client, [unique("m")]) == []
    assert len(proxy.received) == 2


@pytest.fixture
def authorities() -> tuple[CertificateAuthority, CertificateAuthority]:
    return CertificateAuthority("first"), CertificateAuthority("second")


async def write_across_a_rotation(
    proxy: FaultProxy, through: ModelRegistryAPIClient, names: list[str], rotate: Callable[[], None]
) -> list[RegisteredModel]:
    created = await create_each(through, names[:16])
    rotate()
    proxy.close_connections()
    return created + await create_each(through, names[16:])


async def test_a_certificate_is_rotated_with_its_authority(
    registry_url: str,
    client: ModelRegistryAPIClient,
    unique: Unique,
    tmp_path: Path,
    authorities: tuple[CertificateAuthority, CertificateAuthority],
) -> None:
    old, new = authorities
    ca = tmp_path / "ca.pem"
    ca.write_text(old.pem)
    context = old.server_context(tmp_path)

    def rotate() -> None:
        new.certify(context, tmp_path)
        replace(ca, new.pem)

    names = [unique(f"m{number}") for number in range(32)]
    with proxy_to(registry_url, context=context) as proxy:
        async with ModelRegistryAPIClient.connect(proxy.url, ca=ca) as through:
            created = await write_across_a_rotation(proxy, through, names, rotate)
    assert await stored(client, names) == created


async def test_a_certificate_of_an_unknown_authority_is_reported_and_nothing_is_written(
    registry_url: str,
    client: ModelRegistryAPIClient,
    unique: Unique,
    tmp_path: Path,
    authorities: tuple[CertificateAuthority, CertificateAuthority],
) -> None:
    old, new = authorities
    context = old.server_context(tmp_path)
    with proxy_to(registry_url, context=context) as proxy:
        async with ModelRegistryAPIClient.connect(proxy.url, ca=old.pem) as through:
            await create_each(through, [unique("before")])
            new.certify(context, tmp_path)
            proxy.close_connections()
            with pytest.raises(ConnectionFailed, match="certificate verify failed") as refused:
                await through.upsert_registered_model(RegisteredModel(unique("m")))
    assert type(refused.value) is ConnectionFailed, "nothing was sent: the outcome is known"
    assert not refused.value.is_temporary
    assert await stored(client, [unique("m")]) == []
