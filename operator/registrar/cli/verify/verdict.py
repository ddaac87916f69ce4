"""What is known about the content of an artifact, compared with the digest that its manifest declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from registrar.cli.exits import ExitCode
from registrar.cli.verify.declared import DeclaredArtifact

NOT_DETERMINED = ExitCode.CHANGES
"""The exit code for content that could not be compared: other commands use the number for changes."""


class Verdict(StrEnum):
    """Whether what is at an address is what was approved."""

    RIGHT = "right"
    """The content has the declared digest."""
    WRONG = "wrong"
    """The content has another digest, or --require-digest misses one."""
    MISSING = "missing"
    """There is nothing at the address."""
    UNKNOWN = "unknown"
    """The content could not be determined: the server did not answer, or there is no way to ask for a digest."""
    UNPINNED = "unpinned"
    """The manifest declares no digest."""


class MissingContentError(Exception):
    """There is nothing at an address."""


class UnknownContentError(Exception):
    """What is at an address cannot be found out; the message says why."""


Measured = str | MissingContentError | UnknownContentError
"""The digest of what is at an address, or why there is none."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An artifact and what became of it.

    Attributes:
        artifact: what the manifest declares.
        verdict: the verdict.
        found: the digest of what is at the address; None if it is not known.
        message: why it is not right; empty if it is.
    """

    artifact: DeclaredArtifact
    verdict: Verdict
    found: str | None = None
    message: str = ""


def judge(artifact: DeclaredArtifact, measured: Measured | None, *, require_digest: bool) -> Checked:
    """Return the verdict about an artifact.

    Args:
        artifact: what the manifest declares.
        measured: what is known of the content; None if nobody looked.
        require_digest: whether every artifact has to declare a digest.
    """
    if artifact.expected is None:
        if require_digest:
            return Checked(artifact, Verdict.WRONG, message="it declares no digest, and --require-digest is set")
        return Checked(artifact, Verdict.UNPINNED, message="it declares no digest")
    return _compared(artifact, artifact.expected, measured)


def _compared(artifact: DeclaredArtifact, expected: str, measured: Measured | None) -> Checked:
    match measured:
        case None:
            return Checked(artifact, Verdict.UNKNOWN, message="it has no uri yet")
        case MissingContentError():
            return Checked(artifact, Verdict.MISSING, message=str(measured))
        case UnknownContentError():
            return Checked(artifact, Verdict.UNKNOWN, message=str(measured))
    if measured == expected:
        return Checked(artifact, Verdict.RIGHT, measured)
    message = f"it has the digest {measured}, and the manifest declares {expected}"
    return Checked(artifact, Verdict.WRONG, measured, message)


def exit_code(checked: Iterable[Checked], *, has_errors: bool, is_incomplete: bool) -> ExitCode:
    """Return how the command ends: what is wrong or missing counts more than what could not be determined.

    Args:
        checked: the artifacts.
        has_errors: whether a manifest is invalid.
        is_incomplete: whether a file could not be read.
    """
    verdicts = Counter(each.verdict for each in checked)
    if has_errors or verdicts[Verdict.WRONG] or verdicts[Verdict.MISSING]:
        return ExitCode.ATTENTION
    return NOT_DETERMINED if is_incomplete or verdicts[Verdict.UNKNOWN] else ExitCode.DONE
