"""`registrar validate`: each rule, at its file and line, and what the command prints and returns."""

import copy
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from devcluster.environment import child_environment
from registrar.cli import main
from registrar.cli.documents.load import load
from registrar.cli.exits import ExitCode
from registrar.cli.validate.problems import Rule
from tests.cli.program import PROGRAMS

REPOSITORY = Path(__file__).parents[2]
HEAD = "apiVersion: model-registrar.dev/v1alpha1\n"
MODEL = HEAD + "kind: RegisteredModel\nmetadata: {name: churn}\n"
VERSION = HEAD + "kind: ModelVersion\nmetadata: {name: churn-1}\nspec:\n  registeredModelRef: {name: churn}\n"
ARTIFACT = (
    HEAD
    + "kind: ModelArtifact\nmetadata: {name: churn-1-onnx}\nspec:\n  modelVersionRef: {name: churn-1}\n  uri: s3://a\n"
)
ZEROS, ONES = (f"sha256:{digit * 64}" for digit in "01")
EXTERNAL = ("{name: churn}\n", "{external: {name: churn}}\n")
Validate = Callable[..., Result]


@pytest.fixture
def validate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Validate:
    """Run the command on a folder of its own: first write files into it, by their names."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str | bytes | None = None, **files: str) -> Result:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return CliRunner().invoke(main, ["validate", *(arguments or ["."])], input=stdin)

    return run


def joined(*documents: str) -> str:
    return "---\n".join(documents)


def model(name: str, spec: str = "") -> str:
    return MODEL.replace("churn", name) + (f"spec: {spec}\n" if spec else "")


def version(name: str, spec: str = "") -> str:
    return VERSION.replace("churn-1", name) + (f"  {spec}\n" if spec else "")


def found(result: Result) -> list[str]:
    """File, line and rule of each problem in the JSON."""
    return [f"{one['file']}:{one['line']}: {one['rule']}" for one in json.loads(result.stdout)["problems"]]


PROD = "registryRef: {kind: ClusterRegistry, name: prod}"
REGISTRY = HEAD + "kind: ClusterRegistry\nmetadata: {name: r}\nspec:\n"

BROKEN = {
    "a connection to no URL": (REGISTRY + "  tenants: []\n  url: ftp://r\n", "6: InvalidValue", "must be the root URL"),
    "a misspelt limit of a tenant": (
        REGISTRY + "  url: http://r\n  tenants:\n  - namespaces: [a]\n    tackOver: false\n",
        "8: UnknownField",
        "spec.tenants[0].tackOver: unknown field; did you mean takeOver?",
    ),
    "a connection with an address that no client takes": (
        REGISTRY + "  tenants: []\n  url: http://r:99999\n",
        "6: InvalidValue",
        "spec.url: the port in",
    ),
    "a connection of the same name": (
        joined(REGISTRY + "  url: http://r\n  tenants: []\n", REGISTRY + "  url: http://s\n  tenants: []\n"),
        "10: DuplicateResource",
        "is also in a.yaml:3, and the one that is applied last replaces the other",
    ),
    "a connection without a valid name": (
        REGISTRY.replace("name: r", "name: R_") + "  url: http://r\n  tenants: []\n",
        "3: InvalidValue",
        "metadata.name: must consist of",
    ),
    "two connections of one registry with other tenants": (
        joined(
            REGISTRY + "  url: http://r\n  tenants: []\n",
            REGISTRY.replace("name: r", "name: s") + "  url: http://r:80/\n  tenants:\n  - namespaces: [a]\n",
        ),
        "12: OtherTenants",
        "ClusterRegistry r in a.yaml:3 has the same root URL and other tenants, so neither is served",
    ),
    "two registries that KServe asks": (
        joined(
            REGISTRY + "  url: http://r\n  servesKServe: true\n  tenants: []\n",
            REGISTRY.replace("name: r", "name: s") + "  url: http://s\n  tenants: []\n  servesKServe: true\n",
        ),
        "15: KServeConflict",
        "ClusterRegistry r in a.yaml:3 has it too, and KServe asks one registry",
    ),
    "a version in another registry than its model": (
        joined(model("churn", "{registryRef: {kind: ClusterRegistry, name: dev}}"), version("v", PROD)),
        "11: OtherRegistry",
        "'prod' is not the registry of RegisteredModel churn, which is 'dev'",
    ),
    "a key twice": (MODEL + "spec:\n  owner: a\n  owner: b\n", "6: InvalidYaml", "'owner' stands here twice"),
    "no YAML": (MODEL + "spec: [\n", "5: InvalidYaml", "did not find expected"),
    "a template": ("{{ if .Values.x }}\n" + MODEL, "2: InvalidYaml", ""),
    "a misspelt kind": (MODEL.replace("RegisteredModel", "registeredmodel"), "2: UnknownKind", "mean RegisteredModel?"),
    "another kind": (
        MODEL.replace("RegisteredModel", "Widget"),
        "2: UnknownKind",
        "write one of ClusterRegistry, ModelArtifact, ",
    ),
    "no kind": (HEAD + "metadata: {name: a}\n", "1: UnknownKind", "has no kind None"),
    "another version": (MODEL.replace("v1alpha1", "v1"), "1: UnknownVersion", "write model-registrar.dev/v1alpha1"),
    "another version and kind": (
        HEAD.replace("v1alpha1", "v2beta1") + "kind: Widget\n",
        "1: UnknownVersion",
        "apiVersion model-registrar.dev/v2beta1 is not known; write model-registrar.dev/v1alpha1",
    ),
    "a misspelt group": (MODEL.replace("registrar", "registar"), "1: UnknownVersion", "is not known; write"),
    "no version": (MODEL.replace(HEAD, ""), "1: UnknownVersion", "apiVersion is missing"),
    "a field of the spec": (
        MODEL + "spec:\n  ownr: a\n",
        "5: UnknownField",
        "spec.ownr: unknown field; did you mean owner?",
    ),
    "a field in other case": (MODEL + "spec:\n  externalID: a\n", "5: UnknownField", "did you mean externalId?"),
    "a field like no other": (MODEL + "spec:\n  zzz: a\n", "5: UnknownField", "unknown field; remove it"),
    "a field of the manifest": (MODEL + "specs: {}\n", "4: UnknownField", "specs: unknown field; did you mean spec?"),
    "a field of the metadata": (
        MODEL.replace("{name: churn}", "\n  name: churn\n  lbels: {a: b}"),
        "5: UnknownField",
        "metadata.lbels: unknown field; did you mean labels?",
    ),
    "a field of an artifact": (
        version("v", "artifacts:\n  - name: a\n    uri: s3://a\n    modelFormat: onnx").replace(*EXTERNAL),
        "9: UnknownField",
        "spec.artifacts[0].modelFormat: unknown field; did you mean modelFormatName?",
    ),
    "a field of an external model": (
        VERSION.replace("{name: churn}", "\n    external:\n      id: '1'\n      ID: '1'"),
        "8: UnknownField",
        "spec.registeredModelRef.external.ID: unknown field; did you mean id?",
    ),
    "a number for a text": (
        MODEL + "spec:\n  owner: 1.10\n",
        "5: InvalidValue",
        "spec.owner: must be a string; put it",
    ),
    "an alias without quotes": (
        MODEL + "spec:\n  aliases:\n    champion: 2026\n",
        "6: InvalidValue",
        "spec.aliases.champion: must be a string; put it in quotes",
    ),
    "the alias latest": (MODEL + "spec:\n  aliases: {latest: '1'}\n", "5: InvalidValue", "latest is not allowed"),
    "an alias that is a property too": (
        MODEL + "spec:\n  aliases: {a: '1'}\n  customProperties: {alias.b: '1'}\n",
        "4: InvalidValue",
        "customProperties.alias.b is the property of an alias; move it to aliases, under the name 'b'",
    ),
    "an alias that is only a property": (
        MODEL + "spec:\n  customProperties: {alias.b: '1'}\n",
        "4: InvalidValue",
        "customProperties.alias.b is the property of an alias; move it to aliases, under the name 'b'",
    ),
    "a property with the name of what can be no alias": (
        MODEL + "spec:\n  customProperties: {alias.latest: '1'}\n",
        "4: InvalidValue",
        "customProperties.alias.latest is the property of an alias; choose another name",
    ),
    "a digest that is a property too": (
        version(
            "v", f"artifacts:\n  - {{name: a, uri: s3://a, digest: {ZEROS}, customProperties: {{digest: a}}}}"
        ).replace(*EXTERNAL),
        "7: InvalidValue",
        "customProperties.digest is the digest of the artifact; remove it, because digest is declared",
    ),
    "a digest as a property alone": (
        ARTIFACT.replace("{name: churn-1}", "{external: {id: '7'}}") + "  customProperties: {digest: 2c26}\n",
        "4: InvalidValue",
        "customProperties.digest is the digest of the artifact; declare it in the field digest instead, or give",
    ),
    "the digest of a document as a property": (
        version("v", "docArtifacts:\n  - {name: a, uri: s3://a, customProperties: {digest: 2c26}}").replace(*EXTERNAL),
        "7: InvalidValue",
        "customProperties.digest is the digest of the artifact; declare it in the field digest instead",
    ),
    "a digest that the address contradicts": (
        version("v", f"artifacts:\n  - name: a\n    uri: oci://r/a@{ONES}\n    digest: {ZEROS}").replace(*EXTERNAL),
        "7: InvalidValue",
        "digest differs from the @sha256:… in uri; correct one of the two, or leave out digest",
    ),
    "a list as property": (
        MODEL + "spec:\n  customProperties:\n    a: 1\n    b: [1]\n",
        "7: InvalidValue",
        "spec.customProperties.b: must be a string, an integer, a number or a boolean; write a list as a string",
    ),
    "a property of ours": (
        MODEL + "spec:\n  customProperties:\n    model-registrar.dev/owner: me\n",
        "6: InvalidValue",
        "names under model-registrar.dev/ belong to the operator; choose another name",
    ),
    "a rule over fields": (
        ARTIFACT.replace("  uri: s3://a\n", "  state: LIVE\n").replace(
            "{name: churn-1}\n  s", "{external: {id: '7'}}\n  s"
        ),
        "4: InvalidValue",
        "spec: set uri, or set state to PENDING if an upload provides the uri later",
    ),
    "a name too long for the registry": (
        VERSION.replace("churn-1", "v" * 241).replace(*EXTERNAL),
        "1: InvalidValue",
        "metadata.name is longer than 240 characters, the registry's limit; set a shorter spec.name",
    ),
    "an item of a List": (
        "apiVersion: v1\nkind: List\nitems:\n- " + (MODEL + "spec:\n  ownr: a\n").replace("\n", "\n  ").rstrip() + "\n",
        "8: UnknownField",
        "spec.ownr: unknown field",
    ),
    "a null property": (
        MODEL + "spec:\n  customProperties:\n    a: null\n",
        "6: NullProperty",
        "warning: spec.customProperties.a",
    ),
    "no such model": (
        VERSION,
        "5: MissingParent",
        "warning: spec.registeredModelRef.name: no RegisteredModel 'churn' is among",
    ),
    "too large to apply": (
        MODEL + f"spec:\n  readme: {'r' * 262_144}\n",
        "1: TooLargeToApply",
        "warning: kubectl apply would",
    ),
    "too large": (MODEL + f"spec:\n  readme: {'r' * 800_000}\n  description: {'d' * 800_000}\n", "1: TooLarge", "etcd"),
}


@pytest.mark.parametrize(("text", "place", "message"), BROKEN.values(), ids=list(BROKEN))
def test_a_fault_is_found_at_its_line(validate: Validate, text: str, place: str, message: str) -> None:
    result = validate("a.yaml", "--output=json", a="# A comment.\n---\n" + text)
    line, _, rule = place.partition(": ")
    assert found(result) == [f"a.yaml:{int(line) + 2}: {rule}"]
    assert message in result.stderr
    is_warning = Rule(rule).is_warning
    assert result.exit_code == (ExitCode.DONE if is_warning else ExitCode.ATTENTION)
    assert validate("a.yaml", "--strict").exit_code == ExitCode.ATTENTION


METADATA = {
    "no name": ("{}", "metadata: has no name; set metadata.name"),
    "a generated name": (
        "{generateName: churn-}",
        "metadata: has a generateName, which kubectl apply refuses, and with which each kubectl create",
    ),
    "an empty name": ("{name: ''}", "metadata.name: must consist of lower-case letters"),
    "a name in upper case": ("{name: Churn}", "set spec.name to give the entry another name"),
    "a number as name": ("{name: 2026}", "metadata.name: must be a string; put it in quotes"),
    "a name too long": (
        f"{{name: {'n' * 254}}}",
        "metadata.name: has 254 characters, and must have at most 253",
    ),
    "a namespace with a dot": ("{name: a, namespace: b.c}", "metadata.namespace: must have at most 63"),
    "a boolean as label": (
        "{name: a, labels: {team: on}}",
        "metadata.labels.team: must be a string; put",
    ),
    "a label with a space": ("{name: a, labels: {team: a b}}", "metadata.labels.team: must have at most 63"),
    "a key with two slashes": ("{name: a, annotations: {a/b/c: d}}", "metadata.annotations.a/b/c: must be a name"),
    "a number as annotation": (
        "{name: a, annotations: {rank: 1}}",
        "metadata.annotations.rank: must be a string",
    ),
}


@pytest.mark.parametrize(("metadata", "message"), METADATA.values(), ids=list(METADATA))
def test_metadata_that_the_api_server_refuses_is_refused(validate: Validate, metadata: str, message: str) -> None:
    result = validate(a=MODEL.replace("{name: churn}", metadata))
    assert result.exit_code == ExitCode.ATTENTION
    (line,) = result.stderr.splitlines()
    assert line.startswith("a.yaml:3: ")
    assert message in line


BETWEEN = {
    "one resource twice": ({"a": MODEL, "b": "\n" + MODEL}, ["b.yaml:4: DuplicateResource"], "is also in a.yaml:3"),
    "one resource in a namespace and in the default": (
        {"a": MODEL, "b": MODEL.replace("{name", "{namespace: default, name")},
        ["b.yaml:3: DuplicateResource"],
        "",
    ),
    "two resources of one model": (
        {"a": joined(model("a"), model("b", "{name: a}"))},
        ["a.yaml:8: DuplicateEntry"],
        "RegisteredModel b represents the same entry as RegisteredModel a in a.yaml:3",
    ),
    "one model in two namespaces": (
        {"a": MODEL, "b": MODEL.replace("{name", "{namespace: other, name")},
        ["b.yaml:3: DuplicateEntry"],
        "",
    ),
    "two resources of one version, by different references": (
        {
            "a": MODEL,
            "b": version("v", "name: '1'"),
            "c": version("w", "name: '1'").replace("{name: churn}", "{external: {name: churn}}"),
        },
        ["c.yaml:6: DuplicateEntry"],
        "",
    ),
    "two resources of one version, by ID": (
        {
            "a": version("v", "name: '1'").replace("{name: churn}", "{external: {id: '7'}}"),
            "b": version("w", "name: '1'").replace("{name: churn}", "{external: {id: '7'}}"),
        },
        ["b.yaml:6: DuplicateEntry"],
        "",
    ),
    "an artifact and an inline one": (
        {
            "a": MODEL,
            "b": version("churn-1", "artifacts: [{name: onnx, uri: s3://a}]"),
            "c": ARTIFACT + "  name: onnx\n",
        },
        ["c.yaml:7: DuplicateEntry"],
        "ModelArtifact churn-1-onnx represents the same entry as model-artifact 'onnx' of ModelVersion churn-1 in b",
    ),
    "an external ID of a model and a version": (
        {"a": MODEL + "spec:\n  externalId: '1'\n", "b": VERSION + "  externalId: '1'\n"},
        ["b.yaml:6: DuplicateExternalId"],
        "externalId '1' is also that of RegisteredModel churn in a.yaml:3; the registry allows it once",
    ),
    "an external ID in one version": (
        {
            "a": MODEL,
            "b": VERSION
            + "  artifacts:\n  - {name: a, uri: s3://a, externalId: x}\n"
            + "  docArtifacts:\n  - {name: b, uri: s3://b, externalId: x}\n",
        },
        ["b.yaml:7: DuplicateExternalId"],
        "",
    ),
    "names that differ in case": (
        {"a": joined(model("x", "{name: Fraud}"), model("fraud"))},
        ["a.yaml:8: SimilarName"],
        "warning: the name 'fraud' differs from 'Fraud' in a.yaml:4 only in case or accents",
    ),
    "an alias of no version": (
        {"a": joined(model("churn", "{aliases: {a: '1', b: '2'}}"), version("v", "name: '1'"))},
        ["a.yaml:4: MissingVersion"],
        "spec.aliases.b: no version '2' of this model is among these manifests; correct the name, or add the manifest",
    ),
    "an alias of an archived version": (
        {"a": joined(model("churn", "{aliases: {a: '1'}}"), version("v", "name: '1'\n  state: ARCHIVED"))},
        ["a.yaml:4: ArchivedVersion"],
        "spec.aliases.a: the version '1' is archived by ModelVersion v; name another version",
    ),
    "names that differ in accents": (
        {"a": joined(MODEL, version("v", "name: modèle"), version("w", "name: modele"))},
        ["a.yaml:17: SimilarName"],
        "",
    ),
}


@pytest.mark.parametrize(("files", "places", "message"), BETWEEN.values(), ids=list(BETWEEN))
def test_a_fault_between_manifests_is_found_at_the_second(
    validate: Validate, files: dict[str, str], places: list[str], message: str
) -> None:
    result = validate(".", "--output=json", "--namespace=default", **files)
    assert found(result) == places
    assert message in result.stderr
    is_warning = places[0].endswith(("SimilarName", "MissingVersion", "ArchivedVersion"))
    assert result.exit_code == (ExitCode.DONE if is_warning else ExitCode.ATTENTION)


ALLOWED = {
    "two connections of one registry with the same tenants": joined(
        REGISTRY + "  url: http://r\n  tenants: []\n",
        REGISTRY.replace("name: r", "name: s") + "  url: http://r:80/\n  tenants: []\n",
    ),
    "one entry and one external ID in each of two registries": joined(
        *(
            model(name, f"{{name: churn, externalId: '1', registryRef: {{kind: ClusterRegistry, name: {name}}}}}")
            + "---\n"
            + version(f"{name}-1", "name: '1'").replace("{name: churn}", f"{{name: {name}}}")
            for name in ("dev", "prod")
        )
    ),
    "a version that names the registry of its model": joined(
        model("churn", "{registryRef: {kind: ClusterRegistry, name: prod}}"), version("v", PROD)
    ),
    "aliases of versions that no manifest has": model("churn", "{aliases: {a: '1', b: '2'}}"),
    "aliases of versions": joined(model("churn", "{aliases: {a: churn-1, b: churn-1}}"), VERSION),
    "one name in two namespaces": joined(
        MODEL.replace("{name", "{namespace: a, name"),
        model("churn", "{name: Other}").replace("{name: churn", "{namespace: b, name: churn"),
    ),
    "one name of two kinds": joined(MODEL, version("churn")),
    "one name of versions of two models": joined(
        MODEL, model("z"), version("v", "name: '1'"), version("w", "name: '1'").replace("{name: churn}", "{name: z}")
    ),
    "a document and an artifact of one name": joined(
        MODEL, version("churn-1", "docArtifacts: [{name: onnx, uri: s3://a}]"), ARTIFACT + "  name: onnx\n"
    ),
    "an external ID of a model and an artifact": joined(
        model("churn", "{externalId: '1'}"), VERSION, ARTIFACT + "  externalId: '1'\n"
    ),
    "names of two models that differ in case": joined(
        MODEL, model("z"), version("v", "name: A"), version("w", "name: a").replace("{name: churn}", "{name: z}")
    ),
    "an empty spec of a model, a status, and nulls": MODEL + "spec:\nstatus: {id: '7', observedGeneration: 1}\n",
    "a status that no schema allows": MODEL + "status: {id: 7, state: [LIVE]}\n",
    "what kubectl has applied before": MODEL.replace(
        "churn}", f"churn, annotations: {{kubectl.kubernetes.io/last-applied-configuration: {'r' * 200_000}}}}}"
    )
    + f"spec: {{readme: {'r' * 100_000}}}\n",
    "a null field": MODEL + "spec: {owner: null}\n",
    "a parent elsewhere": VERSION.replace("{name: churn}", "{external: {name: churn}}"),
    "metadata as kubectl prints them": MODEL.replace(
        "{name: churn}",
        "{name: churn, uid: a, generation: 1, resourceVersion: '1', creationTimestamp: null, "
        "labels: {app.kubernetes.io/name: '', team: A_b.c}, annotations: {model-registrar.dev/paused: 'true'}}",
    ),
}


@pytest.mark.parametrize("text", ALLOWED.values(), ids=list(ALLOWED))
def test_what_is_right_passes_even_strictly(validate: Validate, text: str) -> None:
    result = validate("--strict", "-", stdin=text)
    assert (result.stderr, result.exit_code) == ("", ExitCode.DONE)


@pytest.mark.parametrize("levels", [150, 900, 20_000])
def test_a_document_that_is_nested_too_deeply_is_a_problem_of_its_own(validate: Validate, levels: int) -> None:
    deep = model("churn", f"{{customProperties: {{deep: {'[' * levels}{']' * levels}}}}}")
    result = validate("--output=json", ".", models=joined(deep, model("fraud", "{state: GONE}")))
    assert result.exit_code == ExitCode.ATTENTION
    assert found(result) == ["models.yaml:4: InvalidYaml", "models.yaml:9: InvalidValue"]
    assert "nested" in json.loads(result.stdout)["problems"][0]["message"]


def test_manifests_of_others_are_passed_over_and_counted(validate: Validate) -> None:
    others = joined("apiVersion: v1\nkind: ConfigMap\nmetadata: {nme: x}\n", "- a list\n", "resources: [a.yaml]\n")
    foreign = MODEL.replace("model-registrar.dev/v1alpha1", "mlops.example.com/v1")
    result = validate(a=others, b=joined(MODEL, foreign), c=REGISTRY + "  url: http://r\n  tenants: []\n")
    assert result.stdout == "2 manifests in 3 files: 0 errors, 0 warnings. 4 documents of other kinds passed over.\n"
    assert (result.stderr, result.exit_code) == ("", ExitCode.DONE)


def test_each_document_of_a_file_is_checked_whatever_the_others_are(validate: Validate) -> None:
    # The broken document may be the parent, so that nothing is said of it.
    result = validate("--output=json", ".", a=joined("a: [\n", VERSION, "b: 1\nb: 2\n", model("z", "{ownr: a}")))
    assert found(result) == ["a.yaml:2: InvalidYaml", "a.yaml:10: InvalidYaml", "a.yaml:15: UnknownField"]


def test_a_path_that_cannot_be_read_is_no_answer(validate: Validate, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "dangling.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "folder" / "latin.yaml").write_bytes(b"# \xe9\n")
    result = validate("nothing.yaml", "folder", "a.yaml", a=model("churn", "{ownr: a}"))
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert result.stderr.splitlines() == [
        "nothing.yaml: cannot be read: No such file or directory",
        "folder/dangling.yaml: cannot be read: No such file or directory",
        "folder/latin.yaml: cannot be read: it is not UTF-8",
        "a.yaml:4: spec.ownr: unknown field; did you mean owner?",
    ]
    answer = json.loads(validate("nothing.yaml", "--output=json").stdout)
    assert answer["complete"] is False
    assert answer["problems"][0]["line"] is None


def test_a_folder_that_cannot_be_read_is_no_answer(validate: Validate, tmp_path: Path) -> None:
    """It is too deep for the system. Permissions would not do: tests may run as root, who has them all."""
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(17):
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    result = validate(".", a=MODEL)
    assert (result.stderr.endswith(": cannot be read: File name too long\n"), result.exit_code) == (True, 3)


def test_a_folder_is_its_manifests_and_each_file_counts_once(validate: Validate, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("a: [")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.json").write_text(json.dumps({"apiVersion": "v1", "kind": "ConfigMap"}))
    (tmp_path / "notes.txt").write_text("a: [")
    result = validate(".", "deep", "a.yaml", a=MODEL)
    assert result.stdout == "1 manifest in 2 files: 0 errors, 0 warnings. 1 document of other kinds passed over.\n"


def test_stdin_is_read_beside_files(validate: Validate) -> None:
    result = validate("-", "a.yaml", stdin=MODEL, a=VERSION)
    assert (result.stderr, result.exit_code) == ("", ExitCode.DONE)
    result = validate("-", stdin=b"\xff")
    assert (result.stderr, result.exit_code) == ("stdin: cannot be read: it is not UTF-8\n", ExitCode.NOT_KNOWN)


def test_the_json_says_everything(validate: Validate) -> None:
    result = validate("a.yaml", "--output=json", "--namespace=team-a", a=VERSION + "  stat: LIVE\n")
    resource = {"kind": "ModelVersion", "namespace": "team-a", "name": "churn-1"}
    missing = (
        "spec.registeredModelRef.name: no RegisteredModel 'churn' in namespace team-a is among these manifests; "
        "correct the name, add the manifest, or refer to an entry of the registry with external"
    )
    unknown = "spec.stat: unknown field; did you mean state?"
    assert json.loads(result.stdout) == {
        "formatVersion": "1.0",
        "complete": True,
        "summary": {"files": 1, "manifests": 1, "others": 0, "errors": 1, "warnings": 1},
        "problems": [
            {"severity": severity, "rule": rule, "file": "a.yaml", "line": line, "message": text, "resource": resource}
            for severity, rule, line, text in (
                ("warning", "MissingParent", 5, missing),
                ("error", "UnknownField", 6, unknown),
            )
        ],
    }
    assert result.stderr == f"a.yaml:5: warning: {missing}\na.yaml:6: {unknown}\n"


def test_github_shows_problems_at_their_lines(validate: Validate, tmp_path: Path) -> None:
    (tmp_path / "a,b.yaml").write_text(joined(model("churn", '{"50%\\r\\n": 1}'), version("v").replace("churn", "x")))
    result = validate("a,b.yaml", "--output=github")
    first, second, summary = result.stdout.splitlines()
    assert first == (
        "::error file=a%2Cb.yaml,line=4,title=registrar%3A UnknownField::spec.50%25\\r\\n: unknown field; remove it"
    )
    assert second.startswith(
        "::warning file=a%2Cb.yaml,line=10,title=registrar%3A MissingParent::spec.registeredModelRef"
    )
    assert summary == "2 manifests in 1 file: 1 error, 1 warning."
    assert result.stderr == ""


def test_a_terminal_gets_a_line_each_and_20_of_a_rule(validate: Validate) -> None:
    fields = "".join(f"  zz{number:02}: 1\n" for number in range(22)) + '  "a\\nb": 1\n'
    result = validate("a.yaml", a=MODEL + "spec:\n" + fields)
    *lines, last = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == [f"spec.zz{number:02}" for number in range(20)]
    assert last == "… and 3 more of the rule UnknownField; --output json has all"
    assert result.stdout == "1 manifest in 1 file: 23 errors, 0 warnings.\n"
    assert (
        validate("b.yaml", b=MODEL + 'spec: {"a\\nb": 1}\n').stderr
        == "b.yaml:4: spec.a\\nb: unknown field; remove it\n"
    )


@pytest.mark.parametrize("arguments", [[], ["--namespace=a.b", "."], ["--output=xml", "."]], ids=" ".join)
def test_a_wrong_command_line_is_no_verdict(arguments: list[str]) -> None:
    assert CliRunner().invoke(main, ["validate", *arguments]).exit_code == ExitCode.USAGE


EXAMPLES = REPOSITORY / "examples"
BUILT = EXAMPLES / "serving"
"""Its manifests are complete once kustomize has built them."""


@pytest.mark.parametrize(
    "folder", [path for path in EXAMPLES.iterdir() if path.is_dir() and path != BUILT], ids=lambda path: path.name
)
def test_the_examples_are_valid(folder: Path) -> None:
    result = CliRunner().invoke(main, ["validate", "--strict", str(folder)])
    assert (result.stderr, result.exit_code) == ("", ExitCode.DONE)


@pytest.mark.parametrize("folder", [path for path in BUILT.iterdir() if path.is_dir()], ids=lambda path: path.name)
def test_what_kustomize_builds_of_an_example_is_valid(folder: Path, kubectl_program: Path) -> None:
    built = subprocess.run([kubectl_program, "kustomize", folder], capture_output=True, check=True).stdout
    result = CliRunner().invoke(main, ["validate", "--strict", "-"], input=built)
    assert (result.stderr, result.exit_code) == ("", ExitCode.DONE)


FULL = joined(
    model("a", "{name: b, customProperties: {c: 1}, language: [en]}").replace("{name: a", "{labels: {a: b}, name: a"),
    version("b", "artifacts: [{name: a, uri: s3://a}]").replace(
        "{name: b", "{annotations: {a: b}, namespace: c, name: b"
    ),
    ARTIFACT.replace("{name: churn-1}", "{external: {registeredModelName: a, name: b}}"),
)
ODD: list[Any] = [None, True, 1, 1.5, "x", "", [], ["x"], [None], {}, {"x": None}, {"name": ["x"]}]


def _paths(value: object) -> Iterator[tuple[str | int, ...]]:
    children: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield (key,)
        yield from ((key, *path) for path in _paths(child))


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_any_value_at_any_place_gets_a_verdict(odd: object) -> None:
    contents = [document.content for document in load(FULL)]
    places = list(_paths(contents))
    assert len(places) > 30
    for *way, last in places:
        changed = copy.deepcopy(contents)
        parent: Any = changed
        for step in way:
            parent = parent[step]
        parent[last] = odd
        result = CliRunner().invoke(main, ["validate", "-"], input="\n---\n".join(map(json.dumps, changed)))
        assert result.exception is None or isinstance(result.exception, SystemExit), (way, last, result.exception)
        assert result.exit_code in {ExitCode.DONE, ExitCode.ATTENTION}


def test_it_needs_no_cluster_and_no_registry(tmp_path: Path) -> None:
    """The installed program, where nothing that talks to either can be imported."""
    (tmp_path / "a.yaml").write_text(MODEL)
    for name in ("kopf", "aiohttp", "kubernetes"):
        (tmp_path / f"{name}.py").write_text("raise ImportError(__name__)")
    ran = subprocess.run(
        [PROGRAMS / "registrar", "validate", tmp_path / "a.yaml"],
        env=child_environment({"PYTHONPATH": os.pathsep.join([str(tmp_path), str(REPOSITORY / "operator")])}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "1 manifest in 1 file: 0 errors, 0 warnings.\n", "")
