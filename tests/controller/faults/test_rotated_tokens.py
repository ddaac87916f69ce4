"""Tokens are rotated under the running operator: the API server's and the registry's."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.accounts import PUT_FINALIZERS, READ, TELL_EVENTS, WRITE_STATUS, Account
from tests.support.fixtures import Unique
from tests.support.flaky import FlakyProxy, Way, between
from tests.support.front import before_apiserver
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_reason, manifest

MakeOperator = Callable[..., OperatorProcess]
KIND = "RegisteredModel"


class Guarded:
    """A registry behind a proxy that lets one token in, as a gateway does.

    Attributes:
        url: its address.
        token: the one that is valid now.
        refused: how often another one was shown.
    """

    def __init__(self, proxy: FlakyProxy) -> None:
        self.url = proxy.url
        self.token = "first"
        self.refused = 0
        proxy.script = self._check

    def _check(self, received: Received) -> Way:
        if received.headers.get("authorization") == f"Bearer {self.token}":
            return None
        self.refused += 1
        return Reply(401, {"code": "Unauthorized", "message": "this token has expired"})


@pytest.fixture
def guarded(registry_url: str) -> Iterator[Guarded]:
    """The registry, which asks for a token."""
    with between(registry_url) as proxy:
        yield Guarded(proxy)


def _rotate(file: Path, token: str) -> None:
    """As the kubelet does it: the file is replaced as a whole."""
    new = file.with_suffix(".new")
    new.write_text(token + "\n")
    new.replace(file)


def test_a_registry_token_that_is_rotated_in_time_is_noticed_by_nobody(
    own_space: Namespace, own_operator: MakeOperator, guarded: Guarded, tmp_path: Path, unique: Unique
) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    own_operator(guarded.url, own_space, f"--registry-token-file={file}", "--feed-interval=0.3")
    names = [unique("first"), unique("second")]
    own_space.apply(manifest(KIND, names[0]))
    own_space.ready(KIND, names[0])
    _rotate(file, "second")
    guarded.token = "second"
    own_space.apply(manifest(KIND, names[0], description="changed"), manifest(KIND, names[1]))
    for name in names:
        own_space.ready(KIND, name)
        assert [one["reason"] for one in own_space.events(name)] == ["Synced"]
    assert guarded.refused == 0


def test_a_registry_token_that_comes_late_is_told_and_awaited(
    own_space: Namespace, own_operator: MakeOperator, guarded: Guarded, tmp_path: Path, unique: Unique
) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    operator = own_operator(guarded.url, own_space, f"--registry-token-file={file}")
    settled, waiting = unique("settled"), unique("waiting")
    own_space.apply(manifest(KIND, settled))
    before = own_space.ready(KIND, settled)
    guarded.token = "second"
    own_space.apply(manifest(KIND, waiting))
    resource = own_space.wait(KIND, waiting, has_reason("Unauthorized"))
    assert "this token has expired" in condition(resource, "Ready")["message"]
    assert not condition(resource, "Stalled")
    _rotate(file, "second")
    own_space.ready(KIND, waiting)
    assert own_space.get(KIND, settled) == before
    assert "Traceback" not in operator.log


class ClusterToken:
    """Tokens of an account, each bound to a Secret of its own: it is void when that is deleted.

    Attributes:
        file: where the operator finds the one that it shall use.
    """

    def __init__(self, space: Namespace, file: Path) -> None:
        self._space = space
        self._account = Account(space, "operator")
        self._account.allow(READ, PUT_FINALIZERS, WRITE_STATUS, TELL_EVENTS)
        self.file = file

    def issue(self, name: str) -> str:
        """A new token."""
        self._kubectl("create", "secret", "generic", name)
        return self._account.token("--bound-object-kind=Secret", f"--bound-object-name={name}")

    def void(self, name: str, token: str) -> None:
        """Take it back, and return when the API server knows: it remembers what it has checked for 10 s."""
        self._kubectl("delete", "secret", name)
        login = self._account.kubeconfig(self.file.parent, token)
        arguments = ("get", "rmodel", "--namespace", self._space.name, f"--kubeconfig={login}")
        while self._space.cluster.run_kubectl(*arguments, check=False).returncode == 0:
            pass

    def _kubectl(self, *arguments: str) -> None:
        self._space.cluster.run_kubectl(*arguments, "--namespace", self._space.name)


def test_a_cluster_token_that_is_rotated_in_time_and_then_late(
    own_space: Namespace, own_operator: MakeOperator, registry_url: str, tmp_path: Path, unique: Unique
) -> None:
    tokens = ClusterToken(own_space, tmp_path / "token")
    first, second, third = (tokens.issue(name) for name in ("first", "second", "third"))
    tokens.file.write_text(first)
    names = [unique(name) for name in ("early", "in-time", "late")]
    with before_apiserver(own_space.cluster, tmp_path, token_file=tokens.file) as front:
        operator = own_operator(registry_url, own_space, front.argument)
        own_space.apply(manifest(KIND, names[0]))
        ids = {names[0]: own_space.ready(KIND, names[0])["status"]["id"]}
        _rotate(tokens.file, second)
        tokens.void("first", first)
        front.proxy.hang_up()
        own_space.apply(manifest(KIND, names[1]))
        ids[names[1]] = own_space.ready(KIND, names[1])["status"]["id"]
        # Now the old one ends before there is a new one.
        tokens.void("second", second)
        own_space.apply(manifest(KIND, names[2]))
        front.proxy.hang_up()
        asked = len(front.proxy.received)
        operator.wait_for_log("(401 Unauthorized)", times=3)
        # It is not asked as fast as it can say no.
        assert len(front.proxy.received) - asked < 100
        _rotate(tokens.file, third)
        ids[names[2]] = own_space.ready(KIND, names[2])["status"]["id"]
        assert len(set(ids.values())) == 3
        own_space.apply(*(manifest(KIND, name, description="changed") for name in names))
        for name in names:
            assert own_space.ready(KIND, name)["status"]["id"] == ids[name]
        assert operator.stop() == 0
