"""A poll of the change feed, when the newest entry of the poll before cannot be read any more."""

from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.registries.backend import RegistryWentBackError
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.kubeflow.feed import Watermark
from tests.support.loopback import MODEL, NO_ENTRY, Received, Reply, serving

UNREADABLE = {**MODEL, "name": None, "state": 7}


@pytest.mark.parametrize("is_known", [False, True])
async def test_an_entry_that_became_unreadable_is_no_older_registry(*, is_known: bool) -> None:
    items: list[dict[str, Any]] = [MODEL]
    by_id = Reply(200, UNREADABLE)

    def answer(received: Received) -> Reply:
        is_list = received.path.partition("?")[0].endswith("/registered_models")
        return Reply(200, {"items": items, "nextPageToken": ""}) if is_list else by_id

    with serving(answer) as server:
        async with ModelRegistryAPIClient.connect(server.url) as client:
            backend, cursor = KubeflowBackend(client), Watermark()
            if is_known:
                cursor = (await backend.changed_since(RegisteredModel, cursor, 0)).cursor
                assert cursor.witness is not None
            items = [UNREADABLE]
            changes = await backend.changed_since(RegisteredModel, cursor, 5)
            assert (list(changes.entries), changes.cursor.witness) == ([], cursor.witness)
            by_id = NO_ENTRY
            if is_known:
                with pytest.raises(RegistryWentBackError):
                    await backend.changed_since(RegisteredModel, cursor, 5)
