"""ListOptions as query parameters."""

import pytest

from model_registry.types import ArtifactTypeQueryParam, ListOptions, OrderByField

ID_ORDER = {"orderBy": "ID", "sortOrder": "ASC"}


@pytest.mark.parametrize(
    ("options", "params"),
    [
        (ListOptions(), ID_ORDER),
        (ListOptions(limit=50), {**ID_ORDER, "pageSize": "50"}),
        (ListOptions(50), {**ID_ORDER, "pageSize": "50"}),
        (ListOptions(is_asc=False), {"orderBy": "ID", "sortOrder": "DESC"}),
        (ListOptions(next_page_token="t"), {**ID_ORDER, "nextPageToken": "t"}),
        (ListOptions(next_page_token=""), ID_ORDER),
        (ListOptions(filter_query="name = 'x'"), {**ID_ORDER, "filterQuery": "name = 'x'"}),
        (ListOptions(order_by="CREATE_TIME"), {"orderBy": "CREATE_TIME", "sortOrder": "ASC"}),
        (
            ListOptions.order_by_creation_time(is_asc=False, limit=3),
            {"orderBy": "CREATE_TIME", "sortOrder": "DESC", "pageSize": "3"},
        ),
        (ListOptions.order_by_update_time(), {"orderBy": "LAST_UPDATE_TIME", "sortOrder": "ASC"}),
        (ListOptions.order_by_id(is_asc=False), {"orderBy": "ID", "sortOrder": "DESC"}),
        (
            ListOptions.artifact_type(ArtifactTypeQueryParam.DOC_ARTIFACT, limit=1),
            {**ID_ORDER, "artifactType": "doc-artifact", "pageSize": "1"},
        ),
    ],
)
def test_options_become_the_registrys_parameters(options: ListOptions, params: dict[str, str]) -> None:
    assert options.as_params() == params


def test_an_order_that_the_registry_would_silently_ignore_is_refused() -> None:
    with pytest.raises(ValueError, match="order_by must be one of CREATE_TIME, LAST_UPDATE_TIME, ID, not 'NAME'"):
        ListOptions(order_by="NAME").as_params()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_the_registry_takes_for_everything_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match=f"Page size must be at least 1, got {limit}"):
        ListOptions(limit=limit).as_params()


def test_options_can_be_changed() -> None:
    options = ListOptions()
    options.limit = 2
    options.order_by = OrderByField.ID
    assert options.as_params() == {**ID_ORDER, "pageSize": "2"}
