"""Sends recorded exchanges again and compares the answers.

On its own database, a replay sends exactly what was recorded. On a shared registry, names and external IDs get a unique
suffix, and lists that would contain other entries are restricted to names with that suffix. The suffix is removed from
the answers before they are compared.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import httpx

GO_WORDING: Final = re.compile("json:|strconv|invalid character|unmarshal|SQLSTATE")
"""Messages with wording of Go or PostgreSQL need not match, only their status and code."""

_UNDECODED = re.compile("unable to decode (?!as int64).* for key ")
"""The reason why a struct cannot be decoded is in the words of Go's libraries too."""

Answer = tuple[int, Any]
"""Status and body."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_LISTS = ("/registered_models", "/model_versions", "/artifacts", "/registered_models/999999/versions")
_FILTERED_NAME = re.compile(r"(name\s*=\s*'(?:[^'\\]|\\.)*)'")


class Replay:
    """One file of exchanges against one server.

    Args:
        client: A client whose base URL is the server's API path.
        suffix: Appended to what must be unique in the server's database, or "" for a separate database.
    """

    def __init__(self, client: httpx.Client, suffix: str = "") -> None:
        self._client = client
        self._suffix = suffix
        self._saved: dict[str, str] = {}
        self._token = ""

    def run(self, file: Path) -> Iterator[tuple[str, Answer, Answer]]:
        """Replay a file.

        Yields:
            The method and path of each exchange, the recorded answer and the actual answer, both without what
            differs between runs.
        """
        for exchange in json.loads(file.read_text()):
            status, answer = self._send(exchange)
            _drop_unreferenced_ids(exchange["response"], answer)
            recorded = exchange["status"], _comparable(self._filled_in(exchange["response"]))
            yield f"{exchange['method']} {exchange['path']}", recorded, (status, _comparable(answer))

    def _send(self, exchange: dict[str, Any]) -> Answer:
        body = exchange.get("rawRequest", "")
        if "request" in exchange:
            body = json.dumps(self._filled_in(self._unique(exchange["request"])))
        response = self._client.request(exchange["method"], self._path(exchange["path"]), content=body)
        text = response.text.replace(self._suffix, "") if self._suffix else response.text
        answer: Any = json.loads(text) if "json" in response.headers.get("content-type", "") else text
        if "save" in exchange and response.is_success:
            self._saved[exchange["save"]] = answer["id"]
        if isinstance(answer, dict) and answer.get("nextPageToken"):
            self._token = answer["nextPageToken"]
        if self._suffix and (exchange["method"], exchange["path"]) == ("GET", "/model_artifacts"):  # ignores filters
            answer = self._only_ours(response)
        return response.status_code, answer

    def _only_ours(self, response: httpx.Response) -> dict[str, Any]:
        answer: dict[str, Any] = response.json()
        ours = [item for item in answer["items"] if item["name"].endswith(self._suffix)]
        text = json.dumps(answer | {"items": ours, "size": len(ours)})
        narrowed: dict[str, Any] = json.loads(text.replace(self._suffix, ""))
        return narrowed

    def _path(self, recorded: str) -> str:
        path, question, query = self._filled_in(recorded).partition("?")
        if not self._suffix:
            return f"{path}{question}{query}"
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        for name in ("name", "externalId"):
            if parameters.get(name):
                parameters[name] += self._suffix
        if "filterQuery" in parameters:
            parameters["filterQuery"] = _FILTERED_NAME.sub(rf"\1{self._suffix}'", parameters["filterQuery"])
        if recorded.partition("?")[0] in _LISTS:
            ours = f"name LIKE '%{self._suffix}'"
            asked = parameters.get("filterQuery")
            parameters["filterQuery"] = f"({asked}) AND {ours}" if asked else ours
        return f"{path}?{urlencode(parameters)}"

    def _unique(self, request: Any) -> Any:
        if not isinstance(request, dict):
            return request
        return request | {
            key: request[key] + self._suffix
            for key in ("name", "externalId")
            if request.get(key) and isinstance(request[key], str)
        }

    def _filled_in(self, value: Any) -> Any:
        """Return the value with IDs and the page token instead of their placeholders."""
        match value:
            case str():
                value = value.replace("{next}", quote(self._token, safe=""))
                return re.sub(r"\{(\w+)\}", lambda match: self._saved.get(match[1], match[0]), value)
            case list():
                return [self._filled_in(item) for item in value]
            case dict():
                return {key: self._filled_in(item) for key, item in value.items()}
            case _:
                return value


def _drop_unreferenced_ids(recorded: Any, answer: Any) -> None:
    """Replace IDs that the recording has as numbers, to which no later exchange refers, in both answers."""
    if isinstance(recorded, list) and isinstance(answer, list):
        # The comparison finds a difference in length.
        for recorded_item, item in zip(recorded, answer, strict=False):
            _drop_unreferenced_ids(recorded_item, item)
    if isinstance(recorded, dict) and isinstance(answer, dict):
        if recorded.get("id", "").isdigit() and answer.get("id", "").isdigit():
            recorded["id"] = answer["id"] = "<id>"
        _drop_unreferenced_ids(recorded.get("items"), answer.get("items"))


def _comparable(answer: Any) -> Any:
    """Return the answer without what differs between runs: times, tokens, generated names, numbers in messages."""
    match answer:
        case dict():
            return {key: _comparable_field(key, value) for key, value in answer.items()}
        case list():
            return [_comparable(item) for item in answer]
        case _:
            return answer


def _comparable_field(key: str, value: Any) -> Any:
    shown = _comparable(value)
    match key:
        case "createTimeSinceEpoch" | "lastUpdateTimeSinceEpoch" if re.fullmatch("<time>|[0-9]{13}", value):
            shown = "<time>"
        case "nextPageToken":
            shown = bool(value)
        case "message":
            decoded = _UNDECODED.sub("unable to decode <Go's words> for key ", value)
            shown = "<Go's words>" if GO_WORDING.search(decoded) else re.sub("[0-9]+", "<number>", decoded)
        case "name" if _UUID.fullmatch(value):
            shown = "<uuid>"
    return shown
