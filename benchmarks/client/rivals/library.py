"""A user's program that runs on this project's client and on PyPI's `model-registry`.

The environment of the process decides which of the two it imports.
"""

from importlib import metadata
from urllib.parse import urlsplit

from benchmarks.client.rivals import CHANGED, DESCRIPTION, OWNER, PROPERTIES
from model_registry.core import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel


class Rival:
    """The client of whichever library is installed.

    Args:
        url: Root address of the registry.
        authority: File with the only certificate authority to trust; "" trusts the system's.
    """

    def __init__(self, url: str, authority: str) -> None:
        parts = urlsplit(url)
        port = parts.port or 80
        if parts.scheme == "https":
            self._client = ModelRegistryAPIClient.secure_connection(
                url,
                port,
                user_token="benchmark",  # noqa: S106 - it protects nothing, but both libraries require a token
                custom_ca=authority or None,
            )
        else:
            self._client = ModelRegistryAPIClient.insecure_connection(url, port)

    @staticmethod
    def version() -> str:
        """Name and version of the library."""
        try:
            return f"model-registrar {metadata.version('model-registrar')}"
        except metadata.PackageNotFoundError:
            return f"model-registry {metadata.version('model-registry')}"

    async def create(self, name: str) -> str:
        """See `Contender`."""
        model = RegisteredModel(name=name, description=DESCRIPTION, owner=OWNER, custom_properties=PROPERTIES)
        return (await self._client.upsert_registered_model(model)).name

    async def get(self, model_id: str) -> str:
        """See `Contender`."""
        return _name_of(await self._client.get_registered_model_by_id(model_id))

    async def find(self, name: str) -> str:
        """See `Contender`."""
        return _name_of(await self._client.get_registered_model_by_params(name))

    async def patch(self, model_id: str, name: str) -> str:
        """See `Contender`."""
        model = RegisteredModel(name=name, id=model_id, description=CHANGED)
        return (await self._client.upsert_registered_model(model)).name

    async def list(self, model_id: str) -> list[str]:
        """See `Contender`."""
        versions: list[ModelVersion] = await self._client.get_model_versions(model_id)
        return [version.name for version in versions]

    async def close(self) -> None:
        """See `Contender`; PyPI's client keeps nothing open."""
        if hasattr(self._client, "aclose"):
            await self._client.aclose()


def _name_of(model: RegisteredModel | None) -> str:
    return model.name if model is not None else ""
