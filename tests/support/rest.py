"""The registry as bare as possible, for entries that the client would refuse, and values that a text easily loses."""

from dataclasses import dataclass
from typing import Any

import httpx

PROPERTIES = {
    "text": {"metadataType": "MetadataStringValue", "string_value": "y"},
    "number as text": {"metadataType": "MetadataStringValue", "string_value": "1e3"},
    "date": {"metadataType": "MetadataStringValue", "string_value": "2026-11-23"},
    "empty": {"metadataType": "MetadataStringValue", "string_value": ""},
    "emoji": {"metadataType": "MetadataStringValue", "string_value": "😀\r\n\t "},
    "int": {"metadataType": "MetadataIntValue", "int_value": "7"},
    "whole double": {"metadataType": "MetadataDoubleValue", "double_value": 2.0},
    "large double": {"metadataType": "MetadataDoubleValue", "double_value": 1e22},
    "double": {"metadataType": "MetadataDoubleValue", "double_value": 0.1},
    "bool": {"metadataType": "MetadataBoolValue", "bool_value": True},
}
STRUCT = {"metadataType": "MetadataStructValue", "struct_value": "eyJhIjoxfQ=="}


def text(value: str) -> dict[str, str]:
    """A custom property that is text, as the registry writes it."""
    return {"metadataType": "MetadataStringValue", "string_value": value}


@dataclass(frozen=True)
class Rest:
    """The registry's REST API, as bare as possible: what the client would refuse can be sent too."""

    url: str
    http: httpx.Client

    def create(self, path: str, **body: Any) -> str:
        """POST an entry; returns its ID."""
        return str(self._send("POST", path, body)["id"])

    def change(self, path: str, **body: Any) -> None:
        """PATCH an entry."""
        self._send("PATCH", path, body)

    def get(self, path: str) -> dict[str, Any]:
        """GET an entry or a list."""
        return self._send("GET", path, None)

    def model(self, name: str, **fields: Any) -> str:
        return self.create("registered_models", name=name, **fields)

    def version(self, model_id: str, name: str, **fields: Any) -> str:
        return self.create("model_versions", name=name, registeredModelId=model_id, **fields)

    def artifact(self, version_id: str, name: str | None, **fields: Any) -> str:
        named = {} if name is None else {"name": name}
        body = {"artifactType": "model-artifact", **named, **fields}
        return self.create(f"model_versions/{version_id}/artifacts", **body)

    def entries(self) -> dict[str, dict[str, Any]]:
        """Every model, version and artifact, by its path."""
        paths = ("registered_models", "model_versions", "artifacts")
        return {f"{path}/{each['id']}": each for path in paths for each in self.get(path)["items"]}

    def _send(self, method: str, path: str, body: Any) -> dict[str, Any]:
        answer = self.http.request(method, f"{self.url}/api/model_registry/v1alpha3/{path}", json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found
