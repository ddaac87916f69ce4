"""The registry's error responses, as exceptions with an HTTP status.

The real server ends most messages with the class of the error (``: bad request``), but not those of its JSON decoder.
Both forms are part of the recorded contract, so there are both `MalformedRequestError` and `BadRequestError`.
"""

from http import HTTPStatus
from typing import ClassVar


class RegistryError(Exception):
    """An error response.

    Attributes:
        status: HTTP status of the response.
        message: The ``message`` in the response's body.
    """

    status: ClassVar[HTTPStatus]
    suffix: ClassVar[str] = ""

    def __init__(self, message: str) -> None:
        self.message = message + self.suffix
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The ``code`` in the response's body."""
        return self.status.phrase


class MalformedRequestError(RegistryError):
    """400: the body or the query string cannot be parsed."""

    status = HTTPStatus.BAD_REQUEST


class BadRequestError(RegistryError):
    """400: the request is well formed, but not valid."""

    status = HTTPStatus.BAD_REQUEST
    suffix = ": bad request"


class NotFoundError(RegistryError):
    """404: the entry does not exist, or several entries match a request for one."""

    status = HTTPStatus.NOT_FOUND
    suffix = ": not found"


class ConflictError(RegistryError):
    """409: the name or the external ID is taken."""

    status = HTTPStatus.CONFLICT
    suffix = ": conflict"


class MissingFieldError(RegistryError):
    """422: a required field is absent or empty. The real server still answers with the code "Bad Request"."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, field: str) -> None:
        super().__init__(f"required field '{field}' is zero value.")

    @property
    def code(self) -> str:
        """The phrase of another status, as in the real server."""
        return HTTPStatus.BAD_REQUEST.phrase


class ValueTooLongError(RegistryError):
    """500: a name, an external ID or a property's name has more than 255 characters.

    It should be a 400, but the real server passes on its database's error, so clients must see the same here.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, label: str) -> None:
        super().__init__(
            f"error saving {label}: ERROR: value too long for type character varying(255) (SQLSTATE 22001)"
        )
