"""``make demo``, run as a user runs it: real servers, in a program of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil
import pytest

from devcluster import cache
from tools.recording.cast import CAST, Cast, comparable

REPOSITORY = Path(__file__).parents[2]
DEADLINE = 150.0


class Decoy:
    """Another cluster, or a proxy on the way to it: a server that counts every connection."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.knocks = 0


@pytest.fixture
def decoy() -> Iterator[Decoy]:
    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            found.knocks += 1

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Decoy(f"127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


class Demo:
    """A started demo, all of whose temporary files are in ``folder``."""

    def __init__(self, folder: Path, *command: str, **variables: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-u", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=REPOSITORY,
            env=os.environ | {"TMPDIR": str(folder), "COLUMNS": "120"} | variables,
        )
        self.printed = ""

    def read_until(self, words: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line
            if words in line:
                return
        raise AssertionError(f"{words!r} was not printed:\n{self.printed}")

    def status(self) -> int:
        self.printed += self.process.communicate(timeout=DEADLINE)[0]
        return self.process.returncode

    def leftovers(self) -> list[str]:
        """Return the files and the processes that are left."""
        running = [" ".join(command) for command in map(_command_line, psutil.process_iter())]
        return [*map(str, self.folder.iterdir()), *(line for line in running if str(self.folder) in line)]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def test_demo_shows_that_all_of_it_is_true_and_touches_nothing_else(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, decoy: Decoy
) -> None:
    """KUBECONFIG, in-cluster variables, proxies and the home folder all lead elsewhere."""
    home = tmp_path_factory.mktemp("home")
    cluster = {"name": "elsewhere", "cluster": {"server": f"http://{decoy.address}"}}
    context = {"name": "elsewhere", "context": {"cluster": "elsewhere", "user": ""}}
    elsewhere = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": [context]}
    (home / ".kube").mkdir()
    (home / ".kube" / "config").write_text(json.dumps(elsewhere | {"current-context": "elsewhere"}))
    host, _, port = decoy.address.partition(":")
    demo = Demo(
        tmp_path,
        "-m",
        "devcluster",
        "demo",
        HOME=str(home),
        KUBECONFIG=str(home / ".kube" / "config"),
        KUBERNETES_SERVICE_HOST=host,
        KUBERNETES_SERVICE_PORT=port,
        REGISTRAR_RUN_REGISTRY_URL=f"http://{decoy.address}",
        HTTP_PROXY=f"http://{decoy.address}",
        HTTPS_PROXY=f"http://{decoy.address}",
        http_proxy=f"http://{decoy.address}",
        https_proxy=f"http://{decoy.address}",
        MODEL_REGISTRAR_CACHE=str(cache.root()),
    )

    assert demo.status() == 0, demo.printed
    assert demo.leftovers() == []
    assert decoy.knocks == 0
    assert [path.name for path in home.rglob("*")] == [".kube", "config"]
    ids = dict(re.findall(r"│ (\w+)\.model-registrar\.dev/\S+ +(\d+) ", demo.printed))
    assert set(ids) == {"registeredmodel", "modelversion", "modelartifact"}
    assert "\x1b" not in demo.printed, "colours are for terminals"
    for claim in (
        "every resource has the ID that the registry assigned",
        "the registry has an entry for each resource, under its ID and LIVE",
        f"the registry describes model {ids['registeredmodel']} as: .* Now with less fraud",
        f"nothing is lost: version {ids['modelversion']} is ARCHIVED in the registry, not deleted",
        f"the resource has the same ID as before, {ids['modelversion']}",
        f"version {ids['modelversion']} is LIVE in the registry again",
        r"the resource adopted the entry \d+: it has the declared description and still the owner 'grace'",
        "an Event names the value that was replaced",
        "the version waits and says for what",
        r"it continued as soon as its model had an ID: version \d+ is below model \d+",
    ):
        assert re.search(f"✓ {claim}", demo.printed), demo.printed
    assert "All checks passed" in demo.printed
    recorded = "\n".join(line.text.plain for line in Cast.read(CAST).lines()[1:])
    assert comparable(demo.printed) == comparable(recorded), "record the demo again: make recording"


def test_demo_with_two_registries_shows_that_one_holds_back_nothing_of_the_other(tmp_path: Path) -> None:
    """Of the steps before, only the one that leaves a resource for the first registry."""
    short = "import sys; from devcluster import demo; demo.tour = demo._adopt; sys.exit(demo.main())"
    demo = Demo(tmp_path, "-c", short, "--registries", "2")

    assert demo.status() == 0, demo.printed
    assert demo.leftovers() == []
    for claim in (
        "the resources of before keep their IDs: their registry is dev now",
        "each entry is in the registry that its resource names, and prod has nothing else",
        "team-a may not use prod: the resource says so, and nothing was written",
        "dev goes on, and only what belongs to prod waits",
        "it is in prod as soon as that answers again",
    ):
        assert f"✓ {claim}" in demo.printed, demo.printed
    assert "All checks passed" in demo.printed


def test_the_target_passes_arguments_on() -> None:
    command = ["make", "--dry-run", "--assume-old=.venv/.ready", "demo", "ARGS=--registries 2"]
    shown = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert re.search(r"-m devcluster demo +--registries 2$", shown, re.MULTILINE)


def test_demo_fails_when_something_is_not_true(tmp_path: Path) -> None:
    """The demo is made to see another state than the registry has."""
    wrong = "import sys; from devcluster import demo; demo._state = lambda *_: 'LIVE'; sys.exit(demo.main())"
    demo = Demo(tmp_path, "-c", wrong)

    assert demo.status() == 1
    assert re.search(r"✗ Not true: nothing is lost: version \d+ is LIVE", demo.printed)
    assert "All checks passed" not in demo.printed
    assert demo.leftovers() == []


def test_demo_fails_when_the_operator_does_not_start(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    modules = tmp_path_factory.mktemp("modules")
    (modules / "registrar.py").write_text("raise SystemExit('no operator today')")
    impatient = "demo._READY = ('--for=condition=Ready', '--timeout=1s')"
    source = f"import sys; from devcluster import demo; {impatient}; sys.exit(demo.main())"
    demo = Demo(tmp_path, "-c", source, PYTHONPATH=str(modules))

    assert demo.status() == 1
    assert "timed out waiting for the condition" in demo.printed
    assert "no operator today" in demo.printed
    assert demo.leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_kept_demo_is_usable_as_it_says_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    demo = Demo(tmp_path, "-m", "devcluster", "demo", "--keep")
    demo.read_until("Press Ctrl-C here to stop everything")
    assert "KUBECONFIG" in demo.printed

    exports = "\n".join(re.findall(r"^ +(export .*)$", demo.printed, re.MULTILINE))
    script = f"{exports}\nkubectl get registeredmodels --output=name"
    listed = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    address = re.search(r"curl (\S+)", demo.printed)
    assert address is not None
    entries = httpx.get(address[1], trust_env=False).json()
    demo.process.send_signal(number)

    assert listed.stdout.startswith("registeredmodel.model-registrar.dev/")
    assert entries["size"] >= 1
    assert demo.status() == 0
    assert "Everything has been stopped and cleaned up." in demo.printed
    assert demo.leftovers() == []


def test_demo_that_is_interrupted_while_it_is_imported_prints_no_traceback(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    modules = tmp_path_factory.mktemp("modules")
    (modules / "yaml.py").write_text("print('importing'); import time; time.sleep(60)")
    demo = Demo(tmp_path, "-m", "devcluster", "demo", PYTHONPATH=str(modules))
    demo.read_until("importing")
    demo.process.send_signal(signal.SIGINT)

    assert demo.status() == -signal.SIGINT
    assert demo.printed == "importing\n"


def test_demo_without_a_folder_for_its_cache_says_which_variables_name_one(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    unusable = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": "", cache.OVERRIDE: ""}
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    demo = Demo(tmp_path, "-m", "devcluster", "demo", **unusable, **plain)

    assert demo.status() == 1
    assert "Traceback" not in demo.printed
    assert "ERROR: No folder for fetched and built programs: " in demo.printed
    assert f"Set {cache.OVERRIDE} or XDG_CACHE_HOME" in demo.printed
    assert "or HOME to one" in demo.printed


def test_demo_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "-m", "devcluster", "demo")
    demo.read_until("Apply the examples")
    demo.process.send_signal(signal.SIGINT)

    assert demo.status() == 130
    assert demo.leftovers() == []
