"""Which of several installations manages a resource that all of them watch.

The status names the holder. An installation that finds another holder claims the resource there first, and goes on only
if nobody reverses the claim for a while. A holder whose resource is claimed writes itself back once. Whose claim was
reversed leaves the resource alone: two installations would otherwise write their IDs in turn for ever.

A new resource has no holder yet. Of several installations that see it at once, one adds the finalizer: the API server
refuses those that come later, and they wait until the first one is in the status.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from registrar.api.v1alpha1.common import Holder

CLAIM_SECONDS = 15.0
"""How long a claim has to stand before its installation writes to the registry."""


CONTEST_SECONDS = 4 * CLAIM_SECONDS
"""How long after a claim another one counts as its reversal."""


class Step(Enum):
    """What an installation does about a resource."""

    RECONCILE = "reconcile"
    """It holds the resource, or nobody does."""
    CLAIM = "claim"
    """It writes itself into the status, and nothing else."""
    WAIT = "wait"
    """Its claim has not stood for long enough, or another installation is about to hold the resource."""
    YIELD = "yield"
    """Its claim was reversed: it reports that, and leaves the resource alone."""
    LEAVE = "leave"
    """It has yielded before."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What this process knows of its hold on one resource.

    Attributes:
        held: it has held the resource.
        claimed_at: when it claimed the resource from another holder, in seconds; None for no claim.
        claimed: the generation at which it claimed it: a later one is another contest.
        yielded: the generation at which it yielded; None if it has not.
        preceded_at: when another installation added the finalizer first, in seconds; None if none did.
    """

    held: bool = False
    claimed_at: float | None = None
    yielded: int | None = None
    claimed: int | None = None
    preceded_at: float | None = None


HELD = Holding(held=True)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, and what is known from then on."""

    step: Step
    holding: Holding


def decide(holding: Holding, holder: Holder | None, ours: Holder, generation: int, now: float) -> Decision:
    """Return what an installation does about a resource.

    Args:
        holding: what this process knows of it.
        holder: the holder in its status, if any.
        ours: this installation.
        generation: the resource's generation; a new one is a reason to claim it again.
        now: the time, in seconds.
    """
    # An older claim has stood, whether a reconcile has noticed that since or not.
    is_recent = holding.claimed_at is not None and now - holding.claimed_at < CONTEST_SECONDS
    if holder is None or holder == ours:
        since = holding.preceded_at if holder is None else holding.claimed_at
        if since is not None and now - since < CLAIM_SECONDS:
            return Decision(Step.WAIT, holding)
        return Decision(Step.RECONCILE, replace(holding, held=True) if is_recent else HELD)
    if holding.yielded == generation:
        return Decision(Step.LEAVE, holding)
    if holding.claimed == generation and is_recent:
        return Decision(Step.YIELD, Holding(yielded=generation))
    if holding.held:
        # It held the resource all the time, so its own claim need not stand before it goes on.
        return Decision(Step.CLAIM, Holding(claimed_at=now - CLAIM_SECONDS, claimed=generation))
    return Decision(Step.CLAIM, Holding(claimed_at=now, claimed=generation))
