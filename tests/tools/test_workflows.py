"""The workflows of GitHub Actions, and the targets that only they call."""

import json
import os
import re
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PUBLISHING = {"release.yml": {"pypi", "images", "pages", "github"}}
"""The jobs that publish."""
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

Job = dict[str, Any]


def _jobs(workflow: Path) -> dict[str, Job]:
    jobs: dict[str, Job] = yaml.safe_load(workflow.read_text())["jobs"]
    return jobs


def _steps(workflow: Path) -> list[Job]:
    return [step for job in _jobs(workflow).values() for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_each_command_is_one_target_of_the_makefile(workflow: Path) -> None:
    commands = [step["run"] for step in _steps(workflow) if "run" in step]
    assert commands
    for command in commands:
        called = re.fullmatch(r"make ([a-z0-9-]+)", command)
        assert called is not None, command
        assert called[1] in TARGETS


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_each_action_is_pinned_by_digest_and_names_its_version(workflow: Path) -> None:
    used = re.findall(r"uses: (.+)", workflow.read_text())
    assert len(used) == sum("uses" in step for step in _steps(workflow))
    assert [one for one in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


def test_the_matrix_is_what_the_table_of_tested_versions_claims() -> None:
    jobs = _jobs(ROOT / ".github" / "workflows" / "ci.yml")
    matrix = jobs["test"]["strategy"]["matrix"]
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(classifiers))
    assert matrix["python"] == claimed
    assert [*matrix["kubernetes"], *(each["kubernetes"] for each in matrix["include"])] == ["newest", "oldest"]
    assert jobs["chart"]["strategy"]["matrix"]["include"] == [
        {"helm": "4", "kubernetes": "newest"},
        {"helm": "3", "kubernetes": "oldest"},
    ]


def test_an_action_has_one_digest() -> None:
    pins: dict[str, set[str]] = {}
    for workflow in WORKFLOWS:
        for name, pin in re.findall(r"uses: ([\w-]+/[\w-]+)\S*@(\S+ # \S+)", workflow.read_text()):
            pins.setdefault(name, set()).add(pin)
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_only_jobs_that_publish_have_more_than_read_permissions(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {}
    writing = {name for name, job in _jobs(workflow).items() if "write" in job["permissions"].values()}
    assert writing - {"codeql"} == PUBLISHING.get(workflow.name, set())


def test_jobs_that_publish_neither_build_nor_use_a_cache_and_wait_for_the_tests() -> None:
    jobs = _jobs(ROOT / ".github" / "workflows" / "release.yml")
    for name in PUBLISHING["release.yml"]:
        job = jobs[name]
        assert job["environment"]
        assert {"files", "files-test", "image", "image-test", "site", "test"} <= _needed(jobs, name)
        for step in job["steps"]:
            assert re.fullmatch(r"make publish-[a-z]+", step.get("run", "make publish-it"))
            assert not re.search("cache|setup-python|build-push", step.get("uses", ""))


CACHES_BY_DEFAULT = {"docker/setup-qemu-action": "cache-image", "docker/setup-buildx-action": "cache-binary"}
"""Actions that use the repository's cache, and the input that prevents it."""


def test_no_job_of_a_release_uses_a_cache() -> None:
    for step in _steps(ROOT / ".github" / "workflows" / "release.yml"):
        action = step.get("uses", "").partition("@")[0]
        inputs = step.get("with", {})
        assert "cache" not in action
        caches = {name: value for name, value in inputs.items() if "cache" in name}
        assert caches == ({CACHES_BY_DEFAULT[action]: False} if action in CACHES_BY_DEFAULT else {}), action


def test_a_release_runs_every_test_of_ci() -> None:
    ci, release = (
        {step["run"] for step in _steps(ROOT / ".github" / "workflows" / name) if "run" in step}
        for name in ("ci.yml", "release.yml")
    )
    # `make test` runs what `make coverage` measures.
    assert ci - release == {"make coverage", "make workflows"}


def test_only_the_step_that_needs_a_token_gets_it() -> None:
    for workflow in WORKFLOWS:
        for name, job in _jobs(workflow).items():
            assert "token" not in str(job.get("env", {})), f"{workflow.name}: {name}"


def _needed(jobs: dict[str, Job], name: str) -> set[str]:
    needs = set(jobs[name].get("needs", ()))
    return needs.union(*(_needed(jobs, each) for each in needs))


def test_the_jobs_of_ci_run_what_the_script_of_one_machine_runs() -> None:
    called = {step["run"] for step in _steps(ROOT / ".github" / "workflows" / "ci.yml") if "run" in step}
    script = re.findall(r"^(make)(?: [A-Z_]+=1| --[a-z-]+)* ([a-z]+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert script
    assert {" ".join(words) for words in script} <= called


STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case "$(basename "$0") $1" in
  "skopeo copy") echo sha256:1111 >dist/image.digest ;;
  "docker run")
    case "$*" in
      *amd64*--version) echo registrar, version 0.1.0 ;;
      *--version) echo registrar, version "${ARM64:-0.1.0}" ;;
      *crds) echo "${CRDS:-The definitions.}" ;;
    esac ;;
  "helm push") printf 'Pushed: it\\nDigest: sha256:2222\\n' >&2 ;;
