"""The answer of `registrar verify`: lines for people, JSON for programs, annotations for GitHub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from registrar.api.secrets import without_credentials
from registrar.cli.console import counted, one_line
from registrar.cli.exits import ExitCode
from registrar.cli.github import Level, annotation
from registrar.cli.validate.problems import Problem, Rule
from registrar.cli.verify.verdict import Checked, Verdict, exit_code

FORMAT_VERSION = "1.0"
"""Within a major version of the format, fields are only added."""
_LEVELS = {Verdict.WRONG: Level.ERROR, Verdict.MISSING: Level.ERROR, Verdict.UNKNOWN: Level.WARNING}
_SILENT = frozenset({Verdict.RIGHT, Verdict.UNPINNED})


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        checked: the artifacts, by file and line.
        problems: why manifests could not be read, or what is wrong with them.
    """

    checked: Sequence[Checked]
    problems: Sequence[Problem]

    @property
    def exit_code(self) -> ExitCode:
        """How the command ends."""
        is_incomplete = any(problem.rule is Rule.UNREADABLE for problem in self.problems)
        has_errors = any(problem.rule is not Rule.UNREADABLE for problem in self.problems)
        return exit_code(self.checked, has_errors=has_errors, is_incomplete=is_incomplete)

    def lines(self) -> Iterator[str]:
        """Yield a line for each problem, and for each artifact that is not right."""
        for problem in self.problems:
            yield one_line(f"{problem.place}: {problem.message}")
        for each in self._remarkable():
            yield one_line(f"{each.artifact.place}: {each.verdict}: {_sentence(each)}")

    def annotations(self) -> Iterator[str]:
        """Yield a workflow command of GitHub Actions for each of these."""
        for problem in self.problems:
            title = f"registrar: {problem.rule}"
            yield annotation(Level.ERROR, title, problem.message, file=problem.file, line=problem.line)
        for each in self._remarkable():
            title, artifact = f"registrar: {each.verdict}", each.artifact
            yield annotation(_LEVELS[each.verdict], title, _sentence(each), file=artifact.file, line=artifact.line)

    def summary(self) -> str:
        """Return how many artifacts have each verdict, in one line."""
        number = self._numbers()
        return (
            f"{counted(len(self.checked), 'artifact')}: {number[Verdict.RIGHT]} right, {number[Verdict.WRONG]} wrong, "
            f"{number[Verdict.MISSING]} missing, {number[Verdict.UNKNOWN]} unknown, "
            f"{number[Verdict.UNPINNED]} without a digest."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        number = self._numbers()
        return {
            "formatVersion": FORMAT_VERSION,
            "summary": {"artifacts": len(self.checked)} | {str(verdict): number[verdict] for verdict in Verdict},
            "problems": [problem.as_json() for problem in self.problems],
            "artifacts": [_as_json(each) for each in self.checked],
        }

    def _numbers(self) -> Counter[Verdict]:
        return Counter(each.verdict for each in self.checked)

    def _remarkable(self) -> Iterator[Checked]:
        return (each for each in self.checked if each.verdict not in _SILENT)


def _sentence(checked: Checked) -> str:
    artifact = checked.artifact
    where = "" if artifact.uri is None else f" at {without_credentials(artifact.uri)}"
    return f"{artifact}{where}: {checked.message}"


def _as_json(checked: Checked) -> dict[str, Any]:
    artifact = checked.artifact
    return {
        "verdict": str(checked.verdict),
        "resource": {"kind": artifact.kind, "namespace": artifact.namespace, "name": artifact.resource},
        "artifact": artifact.name,
        "file": artifact.file,
        "line": artifact.line,
        "uri": None if artifact.uri is None else without_credentials(artifact.uri),
        "declared": artifact.expected,
        "found": checked.found,
        "message": checked.message or None,
    }
