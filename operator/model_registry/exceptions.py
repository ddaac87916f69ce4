# ruff: noqa: N818 - several names are given by the Python clients that exist; the others follow their form
"""Everything that the client raises on purpose.

Bad arguments are plain `ValueError` or `TypeError`, before anything is sent. The rest::

    Exception
    ├── StoreError                  any trouble with the registry
    │   ├── APIStatusError          the server answered with an error: status, method, url, message
    │   │   ├── BadRequest          400  it does not understand or accept what was sent
    │   │   ├── Unauthorized        401  no token, or one that is not (or no longer) valid
    │   │   ├── Forbidden           403  a valid token without the right
    │   │   ├── NotFound            404  no such entry (`get_*` return None instead)
    │   │   ├── ConflictError       409  a name or external ID is taken: holder (is a DuplicateError too)
    │   │   ├── Unprocessable       422  a required field is missing
    │   │   ├── RateLimited         429  too many requests
    │   │   ├── ServerError         5xx  the server or something before it failed
    │   │   └── NotARegistryError   an answer that no registry API gives, or 410: wrong address or API version
    │   ├── ConnectionFailed        no answer
    │   │   ├── RequestTimeout      none in time
    │   │   └── OutcomeUnknown      none that tells whether a create was carried out
    │   ├── DuplicateError          what is to be created exists
    │   ├── AmbiguousEntryError     several entries carry the very name that was asked for: entries
    │   └── IdentityMismatch        an ID names another entry than it did: expected, found
    └── MissingMetadata             a URI cannot be built from what is known
"""

from typing import Any


class StoreError(Exception):
    """Any trouble with the registry."""


class MissingMetadata(Exception):
    """A URI cannot be built from the arguments and the environment."""


class APIStatusError(StoreError):
    """The server answered with an error status.

    Attributes:
        message: What the server said, or a sentence of ours where it said nothing of use.
        status: HTTP status code.
        method: HTTP method of the request.
        url: Address of the request; it never holds a credential.
        retry_after: Seconds that the server asks to wait before the next request; None if it does not.
    """

    retry_after: float | None = None

    def __init__(self, message: str, status: int, method: str, url: str) -> None:
        # All four are `args`, so that the error survives pickling.
        super().__init__(message, status, method, url)
        self.message = message
        self.status = status
        self.method = method
        self.url = url

    def __str__(self) -> str:
        return f"{self.method} {self.url} answered {self.status}: {self.message}"


class BadRequest(APIStatusError):
    """400: the server does not understand or does not accept what was sent."""


class Unauthorized(APIStatusError):
    """401: no token was sent, or one that is not, or no longer, valid."""


class Forbidden(APIStatusError):
    """403: the token is valid, but has no right to do this."""


class NotFound(APIStatusError):
    """404 of the registry itself: there is no such entry."""


class DuplicateError(StoreError):
    """What is to be created exists already."""


class UnsupportedType(StoreError):
    """Never raised; here so that a program that catches upstream's runs."""


class TypeNotFound(StoreError):
    """Never raised; here so that a program that catches upstream's runs."""


class ConflictError(APIStatusError, DuplicateError):
    """409: the name or the external ID is taken.

    The server's message always blames the name, even where the external ID collided: believe `holder`.

    Attributes:
        holder: The entry that holds the name or the external ID, any of the types of `model_registry.types`;
            None where this API does not show it.
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
    """5xx: the server, or something in front of it, failed."""


class NotARegistryError(APIStatusError):
    """The answer is none that the registry API gives: a wrong address, path or API version."""


class ConnectionFailed(StoreError):
    """The registry could not be reached, or the connection broke before its answer was complete.

    Attributes:
        is_temporary: False where trying again cannot help: a certificate that is not believed, an address that makes
            no sense, a token that cannot be read.
    """

    def __init__(self, message: str, *, is_temporary: bool = True) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary


class RequestTimeout(ConnectionFailed):
    """The answer was not complete in time."""


class OutcomeUnknown(ConnectionFailed):
    """A create may or may not have been carried out: its answer was lost, and so was what could tell.

    Look the entry up before creating it again.
    """


class AmbiguousEntryError(StoreError):
    """Several entries carry exactly the name that was asked for.

    Attributes:
        entries: All of them.
    """

    def __init__(self, message: str, entries: list[Any]) -> None:
        super().__init__(message, entries)
        self.message = message
        self.entries = entries

    def __str__(self) -> str:
        return self.message


class IdentityMismatch(StoreError):
    """An update by ID met an entry of another name or parent: the registry's database was replaced.

    The update has been carried out, on the entry `found`.

    Attributes:
        expected: The entry as it was to be updated.
        found: The entry that has this ID now.
    """

    def __init__(self, message: str, expected: Any, found: Any) -> None:
        super().__init__(message, expected, found)
        self.message = message
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return self.message
