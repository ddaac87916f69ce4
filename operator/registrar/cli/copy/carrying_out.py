"""Carries out what was decided, one write after the other: so the IDs are in the order of the first registry.

A copy that ends early left the first entries of that order, and the next run finds them by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from model_registry.exceptions import ConflictError, IdentityMismatch, RateLimited, RegistryError
from model_registry.types import RegistryEntry
from registrar.cli.catalogue import Place
from registrar.cli.copy.deciding import Decisions, OnDifference, Write, external_id_conflict, judge
from registrar.cli.copy.problems import Problem, Reason
from registrar.planning.copying import update_of
from registrar.planning.problems import Disposition
from registrar.registries.problems import is_of_the_value, problem_of
from registrar.registries.writer import EntryWriter

MAX_FAULTS = 3
"""Writes in a row that the server may fail at before that is an outage, although it answers reads."""


class OutageError(Exception):
    """The registry does not answer, or is no longer the one that was read: nothing more is written."""


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that was written.

    Attributes:
        write: the write.
        entry_id: the entry's ID in the other registry; None if nothing was really written.
    """

    write: Write
    entry_id: str | None


@dataclass(slots=True)
class Progress:
    """How far the writing has come.

    Attributes:
        decisions: what was decided; takes what turned out otherwise.
        written: what is done.
        tried: how many writes were tried.
    """

    decisions: Decisions
    written: list[Written] = field(default_factory=list)
    tried: int = 0

    @property
    def missing(self) -> Sequence[Write]:
        """The writes that were not tried, or not to the end."""
        return self.decisions.writes[self.tried :]

    def pretend(self) -> None:
        """Take everything for done, as far as can be foreseen."""
        self.written = [Written(write, None if write.observed is None else write.observed.id) for write in self.missing]
        self.tried = len(self.decisions.writes)


async def carry_out(
    progress: Progress,
    writer: EntryWriter,
    known: Mapping[Place, str],
    on_difference: OnDifference,
    counter: Callable[[int], None],
) -> None:
    """Write everything, and stop for nothing but an outage.

    Args:
        progress: what is to be done; it grows, so that whoever interrupts the writing sees how far it has come.
        writer: the other registry.
        known: the IDs there, by place.
        on_difference: what to do about an entry that someone else has created meanwhile.
        counter: is given the number of writes so far.

    Raises:
        OutageError: the registry does not answer.
    """
    writing = _Writing(writer, dict(known), on_difference, progress)
    try:
        for write in progress.decisions.writes:
            await writing.write(write)
            progress.tried += 1
            counter(progress.tried)
        writing.end()
    finally:
        writing.report_doubtful()


@dataclass(slots=True)
class _Fault:
    """What the server failed at since its last success, while it answered reads: each entry, or an outage of writes.

    Attributes:
        error: the first fault.
        tried: how many writes were tried before it.
        number: how many there are.
        problems: what is to be reported if the fault is in the entries.
    """

    error: RegistryError
    tried: int
    number: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Writing:
    writer: EntryWriter
    ids: dict[Place, str]
    on_difference: OnDifference
    progress: Progress
    fault: _Fault | None = None

    def end(self) -> None:
        """Take note that all was tried.

        Raises:
            OutageError: the server failed at every single write.
        """
        if self.fault is not None and not self.progress.written:
            self._stop(self.fault)

    def report_doubtful(self) -> None:
        """Report what the server failed at as refused, unless it was an outage."""
        if self.fault is not None:
            self.progress.decisions.problems += self.fault.problems
            self.fault = None

    async def write(self, write: Write) -> None:
        parent_id = "" if write.parent is None else self.ids.get(write.parent)
        linked_id = "" if write.original is None else self.ids.get(write.original)
        if parent_id is None or linked_id is None:
            self._report(Problem(Reason.PARENT, write.subject))
            return
        try:
            if linked_id:
                self._done(write, await self.writer.link(write.wanted, linked_id, parent_id))
            elif write.observed is None:
                await self._create(write, parent_id)
            else:
                self._done(write, await self.writer.update(update_of(write.observed, write.changes)))
        except ConflictError as conflict:
            self._report(_explain(write, conflict))
        except RegistryError as error:
            await self._pass_over(write, error)

    async def _create(self, write: Write, parent_id: str) -> None:
        try:
            self._done(write, await self.writer.create(write.wanted, parent_id))
        except ConflictError:
            # Someone else has created it since the registry was read, or an answer to this command was lost.
            there = await self.writer.find(write.wanted, parent_id)
            if there is None:
                raise
            self.ids[write.place] = str(there.id)
            found = Write(write.subject, write.place, write.parent, write.wanted, there)
            if (update := judge(found, self.on_difference, self.progress.decisions)) is not None:
                self._done(update, await self.writer.update(update_of(there, update.changes)))

    async def _pass_over(self, write: Write, error: RegistryError) -> None:
        """Report an entry that the registry refused.

        Raises:
            OutageError: it was not about the entry.
        """
        problem = problem_of(error)
        if problem.disposition is Disposition.OUTAGE or isinstance(error, RateLimited | IdentityMismatch):
            raise OutageError(str(error)) from error
        if problem.disposition is Disposition.TRANSIENT:
            # A database that is away, and a value that it does not take, are both a 500.
            try:
                await self.writer.check()
            except RegistryError as outage:
                raise OutageError(str(outage)) from error
            if not is_of_the_value(error):
                self._doubt(error)
        self._report(Problem(Reason.REFUSED, write.subject, detail=str(error)))

    def _doubt(self, error: RegistryError) -> None:
        """Take note of a fault that is about the entry or about all writes: what comes next decides.

        Raises:
            OutageError: it is one of many in a row.
        """
        if self.fault is None:
            self.fault = _Fault(error, self.progress.tried)
        self.fault.number += 1
        if self.fault.number >= MAX_FAULTS:
            self._stop(self.fault)

    def _stop(self, fault: _Fault) -> NoReturn:
        """Take the entries that the server failed at for missing.

        Raises:
            OutageError: always.
        """
        self.fault = None
        self.progress.tried = fault.tried
        raise OutageError(f"it answers reads, and fails at every write: {fault.error}") from fault.error

    def _done(self, write: Write, stored: RegistryEntry) -> None:
        self.report_doubtful()
        self.ids[write.place] = str(stored.id)
        self.progress.written.append(Written(write, stored.id))

    def _report(self, problem: Problem) -> None:
        problems = self.progress.decisions.problems if self.fault is None else self.fault.problems
        problems.append(problem)


def _explain(write: Write, conflict: ConflictError) -> Problem:
    """Return what a conflict means where no entry has the name: the server blames the name for an external ID too."""
    external_id, holder = write.wanted.external_id, conflict.holder
    if holder is not None and external_id is not None and holder.external_id == external_id:
        return external_id_conflict(write.subject, external_id, holder)
    return Problem(Reason.NAME_CONFLICT, write.subject, detail=str(conflict))
