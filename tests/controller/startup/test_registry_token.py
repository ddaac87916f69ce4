"""The registry never gets a token with which it could act as the operator in the cluster."""

from pathlib import Path

import pytest

from tests.support.accounts import CREATE_EVENTS, PATCH_FINALIZERS, PATCH_STATUS, READ, Account
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, condition, has_reason, manifest

KIND = "RegisteredModel"
REFUSED = "The registry token is valid at the API server too for the audience https://"


@pytest.fixture
def account(own_space: Namespace) -> Account:
    """The operator's account, with all of its rights."""
    account = Account(own_space, "operator")
    account.allow(READ, PATCH_FINALIZERS, PATCH_STATUS, CREATE_EVENTS)
    return account


def _sent(proxy: FaultProxy) -> set[str]:
    return {received.headers["authorization"] for received in proxy.received}


def test_a_token_for_the_api_server_ends_the_operator_before_the_registry_sees_it(
    own_space: Namespace, start_operator: StartOperator, account: Account, registry_proxy: FaultProxy, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(account.token())
    login = f"--kubeconfig={account.kubeconfig(tmp_path)}"
    operator = start_operator(registry_proxy.url, own_space, login, f"--registry-token-file={file}")
    assert operator.wait() == 1
    assert f"Error: {REFUSED}" in operator.log
    assert "Traceback" not in operator.log
    assert registry_proxy.received == []


def test_a_flag_accepts_such_a_token(
    own_space: Namespace,
    start_operator: StartOperator,
    account: Account,
    registry_proxy: FaultProxy,
    tmp_path: Path,
    unique: Unique,
) -> None:
    token, name = account.token(), unique("model")
    login = f"--kubeconfig={account.kubeconfig(tmp_path)}"
    flags = (login, f"--registry-token={token}", "--registry-token-api-audience")
    start_operator(registry_proxy.url, own_space, *flags)
    own_space.apply(manifest(KIND, name))
    own_space.ready(KIND, name)
    assert _sent(registry_proxy) == {f"Bearer {token}"}


def test_a_rotation_to_such_a_token_is_reported_and_the_token_withheld(
    own_space: Namespace,
    start_operator: StartOperator,
    account: Account,
    registry_proxy: FaultProxy,
    tmp_path: Path,
    unique: Unique,
) -> None:
    file, first, second = tmp_path / "token", account.token("--audience=registry"), account.token("--audience=registry")
    file.write_text(first)
    login = f"--kubeconfig={account.kubeconfig(tmp_path)}"
    operator = start_operator(registry_proxy.url, own_space, login, f"--registry-token-file={file}")
    names = [unique("first"), unique("second")]
    own_space.apply(manifest(KIND, names[0]))
    own_space.ready(KIND, names[0])
    file.write_text(account.token())
    own_space.apply(manifest(KIND, names[1]))
    waiting = own_space.wait(KIND, names[1], has_reason("RegistryUnavailable"))
    assert REFUSED in condition(waiting, "Ready")["message"]
    file.write_text(second)
    own_space.ready(KIND, names[1])
    assert _sent(registry_proxy) == {f"Bearer {first}", f"Bearer {second}"}
    assert "Traceback" not in operator.log
