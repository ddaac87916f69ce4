"""Reading entries of any kind: by ID, by name, by external ID, and page by page."""

import logging
from typing import Generic, TypeVar

from model_registry import _wire
from model_registry._deadline import Deadline
from model_registry._endpoints import EntryT, Kind, item, within
from model_registry._request import Request
from model_registry._transport import Transport
from model_registry.exceptions import AmbiguousEntryError, NotFound, UnreadableEntry
from model_registry.types import ListOptions, RegistryEntry

WrittenT = TypeVar("WrittenT", bound=RegistryEntry)

logger = logging.getLogger("model_registry")

_LIKE_ESCAPES = str.maketrans({"\\": r"\\", "_": r"\_", "%": r"\%"})


class Reader(Generic[EntryT]):
    """Reads the entries of one kind, over a transport.

    Every method raises what `Transport.send` raises, except that a get or find returns None for what does not exist.
    An entry that does not have the form that the API describes is an `UnreadableEntry`.
    """

    def __init__(self, transport: Transport, kind: Kind[EntryT]) -> None:
        self._transport = transport
        self._kind = kind
        self._reported: set[str] = set()

    async def get(self, entry_id: str | None) -> EntryT | None:
        """Return the entry with this ID."""
        return await self._get_or_none(Request("GET", item(self._kind.collection, entry_id)))

    async def page(self, path: str, options: ListOptions | None, **params: str) -> list[EntryT]:
        """Return one page, and write the token of the next page into the options. Without options, return all.

        An entry that cannot be read is left out, counted in the options, and logged the first time.
        """
        query = (options.as_params() if options else {}) | params
        sent_token = query.get("nextPageToken")
        response = await self._transport.send(Request("GET", path, params=query))
        try:
            page = _wire.read_list(self._kind.entry, response.body)
        except ValueError as error:
            raise response.not_a_registry(f"the response is not a list of {self._kind.noun}s") from error
        for entry_id, reason in page.unreadable:
            self._report_unreadable(entry_id, reason)
        if options is not None:
            token = response.body.get("nextPageToken")
            if token and token in (sent_token, options.earlier_token):
                raise response.not_a_registry("a page refers to one that was read before, so the list never ends")
            options.next_page_token = token if isinstance(token, str) else ""
            options.answered_at = response.answered_at
            options.passed_over = len(page.unreadable)
        return page.entries

    def _report_unreadable(self, entry_id: str, reason: str) -> None:
        if entry_id in self._reported:
            return
        self._reported.add(entry_id)
        what = f"{self._kind.noun} {entry_id}"
        logger.warning("Lists leave out %s, because it cannot be read: %s", what, reason)

    async def find(self, name: str | None, parent_id: str | None, external_id: str | None) -> EntryT | None:
        """Return the entry with exactly this name under this parent, or with this external ID, or with both.

        Raises:
            AmbiguousEntryError: If several entries match.
        """
        if name is not None and not isinstance(name, str):
            raise TypeError(f"A name is text, got {type(name).__name__}: {name!r}")
        if name is None:
            return await self._find_by_external_id(external_id or "")
        named = await self._find_all_by_name(name, parent_id)
        found = [entry for entry in named if external_id in (None, entry.external_id)]
        if len(found) > 1:
            ids = ", ".join(str(entry.id) for entry in found)
            raise AmbiguousEntryError(
                f"{len(found)} {self._kind.noun}s are named {name!r}: get one by its ID ({ids})", list(found)
            )
        return found[0] if found else None

    async def _find_all_by_name(self, name: str, parent_id: str | None) -> list[EntryT]:
        """Return all entries with exactly this name.

        The server treats a name as an SQL pattern, and an artifact's name as one that may follow any prefix ending
        with a colon. So the client escapes the name, checks the response, and resolves a "multiple" by reading all
        candidates.
        """
        params = {"name": name.translate(_LIKE_ESCAPES)}
        if self._kind.parents:
            params["parentResourceId"] = item("", parent_id)[1:]
        try:
            found = [await self._send_for_entry(Request("GET", self._kind.find, params), self._kind.entry)]
        except NotFound as error:
            if not error.message.startswith("multiple"):
                return []
            found = await self._list_candidates(name, parent_id)
        return [entry for entry in found if entry.name == name]

    async def _list_candidates(self, name: str, parent_id: str | None) -> list[EntryT]:
        if not self._kind.parents:
            quoted = name.replace("\\", r"\\").replace("'", r"\'")
            return await self.page(self._kind.collection, None, filterQuery=f"name = '{quoted}'")
        children = await self.page(within(self._kind, parent_id), None)
        return [child for child in children if isinstance(child, self._kind.entry)]

    async def _find_by_external_id(self, external_id: str) -> EntryT | None:
        if not external_id:
            raise ValueError("An external ID cannot be empty")
        found = await self._get_or_none(Request("GET", self._kind.find, params={"externalId": external_id}))
        return found if found is not None and found.external_id == external_id else None

    async def _get_or_none(self, request: Request) -> EntryT | None:
        try:
            return await self._send_for_entry(request, self._kind.entry)
        except NotFound:
            return None

    async def _send_for_entry(
        self, request: Request, cls: type[WrittenT], deadline: Deadline | None = None
    ) -> WrittenT:
        response = await self._transport.send(request, deadline)
        try:
            return _wire.read_entry(cls, response.body)
        except (ValueError, OverflowError) as error:
            entry_id = _wire.id_of(response.body)
            if entry_id is None:
                raise response.not_a_registry(f"the response is not a valid {self._kind.noun}") from error
            reason = f"{self._kind.noun} {entry_id} cannot be read: {_wire.reason_of(error)}"
            raise UnreadableEntry(reason, response.status, response.method, response.url) from error
