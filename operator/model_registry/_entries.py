"""What can be done with every kind of entry. The methods of the client name the kinds.

A create whose answer was lost may have been carried out, and the registry knows no idempotency keys. But names and
external IDs are unique, so it can be looked up: the entry is there as sent (it is returned as if nothing had happened),
or under its name is another (a conflict), or none (it is sent once more, and a conflict then may be with itself).
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

from . import _wire
from ._answer import Answer
from ._budget import Budget
from ._endpoints import ARTIFACT, CONTEXTS, EntryT, Kind, item, within
from ._request import Request
from ._retry import leaves_in_doubt
from ._transport import Transport
from .exceptions import (
    AmbiguousEntryError,
    ConflictError,
    IdentityMismatch,
    NotFound,
    OutcomeUnknown,
    StoreError,
)
from .types import Artifact, ListOptions, RegistryEntry

WrittenT = TypeVar("WrittenT", bound=RegistryEntry)
ReadT = TypeVar("ReadT")

_LIKE = str.maketrans({"\\": r"\\", "_": r"\_", "%": r"\%"})


class Entries(Generic[EntryT]):
    """The entries of one kind, over a transport.

    Every method raises what `Transport.call` raises, but a get or find that finds nothing returns None.
    """

    def __init__(self, transport: Transport, kind: Kind[EntryT]) -> None:
        self._transport = transport
        self._kind = kind

    async def create(
        self, entry: WrittenT, path: str | None = None, parent_id: str | None = None, **fields: str
    ) -> WrittenT:
        """POST an entry, and return it as the registry stored it; the argument is not changed.

        Args:
            entry: What to write; with an ID, the server updates that entry and links it to the parent.
            path: Where to; the kind's collection if not given.
            parent_id: What the entry is to belong to: among whose children its name is unique.
            fields: More fields of the body.

        Raises:
            ConflictError: If its name or external ID is taken; with `holder`.
            OutcomeUnknown: If it may have been created, and cannot be looked up.
            IdentityMismatch: If it has the ID of an entry with another name; that one has been written.
        """
        body = _wire.creation(entry) | fields
        path = path or self._kind.collection
        if entry.id:
            return await self._change(entry, Request("POST", path, body=body | {"id": entry.id}))
        if entry.name is None:
            # The registry would make one up, under which a lost answer could not be looked up.
            body["name"] = str(uuid.uuid4())
            entry = entry.model_copy(update={"name": body["name"]})
        return await self._create(entry, Request("POST", path, body=body), parent_id)

    async def update(self, entry: WrittenT) -> WrittenT:
        """PATCH the entry with this ID, and return it as the registry stored it; the argument is not changed.

        Raises:
            NotFound: If there is no entry with this ID.
            ConflictError: If its external ID is taken; with `holder`.
            IdentityMismatch: If the ID is of an entry with another name or parent; that one has been written.
        """
        return await self._change(entry, Request("PATCH", item(self._kind.update, entry.id), body=_wire.update(entry)))

    async def get(self, entry_id: str | None) -> EntryT | None:
        """Return the entry with this ID."""
        return await self._maybe(Request("GET", item(self._kind.collection, entry_id)))

    async def page(self, path: str, options: ListOptions | None, **params: str) -> list[EntryT]:
        """Return one page, and note in the options where the next one starts; without options return everything."""
        asked = (options.as_params() if options else {}) | params
        answer = await self._transport.call(Request("GET", path, params=asked))
        entries = self._read(answer, lambda body: _wire.read_list(self._kind.entry, body))
        if options is not None:
            token = answer.body.get("nextPageToken")
            options.next_page_token = token if isinstance(token, str) else ""
            options.answered_at = answer.answered_at
        return entries

    async def find(self, name: str | None, parent_id: str | None, external_id: str | None) -> EntryT | None:
        """Return the entry of exactly this name under this parent, or of this external ID, or of both.

        Raises:
            AmbiguousEntryError: If there are several.
        """
        if name is None:
            return await self._by_external_id(external_id or "")
        found = [entry for entry in await self._named(name, parent_id) if external_id in (None, entry.external_id)]
        if len(found) > 1:
            ids = ", ".join(str(entry.id) for entry in found)
            raise AmbiguousEntryError(
                f"{len(found)} {self._kind.noun}s are named {name!r}: get one by its ID ({ids})", list(found)
            )
        return found[0] if found else None

    async def _named(self, name: str, parent_id: str | None) -> list[EntryT]:
        """Return all entries of exactly this name.

        The server looks a name up as an SQL pattern, and an artifact's behind any prefix that ends with a colon; so
        the name is escaped, the answer checked, and a "multiple" resolved by looking at all candidates.
        """
        params = {"name": name.translate(_LIKE)}
        if self._kind.parents:
            params["parentResourceId"] = item("", parent_id)[1:]
        try:
            found = [await self._one(Request("GET", self._kind.find, params), self._kind.entry)]
        except NotFound as error:
            if not error.message.startswith("multiple"):
                return []
            found = await self._candidates(name, parent_id)
        return [entry for entry in found if entry.name == name]

    async def _namesake(self, entry: RegistryEntry, parent_id: str | None) -> RegistryEntry | None:
        """Return the entry that has this one's name where no second may have it."""
        found = await self._named(entry.name or "", parent_id)
        return next((each for each in found if _type_of(each) == _type_of(entry)), None)

    def _has_unique_name(self, parent_id: str | None) -> bool:
        """Tell whether names are unique in this place: artifacts of no version may all have the same."""
        return bool(parent_id) or not self._kind.parents

    async def _candidates(self, name: str, parent_id: str | None) -> list[EntryT]:
        if not self._kind.parents:
            quoted = name.replace("\\", r"\\").replace("'", r"\'")
            return await self.page(self._kind.collection, None, filterQuery=f"name = '{quoted}'")
        children = await self.page(within(self._kind, parent_id), None)
        return [child for child in children if isinstance(child, self._kind.entry)]

    async def _by_external_id(self, external_id: str) -> EntryT | None:
        if not external_id:
            raise ValueError("An external ID cannot be empty")
        found = await self._maybe(Request("GET", self._kind.find, params={"externalId": external_id}))
        return found if found is not None and found.external_id == external_id else None

    async def _holder(self, entry: RegistryEntry, parent_id: str | None) -> RegistryEntry | None:
        """Return the entry because of which this one could not be written, in at most three requests."""
        try:
            if not entry.id and self._has_unique_name(parent_id):
                namesake = await self._namesake(entry, parent_id)
                if namesake is not None:
                    return namesake
            if entry.external_id:
                for kind in _sharing_external_ids(self._kind):
                    holder: RegistryEntry | None = await Entries(self._transport, kind).find(
                        None, None, entry.external_id
                    )
                    if holder is not None and holder.id != entry.id:
                        return holder
        except StoreError:
            return None  # the conflict is the news, not a failure to explain it
        return None

    async def _create(self, entry: WrittenT, request: Request, parent_id: str | None) -> WrittenT:
        """Send a create until its outcome is known, at most once more than there are retries."""
        budget = self._transport.budget(request)
        doubt: StoreError | None = None
        tried = 0
        while True:
            try:
                return await self._one(request, type(entry), budget)
            except ConflictError as conflict:
                conflict.holder = await self._holder(entry, parent_id)
                if doubt is None or not _is_as_sent(conflict.holder, request):
                    raise conflict from doubt
                return cast("WrittenT", conflict.holder)
            except StoreError as error:
                if not leaves_in_doubt(error) or not self._transport.retries:
                    raise
                doubt = error
            may_try = await self._transport.pause(doubt, tried, budget) and tried < self._transport.retries
            found = await self._look_up(entry, parent_id, doubt, budget)
            if _is_as_sent(found, request):
                return cast("WrittenT", found)
            if not may_try:
                raise doubt
            tried += 1

    async def _look_up(
        self, entry: RegistryEntry, parent_id: str | None, doubt: StoreError, budget: Budget
    ) -> RegistryEntry | None:
        """Return the entry that is where a create in doubt would have put its own.

        Raises:
            OutcomeUnknown: If nothing tells this entry from others, or the registry does not answer in time.
        """
        what = str(doubt) if isinstance(doubt, OutcomeUnknown) else f"{doubt}; the entry may have been written"
        if not entry.external_id and not self._has_unique_name(parent_id):
            raise OutcomeUnknown(f"{what}; it belongs to no version and has no external ID to look it up by") from doubt
        try:
            with budget.spend(budget.left):
                if self._has_unique_name(parent_id):
                    return await self._namesake(entry, parent_id)
                return await self._by_external_id(entry.external_id or "")
        except (StoreError, TimeoutError) as error:
            reason = str(error) or "no time was left"
            raise OutcomeUnknown(f"{what}; it could not be looked up: {reason}") from doubt

    async def _change(self, entry: WrittenT, request: Request) -> WrittenT:
        """Send an update, and once more if it collided with no other entry's external ID.

        Then it collided with another update: two that add the same property to an entry at the same time meet in a
        unique index, and the registry tells the later one the same as of a taken name.
        """
        try:
            stored = await self._one(request, type(entry))
        except ConflictError as conflict:
            conflict.holder = await self._holder(entry, None)
            if conflict.holder is not None:
                raise
            stored = await self._one(request, type(entry))
        return _checked(entry, stored)

    async def _maybe(self, request: Request) -> EntryT | None:
        try:
            return await self._one(request, self._kind.entry)
        except NotFound:
            return None

    async def _one(self, request: Request, cls: type[WrittenT], budget: Budget | None = None) -> WrittenT:
        return self._read(await self._transport.call(request, budget), lambda body: _wire.read(cls, body))

    def _read(self, answer: Answer, reader: Callable[[Mapping[str, Any]], ReadT]) -> ReadT:
        try:
            return reader(answer.body)
        except (ValueError, OverflowError) as error:
            raise answer.unusable(f"the answer is no {self._kind.noun} as the registry writes one") from error


def _sharing_external_ids(kind: Kind[Any]) -> tuple[Kind[Any], ...]:
    """The kinds to search for an external ID that is taken, the likeliest first."""
    return tuple(sorted(CONTEXTS, key=lambda other: other is not kind)) if kind in CONTEXTS else (ARTIFACT,)


def _type_of(entry: RegistryEntry) -> str | None:
    """The type within which a name is unique beside the parent; models and versions have but one."""
    return entry.artifact_type if isinstance(entry, Artifact) else None


def _is_as_sent(found: RegistryEntry | None, request: Request) -> bool:
    """Tell whether an entry is what a request was to create, in every field that it sent."""
    return found is not None and _wire.creation(found).items() >= (request.body or {}).items()


def _checked(sent: WrittenT, stored: WrittenT) -> WrittenT:
    """Return what was stored, if it is the entry that was meant."""
    for field in ("name", "registered_model_id"):
        meant, met = getattr(sent, field, None), getattr(stored, field, None)
        if sent.id and meant is not None and meant != met:
            raise IdentityMismatch(
                f"ID {sent.id} was meant to be {meant!r} and is {met!r} ({field}), which has been updated: "
                "the registry's database was replaced, or the ID is another entry's",
                sent,
                stored,
            )
    return stored
