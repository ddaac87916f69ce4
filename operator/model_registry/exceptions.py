# ruff: noqa: N818 - several names come from existing Python clients, and the others follow their form
"""The exceptions that the client raises.

Invalid arguments raise `ValueError` or `TypeError` before anything is sent. All other errors are in this hierarchy. As
in upstream, a `StoreError` (*) means that the call is wrong, or that an entry does not exist or already exists. Any
other error, such as an outage or a rejected token, does not say whether an entry exists::

    Exception
    └── RegistryError               any problem with the registry
        ├── StoreError            * wrong use: no token, no ID, a model that does not exist
        │   └── DuplicateError    * the entry to create already exists
        ├── APIStatusError          the server answered with an error: status, method, url, message
        │   ├── BadRequest          400  the server does not understand or accept the request
        │   ├── Unauthorized        401  no token, or a token that is not (or no longer) valid
        │   ├── Forbidden           403  a valid token without permission
        │   ├── NotFound          * 404  the entry does not exist (`get_*` return None instead)
        │   ├── ConflictError     * 409  a name or external ID is taken: holder (is a DuplicateError too)
        │   ├── Unprocessable       422  a required field is missing
        │   ├── RateLimited         429  too many requests
        │   ├── ServerError         5xx  the server, or a proxy in front of it, failed
        │   ├── UnreadableEntry     an entry that does not match the API schema
        │   └── NotARegistryError   a response from something else, or 410: wrong address or API version
        ├── ConnectionFailed        no response
        │   ├── RequestTimeout      no response in time
        │   ├── UnusableProxy       the proxy that the environment sets cannot be used
        │   └── OutcomeUnknown      no response, but a create may have succeeded
        ├── AmbiguousEntryError     several entries have the requested name: entries
        ├── IdentityMismatch        an ID now belongs to another entry: expected, found
        ├── UnwritableProperty      the registry does not accept a custom property of the entry: names
        └── MissingMetadata         a URI cannot be built from the arguments and the environment
"""

from http.client import responses
from typing import TYPE_CHECKING, Any

from model_registry._upstream_compat import EXCEPTIONS, missing_name


class RegistryError(Exception):
    """Any problem with the registry."""


class StoreError(RegistryError):
    """The call is wrong, or an entry does not exist or already exists. Never raised for an outage."""


class MissingMetadata(RegistryError):
    """A URI cannot be built from the arguments and the environment."""


class APIStatusError(RegistryError):
    """The server answered with an error status.

    Attributes:
        message: The server's message, or this client's own if the server sent none.
        status: HTTP status code.
        method: HTTP method of the request.
        url: URL of the request. It never contains a credential.
        retry_after: Seconds that the server asks the client to wait before the next request, or None.
    """

    retry_after: float | None = None

    def __init__(self, message: str, status: int, method: str, url: str) -> None:
        # All four are `args`, so that the error survives pickling.
        super().__init__(message, status, method, url)
        self.message = message
        self.status = status
        self.method = method
        self.url = url

    @property
    def reason(self) -> str | None:
        """The standard phrase of the status, such as "Not Found", or None if it has none. Not the server's words."""
        return responses.get(self.status)

    def __str__(self) -> str:
        return f"{self.method} {self.url} answered {self.status}: {self.message}"


class BadRequest(APIStatusError):
    """400: the server does not understand or accept the request."""


class Unauthorized(APIStatusError):
    """401: no token was sent, or the token is not valid."""


class Forbidden(APIStatusError):
    """403: the token is valid, but does not permit this request."""


class NotFound(APIStatusError, StoreError):
    """404 from the registry itself: the entry does not exist."""


class DuplicateError(StoreError):
    """The entry to create already exists."""


class UnsupportedType(StoreError):
    """Never raised. It exists so that programs that catch upstream's exception of this name still work."""


class TypeNotFound(StoreError):
    """Never raised. It exists so that programs that catch upstream's exception of this name still work."""


class ConflictError(APIStatusError, DuplicateError):
    """409: the name or the external ID is taken.

    The server's message always refers to the name, even if the external ID is taken. Use `holder` instead.

    Attributes:
        holder: The entry that has the name or the external ID, of any type of `model_registry.types`. None if this API
            does not show it.
    """

    holder: Any = None

    def __str__(self) -> str:
        if self.holder is None:
            return super().__str__()
        kind = type(self.holder).__name__
        return f"{super().__str__()}; held by {kind} {self.holder.name!r} (id {self.holder.id})"


class Unprocessable(APIStatusError):
    """422: a required field is missing or empty."""


class RateLimited(APIStatusError):
    """429: too many requests."""


class ServerError(APIStatusError):
    """5xx: the server, or a proxy in front of it, failed."""


class UnreadableEntry(APIStatusError):
    """The registry returned an entry that does not match the API schema. List methods skip it."""


class NotARegistryError(APIStatusError):
    """The response does not come from a registry API: the address, the path or the API version is wrong."""


class ConnectionFailed(RegistryError):
    """The registry could not be reached, or the connection broke before the response was complete.

    Attributes:
        is_temporary: False if a retry cannot help: an untrusted certificate, an invalid address, an unreadable token.
    """

    def __init__(self, message: str, *, is_temporary: bool = True) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


class RequestTimeout(ConnectionFailed):
    """The response was not complete in time."""


class UnusableProxy(ConnectionFailed):
    """The environment sets a proxy that this client cannot use. Nothing has been sent."""


class OutcomeUnknown(ConnectionFailed):
    """A create request may have succeeded: its response was lost, and the entry could not be looked up.

    Look the entry up before creating it again.
    """


class AmbiguousEntryError(RegistryError):
    """Several entries have exactly the requested name.

    Attributes:
        entries: All entries with that name.
    """

    def __init__(self, message: str, entries: list[Any]) -> None:
        super().__init__(message, entries)
        self.message = message
        self.entries = entries

    def __str__(self) -> str:
        return self.message


class IdentityMismatch(RegistryError):
    """An update by ID changed an entry with another name or parent: the registry's database was replaced.

    The update has been carried out, on the entry `found`.

    Attributes:
        expected: The entry as it should have been updated.
        found: The entry that has this ID now.
    """

    def __init__(self, message: str, expected: Any, found: Any) -> None:
        super().__init__(message, expected, found)
        self.message = message
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return self.message


class UnwritableProperty(RegistryError):
    """An entry has a custom property that the registry returns but does not accept. Nothing has been written.

    Every update of such an entry sends its custom properties, so the entry cannot be updated while it has this
    property.

    Attributes:
        names: The names of these properties.
    """

    def __init__(self, message: str, names: list[str]) -> None:
        super().__init__(message, names)
        self.message = message
        self.names = names

    def __str__(self) -> str:
        return self.message


if not TYPE_CHECKING:  # otherwise a type checker would accept every name
    __getattr__ = missing_name(__name__, EXCEPTIONS)
