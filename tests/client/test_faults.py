"""Faults on the way to a registry: each entry is written once and returned to the caller. With real sockets."""

import urllib.request
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, OutcomeUnknown, RegistryError, ServerError
from model_registry.types import Artifact, DocArtifact, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry
from tests.support.fault_proxy import ErrorAfter, Fault, FaultProxy, Treatment, always, on_first, proxy_to
from tests.support.loopback import Received, Reply

Unique = Callable[[str], str]

FAILURE = {"code": "Internal Server Error", "message": "driver: bad connection"}

NOT_DONE: list[Treatment] = [
    Fault.RESET_BEFORE,
    Reply(429, "slow down"),
    Reply(500, FAILURE),
    Reply(502, "bad gateway"),
    Reply(503, "no healthy upstream", {"Retry-After": "0"}),
    Reply(504, "upstream request timeout"),
]
DONE: list[Treatment] = [
    Fault.RESET_AFTER,
    Fault.DROP_AFTER,
    Fault.CUT_AFTER,
    ErrorAfter(Reply(500, FAILURE)),
    ErrorAfter(Reply(502, "bad gateway")),
    ErrorAfter(Reply(503, "no healthy upstream", {"Retry-After": "0"})),
    ErrorAfter(Reply(504, "upstream request timeout")),
]
STALLS: list[Treatment] = [Fault.STALL_BEFORE, Fault.STALL_AFTER]
STALL_SECONDS = 4.0


def connect(proxy: FaultProxy, **options: Any) -> ModelRegistryAPIClient:
    return ModelRegistryAPIClient.connect(proxy.url, **options)


def label(value: object) -> str:
    match value:
        case Fault():
            return value.name
        case Reply(status):
            return str(status)
        case ErrorAfter(Reply(status)):
            return f"{status}_AFTER"
        case _:
            return str(value)[:20]


async def models_named(client: ModelRegistryAPIClient, model: RegisteredModel) -> list[RegisteredModel]:
    return [stored for stored in await client.get_registered_models() if stored.name == model.name]


def full_model(unique: Unique) -> RegisteredModel:
    return RegisteredModel(
        unique("m"),
        description="",
        external_id=unique("e"),
        language=["en"],
        tasks=[],
        state="ARCHIVED",
        custom_properties={"b": True, "i": 1, "d": 1.0, "s": "_%\\'"},
    )


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE, Fault.GARBLE_AFTER, *STALLS], ids=label)
async def test_a_create_survives_a_fault(
    fault: Treatment, registry_url: str, client: ModelRegistryAPIClient, unique: Unique
) -> None:
    sent = full_model(unique)
    with proxy_to(registry_url, on_first("POST", fault)) as proxy:
        async with connect(proxy, timeout=STALL_SECONDS if fault in STALLS else 60) as through:
            made = await through.upsert_registered_model(sent)
    assert await models_named(client, sent) == [made]
    assert made.custom_properties == sent.custom_properties
    assert len(proxy.requests("POST")) == (1 if fault in [*DONE, Fault.GARBLE_AFTER, Fault.STALL_AFTER] else 2)


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.DROP_AFTER, ErrorAfter(Reply(500, FAILURE))], ids=label)
@pytest.mark.parametrize(
    "artifact",
    [
        ModelArtifact("weights", uri="u", model_format_name="onnx"),
        DocArtifact("a_b%c", uri="u"),
        ModelArtifact(uri="u"),
        DocArtifact(uri="u"),
        Artifact("data", uri="u", artifact_type="dataset-artifact"),
    ],
    ids=lambda artifact: f"{type(artifact).__name__}-{artifact.name}",
)
async def test_a_create_within_a_version_survives_a_fault(
    fault: Treatment,
    artifact: Artifact,
    registry_url: str,
    client: ModelRegistryAPIClient,
    version: ModelVersion,
) -> None:
    await client.upsert_model_version_artifact(ModelArtifact(f"x:{artifact.name}", uri="u"), version.id)
    with proxy_to(registry_url, on_first("POST", fault)) as proxy:
        async with connect(proxy) as through:
            created = await through.upsert_model_version_artifact(artifact, version.id)
    (_, *stored) = await client.get_model_version_artifacts(version.id)
    assert stored == [created]
    assert created.artifact_type == artifact.artifact_type
    assert created.name == artifact.name or not artifact.name


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.DROP_AFTER], ids=label)
async def test_a_lost_artifact_is_told_from_one_of_another_type_with_its_name(
    fault: Treatment, registry_url: str, client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    document = await client.upsert_model_version_artifact(DocArtifact("a", uri="u"), version.id)
    with proxy_to(registry_url, on_first("POST", fault)) as proxy:
        async with connect(proxy) as through:
            made = await through.upsert_model_version_artifact(ModelArtifact("a", uri="u"), version.id)
    assert await client.get_model_version_artifacts(version.id) == [document, made]
    assert len(proxy.requests("POST")) == (1 if fault is Fault.DROP_AFTER else 2)


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.DROP_AFTER, ErrorAfter(Reply(500, FAILURE))], ids=label)
async def test_a_version_survives_a_fault(
    fault: Treatment, registry_url: str, client: ModelRegistryAPIClient, model: RegisteredModel
) -> None:
    with proxy_to(registry_url, on_first("POST", fault)) as proxy:
        async with connect(proxy) as through:
            created = await through.upsert_model_version(ModelVersion("v", author="me"), model.id)
    assert await client.get_model_versions(model.id) == [created]


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.DROP_AFTER, ErrorAfter(Reply(500, FAILURE))], ids=label)
async def test_an_artifact_of_no_version_is_looked_up_by_its_external_id(
    fault: Treatment, registry_url: str, client: ModelRegistryAPIClient, unique: Unique
) -> None:
    with proxy_to(registry_url, on_first("POST", fault)) as proxy:
        async with connect(proxy) as through:
            created = await through.upsert_model_artifact(ModelArtifact("a", uri="u", external_id=unique("e")))
    assert await client.get_model_artifact_by_params(external_id=unique("e")) == created


