"""Leader election by a Lease: at most one of several replicas writes.

The holder renews the lease every few seconds; each renewal lets it begin writes until the renew deadline. The others
watch for the record to change. One that has stood unchanged for its whole duration is taken over; `resourceVersion`
lets one of several rivals win. Nobody compares the clocks of two machines, and each counts from the safe end: the
holder from before its request, the others from after their answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, Protocol

from registrar.api.bodies import Body
from registrar.cluster.client import KubernetesError, ResourceGoneError, StaleResourceError
from registrar.fencing import Leadership

logger = logging.getLogger(__name__)


class ElectionError(Exception):
    """The lease is lost, or cannot be had for a reason that waiting does not mend."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The durations of an election, in seconds; each is smaller than the one before.

    Attributes:
        duration: after which an unchanged lease is free. Whole seconds, as the API has it.
        renew_deadline: after which a holder that could not renew begins no more writes.
        retry_period: between two attempts.
    """

    duration: int
    renew_deadline: float
    retry_period: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lease and the moment, by our own clock, since which it is known to stand as it is.

    Attributes:
        lease: the lease as the API server sent it; None where there is none.
        since: monotonic seconds.
        vanished: the lease that stood here before somebody deleted it: its holder may not know yet.
    """

    lease: Body | None
    since: float
    vanished: Body | None = None

    @property
    def holder(self) -> str:
        """Who holds it; empty for nobody."""
        return str(_spec(self.lease).get("holderIdentity") or "")

    def followed_by(self, lease: Body | None, now: float) -> Sighting:
        """What is known after another look: time begins anew only if anything has changed."""
        if lease == self.lease:
            return self
        return Sighting(lease, now, self.lease if lease is None else None)

    def is_free_for(self, identity: str, now: float, terms: Terms) -> bool:
        """Whether that replica may take the lease: it is nobody's, its own, or has stood for its duration.

        One that was deleted is its last holder's for as long as if it had not been renewed.
        """
        held = _spec(self.lease or self.vanished)
        if not held.get("holderIdentity") or held["holderIdentity"] == identity:
            return True
        return now - self.since >= (held.get("leaseDurationSeconds") or terms.duration)


def _spec(lease: Body | None) -> Body:
    return (lease or {}).get("spec") or {}


class Leases(Protocol):
    """One lease on the API server."""

    def get(self) -> Awaitable[Body | None]:
        """The lease, or None."""

    def create(self, spec: Body) -> Awaitable[Body]:
        """Make it. Raises StaleResourceError if it is there."""

    def replace(self, lease: Body, spec: Body) -> Awaitable[Body]:
        """Replace the spec of exactly this version. Raises StaleResourceError if it has changed."""


