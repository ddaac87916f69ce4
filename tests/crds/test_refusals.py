"""What the API server refuses by the schemas alone, and what its messages ask the user to change.

A message is written with … where versions of Kubernetes differ in a word.
"""

from collections.abc import Callable

import pytest

from tests.crds.manifests import Manifest, model_artifact, model_version, registered_model, without

MODEL_REFERENCE = (
    "spec.registeredModelRef: Invalid value: … set exactly one of name (a RegisteredModel in this namespace) "
    "and external (a model that the registry already has)"
)
VERSION_REFERENCE = (
    "spec.modelVersionRef: Invalid value: … set exactly one of name (a ModelVersion in this namespace) "
    "and external (a version that the registry already has)"
)
EXTERNAL_VERSION = (
    "spec.modelVersionRef.external: Invalid value: … set either id, or both registeredModelName and name of the version"
)
RESOURCE_NAME = "must be the metadata.name of a resource in this namespace"
REGISTRY_ID = "must be an ID as the registry shows it: a decimal number in quotes, such as '42'"

NAME = "must not begin or end with white space, or contain line breaks or other control characters"
NUL = "must not contain a NUL character, which the registry refuses"
UPLOAD = "set uri, or set state to PENDING if an upload provides the uri later"
DATE = (
    "must not be a date without quotes, which kustomize and Argo CD turn into a time; put it in quotes, such as "
    "'2026-11-23'"
)
DIGEST = f"sha256:{'0' * 64}"

