"""A list that ends in the middle is no answer, for every command that reads a registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from registrar.cli import main
from registrar.cli.exits import ExitCode
from registrar.registries.kubeflow import connection, inventory
from tests.cli.plan.manifests import model, write
from tests.support.fault_proxy import Fault, Treatment, proxy_to
from tests.support.loopback import Received, Reply
from tests.support.rest import Rest

PAGE = 2
PAGES = 20
FAILS_AT = 7

FAULTS: dict[str, Treatment] = {
    "is forbidden": Reply(403, {"message": "no"}),
    "fails": Reply(500, {"message": "what was that"}),
    "never comes": Fault.STALL_BEFORE,
}
COMMANDS = {
    "export": "export {out} --registry-url={url} --report={report}",
    "plan": "plan {manifests} -n team --registry-url={url} --out=json={out}",
    "adopt": "adopt * --git={out} --registry-url={url}",
    "snapshot": "snapshot -o {out} --registry-url={url}",
    "copy from": "copy --from={url} --to=http://127.0.0.1:1",
    "copy to": "copy --from={snapshot} --to={url}",
}


@pytest.fixture
def pages(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> Rest:
    """Twenty pages of models, and a client that waits a second for each."""
    for number in range(PAGE * PAGES):
        rest.model(f"m{number:02}")
    monkeypatch.setattr(inventory, "PAGE_SIZE", PAGE)
    monkeypatch.setattr(connection, "TIMEOUT_SECONDS", 1.0)
    return rest


def failing(fault: Treatment) -> Callable[[Received], Treatment]:
    """Treat the seventh page of models so, whenever it is asked for."""
    before = 0

    def script(received: Received) -> Treatment:
        nonlocal before
        if f"pageSize={PAGE}&" not in received.path or "/registered_models?" not in received.path:
            return None
        if before >= FAILS_AT - 1:
            return fault
        before += 1
        return None

    return script


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_page_that_fails_is_an_answer_that_is_not_known(
    fault: Treatment, command: str, pages: Rest, tmp_path: Path
) -> None:
    places = {
        "out": tmp_path / "out",
        "report": tmp_path / "report",
        "manifests": write(tmp_path / "manifests", m=[model("m00"), model("m39")]),
        "snapshot": tmp_path / "snapshot",
    }
    (tmp_path / "snapshot").write_text(
        '{"format":"model-registrar-snapshot","formatVersion":"1.0"}\n{"counts":{},"unreadable":0}\n'
    )
    with proxy_to(pages.url, failing(fault)) as proxy:
        result = CliRunner().invoke(main, command.format(url=proxy.url, **places).split())
        assert {received.method for received in proxy.received} == {"GET"}
    assert result.exit_code == ExitCode.NOT_KNOWN, result.output
    assert "cannot be read" in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()
