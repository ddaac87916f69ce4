"""Leader election by a Lease: at most one of several replicas writes.

The holder renews the lease every few seconds; each renewal lets it write until the renew deadline. The others observe
the record. They take over a record that stays unchanged for its whole duration; ``resourceVersion`` lets one of
several rivals win. No replica compares the clocks of two machines, and each counts from the safe end: the holder from
before its request, the others from after their answer.
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
from registrar.cluster.api import KubernetesError, ResourceGoneError, StaleResourceError
from registrar.fencing import Leadership

logger = logging.getLogger(__name__)


class ElectionError(Exception):
    """The lease is lost, or cannot be taken for a reason that waiting cannot fix."""


@dataclass(frozen=True, slots=True)
class LeaseDurations:
    """The durations of an election, in seconds; each is shorter than the one before.

    Attributes:
        duration: after which an unchanged lease is free; whole seconds, as in the API.
        renew_deadline: after which a holder that could not renew stops writing.
        retry_period: between two attempts.
    """

    duration: int
    renew_deadline: float
    retry_period: float


@dataclass(frozen=True, slots=True)
class ObservedRecord:
    """A lease, and since when it has been unchanged by our own clock.

    Attributes:
        lease: the lease as the API server sent it; None if it does not exist.
        since: monotonic seconds.
        deleted: the lease that existed before someone deleted it: its holder may not know yet.
    """

    lease: Body | None
    since: float
    deleted: Body | None = None

    @property
    def holder(self) -> str:
        """The holder's identity; empty if nobody holds it."""
        return str(_spec(self.lease).get("holderIdentity") or "")

    def followed_by(self, lease: Body | None, now: float) -> ObservedRecord:
        """Return the record after another read; the time starts again only if the lease has changed."""
        if lease == self.lease:
            return self
        return ObservedRecord(lease, now, self.lease if lease is None else None)

    def is_free_for(self, identity: str, now: float, durations: LeaseDurations) -> bool:
        """Return whether that replica may take the lease: it is free, its own, or has been unchanged for its duration.

        A deleted lease belongs to its last holder for as long as if it had not been renewed.
        """
        held = _spec(self.lease or self.deleted)
        if not held.get("holderIdentity") or held["holderIdentity"] == identity:
            return True
        return now - self.since >= (held.get("leaseDurationSeconds") or durations.duration)


def _spec(lease: Body | None) -> Body:
    return (lease or {}).get("spec") or {}


class ResourceLock(Protocol):
    """One lease on the API server."""

    def get(self) -> Awaitable[Body | None]:
        """Return the lease; None if it does not exist."""

    def create(self, spec: Body) -> Awaitable[Body]:
        """Create it. Raises StaleResourceError if it exists."""

    def replace(self, lease: Body, spec: Body) -> Awaitable[Body]:
        """Replace the spec of exactly this version. Raises StaleResourceError if it has changed."""


