"""The operations on entries of any kind. The methods of the client name the kinds.

A create whose response was lost may have been carried out, and the registry supports no idempotency keys. But names and
external IDs are unique, so the client looks the entry up. If the entry exists as it was sent, it is returned as if
nothing had happened. If another entry has the name, that is a conflict. If no entry has it, the create is sent once
more; a conflict then may be with the entry that the first request created.
"""

import uuid
from dataclasses import replace
from typing import Any, cast

from model_registry import _wire
from model_registry._deadline import Deadline
from model_registry._endpoints import ARTIFACT, CONTEXTS, EntryT, Kind, item
from model_registry._reader import Reader, WrittenT
from model_registry._request import Request
from model_registry._retry import may_have_been_applied
from model_registry.exceptions import (
    BadRequest,
    ConflictError,
    IdentityMismatch,
    OutcomeUnknown,
    RegistryError,
)
from model_registry.types import Artifact, OpaqueProperty, RegistryEntry


class Entries(Reader[EntryT]):
    """Reads and writes the entries of one kind, over a transport. Every method raises what `Transport.send` raises."""

    async def create(
        self, entry: WrittenT, path: str | None = None, parent_id: str | None = None, **fields: str
    ) -> WrittenT:
        """POST an entry, and return it as the registry stored it. The argument is not changed.

        Args:
            entry: What to write. If it has an ID, the server updates that entry and links it to the parent.
            path: Where to send it. None means the kind's collection.
            parent_id: ID of the parent, among whose children the name is unique.
            fields: More fields of the body.

        Raises:
            ConflictError: If its name or external ID is taken, with `holder`.
            OutcomeUnknown: If it may have been created, and cannot be looked up.
            IdentityMismatch: If the ID belongs to an entry with another name. That entry has been written.
        """
        body = _wire.create_body(entry) | fields
        path = path or self._kind.collection
        if entry.id:
            return await self._send_update(entry, Request("POST", path, body=body | {"id": entry.id}))
        if entry.name is None:
            # The registry would make up a name, and the client could not look the entry up after a lost response.
            body["name"] = str(uuid.uuid4())
            entry = entry.model_copy(update={"name": body["name"]})
        return await self._send_create(entry, Request("POST", path, body=body), parent_id)

    async def update(self, entry: WrittenT) -> WrittenT:
        """PATCH the entry with this ID, and return it as the registry stored it. The argument is not changed.

        Raises:
            NotFound: If no entry has this ID.
            ConflictError: If its external ID is taken, with `holder`.
            IdentityMismatch: If the ID belongs to an entry with another name or parent. That entry has been written.
        """
        path = item(self._kind.update, entry.id)
        return await self._send_update(entry, Request("PATCH", path, body=_wire.update_body(entry)))

    async def _find_namesake(self, entry: RegistryEntry, parent_id: str | None) -> RegistryEntry | None:
        """Return the entry that has the name of this one, where the name is unique."""
        found = await self._find_all_by_name(entry.name or "", parent_id)
        return next((candidate for candidate in found if _type_of(candidate) == _type_of(entry)), None)

    def _has_unique_name(self, parent_id: str | None) -> bool:
        """Return whether names are unique under this parent. Artifacts without a version may share a name."""
        return bool(parent_id) or not self._kind.parents

    async def _find_holder(self, entry: RegistryEntry, parent_id: str | None) -> RegistryEntry | None:
        """Return the entry that kept this one from being written, in at most three requests."""
        try:
            if not entry.id and self._has_unique_name(parent_id):
                namesake = await self._find_namesake(entry, parent_id)
                if namesake is not None:
                    return namesake
            if entry.external_id:
                for kind in _kinds_sharing_external_ids(self._kind):
                    holder: RegistryEntry | None = await Entries(self._transport, kind).find(
                        None, None, entry.external_id
                    )
                    if holder is not None and holder.id != entry.id:
                        return holder
        except RegistryError:
            return None  # report the conflict, not the failure to explain it
        return None

    async def _send_create(self, entry: WrittenT, request: Request, parent_id: str | None) -> WrittenT:
        """Send a create until its outcome is known, at most once more than the number of retries."""
        deadline = self._transport.deadline_for(request)
        doubt: RegistryError | None = None
        retries_taken = 0
        while True:
            try:
                return await self._send_for_entry(request, type(entry), deadline)
            except ConflictError as conflict:
                conflict.holder = await self._find_holder(entry, parent_id)
                if doubt is None or not _is_as_sent(conflict.holder, request):
                    raise conflict from doubt
                return cast("WrittenT", conflict.holder)
            except RegistryError as error:
                if not may_have_been_applied(error) or not self._transport.retries:
                    raise
                doubt = error
            has_time = await self._transport.wait_before_retry(doubt, retries_taken, deadline)
            may_retry = has_time and retries_taken < self._transport.retries
            found = await self._look_up(entry, parent_id, doubt, deadline)
            if _is_as_sent(found, request):
                return cast("WrittenT", found)
            if not may_retry:
                raise doubt
            retries_taken += 1

    async def _look_up(
        self, entry: RegistryEntry, parent_id: str | None, doubt: RegistryError, deadline: Deadline
    ) -> RegistryEntry | None:
        """Return the entry that a create may have written, or that has its place.

        Args:
            entry: The entry to create.
            parent_id: ID of its parent.
            doubt: The error that left the outcome of the create unknown.
            deadline: The time limit of the call.

        Raises:
            OutcomeUnknown: If nothing distinguishes this entry from others, or the registry does not answer in time.
        """
        what = str(doubt) if isinstance(doubt, OutcomeUnknown) else f"{doubt}; the entry may have been written"
        if not entry.external_id and not self._has_unique_name(parent_id):
            raise OutcomeUnknown(
                f"{what}; it belongs to no version and has no external ID, so it cannot be looked up"
            ) from doubt
        try:
            with deadline.running(deadline.remaining):
                if self._has_unique_name(parent_id):
                    return await self._find_namesake(entry, parent_id)
                return await self._find_by_external_id(entry.external_id or "")
        except (RegistryError, TimeoutError) as error:
            reason = str(error) or "no time was left"
            raise OutcomeUnknown(f"{what}; it could not be looked up: {reason}") from doubt

    async def _send_update(self, entry: WrittenT, request: Request) -> WrittenT:
        """Send an update, and once more if it conflicted with no other entry's external ID.

        Such an update conflicted with another update: two that add the same property to an entry at the same time
        collide in a unique index, and the registry answers the second one as if a name were taken.
        """
        if isinstance(entry, Artifact) and entry.custom_properties is None:
            request = await self._with_experiment(entry, request)
        try:
            stored = await self._send_for_entry(request, type(entry))
        except ConflictError as conflict:
            conflict.holder = await self._find_holder(entry, None)
            if conflict.holder is not None:
                raise
            stored = await self._send_for_entry(request, type(entry))
        except BadRequest as refusal:
            request = await self._with_properties(entry, request, refusal)
            stored = await self._send_for_entry(request, type(entry))
        _check_identity(entry, stored)
        return stored

    async def _with_experiment(self, artifact: Artifact, request: Request) -> Request:
        """Return an update with the artifact's custom properties, which it does not send, if a run made the artifact.

        Where an update leaves them out, the registry writes back those that it has read, and it does not read the IDs
        of an experiment and its run among them: it would delete these two.
        """
        stored = await self.get(artifact.id)
        if stored is None:
            return request
        _check_identity(artifact, stored, is_written=False)
        if not _wire.EXPERIMENT_PROPERTIES.values() & (stored.custom_properties or {}).keys():
            return request
        return _with_properties_of(stored, request)

    async def _with_properties(self, entry: RegistryEntry, request: Request, refusal: BadRequest) -> Request:
        """Return a refused update with the entry's custom properties, which it did not send.

        The registry refuses an update that leaves them out if one of them is a struct: it writes back what it has
        read, and it takes a struct only in another form than that in which it returns it.

        Raises:
            BadRequest: The refusal, if it has another reason.
            UnwritableProperty: If the registry cannot take back one of the properties.
        """
        if entry.custom_properties is not None or "CustomProperties" not in refusal.message:
            raise refusal
        stored = await self.get(entry.id)
        if stored is None or not any(isinstance(v, OpaqueProperty) for v in (stored.custom_properties or {}).values()):
            raise refusal
        _check_identity(entry, stored, is_written=False)
        return _with_properties_of(stored, request)


