"""One registry: the client, the view of our entries, and what was looked up of other people's.

The limits of requests in flight are the client's. Several registries come later as several of these.
"""

from __future__ import annotations

import logging

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import StoreError
from model_registry.types import ListOptions, ModelVersion, Pager, RegisteredModel
from registrar.ownership import stamp_filter
from registrar.resources import Identity
from registrar.view import EntryView

logger = logging.getLogger(__name__)

PAGE_SIZE = 500


class Registry:
    """A registry server and what is known of it.

    Attributes:
        url: its address, as settings and status write it.
        client: the client, shared by all workers.
        owner_id: this installation's name in owner stamps.
        view: the entries with our stamp; trusted once `loaded`.
        loaded: whether the view has been read from the registry.
    """

    def __init__(self, client: ModelRegistryAPIClient, url: str, owner_id: str) -> None:
        self.client = client
        self.url = url
        self.owner_id = owner_id
        self.view = EntryView(owner_id)
        self.loaded = False
        self._external: dict[tuple[str, ...], Identity] = {}

    async def load(self) -> None:
        """Read the view: the paged lists of models, versions and artifacts with our stamp.

        Raises:
            StoreError: the registry cannot be read; the view stays as it was.
        """
        options = ListOptions.order_by_id(limit=PAGE_SIZE, filter_query=stamp_filter(self.owner_id))
        models = [one async for one in Pager(self.client.get_registered_models, options)]
        versions = [one async for one in Pager(lambda page: self.client.get_model_versions(None, page), options)]
        artifacts = [one async for one in Pager(lambda page: self.client.get_artifacts(options=page), options)]
        self.view.replace([*models, *versions, *artifacts])
        self.loaded = True
        logger.info("The registry %s holds %d entries of this installation", self.url, len(self.view))

    def require_view(self) -> None:
        """Make sure that the view can be trusted.

        Raises:
            StoreError: it has not been read yet.
        """
        if not self.loaded:
            raise StoreError(f"{self.url} could not be read so far")

    async def external_model(self, *, entry_id: str | None = None, name: str | None = None) -> Identity | None:
        """A model made elsewhere, by ID or exact name; None while there is none. Found ones are remembered."""
        place = ("model", entry_id or "", name or "")
        if place not in self._external:
            found = (
                await self.client.get_registered_model_by_id(entry_id)
                if entry_id is not None
                else await self.client.get_registered_model_by_params(name=name)
            )
            self._remember(place, found)
        return self._external.get(place)

    async def external_version(
        self, *, entry_id: str | None = None, model: str = "", name: str = ""
    ) -> Identity | None:
        """A version made elsewhere, by ID or by its model's and its own name; None while there is none."""
        place = ("version", entry_id or "", model, name)
        if place in self._external:
            return self._external[place]
        found: ModelVersion | None = None
        if entry_id is not None:
            found = await self.client.get_model_version_by_id(entry_id)
        elif (parent := await self.external_model(name=model)) is not None:
            found = await self.client.get_model_version_by_params(parent.id, name)
        self._remember(place, found)
        return self._external.get(place)

    def _remember(self, place: tuple[str, ...], found: RegisteredModel | ModelVersion | None) -> None:
        if found is not None and found.id is not None:
            self._external[place] = Identity(found.id, found.name)