@pytest.mark.parametrize(
    "fault", [Fault.RESET_BEFORE, Fault.DROP_AFTER, ErrorAfter(Reply(502, "bad gateway"))], ids=label
)
async def test_an_artifact_that_nothing_tells_from_others_is_never_sent_again(
    fault: Treatment, registry_url: str
) -> None:
    with proxy_to(registry_url, on_first("POST", fault)) as proxy:
        async with connect(proxy) as through:
            with pytest.raises(
                OutcomeUnknown, match=r"may have been written.* no external ID, so it cannot be looked up"
            ) as lost:
                await through.upsert_artifact(DocArtifact("a", uri="u"))
    assert isinstance(lost.value.__cause__, RegistryError)
    assert [received.method for received in proxy.received] == ["POST"]


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE], ids=label)
async def test_an_update_survives_a_fault(
    fault: Treatment, registry_url: str, client: ModelRegistryAPIClient, model: RegisteredModel
) -> None:
    with proxy_to(registry_url, on_first("PATCH", fault)) as proxy:
        async with connect(proxy) as through:
            updated = await through.upsert_registered_model(RegisteredModel(model.name, id=model.id, description="d"))
    assert updated.description == "d"
    assert await client.get_registered_model_by_id(model.id) == updated
    assert len(proxy.requests("PATCH")) == 2


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, ErrorAfter(Reply(502, "bad gateway"))], ids=label)
async def test_an_artifact_with_an_id_is_updated_and_linked_in_spite_of_a_fault(
    fault: Treatment, registry_url: str, client: ModelRegistryAPIClient, version: ModelVersion
) -> None:
    artifact = await client.upsert_artifact(DocArtifact("a", uri="u"))
    with proxy_to(registry_url, on_first("POST", fault)) as proxy:
        async with connect(proxy) as through:
            linked = await through.upsert_model_version_artifact(
                DocArtifact("a", id=artifact.id, uri="new"), version.id
            )
    assert (linked.id, linked.uri) == (artifact.id, "new")
    assert await client.get_model_version_artifacts(version.id) == [linked]
    assert [received.method for received in proxy.received] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE], ids=label)
async def test_reading_survives_two_faults(fault: Treatment, registry_url: str, model: RegisteredModel) -> None:
    with proxy_to(registry_url, on_first("GET", fault, times=2)) as proxy:
        async with connect(proxy) as through:
            assert await through.get_registered_model_by_id(model.id) == model
    assert len(proxy.received) == 3


