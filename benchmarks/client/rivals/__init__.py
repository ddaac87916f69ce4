"""What is compared: each module here is one rival, named by its module, with a class `Rival`.

They run in processes of their own, one of them in an environment that holds nothing of this project, so each imports
nothing but its library and this module.
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
    """One client of a registry. Each method is one call of its library.

    The class has a further function, `version()`, which names the library.
    """

    async def create(self, name: str) -> str:
        """Create a model with the values above; return its name as the registry gives it back."""
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
        """Let go of connections, as far as the library has a way to."""
        ...