def _with_properties_of(stored: RegistryEntry, request: Request) -> Request:
    """Return an update with the custom properties of the entry as it is stored.

    Raises:
        UnwritableProperty: If the registry cannot take back one of them.
    """
    properties = _wire.create_body(stored)["customProperties"]
    return replace(request, body={**(request.body or {}), "customProperties": properties})


def _kinds_sharing_external_ids(kind: Kind[Any]) -> tuple[Kind[Any], ...]:
    """Return the kinds to search for a taken external ID, the most likely first."""
    if issubclass(kind.entry, Artifact):
        return (ARTIFACT,)
    return (kind, *(other for other in CONTEXTS if other is not kind))


def _type_of(entry: RegistryEntry) -> str | None:
    """Return the type within which a name is unique, besides the parent. Models and versions have only one."""
    return entry.artifact_type if isinstance(entry, Artifact) else None


def _is_as_sent(found: RegistryEntry | None, request: Request) -> bool:
    """Return whether an entry has every field that a create request sent."""
    return found is not None and _wire.content(found).items() >= (request.body or {}).items()


def _check_identity(sent: RegistryEntry, stored: RegistryEntry, *, is_written: bool = True) -> None:
    """Check that an update reaches, or has reached, the entry that it was meant for.

    Raises:
        IdentityMismatch: If it did not.
    """
    for field in sent.IMMUTABLE:
        expected, found = getattr(sent, field), getattr(stored, field, None)
        if sent.id and expected is not None and expected != found:
            raise IdentityMismatch(
                f"ID {sent.id} was expected to have {field} {expected!r}, but has {field} {found!r}, and that entry "
                f"has {'been updated' if is_written else 'not been updated'}: the registry's database was replaced, or "
                "the ID belongs to another entry",
                sent,
                stored,
            )