class Candidate:
    """One replica in the election.

    Args:
        lease: the lease.
        identity: this process's name in it, which no other has.
        terms: the durations.
        leadership: told when writing may begin, and for how long.
        monotonic: seconds that never go back.
    """

    def __init__(
        self,
        lease: Leases,
        identity: str,
        terms: Terms,
        leadership: Leadership,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lease = lease
        self._identity = identity
        self._terms = terms
        self._leadership = leadership
        self._monotonic = monotonic
        self._seen = Sighting(None, monotonic())
        self._must_look = True

    async def run(self) -> NoReturn:
        """Stand by until the lease can be had, then hold it.

        Raises:
            ElectionError: it is lost, or the API server does not let us have it.
        """
        logger.info("Standing for election as %s", self._identity)
        while not await self.attempt(self._terms.renew_deadline / 2):  # noqa: ASYNC110 - the API server is asked
            # Replicas that wait for the same lease part.
            await asyncio.sleep(self._terms.retry_period * random.uniform(1, 1.2))  # noqa: S311 - spreads load
        logger.info("This replica (%s) leads now", self._identity)
        while True:
            await asyncio.sleep(self._terms.retry_period)
            await self._renew()

    async def release(self) -> None:
        """Stop writing and, if the lease is ours, let another replica have it at once."""
        self._leadership.end()
        if self._seen.holder != self._identity:
            return
        try:
            async with asyncio.timeout(self._terms.renew_deadline / 2):
                # Read anew: an attempt that was cancelled may have changed it.
                lease = await self._lease.get()
                if Sighting(lease, 0).holder == self._identity:
                    await self._lease.replace(lease or {}, {**_spec(lease), "holderIdentity": ""})
                    logger.info("The lease is given back")
        except (KubernetesError, TimeoutError) as error:
            logger.warning("The lease could not be given back, and has to expire: %r", error)

    async def _renew(self) -> None:
        """Renew while that is allowed. A lease that is not renewed in time is lost, whatever the API server says."""
        if self._leadership.is_held:
            await self.attempt(self._terms.renew_deadline / 2)
        if self._seen.holder not in {"", self._identity}:
            self._leadership.end()
            raise ElectionError(
                f"The lease was taken by {self._seen.holder}: this replica ends, to write nothing more."
            )
        if not self._leadership.is_held:
            raise ElectionError(
                f"The lease could not be renewed within {self._terms.renew_deadline:g} s: this replica ends, so that "
                "another can write."
            )

    async def attempt(self, limit: float) -> bool:
        """Take or renew the lease; tells whether that was done.

        Raises:
            ElectionError: the API server refuses the lease to us for good.
        """
        began = self._monotonic()
        try:
            async with asyncio.timeout(limit):
                taken = await self._take()
        except StaleResourceError:
            self._must_look = True
            return False
        except (KubernetesError, TimeoutError) as error:
            self._must_look = True
            self._judge(error)
            return False
        if taken:
            self._leadership.prolong(began + self._terms.renew_deadline)
        return taken

    async def _take(self) -> bool:
        if self._must_look:
            before = self._seen
            self._seen = before.followed_by(await self._lease.get(), self._monotonic())
            if self._seen.holder not in {"", self._identity, before.holder}:
                logger.info("Standing by: %s holds the lease", self._seen.holder)
            if self._seen.vanished is not before.vanished and before.holder not in {"", self._identity}:
                logger.warning("Standing by: the lease was deleted, and %s may not know it yet", before.holder)
        if not self._seen.is_free_for(self._identity, self._monotonic(), self._terms):
            return False
        lease = self._seen.lease
        spec = self._next_spec()
        taken = await (self._lease.create(spec) if lease is None else self._lease.replace(lease, spec))
        self._seen = Sighting(taken, self._monotonic())
        self._must_look = False
        return True

    def _next_spec(self) -> dict[str, Any]:
        """The lease as ours. Its times are for people; nobody reckons with them."""
        spec = _spec(self._seen.lease)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        is_ours = self._seen.holder == self._identity
        return {
            **spec,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._terms.duration,
            "acquireTime": spec.get("acquireTime", now) if is_ours else now,
            "renewTime": now,
            "leaseTransitions": spec.get("leaseTransitions", 0) + (0 if is_ours or not spec else 1),
        }

    def _judge(self, error: KubernetesError | TimeoutError) -> None:
        """Go on after what may pass; a replica that never led must not wait for rights that it was not given."""
        if not self._leadership.begun.is_set():
            if isinstance(error, ResourceGoneError):
                raise ElectionError(
                    f"There is no namespace for the lease: {error}. Check --lease-namespace."
                ) from error
            if isinstance(error, KubernetesError) and error.status == 403:  # noqa: PLR2004 - Forbidden
                raise ElectionError(
                    f"The lease may not be used: {error}. Let the operator's account get, create and update leases of "
                    "coordination.k8s.io in the lease's namespace, or run a single replica without --leader-election."
                ) from error
        logger.warning("The lease could not be taken or renewed, and is tried again: %s", str(error) or repr(error))