class LeaderElector:
    """One replica in the election.

    Args:
        lease: the lease.
        identity: this process's name in it, unique among replicas.
        durations: when the lease expires, and when to act.
        leadership: extended with each renewal.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        lease: ResourceLock,
        identity: str,
        durations: LeaseDurations,
        leadership: Leadership,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lease = lease
        self._identity = identity
        self._durations = durations
        self._leadership = leadership
        self._monotonic = monotonic
        self._seen = ObservedRecord(None, monotonic())
        self._must_read = True

    async def run(self) -> NoReturn:
        """Stand by until the lease is free, then hold it.

        Raises:
            ElectionError: this replica lost it, or the API server refuses it.
        """
        logger.info("Taking part in the leader election as %s", self._identity)
        while not await self.attempt(self._durations.renew_deadline / 2):  # noqa: ASYNC110 - the API server is asked
            # Replicas that wait for the same lease drift apart.
            await asyncio.sleep(self._durations.retry_period * random.uniform(1, 1.2))  # noqa: S311 - spreads load
        logger.info("This replica (%s) is now the leader", self._identity)
        while True:
            await asyncio.sleep(self._durations.retry_period)
            await self._renew()

    async def release(self) -> None:
        """Stop writing and, if the lease is ours, release it for another replica."""
        self._leadership.end()
        if self._seen.holder != self._identity:
            return
        try:
            async with asyncio.timeout(self._durations.renew_deadline / 2):
                # Read again: an attempt that was cancelled may have changed it.
                lease = await self._lease.get()
                if ObservedRecord(lease, 0).holder == self._identity:
                    await self._lease.replace(lease or {}, {**_spec(lease), "holderIdentity": ""})
                    logger.info("Released the lease")
        except (KubernetesError, TimeoutError) as error:
            logger.warning("The lease could not be released, and has to expire: %r", error)

    async def _renew(self) -> None:
        """Renew the lease while this replica leads; one that is not renewed in time is lost."""
        if self._leadership.is_held:
            await self.attempt(self._durations.renew_deadline / 2)
        if self._seen.holder not in {"", self._identity}:
            self._leadership.end()
            raise ElectionError(
                f"{self._seen.holder} took the lease: this replica exits so that it writes nothing more."
            )
        if not self._leadership.is_held:
            raise ElectionError(
                f"The lease could not be renewed within {self._durations.renew_deadline:g} s: this replica exits so "
                "that another can write."
            )

    async def attempt(self, limit: float) -> bool:
        """Take or renew the lease; returns whether it succeeded.

        Raises:
            ElectionError: the API server refuses it for a reason that waiting cannot fix.
        """
        began = self._monotonic()
        try:
            async with asyncio.timeout(limit):
                taken = await self._take()
        except StaleResourceError:
            self._must_read = True
            return False
        except (KubernetesError, TimeoutError) as error:
            self._must_read = True
            self._judge(error)
            return False
        if taken:
            self._leadership.extend(began + self._durations.renew_deadline)
        return taken

    async def _take(self) -> bool:
        if self._must_read:
            before = self._seen
            self._seen = before.followed_by(await self._lease.get(), self._monotonic())
            if self._seen.holder not in {"", self._identity, before.holder}:
                logger.info("On standby: %s holds the lease", self._seen.holder)
            if self._seen.deleted is not before.deleted and before.holder not in {"", self._identity}:
                logger.warning("On standby: the lease was deleted, and %s may not have noticed yet", before.holder)
        if not self._seen.is_free_for(self._identity, self._monotonic(), self._durations):
            return False
        lease = self._seen.lease
        spec = self._next_spec()
        taken = await (self._lease.create(spec) if lease is None else self._lease.replace(lease, spec))
        self._seen = ObservedRecord(taken, self._monotonic())
        self._must_read = False
        return True

    def _next_spec(self) -> dict[str, Any]:
        """Return the lease as ours. Its times are for people; no replica computes with them."""
        spec = _spec(self._seen.lease)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        is_ours = self._seen.holder == self._identity
        return {
            **spec,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._durations.duration,
            "acquireTime": spec.get("acquireTime", now) if is_ours else now,
            "renewTime": now,
            "leaseTransitions": spec.get("leaseTransitions", 0) + (0 if is_ours or not spec else 1),
        }

    def _judge(self, error: KubernetesError | TimeoutError) -> None:
        """Continue after what may pass; a replica that never led must not wait for rights that nobody granted."""
        if not self._leadership.begun.is_set():
            if isinstance(error, ResourceGoneError):
                raise ElectionError(
                    f"The lease's namespace does not exist: {error}. Check --lease-namespace."
                ) from error
            if isinstance(error, KubernetesError) and error.status == 403:  # noqa: PLR2004 - Forbidden
                raise ElectionError(
                    f"The operator may not use the lease: {error}. Allow its account to get, create and update leases "
                    "of coordination.k8s.io in that namespace, or run a single replica without --leader-election."
                ) from error
        logger.warning("The lease could not be taken or renewed; retrying: %s", str(error) or repr(error))
