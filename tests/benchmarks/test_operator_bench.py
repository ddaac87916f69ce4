"""`make bench-operator` with tiny numbers: what it counts and shows, never how long anything took."""

import asyncio
import io
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmarks import REPOSITORY
from benchmarks.operator import rival, table
from benchmarks.operator.aims import verdicts
from benchmarks.operator.cluster import counted
from benchmarks.operator.curves import PANELS, main
from benchmarks.operator.proxy import FirstLines, counting
from benchmarks.operator.result import Filled, Interval, NewChains, Operator, Result, Run, Traffic
from devcluster.controlplane import ControlPlane

RIVAL_SECONDS = 20 if rival.ENVIRONMENT.python() is not None else 0
"""The textbook operator takes part once `make bench-operator` has made its environment: tests fetch nothing."""


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.operator", *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str]:
    """Six resources, for each operator that can be measured."""
    output = tmp_path_factory.mktemp("bench") / "new folder" / "result.json"
    numbers = ["--size=6", "--chains=1", "--quiet-seconds=1", f"--rival-seconds={RIVAL_SECONDS}"]
    done = bench(*numbers, f"--output={output}")
    assert done.returncode == 0, done.stderr
    return Result.model_validate_json(output.read_text()), done.stdout


def test_each_operator_makes_all_entries_ready(run: tuple[Result, str]) -> None:
    operators = [Operator.OURS, Operator.TEXTBOOK] if RIVAL_SECONDS else [Operator.OURS]
    assert [measured.operator for measured in run[0].runs] == operators
    for measured in run[0].runs:
        assert (measured.filled.resources, measured.filled.applied, measured.filled.ready) == (6, 6, 6)
        assert measured.filled.cpu_seconds > 0


def test_ours_keeps_its_budget_of_requests(run: tuple[Result, str]) -> None:
    (ours,) = run[0].of(Operator.OURS)
    filled = ours.filled.traffic
    # Two are versions: each reports its newest artifact in a second write where that comes later than a moment.
    others = {**filled.kubernetes}
    assert 6 <= others.pop("PATCH status") <= 8
    assert others == {"PATCH": 6, "POST events": 6}
    assert filled.registry["POST"] == 6
    assert filled.registry_writes == 6


def test_ours_corrects_one_entry_and_writes_nothing_else(run: tuple[Result, str]) -> None:
    (ours,) = run[0].of(Operator.OURS)
    assert ours.drift is not None
    assert ours.restart is not None
    assert ours.quiet is not None
    assert ours.drift.traffic.registry_writes == 1
    for untouched in (ours.restart, ours.quiet):
        assert untouched.traffic.registry_writes == 0
        assert untouched.traffic.kubernetes_writes == untouched.traffic.events == 0
    assert ours.restart.traffic.kubernetes["LIST"] >= 3
    assert ours.restart.traffic.registry["GET"] >= 3


def test_new_chains_are_timed_one_by_one(run: tuple[Result, str]) -> None:
    (ours,) = run[0].of(Operator.OURS)
    assert ours.chains is not None
    assert len(ours.chains.milliseconds) == 1
    assert 0 < ours.chains.p50 <= ours.chains.p99 == max(ours.chains.milliseconds)


def test_tables_show_every_operator_and_every_aim(run: tuple[Result, str]) -> None:
    result, shown = run
    found = list(verdicts(result))
    assert shown.count("✓") == sum(verdict.met is True for verdict in found)
    assert shown.count("✗") == sum(verdict.met is False for verdict in found)
    assert all(verdict.aim in shown for verdict in found)
    assert ("The machine was calm" if result.machine.is_calm else "The machine was busy") in shown


def test_nothing_is_left_running(run: tuple[Result, str]) -> None:
    assert run
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert [line for line in commands if "--owner-id=bench-" in line or str(rival.PROGRAM) in line] == []


def test_registry_address_that_is_not_plain_is_refused(tmp_path: Path) -> None:
    output = tmp_path / "result.json"
    refused = bench(f"--output={output}", MODEL_REGISTRY_URL="https://127.0.0.1:9/registry")
    assert refused.returncode == 1
    assert "give http://host:port" in refused.stderr
    assert not output.exists()


def test_only_requests_of_operators_are_counted() -> None:
    def line(number: int, **labels: str) -> str:
        known = {"code": "200", "component": "apiserver", "dry_run": "", "scope": "resource", "version": "v1alpha1"}
        written = ",".join(f'{name}="{value}"' for name, value in (known | labels).items())
        return f"apiserver_request_total{{{written}}} {number}\n"

    ours = {"group": "model-registrar.dev", "resource": "modelartifacts"}
    metrics = (
        "# TYPE apiserver_request_total counter\n"
        + line(7, **ours, verb="PATCH", subresource="status")
        + line(1, **ours, verb="PATCH", subresource="status", code="409")
        + line(5, **ours, verb="PATCH", subresource="")
        + line(3, **ours, verb="LIST", subresource="")
        + line(9, **ours, verb="POST", subresource="")
        + line(2, group="", resource="events", verb="POST", subresource="", version="v1")
        + line(40, group="coordination.k8s.io", resource="leases", verb="PUT", subresource="")
        + 'apiserver_request_duration_seconds_count{verb="PATCH"} 99\n'
    )
    assert counted(metrics) == {"PATCH status": 8, "PATCH": 5, "LIST": 3, "POST events": 2}


