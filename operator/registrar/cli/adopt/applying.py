"""Applies manifests in batches, between which Ctrl-C ends the command."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from registrar.cli.adopt.candidates import Refused, named, without
from registrar.cli.console import counted, one_line, shortened
from registrar.cli.export.manifests import Manifest
from registrar.cli.refusals import ClusterError, OutdatedError, OwnedFieldsError, ResourceRefusedError

BATCH_SIZE = 200
"""Manifests that are applied before Ctrl-C is heard."""


@dataclass(slots=True)
class Applied:
    """What came of applying manifests.

    Attributes:
        done: the manifests that were applied.
        refused: those that the API server refused.
        missing: those that were not sent.
        error: why they were not sent; None if that was Ctrl-C, or a refusal of what is above them.
        is_interrupted: whether Ctrl-C came.
    """

    done: list[Manifest] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    missing: list[Manifest] = field(default_factory=list)
    error: ClusterError | None = None
    is_interrupted: bool = False

    def lines(self) -> Iterator[str]:
        """Yield what was not applied, and the numbers last."""
        yield from shortened([one_line(f"Not applied: {each}") for each in self.refused], "not applied")
        yield from shortened([one_line(f"Missing: {named(each)}") for each in self.missing], "missing")
        unsent = self.unsent()
        if not unsent:
            yield f"{counted(len(self.done), 'manifest')} applied."
            return
        total = counted(len(self.done) + len(unsent), "manifest")
        again = " Run the command again to apply the rest." if self.error is not None or self.is_interrupted else ""
        missing = f", {len(self.refused):,} refused, {len(self.missing):,} missing"
        yield f"{len(self.done):,} of {total} applied{missing}.{again}"

    def unsent(self) -> list[Manifest]:
        """Return the manifests that were not applied."""
        return [*(each.manifest for each in self.refused), *self.missing]


def apply(
    manifests: Sequence[Manifest], send: Callable[[Manifest], None], show_progress: Callable[[int], None]
) -> Applied:
    """Apply manifests; what the API server refuses keeps only what is below it from being applied.

    Args:
        manifests: the manifests, parents first.
        send: applies one. It raises ResourceRefusedError or ClusterError.
        show_progress: takes the number of those that were applied.
    """
    applied = Applied()
    with interrupt_deferred() as came:
        for start in range(0, len(manifests), BATCH_SIZE):
            if came() or applied.error is not None:
                break
            _apply_batch(manifests[start : start + BATCH_SIZE], send, show_progress, applied)
        applied.is_interrupted = came()
    handled = {id(each) for each in (*applied.done, *(each.manifest for each in applied.refused))}
    applied.missing = [each for each in manifests if id(each) not in handled]
    return applied


def _apply_batch(
    batch: Sequence[Manifest],
    send: Callable[[Manifest], None],
    show_progress: Callable[[int], None],
    applied: Applied,
) -> None:
    for manifest in batch:
        if not without([manifest], [each.manifest for each in applied.refused]):
            continue
        try:
            send(manifest)
        except OwnedFieldsError as error:
            why = f"was refused: {error}. Change them there, or leave out the model."
            applied.refused.append(Refused(manifest, why))
        except OutdatedError:
            why = "was created by others at the same time. Run the command again to see what it would change."
            applied.refused.append(Refused(manifest, why))
        except ResourceRefusedError as error:
            applied.refused.append(Refused(manifest, f"was refused: {error}"))
        except ClusterError as error:
            applied.error = error
            return
        else:
            applied.done.append(manifest)
            show_progress(len(applied.done))


@contextmanager
def interrupt_deferred() -> Iterator[Callable[[], bool]]:
    """Keep the first Ctrl-C from ending what runs; yields whether it came. The second one ends it."""
    came = False

    def note(_signal: int, _frame: FrameType | None) -> None:
        nonlocal came
        if came:
            raise KeyboardInterrupt
        came = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: came
    finally:
        signal.signal(signal.SIGINT, before)
