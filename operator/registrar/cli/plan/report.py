"""The plan: what changes, what does not, and how the command ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from registrar.cli.console import counted
from registrar.cli.exits import ExitCode
from registrar.cli.plan.change import NOT_WRITTEN, Action, PlannedChange
from registrar.cli.plan.manifests import resource_of
from registrar.cli.validate.problems import Problem, Rule

SUMMARY = {
    Action.CREATE: "to create",
    Action.ADOPT: "to adopt",
    Action.UPDATE: "to update",
    Action.RESTORE: "to restore",
    Action.ARCHIVE: "to archive",
    Action.HAND_OVER: "to hand over",
    Action.TAKE_OVER: "to take over",
    Action.RELEASE: "to release",
    Action.LEAVE: "left different",
    Action.WAIT: "waiting",
    Action.PAUSE: "paused",
    Action.REFUSE: "refused",
}
"""How the summary counts each action."""
MAX_NAMED = 5
"""Entries that a sentence names at once."""
_ALWAYS_COUNTED = (Action.CREATE, Action.ADOPT, Action.UPDATE, Action.RESTORE, Action.ARCHIVE, Action.REFUSE)


@dataclass(frozen=True, slots=True)
class Source:
    """What the plan was made from.

    Attributes:
        registry_url: the address of the registry.
        owner_id: the installation that would apply it.
        read_at: when the registry was read, in RFC 3339.
        snapshot: the file that it was read from instead; None for the registry itself.
        base: what the manifests are compared with; None for nothing.
        cluster: whether statuses come from a cluster.
        registry_ref: the name of the ClusterRegistry; None for the registry of the operator's flags.
    """

    registry_url: str
    owner_id: str
    read_at: str
    snapshot: str | None = None
    base: str | None = None
    cluster: bool = False
    registry_ref: str | None = None

    @property
    def limit(self) -> str | None:
        """What this plan does not show, as a sentence; None if it shows all."""
        if self.base is not None or self.cluster:
            return None
        return (
            "Without --base or --cluster, only the owner stamps are known: the plan does not show fields that left a "
            "manifest as cleared, nor entries whose manifest is gone as archived."
        )

    def assumptions(self) -> Iterator[str]:
        """Yield what the plan cannot know, as sentences."""
        if self.limit is not None:
            yield self.limit
        if self.base is not None and not self.cluster:
            yield (
                "The operator has applied the base: an entry with the stamp of one of its resources has the fields "
                "that the base declares from that resource."
            )
        if self.base is not None:
            yield "A manifest that is refused leaves its resource as it is in the base."
        if self.cluster and self.base is None:
            yield "Resources of the cluster that are not in these manifests stay, and keep their entries."
        if not self.cluster:
            yield "Resources outside of these manifests are taken to exist and to keep their entries."
        if self.registry_ref is not None:
            yield f"Resources that name no registry belong to ClusterRegistry {self.registry_ref}."
        yield "The operator runs with the same owner ID and policies as this command."
        yield "Nobody changes the registry before the operator applies the manifests."


@dataclass(frozen=True, slots=True)
class Report:
    """A plan.

    Attributes:
        source: what it was made from.
        changes: what happens, by file and line.
        unchanged: the number of entries that stay as they are.
        problems: what is wrong with manifests, warnings too.
        warnings: what is remarkable about the whole.
        unreadable: the number of entries that the registry holds and that could not be read.
        fail_on: actions that make the command fail.
        shows_drift: whether changes that this change does not bring about are listed.
    """

    source: Source
    changes: tuple[PlannedChange, ...]
    unchanged: int
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    unreadable: int = 0
    fail_on: Collection[Action] = ()
    shows_drift: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether everything was read that the plan is about."""
        return not self.unreadable and not any(problem.rule is Rule.UNREADABLE for problem in self.problems)

    @property
    def errors(self) -> list[Problem]:
        """The problems of manifests that keep these from being applied."""
        return [problem for problem in self.problems if not problem.rule.is_warning]

    def messages(self, *, has_problems: bool = True) -> Iterator[str]:
        """Yield what is wrong with manifests, and what is remarkable about the whole, as lines for people.

        Args:
            has_problems: yield the problems of manifests, which some forms of the plan have themselves.
        """
        for problem in self.problems if has_problems else ():
            severity = "warning: " if problem.rule.is_warning else ""
            yield f"{problem.place}: {severity}{problem.message}"
        yield from (f"Warning: {warning}" for warning in self.warnings)

    @property
    def other_errors(self) -> list[Problem]:
        """The errors that no refused resource represents, such as YAML that cannot be read."""
        refused = {change.origin.key for change in self.changes if change.action is Action.REFUSE}
        return [problem for problem in self.errors if resource_of(problem) not in refused]

    @property
    def listed(self) -> list[PlannedChange]:
        """The changes that are listed; one that makes the command fail always is."""
        return [change for change in self.changes if self._is_listed(change)]

    @property
    def unlisted(self) -> list[PlannedChange]:
        """The changes that this change neither brings about nor prevents, and that are only counted."""
        return [change for change in self.changes if not self._is_listed(change)]

    def _is_listed(self, change: PlannedChange) -> bool:
        return self.shows_drift or change.is_of_this_change or change.action in self.fail_on

    def counts(self) -> Counter[Action]:
        """Return how many entries each action concerns, of the listed ones."""
        return Counter(change.action for change in self.listed)

    def exit_code(self, *, counts_changes: bool) -> ExitCode:
        """Return how the command ends.

        Args:
            counts_changes: whether changes have a code of their own.
        """
        if not self.is_complete:
            return ExitCode.NOT_KNOWN
        refused = any(change.action is Action.REFUSE for change in self.listed)
        if self.errors or refused or any(change.action in self.fail_on for change in self.changes):
            return ExitCode.ATTENTION
        is_changed = any(change.action not in NOT_WRITTEN and change.is_of_this_change for change in self.changes)
        return ExitCode.CHANGES if counts_changes and is_changed else ExitCode.DONE

    def summary(self) -> str:
        """Return the numbers in one line."""
        counts = self.counts()
        parts = []
        for action, words in SUMMARY.items():
            if action in _ALWAYS_COUNTED or counts[action]:
                parts.append(f"{counts[action]:,} {words}{self._stamp_only(action)}")
        return ", ".join([*parts, f"{self.unchanged:,} unchanged"])

    def _stamp_only(self, action: Action) -> str:
        """Return whether adoptions write anything but the owner stamp."""
        if action is not Action.ADOPT:
            return ""
        adopted = [change for change in self.listed if change.action is action]
        number = sum(not change.fields for change in adopted)
        if not number:
            return ""
        return ", stamp only" if number == len(adopted) else f" ({number:,} stamp only)"

    def unlisted_lines(self) -> Iterator[str]:
        """Yield a sentence about what the operator does anyway, and one about what is left undone before and after."""
        written = [change for change in self.unlisted if change.action not in NOT_WRITTEN]
        if written:
            entries = counted(len(written), "entry", "entries")
            yield f"Not from this change, but done by the operator anyway: {entries} {_how_to_list(len(written))}"
        overwritten = [f"{each.entry.kind} {each.entry.path}" for each in written if each.overwrites]
        if overwritten:
            named, hidden = ", ".join(overwritten[:MAX_NAMED]), len(overwritten) - MAX_NAMED
            yield f"  It overwrites values of {named}{f' and {hidden:,} more' if hidden > 0 else ''}"
        undone = Counter(change.action for change in self.unlisted if change.action in NOT_WRITTEN)
        if undone:
            words = ", ".join(f"{undone[action]:,} {word}" for action, word in SUMMARY.items() if undone[action])
            yield f"Not from this change, and not done by the operator: {words} {_how_to_list(undone.total())}"


def _how_to_list(number: int) -> str:
    return f"(--drift lists {'it' if number == 1 else 'them'})"