def test_api_server_counts_what_is_asked_of_it(cluster: ControlPlane) -> None:
    before = counted(cluster.run_kubectl("get", "--raw", "/metrics").stdout)
    for _ in range(3):
        cluster.run_kubectl("get", "--raw", "/apis/model-registrar.dev/v1alpha1/modelversions")
    after = counted(cluster.run_kubectl("get", "--raw", "/metrics").stdout)
    assert after["LIST"] - before["LIST"] >= 3


@pytest.mark.parametrize("size", [1, 7, 1000], ids=lambda size: f"chunks of {size}")
def test_each_request_is_counted_however_its_bytes_arrive(size: int) -> None:
    body = b'{"description": "GET /me HTTP/1.1"}'
    post = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    stream = post + b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n" + post + b"PATCH /a HTTP/1.1\r\n\r\n"
    seen: Counter[str] = Counter()
    lines = FirstLines(lambda method: seen.update([method]))
    for start in range(0, len(stream), size):
        lines.see(stream[start : start + size])
    assert seen == {"POST": 2, "GET": 1, "PATCH": 1}


def test_unreachable_registry_is_unreachable_through_the_proxy() -> None:
    async def ask() -> bytes:
        async with counting("http://127.0.0.1:9") as proxy:
            port = int(proxy.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(ask()) == b""


def sample(*runs: Run, registry: str = "a registry") -> Result:
    machine = {
        "processor": "one",
        "cores": 2,
        "memory_bytes": 8 * 1024**3,
        "system": "Linux",
        "python": "3.11.7",
        "load_before": (0, 0, 0),
        "load_after": (1, 1, 1),
        "foreign_cpu_percent": [1.0],
    }
    fields = {"date": "2026-01-01T00:00:00+00:00", "registry": registry, "rival_seconds": 10, "machine": machine}
    return Result.model_validate(fields | {"runs": runs})


def finished(resources: int, *, speed: float, quiet_requests: int = 12, status_patches: int | None = None) -> Run:
    patches = {"PATCH": resources, "PATCH status": status_patches or resources, "POST events": resources}
    filled = Filled(
        resources=resources,
        applied=resources,
        ready=resources,
        seconds=resources / speed,
        entries_per_second=speed,
        cpu_seconds=resources / 125,
        memory_bytes=resources * 17_000,
        traffic=Traffic(kubernetes=patches, registry={"POST": resources, "GET": 9}),
    )
    still = Interval(
        seconds=60,
        cpu_seconds=0.1,
        memory_bytes=10**8,
        traffic=Traffic(kubernetes={}, registry={"GET": quiet_requests}),
    )
    chains = NewChains.of([float(n) for n in range(1, 101)])
    return Run(operator=Operator.OURS, filled=filled, chains=chains, drift=still, restart=still, quiet=still)


def unfinished(resources: int) -> Run:
    nothing = Traffic(kubernetes={"PATCH": 30}, registry={})
    filled = Filled(
        resources=resources,
        applied=resources,
        ready=0,
        seconds=10,
        entries_per_second=0,
        cpu_seconds=3,
        memory_bytes=0,
        traffic=nothing,
    )
    return Run(operator=Operator.TEXTBOOK, filled=filled)


def aims_missed(result: Result) -> list[str]:
    return [verdict.aim for verdict in verdicts(result) if verdict.met is False]


def test_aims_are_judged_on_each_number_of_resources() -> None:
    assert aims_missed(sample(finished(300, speed=61), finished(3000, speed=60))) == []
    assert aims_missed(sample(finished(300, speed=61), finished(3000, speed=59))) == ["entries Ready per second ≥ 60"]
    (missed,) = aims_missed(sample(finished(300, speed=90, status_patches=301)))
    assert "Kubernetes writes" in missed
    (missed,) = aims_missed(sample(finished(300, speed=90), finished(3000, speed=90, quiet_requests=30)))
    assert "quiet minute" in missed


def test_percentiles_are_samples_by_nearest_rank() -> None:
    chains = NewChains.of([float(n) for n in range(100, 0, -1)])
    assert (chains.p50, chains.p99) == (50, 99)


def test_a_part_that_was_not_reached_is_not_available() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    table.show(sample(finished(300, speed=61), unfinished(300)), console)
    shown = console.export_text()
    (line,) = [line for line in shown.splitlines() if "p50" in line]
    assert re.findall(r"│ +(\S+) ", line)[-2:] == ["50", "n/a"]
    (line,) = [line for line in shown.splitlines() if "CPU seconds per 1,000" in line]
    assert re.findall(r"│ +(\S+) ", line)[-2:] == ["8.0", "n/a"]


def test_curves_show_every_panel_and_registry_and_are_the_same_each_time(tmp_path: Path) -> None:
    results = []
    for registry in ("one registry", "another registry"):
        path = tmp_path / f"{registry}.json"
        runs = [finished(300, speed=61), finished(3000, speed=60), unfinished(300)]
        path.write_text(sample(*runs, registry=registry).model_dump_json())
        results.append(str(path))
    pictures = []
    for name in ("first.svg", "second.svg"):
        drawn = CliRunner().invoke(main, [*results, "--output", str(tmp_path / name)])
        assert drawn.exit_code == 0, drawn.output
        pictures.append((tmp_path / name).read_text())
    assert pictures[0] == pictures[1]
    for text in (*PANELS, "ours, one registry", "ours, another registry", "3,000"):
        assert text in pictures[0]
