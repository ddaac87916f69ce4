"""The rivals: each module here is one client to compare, with a class `Rival`.

Each runs in its own process, and PyPI's client in an environment without this project. So each imports only its library
and this module.
"""

from typing import Final, Protocol

DESCRIPTION: Final = "Classifies support tickets by product area"
CHANGED: Final = "Classifies support tickets by product area and urgency"
"""The description that a patch writes."""

OWNER: Final = "ml-platform"
PROPERTIES: Final[dict[str, bool | int | float | str]] = {
    "framework": "pytorch",
    "epochs": 12,
    "accuracy": 0.9375,
    "production": True,
}


class Contender(Protocol):
    """One client of a registry. Each method makes one call of its library.

    The class also has a function `version()`, which returns the library's name and version.
    """

    async def create(self, name: str) -> str:
        """Create a model with the values above; return its name in the registry's response."""
        ...

    async def get(self, model_id: str) -> str:
        """Read the model with this ID; return its name."""
        ...

    async def find(self, name: str) -> str:
        """Look a model up by its name; return its name."""
        ...

    async def patch(self, model_id: str, name: str) -> str:
        """Change the model's description to `CHANGED`; return its name."""
        ...

    async def list(self, model_id: str) -> list[str]:
        """Read all versions of a model in one call; return their names."""
        ...

    async def close(self) -> None:
        """Close connections, if the library can."""
        ...
