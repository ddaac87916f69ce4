"""The resource that the running task reconciles, for the lines that it logs."""

from __future__ import annotations

from contextvars import ContextVar

from registrar.api.bodies import ResourceKey

current: ContextVar[ResourceKey | None] = ContextVar("resource", default=None)


def bind_resource(key: ResourceKey) -> None:
    """Have the lines of the running task name this resource, until the task binds another one."""
    current.set(key)
