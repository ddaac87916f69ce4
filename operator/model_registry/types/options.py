"""The options of a list: how many entries, in which order, and which of them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from model_registry._upstream_compat import OPTIONS, missing_attribute


class OrderByField(StrEnum):
    """The orders of a list."""

    CREATE_TIME = "CREATE_TIME"
    LAST_UPDATE_TIME = "LAST_UPDATE_TIME"
    ID = "ID"


class ArtifactTypeQueryParam(StrEnum):
    """The types that a list of artifacts can be restricted to."""

    MODEL_ARTIFACT = "model-artifact"
    DOC_ARTIFACT = "doc-artifact"
    DATASET_ARTIFACT = "dataset-artifact"
    METRIC = "metric"
    PARAMETER = "parameter"
    # The names of three members in upstream's generated code.
    MODEL_MINUS_ARTIFACT = "model-artifact"
    DOC_MINUS_ARTIFACT = "doc-artifact"
    DATASET_MINUS_ARTIFACT = "dataset-artifact"


@dataclass
class ListOptions:
    """Options of a list request. Each request stores the token of the next page in `next_page_token`.

    Attributes:
        limit: Entries per page. None returns all entries.
        order_by: An `OrderByField`. None means the ID. The registry does not break ties in the time orders: entries of
            the same millisecond may be missing or appear twice where two pages meet.
        is_asc: Ascending order.
        next_page_token: Token of the page to read. None or "" means the first page. After a request: the token of the
            next page, "" after the last page.
        artifact_type_param: Return only artifacts of this type, in lists of artifacts.
        filter_query: Return only entries that meet this condition, in the registry's own language, such as
            ``name LIKE 'hal%' AND state = 'LIVE'``. The registry ignores it in a list of all model artifacts.
        answered_at: After a request: the server's clock when it answered, in milliseconds since the epoch, or None if
            the server sent no date.
        passed_over: After a request: how many entries of the page were left out, because they cannot be read. The
            logger `model_registry` warns of each once.
        earlier_token: The token of a page that was read before, as a `Pager` keeps it: a list that leads back to that
            page never ends.
    """

    limit: int | None = None
    order_by: OrderByField | str | None = None
    is_asc: bool = True
    next_page_token: str | None = None
    artifact_type_param: ArtifactTypeQueryParam | str | None = None
    filter_query: str | None = None
    answered_at: int | None = field(default=None, compare=False, repr=False)
    passed_over: int = field(default=0, compare=False, repr=False)
    earlier_token: str | None = field(default=None, compare=False, repr=False)

    if not TYPE_CHECKING:  # otherwise a type checker would accept every name
        __getattr__ = missing_attribute(OPTIONS)

    @classmethod
    def order_by_creation_time(cls, **options: Any) -> Self:
        """Return options that order by time of creation. Other options are passed as keywords."""
        return cls(order_by=OrderByField.CREATE_TIME, **options)

    @classmethod
    def order_by_update_time(cls, **options: Any) -> Self:
        """Return options that order by time of the last update. Other options are passed as keywords."""
        return cls(order_by=OrderByField.LAST_UPDATE_TIME, **options)

    @classmethod
    def order_by_id(cls, **options: Any) -> Self:
        """Return options that order by ID. Other options are passed as keywords."""
        return cls(order_by=OrderByField.ID, **options)

    @classmethod
    def artifact_type(cls, artifact_type: ArtifactTypeQueryParam | str, **options: Any) -> Self:
        """Return options that restrict a list of artifacts to one type. Other options are passed as keywords."""
        return cls(artifact_type_param=artifact_type, **options)

    def as_params(self) -> dict[str, str]:
        """Return these options as query parameters of the REST API.

        Raises:
            ValueError: If `order_by` is not an `OrderByField` (the registry would silently order by ID), or if `limit`
                is less than 1.
        """
        order = OrderByField.ID if self.order_by is None else self.order_by
        if order not in list(OrderByField):
            raise ValueError(f"order_by must be one of {', '.join(OrderByField)}, not {self.order_by!r}")
        params = {"orderBy": str(order), "sortOrder": "ASC" if self.is_asc else "DESC"}
        if self.limit is not None:
            params["pageSize"] = str(checked_page_size(self.limit))
        if self.next_page_token:
            params["nextPageToken"] = self.next_page_token
        if self.artifact_type_param is not None:
            params["artifactType"] = str(self.artifact_type_param)
        if self.filter_query:
            params["filterQuery"] = self.filter_query
        return params


def checked_page_size(size: int) -> int:
    """Return a valid page size. The registry would take 0 and less for "everything".

    Raises:
        ValueError: If it is less than 1.
    """
    if size < 1:
        raise ValueError(f"Page size must be at least 1, got {size}")
    return size
