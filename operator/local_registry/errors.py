"""What the registry answers when it refuses, as exceptions that carry their HTTP status.

The real server ends most messages with the class of the error (``: bad request``); those of its JSON decoder stand
alone. Both forms are part of the recorded contract, hence `MalformedRequestError` beside `BadRequestError`.
"""

from http import HTTPStatus
from typing import ClassVar


class RegistryError(Exception):
    """A refusal.

    Attributes:
        status: HTTP status of the answer.
        message: the ``message`` of the answer's body.
    """

    status: ClassVar[HTTPStatus]
    suffix: ClassVar[str] = ""

    def __init__(self, message: str) -> None:
        self.message = message + self.suffix
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The ``code`` of the answer's body."""
        return self.status.phrase


class MalformedRequestError(RegistryError):
    """400: the body or the query string cannot be read as what the path expects."""

    status = HTTPStatus.BAD_REQUEST


class BadRequestError(RegistryError):
    """400: well formed, but not acceptable."""

    status = HTTPStatus.BAD_REQUEST
    suffix = ": bad request"


class NotFoundError(RegistryError):
    """404: no such entry, or several where one was asked for."""

    status = HTTPStatus.NOT_FOUND
    suffix = ": not found"


class ConflictError(RegistryError):
    """409: the name or the external ID is taken."""

    status = HTTPStatus.CONFLICT
    suffix = ": conflict"


class MissingFieldError(RegistryError):
    """422: a required field is absent or empty. The real server's body says "Bad Request" all the same."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, field: str) -> None:
        super().__init__(f"required field '{field}' is zero value.")

    @property
    def code(self) -> str:
        """The phrase of another status, as the real server has it."""
        return HTTPStatus.BAD_REQUEST.phrase


class ValueTooLongError(RegistryError):
    """500: more than 255 characters for a name, an external ID or a property's name.

    It ought to be a 400; the real server passes its database's refusal on, and clients must see that here too.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, label: str) -> None:
        super().__init__(
            f"error saving {label}: ERROR: value too long for type character varying(255) (SQLSTATE 22001)"
        )
