"""The answer of `registrar validate`: lines for people, JSON for programs, annotations for GitHub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from registrar.cli.console import counted, one_line
from registrar.cli.exits import ExitCode
from registrar.cli.github import Level, annotation
from registrar.cli.validate.problems import Problem, Rule

FORMAT_VERSION = "1.0"
"""Within a major version of the format, fields are only added."""
MAX_LINES = 20
"""Lines of one rule that a terminal shows."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was found.

    Attributes:
        problems: the problems, by file and line.
        files: the number of files that were read.
        manifests: the number of manifests of our kinds.
        others: the number of documents that are not ours.
        is_strict: whether warnings count as errors.
    """

    problems: list[Problem]
    files: int
    manifests: int
    others: int
    is_strict: bool

    @property
    def errors(self) -> int:
        """The number of errors."""
        return len(self.problems) - self.warnings

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return sum(self.is_warning(problem) for problem in self.problems)

    @property
    def exit_code(self) -> ExitCode:
        """How the command ends."""
        if any(problem.rule is Rule.UNREADABLE for problem in self.problems):
            return ExitCode.NOT_KNOWN
        return ExitCode.ATTENTION if self.errors else ExitCode.DONE

    def is_warning(self, problem: Problem) -> bool:
        """Return whether a problem leaves the exit code as it is."""
        return problem.rule.is_warning and not self.is_strict

    def lines(self) -> Iterator[str]:
        """Yield a line for each problem, at most `MAX_LINES` of a rule, and then how many there are more."""
        numbers: Counter[Rule] = Counter()
        for problem in self.problems:
            numbers[problem.rule] += 1
            if numbers[problem.rule] <= MAX_LINES:
                warning = "warning: " if self.is_warning(problem) else ""
                yield one_line(f"{problem.place}: {warning}{problem.message}")
        for rule, number in numbers.items():
            if number > MAX_LINES:
                yield f"… and {number - MAX_LINES:,} more of the rule {rule}; --output json has all"

    def summary(self) -> str:
        """Return what was read and found, in one line."""
        others = f" {counted(self.others, 'document')} of other kinds passed over." if self.others else ""
        return (
            f"{counted(self.manifests, 'manifest')} in {counted(self.files, 'file')}: "
            f"{counted(self.errors, 'error')}, {counted(self.warnings, 'warning')}.{others}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "formatVersion": FORMAT_VERSION,
            "complete": self.exit_code is not ExitCode.NOT_KNOWN,
            "summary": {
                "files": self.files,
                "manifests": self.manifests,
                "others": self.others,
                "errors": self.errors,
                "warnings": self.warnings,
            },
            "problems": [self._problem(problem) for problem in self.problems],
        }

    def _problem(self, problem: Problem) -> dict[str, Any]:
        subject = problem.subject
        found = {"severity": self._severity(problem), **problem.as_json()}
        if subject is not None:
            found["resource"] = {"kind": subject.kind, "namespace": subject.namespace, "name": subject.name}
        return found

    def annotations(self) -> Iterator[str]:
        """Yield a workflow command of GitHub Actions for each problem, which shows it in the pull request."""
        for problem in self.problems:
            level = Level(self._severity(problem))
            title = f"registrar: {problem.rule}"
            yield annotation(level, title, problem.message, file=problem.file, line=problem.line)

    def _severity(self, problem: Problem) -> str:
        return "warning" if self.is_warning(problem) else "error"
