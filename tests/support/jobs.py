"""What CI systems do with an action or a job, as far as it runs without them: the same commands, in a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from devcluster.environment import child_environment

PROGRAMS = Path(sys.executable).parent
"""Where ``registrar`` is installed."""
LIMIT = 120
"""Seconds after which a step that does not end is a failure."""
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_COMMAND = re.compile(r"\s*::(\S+?)(?: [^:]*)?::(.*)")
"""A line that GitHub's runner takes for a command; it removes spaces in front."""


@dataclass
class Outcome:
    """How an action or a job ended.

    Attributes:
        code: the first exit code that is not 0.
        log: what it printed.
        outputs: what its steps have set, by ``step.name``.
        summary: the job's summary.
        uploaded: inputs of the steps that upload an artifact.
    """

    code: int = 0
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    uploaded: list[dict[str, str]] = field(default_factory=list)

    def commands(self) -> list[tuple[str, str]]:
        """The commands that GitHub's runner obeys, and their texts."""
        found, end = [], None
        for line in self.log.splitlines():
            match = _COMMAND.match(line)
            if match is None:
                continue
            if end is not None:
                end = None if match[1] == end else end
            elif match[1] == "stop-commands":
                end = match[2]
            else:
                found.append((match[1], match[2]))
        return found


def job_environment(more: Mapping[str, str]) -> dict[str, str]:
    """A job's environment: nothing of this machine's user, and the programs of the project."""
    variables = {
        name: value for name, value in child_environment().items() if not name.startswith(("GIT", "CI", "REGISTRAR"))
    }
    path = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
    return {**variables, "PATH": path, **more}


def use_action(action: Path, folder: Path, work: Path, inputs: Mapping[str, str], **more: str) -> Outcome:
    """Run a composite action as GitHub does.

    Args:
        action: its folder.
        folder: the working folder.
        work: a folder for the runner's own files.
        inputs: its inputs.
        more: variables of the job.
    """
    defined = yaml.safe_load((action / "action.yml").read_text())
    values = {f"inputs.{name}": str(each.get("default", "")) for name, each in defined["inputs"].items()}
    values |= {
        "github.token": "the job's token",
        "runner.temp": str(work),
        **{f"inputs.{name}": value for name, value in inputs.items()},
    }
    values = {name: _filled(value, values) for name, value in values.items()}
    files = {name: work / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
    variables = {
        "RUNNER_TEMP": str(work),
        "GITHUB_ACTION_PATH": str(action),
        **{name: str(file) for name, file in files.items()},
    }
    outcome = Outcome()
    for step in defined["runs"]["steps"]:
        if "uses" in step:
            outcome.uploaded.append({name: _filled(value, values) for name, value in step["with"].items()})
            continue
        files["GITHUB_OUTPUT"].write_text("")
        given = {name: _filled(value, values) for name, value in step.get("env", {}).items()}
        assert "${{" not in step["run"], "a value in a script is a part of the script"
        _shell(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail"], step["run"], folder, variables | more | given, outcome
        )
        for line in files["GITHUB_OUTPUT"].read_text().splitlines():
            name, _, value = line.partition("=")
            outcome.outputs[f"{step['id']}.{name}"] = value
            values[f"steps.{step['id']}.outputs.{name}"] = value
        if outcome.code:
            break
    outcome.summary = files["GITHUB_STEP_SUMMARY"].read_text() if files["GITHUB_STEP_SUMMARY"].exists() else ""
    return outcome


def run_job(pipeline: Path, name: str, folder: Path, **more: str) -> Outcome:
    """Run a job of a GitLab pipeline: the scripts of the job and of the job that it extends, in a POSIX shell."""
    defined: dict[str, Any] = yaml.safe_load(pipeline.read_text())
    job = defined.get(defined[name].get("extends"), {}) | defined[name]
    outcome = Outcome()
    variables = {key: str(value) for key, value in {**defined["variables"], **job.get("variables", {})}.items()}
    lines = "\n".join([*job.get("before_script", ()), *job["script"]])
    _shell(["sh", "-e"], lines, folder, variables | more, outcome)
    return outcome


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _EXPRESSION.sub(lambda found: values[found[1]], text)


def _shell(words: list[str], script: str, folder: Path, more: Mapping[str, str], outcome: Outcome) -> None:
    done = subprocess.run(
        [*words, "-c", script],
        cwd=folder,
        env=job_environment(more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=LIMIT,
    )
    outcome.log += done.stdout
    outcome.code = done.returncode
