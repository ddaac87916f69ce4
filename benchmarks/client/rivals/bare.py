"""The least work that a client can do: one pooled httpx client, JSON in and JSON out, only the status checked."""

import ssl
from typing import Any

import httpx

from benchmarks.client.rivals import CHANGED, DESCRIPTION, OWNER

_API = "/api/model_registry/v1alpha3"
_PROPERTIES = {
    "framework": {"metadataType": "MetadataStringValue", "string_value": "pytorch"},
    "epochs": {"metadataType": "MetadataIntValue", "int_value": "12"},
    "accuracy": {"metadataType": "MetadataDoubleValue", "double_value": 0.9375},
    "production": {"metadataType": "MetadataBoolValue", "bool_value": True},
}


class Rival:
    """A bare HTTP client.

    Args:
        url: Root address of the registry.
        authority: File with the only certificate authority to trust; "" trusts the system's.
    """

    def __init__(self, url: str, authority: str) -> None:
        verify = ssl.create_default_context(cafile=authority or None)
        self._http = httpx.AsyncClient(base_url=url + _API, verify=verify, timeout=60)

    @staticmethod
    def version() -> str:
        """Name and version of the library."""
        return f"httpx {httpx.__version__}"

    async def create(self, name: str) -> str:
        """See `Contender`."""
        body = {"name": name, "description": DESCRIPTION, "owner": OWNER, "customProperties": _PROPERTIES}
        return _name_of(await self._http.post("/registered_models", json=body))

    async def get(self, model_id: str) -> str:
        """See `Contender`."""
        return _name_of(await self._http.get(f"/registered_models/{model_id}"))

    async def find(self, name: str) -> str:
        """See `Contender`."""
        return _name_of(await self._http.get("/registered_model", params={"name": name}))

    async def patch(self, model_id: str, name: str) -> str:  # noqa: ARG002 - the other rivals need the name
        """See `Contender`."""
        body = {"description": CHANGED, "state": None}
        return _name_of(await self._http.patch(f"/registered_models/{model_id}", json=body))

    async def list(self, model_id: str) -> list[str]:
        """See `Contender`."""
        answer = await self._http.get(f"/registered_models/{model_id}/versions")
        return [version["name"] for version in _body(answer)["items"]]

    async def close(self) -> None:
        """See `Contender`."""
        await self._http.aclose()


def _body(answer: httpx.Response) -> Any:
    return answer.raise_for_status().json()


def _name_of(answer: httpx.Response) -> str:
    return str(_body(answer)["name"])
