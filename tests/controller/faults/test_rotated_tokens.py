"""Tokens are rotated under the running operator: the API server's and the registry's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.accounts import CREATE_EVENTS, PATCH_FINALIZERS, PATCH_STATUS, READ, Account
from tests.support.api_server_proxy import proxy_to_api_server
from tests.support.fault_proxy import FaultProxy, Treatment, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, condition, has_reason, manifest

KIND = "RegisteredModel"


class Guarded:
    """A registry behind a proxy that accepts a single token, as a gateway does.

    Attributes:
        url: its address.
        token: the token that is valid now.
        refused: how many requests had another token.
    """

    def __init__(self, proxy: FaultProxy) -> None:
        self.url = proxy.url
        self.token = "first"
        self.refused = 0
        proxy.script = self._check

    def _check(self, received: Received) -> Treatment:
        if received.headers.get("authorization") == f"Bearer {self.token}":
            return None
        self.refused += 1
        return Reply(401, {"code": "Unauthorized", "message": "this token has expired"})


@pytest.fixture
def guarded(registry_url: str) -> Iterator[Guarded]:
    """The registry, which requires a token."""
    with proxy_to(registry_url) as proxy:
        yield Guarded(proxy)


def _rotate(file: Path, token: str) -> None:
    """Replace the file as a whole, as the kubelet does."""
    new = file.with_suffix(".new")
    new.write_text(token + "\n")
    new.replace(file)


def test_a_registry_token_that_is_rotated_in_time_goes_unnoticed(
    own_space: Namespace, start_operator: StartOperator, guarded: Guarded, tmp_path: Path, unique: Unique
) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    start_operator(guarded.url, own_space, f"--registry-token-file={file}", "--feed-interval=0.3")
    names = [unique("first"), unique("second")]
    own_space.apply(manifest(KIND, names[0]))
    own_space.ready(KIND, names[0])
    _rotate(file, "second")
    guarded.token = "second"
    own_space.apply(manifest(KIND, names[0], description="changed"), manifest(KIND, names[1]))
    for name, reasons in zip(names, (["Created", "Updated"], ["Created"]), strict=True):
        own_space.ready(KIND, name)
        assert [event["reason"] for event in own_space.events_until(name, *reasons)] == reasons
    assert guarded.refused == 0


def test_a_registry_token_that_is_rotated_late_is_reported_and_awaited(
    own_space: Namespace, start_operator: StartOperator, guarded: Guarded, tmp_path: Path, unique: Unique
) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    operator = start_operator(guarded.url, own_space, f"--registry-token-file={file}")
    settled, waiting = unique("settled"), unique("waiting")
    own_space.apply(manifest(KIND, settled))
    before = own_space.ready(KIND, settled)
    guarded.token = "second"
    own_space.apply(manifest(KIND, waiting))
    resource = own_space.wait(KIND, waiting, has_reason("Unauthorized"))
    message = condition(resource, "Ready")["message"]
    assert message == (
        "The registry refused the operator's token: it answered 401. Check the token and its permissions. "
        "The operator keeps trying."
    )
    assert not condition(resource, "Stalled")
    _rotate(file, "second")
    own_space.ready(KIND, waiting)
    assert own_space.get(KIND, settled) == before
    assert "Traceback" not in operator.log


class ClusterToken:
    """Tokens of an account, each bound to a Secret of its own: deleting the Secret revokes the token.

    Attributes:
        file: holds the token that the operator uses.
    """

    def __init__(self, space: Namespace, file: Path) -> None:
        self._space = space
        self._account = Account(space, "operator")
        self._account.allow(READ, PATCH_FINALIZERS, PATCH_STATUS, CREATE_EVENTS)
        self.file = file

    def issue(self, name: str) -> str:
        """Return a new token."""
        self._kubectl("create", "secret", "generic", name)
        return self._account.token("--bound-object-kind=Secret", f"--bound-object-name={name}")

    def revoke(self, name: str, token: str) -> None:
        """Revoke a token, and return when the API server refuses it: it caches each check for 10 s."""
        self._kubectl("delete", "secret", name)
        login = self._account.kubeconfig(self.file.parent, token)
        arguments = ("get", "rmodel", "--namespace", self._space.name, f"--kubeconfig={login}")
        while self._space.cluster.run_kubectl(*arguments, check=False).returncode == 0:
            pass

    def _kubectl(self, *arguments: str) -> None:
        self._space.cluster.run_kubectl(*arguments, "--namespace", self._space.name)


def test_a_cluster_token_may_be_rotated_in_time_or_late(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, tmp_path: Path, unique: Unique
) -> None:
    tokens = ClusterToken(own_space, tmp_path / "token")
    first, second, third = (tokens.issue(name) for name in ("first", "second", "third"))
    tokens.file.write_text(first)
    names = [unique(name) for name in ("early", "in-time", "late")]
    with proxy_to_api_server(own_space.cluster, tmp_path, token_file=tokens.file) as api_server_proxy:
        operator = start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag)
        own_space.apply(manifest(KIND, names[0]))
        ids = {names[0]: own_space.ready(KIND, names[0])["status"]["id"]}
        _rotate(tokens.file, second)
        tokens.revoke("first", first)
        api_server_proxy.close_connections()
        own_space.apply(manifest(KIND, names[1]))
        ids[names[1]] = own_space.ready(KIND, names[1])["status"]["id"]
        # Now the old token ends before a new one exists.
        tokens.revoke("second", second)
        own_space.apply(manifest(KIND, names[2]))
        api_server_proxy.close_connections()
        asked = len(api_server_proxy.received)
        operator.wait_for_log("The API server answers 401 to", times=3)
        # The operator pauses between its attempts.
        assert len(api_server_proxy.received) - asked < 100
        _rotate(tokens.file, third)
        ids[names[2]] = own_space.ready(KIND, names[2])["status"]["id"]
        assert len(set(ids.values())) == 3
        own_space.apply(*(manifest(KIND, name, description="changed") for name in names))
        for name in names:
            assert own_space.ready(KIND, name)["status"]["id"] == ids[name]
        assert operator.stop() == 0
