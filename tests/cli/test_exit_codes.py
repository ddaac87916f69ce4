"""The exit code of each command in each situation, with the sentence that comes with it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml
from click.testing import CliRunner

from local_registry.store import Store
from registrar.cli import COMMANDS, main
from registrar.cli.exits import ExitCode
from tests.cli.plan.manifests import model, version, write
from tests.cli.program import PROGRAMS
from tests.env.registry import serve
from tests.support.fault_proxy import Treatment, always, on_matching, proxy_to
from tests.support.loopback import Reply
from tests.support.rest import Rest

DONE, ATTENTION, CHANGES = ExitCode.DONE, ExitCode.ATTENTION, ExitCode.CHANGES
NOT_KNOWN, USAGE = ExitCode.NOT_KNOWN, ExitCode.USAGE

AWAY = "http://127.0.0.1:1"
"""Nobody listens there."""
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "away", "cluster": {"server": AWAY}}],
    "contexts": [{"name": "away", "context": {"cluster": "away", "user": "me"}}],
    "users": [{"name": "me", "user": {}}],
    "current-context": "away",
}
CUT = '{"format":"model-registrar-snapshot","formatVersion":"1.0"}\n'


@dataclass(frozen=True)
class Row:
    """A situation.

    Attributes:
        words: the command line, with the names of places in braces.
        code: its exit code.
        sentence: a part of what it prints.
    """

    words: str
    code: ExitCode
    sentence: str


TABLE = {
    "export: all is written": Row("export {out}/a {good}", DONE, "1 manifest written to 1 file"),
    "export: the folder differs": Row("export {out}/b {good} --check", CHANGES, "Only in the registry: Regis"),
    "export: something is left out": Row("export {out}/c {loose}", ATTENTION, "(id 1): NoVersion"),
    "export: that is allowed": Row("export {out}/d {loose} --allow=NoVersion", DONE, "(id 1): NoVersion"),
    "export: no such model": Row("export {out}/e {good} --model=nobody", ATTENTION, "has no model 'nobody'"),
    "export: no registry": Row("export {out}/f {away}", NOT_KNOWN, "connection refused"),
    "export: no right": Row("export {out}/g {forbidden}", NOT_KNOWN, "answered 403: no"),
    "export: something else answers": Row("export {out}/h {html}", NOT_KNOWN, "not a JSON object"),
    "export: half a snapshot": Row("export {out}/i --snapshot={cut}", NOT_KNOWN, "it was cut off"),
    "export: from nowhere": Row("export {out}/j", USAGE, "Give --registry-url, or --snapshot"),
    "plan: nothing to fear": Row("plan {valid} -n t {good}", DONE, "1 to adopt, stamp only"),
    "plan: changes, asked for": Row("plan {new} -n t {good} --exit-code", CHANGES, "1 to create"),
    "plan: changes, unasked": Row("diff {new} -n t {good}", DONE, "create"),
    "plan: a feared action": Row("plan {new} -n t {good} --fail-on=create --exit-code", ATTENTION, "1 to create"),
    "plan: an invalid manifest": Row("plan {invalid} -n t {good} --exit-code", ATTENTION, "did you mean owner?"),
    "plan: no registry": Row("plan {valid} -n t {away} --fail-on=create", NOT_KNOWN, "connection refused"),
    "plan: no such file": Row("plan {nowhere} -n t {good}", NOT_KNOWN, "No such file or directory"),
    "plan: no repository": Row("plan {valid} -n t {good} --base=git:main", NOT_KNOWN, "not a git repository"),
    "plan: no cluster": Row("plan {valid} -n t {good} --cluster {cluster}", NOT_KNOWN, "does not answer"),
    "plan: no namespace": Row("plan {valid} {good}", USAGE, "names no namespace"),
    "plan: changed since when": Row("plan {valid} -n t {good} --changed", USAGE, "--changed compares with"),
    "plan: an unknown action": Row("plan {valid} -n t {good} --fail-on=fire", USAGE, "'fire' is not an action"),
    "plan: a file in the way": Row("plan {valid} -n t {good} --out=json={file}/x", ATTENTION, "cannot be written"),
    "validate: all is well": Row("validate {valid}", DONE, "0 errors, 0 warnings."),
    "validate: an invalid manifest": Row("validate {invalid}", ATTENTION, "did you mean owner?"),
    "validate: a warning": Row("validate {warned}", DONE, "0 errors, 1 warning."),
    "validate: a strict warning": Row("validate {warned} --strict", ATTENTION, "1 error, 0 warnings."),
    "validate: no such file": Row("validate {nowhere}", NOT_KNOWN, "No such file or directory"),
    "validate: unknown beats invalid": Row("validate {invalid} {nowhere}", NOT_KNOWN, "did you mean owner?"),
    "validate: nothing": Row("validate", USAGE, "Missing argument 'PATH...'"),
    "verify: nothing declares a digest": Row("verify {valid}", DONE, "0 artifacts: 0 right, 0 wrong"),
    "verify: an invalid manifest": Row("verify {invalid}", ATTENTION, "did you mean owner?"),
    "verify: a digest is missing": Row("verify {unpinned} --require-digest", ATTENTION, "it declares no digest"),
    "verify: nobody reads S3": Row("verify {unread}", CHANGES, "content at s3:// is not read"),
    "verify: no such file": Row("verify {nowhere}", CHANGES, "No such file or directory"),
    "verify: wrong beats unknown": Row("verify {unread} {invalid}", ATTENTION, "content at s3:// is not read"),
    "verify: nothing": Row("verify", USAGE, "Missing argument 'PATH...'"),
    "adopt: into a folder": Row("adopt churn {good} --git={out}/k", DONE, "1 to adopt, stamp only"),
    "adopt: no such model": Row("adopt nobody {good} --git={out}/l", ATTENTION, "has no model 'nobody'"),
    "adopt: no registry": Row("adopt churn {away} --git={out}/m", NOT_KNOWN, "connection refused"),
    "adopt: no cluster": Row("adopt churn {good} --yes {cluster}", NOT_KNOWN, "does not answer"),
    "adopt: nobody to ask": Row("adopt churn {good}", USAGE, "There is no terminal to ask: give --yes"),
    "register: nothing": Row("register", USAGE, "Missing option '--model'"),
    "copy: all is copied": Row("copy --from={source} --to={empty}", DONE, "1 new, "),
    "copy: some is not": Row("copy --from={mixed} --to={target}", ATTENTION, ": NoVersion: id 1"),
    "copy: a difference": Row("copy --from={other} --to={source}", DONE, "1 different"),
    "copy: a feared one": Row("copy --from={other} --to={source} --on-difference=fail", ATTENTION, "1 different"),
    "copy: no second registry": Row("copy --from={source} --to=" + AWAY, NOT_KNOWN, "connection refused"),
    "copy: no write succeeds": Row("copy --from={mixed} --to={broken}", NOT_KNOWN, "fails at every write"),
    "copy: half a snapshot": Row("copy --from={cut} --to={target}", NOT_KNOWN, "it was cut off"),
    "copy: to itself": Row("copy --from={source} --to={source}", USAGE, "name the same registry"),
    "copy: from nowhere": Row("copy --from={nowhere} --to={target}", USAGE, "neither a URL nor an existing file"),
    "snapshot: all is written": Row("snapshot {good} -o {out}/snapshot", DONE, ": 1 entry"),
    "snapshot: no registry": Row("snapshot {away} -o {out}/none", NOT_KNOWN, "connection refused"),
    "snapshot: a file in the way": Row("snapshot {good} -o {file}/x", ATTENTION, "cannot be written"),
    "snapshot: to nowhere": Row("snapshot {good}", USAGE, "Missing option '-o'"),
    "connections: no cluster": Row("connections discover {cluster}", NOT_KNOWN, "does not answer"),
    "connections: of what": Row("connections find", USAGE, "No such command 'find'"),
    "status: no cluster": Row("status {cluster}", NOT_KNOWN, "does not answer"),
    "status: of what": Row("trace churn {cluster}", USAGE, "'churn' is not KIND/NAME"),
    "status: no kubeconfig": Row("status --kubeconfig={nowhere}", USAGE, "does not exist"),
    "schema: all kinds": Row("schema", DONE, '"$schema"'),
    "schema: no such kind": Row("schema Pod", USAGE, "'Pod' is not one of"),
    "schema: a file in the way": Row("schema --directory={file}/x", ATTENTION, "cannot be written"),
    "crds: all kinds": Row("crds", DONE, "kind: CustomResourceDefinition"),
    "crds: of what": Row("crds churn", USAGE, "unexpected extra argument"),
    "register: a manifest": Row("register --model=m --version=1 --artifact=w=s3://b -n t --dry-run", DONE, "name: m-1"),
    "register: no cluster": Row(
        "register --model=m --version=1 --artifact=w=s3://b -n t --timeout=1s {cluster}", NOT_KNOWN, "answer"
    ),
    "register: of what": Row("register --version=1", USAGE, "Missing option '--model'"),
    "run: no registry": Row("run", USAGE, "give one of --registry-url and --registry-url-file"),
    "run: no worker": Row("run {good} --workers=0", USAGE, "--workers: must be at least 1"),
    "run: no such option": Row("run {good} --wrokers=1", USAGE, "No such option"),
    "no such command": Row("rnu", USAGE, "No such command 'rnu'"),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Registries, proxies before them, folders and files, by the names that the table gives them."""
    folder = tmp_path_factory.mktemp("places")
    found = {name: str(folder / name) for name in ("out", "cut", "file", "nowhere")}
    found["valid"] = str(write(folder / "valid", churn=[model("churn")]))
    found["new"] = str(write(folder / "new", new=[model("new")]))
    found["invalid"] = str(write(folder / "invalid", invalid=[model("churn", owners="us")]))
    found["warned"] = str(write(folder / "warned", warned=[version("v", "nobody")]))
    artifact = {"name": "a", "uri": "s3://b/a"}
    found["unpinned"] = str(write(folder / "unpinned", v=[version("v", "m", artifacts=[artifact])]))
    pinned = {**artifact, "digest": f"sha256:{'0' * 64}"}
    found["unread"] = str(write(folder / "unread", v=[version("v", "m", artifacts=[pinned])]))
    (folder / "cut").write_text(CUT)
    (folder / "file").touch()
    (folder / "kubeconfig").write_text(yaml.safe_dump(KUBECONFIG))
    found["cluster"] = f"--kubeconfig={folder / 'kubeconfig'}"
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(trust_env=False))
        registries = {
            name: Rest(stack.enter_context(serve(Store(":memory:"))), http)
            for name in ("source", "mixed", "other", "empty", "target")
        }
        registries["source"].model("churn")
        registries["other"].model("churn", owner="others")
        registries["mixed"].model("other")
        registries["mixed"].create("artifacts", artifactType="doc-artifact", name="loose", uri="s3://b")
        fault = on_matching(Reply(500, {"message": "what was that"}), lambda got: got.method != "GET")
        proxies = {
            "broken": proxy_to(registries["empty"].url, fault),
            "forbidden": proxy_to(registries["source"].url, always(_answer(403, {"message": "no"}))),
            "html": proxy_to(registries["source"].url, always(_answer(200, "<html>"))),
        }
        urls = {name: stack.enter_context(proxy).url for name, proxy in proxies.items()}
        urls |= {name: registry.url for name, registry in registries.items()}
        options = {"good": "source", "loose": "mixed", "forbidden": "forbidden", "html": "html"}
        found |= urls | {name: f"--registry-url={urls[of]}" for name, of in options.items()}
        found["away"] = f"--registry-url={AWAY}"
        yield found


def _answer(status: int, content: object) -> Treatment:
    return Reply(status, content)


@pytest.mark.parametrize("row", TABLE.values(), ids=list(TABLE))
def test_a_command_ends_with_its_code_and_a_sentence(
    row: Row, places: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # No repository of git, and no kubeconfig of whoever runs the tests.
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    result = CliRunner().invoke(main, row.words.format(**places).split())
    assert (result.exit_code, row.sentence in result.output) == (row.code, True), result.output


def test_the_table_is_about_all_commands_and_codes() -> None:
    tried = {(name.split(":")[0], row.code) for name, row in TABLE.items()}
    assert {command for command, code in tried if code is USAGE} >= COMMANDS.keys()
    # The other two are not about situations: Ctrl-C has its tests in test_interrupted.py, and a pipe is below.
    assert {code for _, code in tried} == set(ExitCode) - {ExitCode.INTERRUPTED, ExitCode.BROKEN_PIPE}


@pytest.mark.parametrize("command", ["crds", "--help"])
def test_a_reader_that_goes_away_is_no_failure(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [PROGRAMS / "registrar", command], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (ExitCode.BROKEN_PIPE, "")
