"""What importing the rest of the generated package raises."""

from collections.abc import Callable
from typing import Any

_INSTEAD = (
    "`model-registrar` has no generated client. Use the classes of `model_registry.types` and the methods of "
    "`model_registry.core.ModelRegistryAPIClient`"
)


def missing_module(name: str) -> ImportError:
    """Return the error of importing a module of the generated package that does not exist here."""
    return ImportError(f"cannot import {name!r}: {_INSTEAD}", name=name)


def missing_names(module: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module, which raises an ImportError for every name that does not exist here."""

    def explain(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
        raise ImportError(f"cannot import name {name!r} from {module!r}: {_INSTEAD}", name=name)

    return explain
