"""The models and the generated schemas agree: what one accepts or refuses, the other does too.

The operator parses by the models, the API server checks by the schemas. If they differed, a user would either
learn of a mistake too late, or could not write what the operator can do.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st
from kubernetes import client, config
from pydantic import ValidationError

from devcluster.controlplane import ControlPlane
from registrar.api.meta import API_VERSION, GROUP, VERSION
from registrar.api.schema import openapi_schema
from registrar.api.v1alpha1.texts import MAX_TEXT_LENGTH, MAX_URI_BYTES
from registrar.kinds.table import RESOURCES

Schema = dict[str, Any]
Test = Callable[..., None]
CEL = "x-kubernetes-validations"
LEAST: dict[str, dict[str, Any]] = {
    "RegisteredModel": {},
    "ModelVersion": {"registeredModelRef": {"name": "model"}},
    "ModelArtifact": {"modelVersionRef": {"name": "version"}, "uri": "s3://bucket/model"},
}
ODD_NAMES = [
    *(f"{odd}a" for odd in ["\x00", "\t", "\n", "\x1c", " ", "\x7f", "\x85", "\xa0", "\u2028", "\u3000", "\ufeff"]),
    *("a ", "a\n", "a\r\nb", "a\u2029b", " ", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z\n", "2026-11-23T00:00:01Z"),
]
DIGESTS = [f"sha256:{digit * 64}" for digit in "0a"]
ODD_DIGESTS = ["", "sha256:", "0" * 64, f"{DIGESTS[0]}\n", f"{DIGESTS[0]}0", f"sha512:{'0' * 64}", f"sha256:{'A' * 64}"]
ODD_PINS = [f"OCI://r/i:tag@{DIGESTS[0]}", f"oci://r/i@{DIGESTS[0]}/", "oci://r/i@sha256:", f"s3://b/k@{DIGESTS[0]}"]
ODD_ALIASES = ["", "latest", "Champion", "1a", "-a", "a_b", "a.b", "a\n", "ä", "z" * 64, "a b"]


@pytest.fixture
def api(cluster: ControlPlane) -> client.CustomObjectsApi:
    connection = config.new_client_from_config(str(cluster.kubeconfig))  # type: ignore[no-untyped-call]  # theirs
    return client.CustomObjectsApi(connection)


def specs(schema: Schema) -> st.SearchStrategy[Any]:
    """Values around the limits of a schema: most of them inside, some just outside."""
    if "enum" in schema:
        return _mostly(st.sampled_from(schema["enum"]), st.sampled_from(["", "Unheard-of"]))
    match schema.get("type"):
        case "string":
            return _texts(schema)
        case "array":
            items = st.lists(specs(schema["items"]), max_size=3)
            if schema["maxItems"] > 100:  # more of the longest items would not fit into a request
                return items
            return _mostly(items, specs(schema["items"]).map(lambda item: [item] * (schema["maxItems"] + 1)))
        case "object" if "properties" in schema:
            return _objects(schema)
        case "object":
            return _maps(schema)
    raise AssertionError(f"no strategy for {schema}")


# The schema accepts any property, and only the model refuses a NUL character in it.
_WITHOUT_NUL = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
_NAMES = st.text(_WITHOUT_NUL, min_size=1, max_size=20).filter(lambda name: not name.startswith(GROUP))
_SCALARS = (
    st.text(_WITHOUT_NUL)
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)


_ALIASES = st.sampled_from(["champion", "a", "b-1-", "z" * 63, "last", "latest-1"])
_ODD_ALIASES = st.sampled_from(ODD_ALIASES)


def _mostly(usual: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    # Neither 0 nor 31: hypothesis likes the ends.
    return st.integers(0, 31).flatmap(lambda number: rare if number == 21 else usual)


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    longest = schema["maxLength"]
    if longest == MAX_URI_BYTES:
        return _mostly(
            st.sampled_from(["u", "ü" * (longest // 2), *(f"oci://r/i@{digest}" for digest in DIGESTS)]),
            st.sampled_from(["", "ü" * (longest // 2 + 1), "ü" * longest, *ODD_PINS]),
        )
    if longest == len(DIGESTS[0]):
        return _mostly(st.sampled_from(DIGESTS), st.sampled_from(ODD_DIGESTS))
    if longest == MAX_TEXT_LENGTH:  # several of that length would be more than a request may have
        return st.text(max_size=20)
    if CEL in schema and longest in {10, 253}:  # IDs and names of resources
        usual = ["1", "2147483647"] if longest == 10 else ["a", "a-1.b", "z" * longest]
        return _mostly(
            st.sampled_from(usual),
            st.sampled_from(["0", "01", "2147483648", "9999999999", "1\n", "٣", "A", "a_b", ".a", "a.", "ü"]),
        )
    if CEL in schema:  # names of entries
        usual_names = st.sampled_from(["a b", "ü" * longest, "1.10", "2026-11-23", "\u200b"])
        return _mostly(usual_names, st.text() | st.sampled_from(ODD_NAMES))
    usual_texts = st.text(min_size=schema.get("minLength", 0), max_size=min(longest, 20))
    return _mostly(usual_texts | st.just("ü" * longest), st.sampled_from(["", "x" * (longest + 1)]))


def _objects(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    # An artifact may lack its URI while it is PENDING; most have one.
    required = [*schema.get("required", []), *({"uri"} & schema["properties"].keys())]
    fields = {name: specs(field) for name, field in schema["properties"].items()}
    usual = st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: field for name, field in fields.items() if name not in required},
    )
    if CEL in schema and not required:  # a reference: one way of several, or a forbidden mixture
        usual = st.sampled_from(list(fields)).flatmap(lambda name: st.fixed_dictionaries({name: fields[name]})) | usual
    return _mostly(usual, st.fixed_dictionaries({}, optional=fields))


def _maps(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if "type" not in schema["additionalProperties"]:  # custom properties
        return st.dictionaries(_NAMES, _SCALARS, max_size=3)
    values = specs(schema["additionalProperties"])
    many = st.just({f"a{number}": "1" for number in range(schema["maxProperties"] + 1)})
    return _mostly(st.dictionaries(_mostly(_ALIASES, _ODD_ALIASES), values, max_size=3), many)


def _server_accepts(api: client.CustomObjectsApi, plural: str, manifest: dict[str, Any]) -> bool:
    try:
        api.create_namespaced_custom_object(GROUP, VERSION, "default", plural, manifest, dry_run="All")
    except client.ApiException as refusal:
        if refusal.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return False
    return True


def _model_accepts(kind: type[Any], manifest: dict[str, Any]) -> bool:
    try:
        kind.model_validate({**manifest, "metadata": {**manifest["metadata"], "namespace": "default"}})
    except ValidationError:
        return False
    return True


def _examples(tried: list[dict[str, Any]]) -> Callable[[Test], Test]:
    def decorate(test: Test) -> Test:
        for spec in tried:
            test = example(name="a", spec=spec)(test)
        return test

    return decorate


def _digests_beside(least: dict[str, Any]) -> list[dict[str, Any]]:
    alone = [{**least, "digest": digest} for digest in (*DIGESTS, *ODD_DIGESTS)]
    pins = [f"oci://r/i@{digest}" for digest in DIGESTS] + ODD_PINS
    return [*alone, *({**least, "uri": uri, "digest": DIGESTS[0]} for uri in pins)]


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.KIND)
def test_models_and_schemas_agree(api: client.CustomObjectsApi, kind: type[Any]) -> None:
    verdicts = set()
    least = LEAST[kind.KIND]

    @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(name=st.sampled_from(["a", "b" * 240, "c" * 241]), spec=specs(openapi_schema(kind)["properties"]["spec"]))
    @example(name="a", spec=least)
    @example(name="a", spec={**least, "externalId": ""})
    @example(name="a", spec={**least, "externalId": "a\0"})
    @example(name="a", spec={**least, "description": "a\0\n"})
    @example(name="a", spec={**least, "description": "a\n"})
    @_examples([{**least, "name": odd} for odd in ODD_NAMES])
    @_examples(_digests_beside(least) if kind.KIND == "ModelArtifact" else [])
    @_examples([{**least, "aliases": {odd: "1"}} for odd in ODD_ALIASES] if kind.KIND == "RegisteredModel" else [])
    def agree(name: str, spec: dict[str, Any]) -> None:
        manifest = {"apiVersion": API_VERSION, "kind": kind.KIND, "metadata": {"name": name}, "spec": spec}
        accepted = _model_accepts(kind, manifest)
        verdicts.add(accepted)
        event("accepted" if accepted else "refused")
        assert _server_accepts(api, kind.PLURAL, manifest) == accepted

    agree()
    assert verdicts == {True, False}
