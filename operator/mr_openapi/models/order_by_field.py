"""The generated package's module of `OrderByField`."""

from model_registry.types import OrderByField

__all__ = ["OrderByField"]
