"""From settings to a registry that is read as a whole, or written to: the choice of the backend, for commands."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection

from model_registry.types import RegisteredModel
from registrar.fencing import READS
from registrar.registries.inventory import Inventory, InventoryReader
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.kubeflow.connection import connect
from registrar.registries.kubeflow.dry_run import DryRunBackend
from registrar.registries.kubeflow.dry_run_of_part import PartialDryRunBackend
from registrar.registries.kubeflow.inventory import KubeflowInventory
from registrar.registries.kubeflow.part import KubeflowPart
from registrar.registries.kubeflow.writer import KubeflowWriter
from registrar.registries.part import RegistryPart
from registrar.registries.registry import Registry
from registrar.registries.writer import EntryWriter
from registrar.settings import RegistrySettings

RETRIES = 2
"""A command has no queue that would try again later."""


class Unmeasured:
    """Lets every request be sent, and measures nothing."""

    def request_starts(self, method: str) -> None:
        """Let it pass."""

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Nothing is measured."""


class ReadOnly(Unmeasured):
    """Keeps writes from being sent: a command that only reads cannot write by mistake."""

    def request_starts(self, method: str) -> None:
        """Let a read pass.

        Raises:
            RuntimeError: it is a write.
        """
        if method not in READS:
            raise RuntimeError(f"a command that only reads is about to send a {method}")


@contextlib.asynccontextmanager
async def reading(settings: RegistrySettings) -> AsyncIterator[InventoryReader]:
    """Connect to a registry, to read it as a whole."""
    async with connect(settings, ReadOnly(), token=settings.token, retries=RETRIES) as client:
        yield KubeflowInventory(client)


async def probe(settings: RegistrySettings, authorities: str | None) -> None:
    """Read one entry of a registry, without a token.

    Args:
        settings: the registry.
        authorities: its certificate authorities in PEM format; None for those of the system.

    Raises:
        RegistryError: it does not answer so.
    """
    async with connect(settings, ReadOnly(), token=None, retries=RETRIES, authorities=authorities) as client:
        await KubeflowBackend(client).newest(RegisteredModel)


@contextlib.asynccontextmanager
async def reading_part(settings: RegistrySettings) -> AsyncIterator[RegistryPart]:
    """Connect to a registry, to read of it what is asked for."""
    async with connect(settings, ReadOnly(), token=settings.token, retries=RETRIES) as client:
        yield KubeflowPart(client)


def dry_run_of_part(part: RegistryPart, url: str, owner_id: str) -> Registry:
    """Return a registry that takes writes in memory, and reads what it lacks of the real one.

    Args:
        part: what was read; its stamped entries are all that the registry's view has.
        url: the address of the real one.
        owner_id: the installation that writes.
    """
    return Registry(PartialDryRunBackend(part), url, owner_id)


def dry_run(inventory: Inventory, url: str, owner_id: str) -> tuple[Registry, Collection[str]]:
    """Return a registry that holds an inventory, and takes writes in memory.

    Args:
        inventory: what it holds.
        url: the address of the registry that the inventory is from.
        owner_id: the installation that writes.

    Returns:
        The registry, and the versions whose artifacts it was asked for and the inventory lacks: it grows with use.
    """
    backend = DryRunBackend(inventory)
    return Registry(backend, url, owner_id), backend.needed


@contextlib.asynccontextmanager
async def writing(settings: RegistrySettings) -> AsyncIterator[EntryWriter]:
    """Connect to a registry, to write to it."""
    async with connect(settings, Unmeasured(), token=settings.token, retries=RETRIES) as client:
        yield KubeflowWriter(client)
