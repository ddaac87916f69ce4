"""Where a command reads entries: a registry, or a snapshot of one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from model_registry.exceptions import RegistryError
from registrar.cli.console import Counter, NotKnownError, counted, say
from registrar.cli.exits import ExitCode
from registrar.cli.options import parse
from registrar.cli.records import SnapshotError, read_snapshot
from registrar.registries.connection import reading, reading_part
from registrar.registries.inventory import Inventory, InventoryReader, Needs
from registrar.registries.part import RegistryPart
from registrar.settings import RegistrySettings

AnswerT = TypeVar("AnswerT")


def read_registry(settings: RegistrySettings) -> Inventory:
    """Return what a registry holds, with progress on a terminal.

    Raises:
        NotKnownError: it cannot be read.
    """
    return _read(settings, lambda reader, counter: reader.read(counter))


def read_for(settings: RegistrySettings, needs: Needs) -> Inventory:
    """Return what a registry holds, the artifacts of versions only where needed (`InventoryReader.read_for`).

    Raises:
        NotKnownError: it cannot be read.
    """
    return _read(settings, lambda reader, counter: reader.read_for(needs, counter))


def ask_part(settings: RegistrySettings, ask: Callable[[RegistryPart], Awaitable[AnswerT]]) -> AnswerT:
    """Return the answer to a question that needs a part of a registry.

    Raises:
        NotKnownError: it cannot be read.
    """

    async def read() -> AnswerT:
        async with reading_part(settings) as part:
            return await ask(part)

    with _errors_explained(settings):
        return asyncio.run(read())


def read_source(snapshot: Path | None, options: Mapping[str, Any]) -> Inventory:
    """Return what a snapshot holds, or else what the registry of the options holds.

    Raises:
        click.UsageError: the options name neither, or both.
        NotKnownError: it cannot be read.
    """
    if snapshot is None:
        if options.get("registry_url") is None:
            raise click.UsageError("Give --registry-url, or --snapshot with a file from registrar snapshot.")
        return read_registry(parse(RegistrySettings, options))
    return read_file(snapshot)


def read_file(snapshot: Path) -> Inventory:
    """Return what a snapshot holds.

    Raises:
        NotKnownError: it cannot be read.
    """
    try:
        return read_snapshot(snapshot)
    except (OSError, SnapshotError) as error:
        raise NotKnownError(f"The snapshot {snapshot} cannot be read: {error}") from error


def _read(settings: RegistrySettings, ask: Callable[[InventoryReader, Counter], Awaitable[Inventory]]) -> Inventory:
    counter = Counter("entries read")

    async def read() -> Inventory:
        async with reading(settings) as reader:
            return await ask(reader, counter)

    try:
        with _errors_explained(settings):
            return asyncio.run(read())
    finally:
        counter.clear()


@contextlib.contextmanager
def _errors_explained(settings: RegistrySettings) -> Iterator[None]:
    try:
        yield
    except (RegistryError, ValueError) as error:
        raise NotKnownError(f"The registry {settings.registry_url} cannot be read: {error}") from error


def warn_of_unreadable(inventory: Inventory) -> ExitCode:
    """Say that entries are missing, if any are; return the exit code that this alone would have."""
    if not inventory.unreadable:
        return ExitCode.DONE
    missing = counted(inventory.unreadable, "entry", "entries")
    say(f"Error: {missing} missing: what the registry returned cannot be read. The warnings above name them.")
    return ExitCode.NOT_KNOWN
