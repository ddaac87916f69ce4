"""Pages of a list: how many entries, in which order, from where on."""

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
_TOKEN_LIMIT: Final = 1024
_BASE64: Final = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_BASE64_DIGITS: Final = re.compile("[A-Za-z0-9+/]*")


@dataclass(frozen=True)
class Page:
    """The page that a list request asks for.

    Attributes:
        size: entries in the page; zero and less mean all of them. Answered as asked.
        order: the column of the entry table to sort by.
        descending: from high to low.
        after: (ID, value of `order`) of the last entry of the page before, or None for the first page.
    """

    size: int
    order: str
    descending: bool
    after: tuple[int, str] | None

    @classmethod
    def requested(cls, query: Mapping[str, str]) -> "Page":
        """The page that the parameters of a list describe. An unknown order is no order: by ID, upwards.

        Raises:
            BadRequestError: a page size that is no 32 bit number, or a token that is none of ours.
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
        """The select, sorted and cut to one entry more than the page (which shows that another page follows).

        Equal times are told apart by ID, so that no page border loses or doubles an entry. (The real server sorts by
        time alone, and may.)

        Raises:
            BadRequestError: the token was given out for another order and its value is no number.
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
        """The rows of the page, and the token of the next one ("" after the last)."""
        if self.size <= 0 or len(rows) <= self.size:
            return rows, ""
        rows = rows[: self.size]
        last = rows[-1]
        return rows, base64.b64encode(f"{last.id}:{getattr(last, self.order)}".encode()).decode()


def _read_token(token: str) -> tuple[int, str]:
    if len(token) > _TOKEN_LIMIT:
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