async def test_the_name_of_another_entry_is_a_conflict_also_after_a_lost_create(
    registry_url: str, client: ModelRegistryAPIClient, unique: Unique
) -> None:
    for field in ({"owner": "other"}, {"custom_properties": {"n": True}}, {}):
        name = unique(f"m{len(field)}{''.join(field)}")
        holder = await client.upsert_registered_model(RegisteredModel(name, **field))
        sent = RegisteredModel(name, owner="me", custom_properties={"n": 1})
        with proxy_to(registry_url, on_first("POST", Fault.RESET_BEFORE)) as proxy:
            async with connect(proxy) as through:
                with pytest.raises(ConflictError) as refused:
                    await through.upsert_registered_model(sent)
        assert refused.value.holder == holder
        assert isinstance(refused.value.__cause__, OutcomeUnknown)
        assert await models_named(client, sent) == [holder]


async def test_a_lost_create_that_arrives_late_is_recognised(
    registry_url: str, client: ModelRegistryAPIClient, unique: Unique
) -> None:
    """The first request reaches the registry only after the look-up has found nothing, so the second is refused."""
    posts: list[Received] = []

    def delay_the_first(received: Received) -> Treatment:
        if received.method != "POST":
            return None
        posts.append(received)
        if len(posts) == 1:
            return Fault.RESET_BEFORE
        late = urllib.request.Request(  # noqa: S310 - http, to the registry on loopback
            registry_url + posts[0].path, posts[0].body, {"Content-Type": "application/json"}
        )
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(late).close()
        return None

    sent = full_model(unique)
    with proxy_to(registry_url, delay_the_first) as proxy:
        async with connect(proxy) as through:
            created = await through.upsert_registered_model(sent)
    assert await models_named(client, sent) == [created]
    assert len(posts) == 2


async def test_get_or_create_survives_a_fault(registry_url: str, unique: Unique) -> None:
    with proxy_to(registry_url, on_first("POST", Fault.DROP_AFTER)) as proxy:
        async with connect(proxy) as through:
            created = await through.get_or_create_registered_model(RegisteredModel(unique("m")))
            assert await through.get_or_create_registered_model(RegisteredModel(unique("m"))) == created


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (Fault.RESET_BEFORE, "the connection broke: "),
        (Fault.CUT_AFTER, "the connection broke: peer closed connection without sending complete message body"),
        (Fault.DROP_AFTER, "the connection broke: Server disconnected without sending a response"),
        (Reply(500, FAILURE), "answered 500: driver: bad connection"),
        (Reply(503, "no healthy upstream"), "answered 503: no healthy upstream"),
        (Fault.STALL_BEFORE, "no answer within "),
    ],
    ids=label,
)
async def test_a_fault_that_stays_is_named_in_the_error(
    fault: Treatment, named: str, registry_url: str, model: RegisteredModel
) -> None:
    calls: list[Callable[[ModelRegistryAPIClient], Awaitable[object]]] = [
        lambda through: through.upsert_registered_model(RegisteredModel(model.name, id=model.id)),
        lambda through: through.get_registered_model_by_id(model.id),
        lambda through: through.upsert_registered_model(RegisteredModel(model.name)),
    ]
    with proxy_to(registry_url, always(fault)) as proxy:
        async with connect(proxy, timeout=2) as through:
            for call in calls:
                with pytest.raises(RegistryError, match=named) as raised:
                    await call(through)
    assert isinstance(raised.value, OutcomeUnknown)
    assert "the entry may have been written" in str(raised.value)
    assert "it could not be looked up: " in str(raised.value)


async def test_without_retries_every_request_is_sent_once_and_faults_are_reported_as_they_are(
    registry_url: str, unique: Unique
) -> None:
    for fault, kind in ((Fault.DROP_AFTER, OutcomeUnknown), (Reply(500, FAILURE), ServerError)):
        with proxy_to(registry_url, always(fault)) as proxy:
            async with connect(proxy, retries=0) as through:
                with pytest.raises(kind):
                    await through.upsert_registered_model(RegisteredModel(unique("m")))
                with pytest.raises(RegistryError):
                    await through.get_registered_models()
        assert [received.method for received in proxy.received] == ["POST", "GET"]


async def test_a_connection_that_the_server_closed_while_idle_costs_nothing(
    registry_url: str, client: ModelRegistryAPIClient, unique: Unique
) -> None:
    entries: list[RegistryEntry] = []
    with proxy_to(registry_url) as proxy:
        async with connect(proxy) as through:
            for number in range(5):
                entries.append(await through.upsert_registered_model(RegisteredModel(unique(f"m{number}"))))
                proxy.close_connections()
    assert [await client.get_registered_model_by_id(entry.id) for entry in entries] == entries
