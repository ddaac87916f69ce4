"""Pages of a list: how many entries, in which order, and after which entry."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, Select, and_, or_

from local_registry.coercion import TypeMismatchError, coerce
from local_registry.errors import BadRequestError
from local_registry.integers import integer
from local_registry.schema import Tables

_ORDERS: Final = {"ID": "id", "CREATE_TIME": "created", "LAST_UPDATE_TIME": "updated"}
_MAX_TOKEN_LENGTH: Final = 1024
_BASE64: Final = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE64_DIGITS: Final = re.compile("[A-Za-z0-9+/]*")


@dataclass(frozen=True)
class Page:
    """The page that a list request asks for.

    Attributes:
        size: Entries per page. Zero and less mean all. The response repeats the number.
        order: The column of the entry table to sort by.
        descending: Whether to sort in descending order.
        after: (ID, value of `order`) of the last entry of the previous page, or None for the first page.
    """

    size: int
    order: str
    descending: bool
    after: tuple[int, str] | None

    @classmethod
    def requested(cls, query: Mapping[str, str]) -> "Page":
        """Return the page that the parameters of a list request describe. An unknown order means ascending by ID.

        Raises:
            BadRequestError: If the page size is not a 32 bit number, or the token is invalid.
        """
        size = query.get("pageSize") or "0"
        token = query.get("nextPageToken")
        return cls(
            size=integer(size, "invalid numeric string"),
            order=_ORDERS.get(query.get("orderBy", ""), "id"),
            descending=query.get("sortOrder") == "DESC",
            after=_read_token(token) if token else None,
        )

    def apply(self, select: Select[Any], tables: Tables, label: str) -> Select[Any]:
        """Return the select, sorted and limited to one entry more than the page, which shows whether a page follows.

        Entries with equal times are sorted by ID, so no entry is missing or appears twice where two pages meet. (The
        real server sorts by time alone, so there it can happen.)

        Raises:
            BadRequestError: If the token was issued for another order and its value is not a number.
        """
        column, identifier = tables.entries.c[self.order], tables.entries.c.id
        if self.after:
            last_id, text = self.after
            try:
                value = coerce(column.type, text)
            except TypeMismatchError as mismatch:
                raise BadRequestError(
                    f"error listing {label}s: invalid filter query, type mismatch or invalid value in comparison"
                ) from mismatch
            beyond = column < value if self.descending else column > value
            tie = identifier < last_id if self.descending else identifier > last_id
            select = select.where(or_(beyond, and_(column == value, tie)))
        columns = (column.desc(), identifier.desc()) if self.descending else (column.asc(), identifier.asc())
        select = select.order_by(*columns)
        return select.limit(self.size + 1) if self.size > 0 else select

    def cut(self, rows: list[Row[Any]]) -> tuple[list[Row[Any]], str]:
        """Return the rows of the page, and the token of the next page ("" after the last)."""
        if self.size <= 0 or len(rows) <= self.size:
            return rows, ""
        rows = rows[: self.size]
        last = rows[-1]
        return rows, base64.b64encode(f"{last.id}:{getattr(last, self.order)}".encode()).decode()


def _read_token(token: str) -> tuple[int, str]:
    if len(token) > _MAX_TOKEN_LENGTH:
        raise BadRequestError("invalid nextPageToken: invalid cursor format")
    encoded = token.replace("\r", "").replace("\n", "")
    if not _BASE64.fullmatch(encoded):
        good = _BASE64_DIGITS.match(encoded)
        position = good.end() if good and good.end() < len(encoded) else len(encoded) // 4 * 4
        raise BadRequestError(f"invalid nextPageToken: illegal base64 data at input byte {position}")
    identifier, colon, value = base64.b64decode(encoded).decode("utf-8", errors="replace").partition(":")
    if not colon:
        raise BadRequestError("invalid nextPageToken: invalid cursor format")
    return integer(identifier, "invalid nextPageToken"), value