REFUSED = {
    "spec of a version absent": (without(model_version(), "spec"), "spec: Required value"),
    "spec of an artifact absent": (without(model_artifact(), "spec"), "spec: Required value"),
    "name empty": (registered_model(name=""), "spec.name in body should be at least 1 chars long"),
    "model name too long": (registered_model(name="n" * 256), "spec.name: Too long: … 255"),
    "version name too long": (model_version(name="n" * 241), "spec.name: Too long: … 240"),
    "artifact name too long": (model_artifact(name="n" * 241), "spec.name: Too long: … 240"),
    "resource name too long for a version": (
        model_version("n" * 241),
        "metadata.name is longer than 240 characters, the registry's limit; set a shorter spec.name",
    ),
    "resource name too long for an artifact": (
        model_artifact("n" * 241),
        "metadata.name is longer than 240 characters, the registry's limit; set a shorter spec.name",
    ),
    "readme too long": (registered_model(readme="r" * 1_048_577), "spec.readme: Too long: … 1048576"),
    "model name of white space only": (registered_model(name=" \t"), f"spec.name: Invalid value: … {NAME}"),
    "model name with a space at the end": (registered_model(name="fraud "), f"spec.name: Invalid value: … {NAME}"),
    "version name that is a number": (model_version(name=1.5), 'spec.name in body must be of type string: "number"'),
    "version name with a line break": (model_version(name="1.0\n"), f"spec.name: Invalid value: … {NAME}"),
    "version name in two lines": (model_version(name="1\n0"), f"spec.name: Invalid value: … {NAME}"),
    "artifact name with a control character": (model_artifact(name="a\x07b"), f"spec.name: Invalid value: … {NAME}"),
    "inline artifact name with a space in front": (
        model_version(artifacts=[{"name": " onnx", "uri": "s3://a"}]),
        f"spec.artifacts[0].name: Invalid value: … {NAME}",
    ),
    "document name with a line separator": (
        model_version(docArtifacts=[{"name": "card\u2028", "uri": "s3://a"}]),
        f"spec.docArtifacts[0].name: Invalid value: … {NAME}",
    ),
    "version name that was a date": (model_version(name="2026-11-23T00:00:00Z"), f"spec.name: Invalid value: … {DATE}"),
    "external version name that was a date": (
        model_artifact(modelVersionRef={"external": {"registeredModelName": "m", "name": "2026-11-23T00:00:00Z"}}),
        f"spec.modelVersionRef.external.name: Invalid value: … {DATE}",
    ),
    "Norwegian without quotes": (
        registered_model(language=["en", False]),
        'spec.language[1] in body must be of type string: "boolean"',
    ),
    "external ID empty": (registered_model(externalId=""), "spec.externalId in body should be at least 1 chars long"),
    "external ID too long": (
        registered_model(externalId="e" * 256),
        "spec.externalId: Too long: … 255",
    ),
    "external ID of an inline artifact empty": (
        model_version(artifacts=[{"name": "a", "uri": "s3://a", "externalId": ""}]),
        "spec.artifacts[0].externalId in body should be at least 1 chars long",
    ),
    "external ID with a NUL": (registered_model(externalId="a\0"), f"spec.externalId: Invalid value: … {NUL}"),
    "language with a NUL": (registered_model(language=["en", "\0"]), f"spec.language[1]: Invalid value: … {NUL}"),
    "alias of a version with a NUL": (
        registered_model(aliases={"champion": "\0"}),
        f"spec.aliases[champion]: Invalid value: … {NUL}",
    ),
    "address with a NUL": (model_artifact(uri="s3://\0"), f"spec.uri: Invalid value: … {NUL}"),
    "state of another kind": (
        registered_model(state="MARKED_FOR_DELETION"),
        'spec.state: Unsupported value: "MARKED_FOR_DELETION": supported values: "LIVE", "ARCHIVED"',
    ),
    "artifact archived": (
        model_artifact(state="ARCHIVED"),
        'spec.state: Unsupported value: "ARCHIVED": supported values: "UNKNOWN", "PENDING", "LIVE"',
    ),
    "state empty": (model_version(state=""), 'spec.state: Unsupported value: ""'),
    "deletion policy": (
        registered_model(deletionPolicy="Delete"),
        'spec.deletionPolicy: Unsupported value: "Delete": supported values: "Archive", "Orphan"',
    ),
    "adoption policy": (
        registered_model(adoptionPolicy="Never"),
        'spec.adoptionPolicy: Unsupported value: "Never": supported values: "Adopt", "Fail"',
    ),
    "drift policy": (
        registered_model(driftPolicy="correct"),
        'spec.driftPolicy: Unsupported value: "correct": supported values: "Correct", "Report", "Ignore"',
    ),
    "too many languages": (
        registered_model(language=["en"] * 8193),
        "spec.language: Too many: 8193: must have at most 8192",
    ),
    "empty task": (registered_model(tasks=[""]), "spec.tasks[0] in body should be at least 1 chars long"),
    "too many properties": (
        registered_model(customProperties={f"p{number}": 1 for number in range(1025)}),
        "spec.customProperties: Too many: 1025: must have at most 1024 items",
    ),
    "properties as a list": (
        registered_model(customProperties=["a"]),
        'spec.customProperties in body must be of type object: "array"',
    ),
    "alias in capitals": (
        registered_model(aliases={"Champion": "1"}),
        "spec.aliases: Invalid value: … the name of an alias has at most 63 lower-case letters, digits and '-'",
    ),
    "alias latest": (
        registered_model(aliases={"latest": "1"}),
        "spec.aliases: Invalid value: … latest is not allowed, because everyone expects it to move by itself",
    ),
    "alias of a number": (
        registered_model(aliases={"champion": 2026}),
        'spec.aliases.champion in body must be of type string: "integer"',
    ),
    "alias of a version that was a date": (
        registered_model(aliases={"champion": "2026-11-23T00:00:00Z"}),
        f"spec.aliases[champion]: Invalid value: … {DATE}",
    ),
    "alias of no version": (
        registered_model(aliases={"champion": ""}),
        "spec.aliases.champion in body should be at least 1 chars long",
    ),
    "seventeen aliases": (
        registered_model(aliases={f"a{number}": "1" for number in range(17)}),
        "spec.aliases: Too many: 17: must have at most 16 items",
    ),
    "version without a model": (
        without(model_version(), "spec", "registeredModelRef"),
        "spec.registeredModelRef: Required",
    ),
    "model reference empty": (model_version(registeredModelRef={}), MODEL_REFERENCE),
    "model reference both ways": (
        model_version(registeredModelRef={"name": "a", "external": {"id": "1"}}),
        MODEL_REFERENCE,
    ),
    "external model without anything": (
        model_version(registeredModelRef={"external": {}}),
        "spec.registeredModelRef.external: Invalid value: … set exactly one of id and name of the registered model",
    ),
    "external model both ways": (
        model_version(registeredModelRef={"external": {"id": "1", "name": "a"}}),
        "spec.registeredModelRef.external: Invalid value: … set exactly one of id and name of the registered model",
    ),
    "reference by the registry's name": (model_version(registeredModelRef={"name": "My Model"}), RESOURCE_NAME),
    "ID as a number": (
        model_version(registeredModelRef={"external": {"id": 42}}),
        'spec.registeredModelRef.external.id in body must be of type string: "integer"',
    ),
    "ID in words": (model_version(registeredModelRef={"external": {"id": "mine"}}), REGISTRY_ID),
    "ID zero": (model_version(registeredModelRef={"external": {"id": "0"}}), REGISTRY_ID),
    "ID beyond 32 bits": (model_version(registeredModelRef={"external": {"id": "2147483648"}}), REGISTRY_ID),
    "artifact without a version": (
        without(model_artifact(), "spec", "modelVersionRef"),
        "spec.modelVersionRef: Required",
    ),
    "version reference empty": (model_artifact(modelVersionRef={}), VERSION_REFERENCE),
    "version reference both ways": (
        model_artifact(modelVersionRef={"name": "a", "external": {"id": "1"}}),
        VERSION_REFERENCE,
    ),
    "external version without anything": (model_artifact(modelVersionRef={"external": {}}), EXTERNAL_VERSION),
    "external version without its model": (
        model_artifact(modelVersionRef={"external": {"name": "v1"}}),
        EXTERNAL_VERSION,
    ),
    "external version without its name": (
        model_artifact(modelVersionRef={"external": {"registeredModelName": "m"}}),
        EXTERNAL_VERSION,
    ),
    "external version both ways": (
        model_artifact(modelVersionRef={"external": {"id": "1", "registeredModelName": "m", "name": "v1"}}),
        EXTERNAL_VERSION,
    ),
    "artifact without uri": (without(model_artifact(), "spec", "uri"), f"spec: Invalid value: … {UPLOAD}"),
    "live artifact without uri": (
        without(model_artifact(state="LIVE"), "spec", "uri"),
        f"spec: Invalid value: … {UPLOAD}",
    ),
    "artifact with an empty uri": (model_artifact(uri=""), "spec.uri in body should be at least 1 chars long"),
    "artifact with a long uri": (model_artifact(uri="u" * 2693), "spec.uri: Too long: … 2692"),
    "artifact with a uri of many bytes": (
        model_artifact(uri="ü" * 1347),
        "spec.uri: Invalid value: … must not be longer than 2692 bytes, the registry's limit",
    ),
    "inline artifact without uri": (
        model_version(artifacts=[{"name": "a"}]),
        f"spec.artifacts[0]: Invalid value: … {UPLOAD}",
    ),
    "document without uri": (
        model_version(docArtifacts=[{"name": "a", "state": "UNKNOWN"}]),
        f"spec.docArtifacts[0]: Invalid value: … {UPLOAD}",
    ),
    "document with an empty uri": (
        model_version(docArtifacts=[{"name": "a", "uri": ""}]),
        "spec.docArtifacts[0].uri in body should be at least 1 chars long",
    ),
    "digest of another form": (
        model_artifact(digest="sha256:2C26"),
        "spec.digest: Invalid value: … must be sha256: and 64 lower-case hexadecimal digits",
    ),
    "digest of another algorithm": (
        model_version(docArtifacts=[{"name": "a", "uri": "s3://a", "digest": f"md5:{'0' * 64}"}]),
        "spec.docArtifacts[0].digest: Invalid value: … must be sha256: and 64 lower-case hexadecimal digits",
    ),
    "digest that is too long": (model_artifact(digest=f"{DIGEST}0"), "spec.digest: Too long: … 71"),
    "digest that its address contradicts": (
        model_artifact(uri=f"oci://registry/image:tag@sha256:{'1' * 64}", digest=DIGEST),
        "spec: Invalid value: … digest differs from the @sha256:… in uri; correct one of the two, or leave out digest",
    ),
    "digest that the address of an inline artifact contradicts": (
        model_version(artifacts=[{"name": "a", "uri": f"OCI://registry/image@{DIGEST}?a", "digest": DIGEST}]),
        "spec.artifacts[0]: Invalid value: … digest differs from the @sha256:… in uri",
    ),
    "inline artifact without a name": (
        model_version(artifacts=[{"uri": "s3://a"}]),
        "spec.artifacts[0].name: Required value",
    ),
    "two artifacts of one name": (
        model_version(artifacts=[{"name": "a", "uri": "s3://a"}, {"name": "a", "uri": "s3://b"}]),
        'spec.artifacts[1]: Duplicate value: … {"name":"a"}',  # 1.30 adds the type in Go
    ),
    "two documents of one name": (
        model_version(docArtifacts=[{"name": "a", "uri": "s3://a"}, {"name": "a", "uri": "s3://b"}]),
        'spec.docArtifacts[1]: Duplicate value: … {"name":"a"}',
    ),
    "artifact and document of one name": (
        model_version(artifacts=[{"name": "a", "uri": "s3://a"}], docArtifacts=[{"name": "a", "uri": "s3://b"}]),
        "a name appears in both artifacts and docArtifacts; give the document another name",
    ),
    "too many artifacts": (
        model_version(artifacts=[{"name": f"a{number}", "uri": "s3://a"} for number in range(33)]),
        "spec.artifacts: Too many: 33: must have at most 32 items",
    ),
    "too many documents": (
        model_version(docArtifacts=[{"name": f"a{number}", "uri": "s3://a"} for number in range(17)]),
        "spec.docArtifacts: Too many: 17: must have at most 16 items",
    ),
    "unknown field": (
        registered_model(ownr="a typo"),
        'strict decoding error: unknown field "spec.ownr"',
    ),
    "field of another kind": (
        model_version(docArtifacts=[{"name": "d", "uri": "s3://d", "modelFormatName": "onnx"}]),
        'strict decoding error: unknown field "spec.docArtifacts[0].modelFormatName"',
    ),
}


@pytest.mark.parametrize(("manifest", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refusal_says_what_to_change(refusal: Callable[[Manifest], str], manifest: Manifest, message: str) -> None:
    said = refusal(manifest)

    assert [part for part in message.split(" … ") if part not in said] == [], said