esac
"""


@pytest.fixture
def publisher(tmp_path: Path) -> Path:
    """A folder with the Makefile and a file to publish, and programs that only note how they are called."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "release-notes.md").write_text("The notes.\n")
    (tmp_path / "dist" / "crds.yaml").write_text("The definitions.\n")
    sums = subprocess.run(
        ["sha256sum", "crds.yaml", "release-notes.md"],
        cwd=tmp_path / "dist",
        check=True,
        capture_output=True,
        text=True,
    )
    (tmp_path / "dist" / "SHA256SUMS").write_text(sums.stdout)
    (tmp_path / "bin").mkdir()
    for name in ("skopeo", "cosign", "helm", "gh", "docker"):
        (tmp_path / "bin" / name).write_text(STAND_IN)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def test_the_files_are_tested_in_any_folder(publisher: Path) -> None:
    folder = publisher.rename(publisher.with_name("a folder"))
    (folder / "bin" / "python").write_text(f"#!/bin/sh\nprintf '%s' \"$MODEL_REGISTRAR_DIST\" >'{folder}/given'\n")
    (folder / "bin" / "python").chmod(0o755)
    subprocess.run(["make", "READY=", "BIN=bin", "test-release"], cwd=folder, capture_output=True, check=True)
    assert (folder / "given").read_text() == str(folder / "dist")


def _publish(folder: Path, target: str, **more: str) -> tuple[int, list[str]]:
    """The status of a target, called as in the workflow, and the calls that it made."""
    variables = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(folder / "calls"),
        "VERSION": "v0.1.0",
        "IMAGES": "registry.example/team",
    }
    ran = subprocess.run(
        ["make", target], cwd=folder, env=variables | more, capture_output=True, text=True, check=False
    )
    calls = folder / "calls"
    return ran.returncode, calls.read_text().splitlines() if calls.exists() else []


def test_the_image_is_pushed_as_it_is_and_signed_by_digest(publisher: Path) -> None:
    assert _publish(publisher, "publish-image") == (
        0,
        [
            (
                "skopeo copy --all --preserve-digests --digestfile=dist/image.digest oci-archive:dist/image.tar "
                "docker://registry.example/team/model-registrar:0.1.0"
            ),
            "cosign sign --yes registry.example/team/model-registrar@sha256:1111",
        ],
    )


def test_the_image_is_run_for_each_architecture_before_it_is_pushed(publisher: Path) -> None:
    status, calls = _publish(publisher, "test-image")
    assert status == 0
    expected = []
    for architecture in ("amd64", "arm64"):
        image = f"model-registrar:{architecture}"
        run = f"docker run --rm --read-only --network=none --platform=linux/{architecture} {image}"
        copy = f"skopeo --override-arch={architecture} copy --quiet oci-archive:dist/image.tar docker-daemon:{image}"
        expected += [copy, f"{run} --version", f"{run} run --help", f"{run} crds"]
    assert calls == expected


@pytest.mark.parametrize("wrong", [{"ARM64": "0.0.9"}, {"CRDS": "Others."}], ids=["version", "definitions"])
def test_an_image_of_other_code_fails_its_test(publisher: Path, wrong: dict[str, str]) -> None:
    assert _publish(publisher, "test-image", **wrong)[0] != 0


def test_the_chart_is_pushed_and_signed_by_digest(publisher: Path) -> None:
    assert _publish(publisher, "publish-chart") == (
        0,
        [
            "helm push dist/model-registrar-0.1.0.tgz oci://registry.example/team/charts",
            "cosign sign --yes registry.example/team/charts/model-registrar@sha256:2222",
        ],
    )


def test_the_release_has_all_files_and_the_notes(publisher: Path) -> None:
    assert _publish(publisher, "publish-release") == (
        0,
        [
            (
                "gh release create v0.1.0 dist/SHA256SUMS dist/crds.yaml dist/release-notes.md --verify-tag "
                "--title=Model Registrar 0.1.0 --notes-file=dist/release-notes.md"
            ),
        ],
    )


@pytest.mark.parametrize("target", ["publish-chart", "publish-release"])
def test_a_file_that_has_changed_is_not_published(publisher: Path, target: str) -> None:
    (publisher / "dist" / "release-notes.md").write_text("Others.\n")
    status, calls = _publish(publisher, target)
    assert status != 0
    assert calls == []


class _Vulnerabilities(BaseHTTPRequestHandler):
    """The part of osv.dev's API that uv asks; `vulnerable` names the packages with a vulnerability."""

    vulnerable: frozenset[str] = frozenset()

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        found = [{"id": "OSV-1", "modified": "2026-01-01T00:00:00Z"}]
        self._answer(
            {"results": [{"vulns": found} if q["package"]["name"] in self.vulnerable else {} for q in queries]}
        )

    def do_GET(self) -> None:
        self._answer({"id": "OSV-1", "modified": "2026-01-01T00:00:00Z", "summary": "It lets everyone in."})

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def database() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Vulnerabilities) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("vulnerable", [(), ("httpx",)], ids=["none", "one"])
def test_a_known_vulnerability_fails_the_audit(
    database: str, vulnerable: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Vulnerabilities, "vulnerable", frozenset(vulnerable))
    for name in ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL", "ARGS"):
        monkeypatch.delenv(name, raising=False)
    command = ["make", "READY=", "audit", f"ARGS=--service-url={database}"]
    environment = os.environ | {"UV_OFFLINE": "0", "NO_PROXY": "127.0.0.1"}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if not vulnerable:
        assert ran.returncode == 0, ran.stderr
        return
    assert ran.returncode != 0
    assert "It lets everyone in." in ran.stdout + ran.stderr
