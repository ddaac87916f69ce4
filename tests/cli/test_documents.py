"""YAML: what we write kubectl reads back, and what we read is what kubectl sends. kubectl is the real one."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from registrar.cli.documents.dump import Inline, dump
from registrar.cli.documents.load import DocumentError, load, resources
from registrar.cli.documents.scalars import plain_key, plain_value
from tests.cli.conftest import ReadByKubectl

SCALARS = Path(__file__).with_name("scalars.txt").read_text(encoding="utf-8").split()
ENVELOPE = "apiVersion: model-registrar.dev/v1alpha1\nkind: RegisteredModel\nmetadata: {name: x}\nspec:\n"
MARKS = ["\n", " ", "\t", "\r\n", ": ", " #", "'", '"', "- ", "---", "|", "é", "😀", "\u2028", "%"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.lists(
    st.sampled_from([*SCALARS, *MARKS]), max_size=8
).map("".join)
SPACES = ["", " ", "a ", " a", "a\n", "a\n\n", "\na", "a\n b\n", "a \nb", "a\r\nb", "a\tb", "a\n---\nb"]
PUNCTUATION = [
    "a: b",
    "a #b",
    "# a",
    "it's",
    "---",
    "--- a",
    "%a",
    "@a",
    "`a",
    "Frauds (of cards), mostly.",
    "s3://b/a.onnx",
]
CHARACTERS = ["😀", "# Card\n\nWith 😀.\n\n- `a: b`\n", "\ufeff", "\x85", "\u2028", "\x7f", "\x00", "é", "x" * 300]


def properties_of(found: list[dict[str, Any]]) -> Any:
    (resource,) = found
    return resource["spec"]["customProperties"]


def manifest(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "model-registrar.dev/v1alpha1",
        "kind": "RegisteredModel",
        "metadata": {"name": "x"},
        "spec": {"customProperties": properties},
    }


def typed(value: object) -> object:
    """A value that differs from equal ones of other types."""
    return {key: typed(each) for key, each in value.items()} if isinstance(value, dict) else (type(value), value)


def test_plain_scalars_are_read_as_kubectl_reads_them(read_by_kubectl: ReadByKubectl) -> None:
    finite = [text for text in SCALARS if plain_value(text) == plain_value(text) not in {float("inf"), -float("inf")}]
    assert len(SCALARS) - len(finite) == 5
    text = ENVELOPE + "  customProperties:\n" + "".join(f"    k{i}: {each}\n" for i, each in enumerate(finite))
    sent = properties_of(read_by_kubectl(text))
    assert typed({each: sent[f"k{i}"] for i, each in enumerate(finite)}) == typed(
        {each: plain_value(each) for each in finite}
    )
    (document,) = load(text)
    assert typed(document.content["spec"]["customProperties"]) == typed(sent)


def test_plain_keys_are_read_as_kubectl_reads_them(read_by_kubectl: ReadByKubectl) -> None:
    texts = [*SCALARS, "1e5", "1e6", "1e39", "-1e39", "123456789.123", "0.0001", "0.00001234", "1.10", "16777217.0"]
    keys = {text: plain_key(text) for text in texts if text != "~"}
    for text in (text for text, key in keys.items() if key is None):
        with pytest.raises(subprocess.CalledProcessError):
            read_by_kubectl(f"{ENVELOPE}  customProperties: {{{text}: 1}}\n")
    # One map a key, because different keys can be the same one to kubectl.
    accepted = {text: key for text, key in keys.items() if key is not None}
    maps = "".join(f"  - {text}: 1\n" for text in accepted)
    (sent,) = read_by_kubectl(f"{ENVELOPE}  maps:\n{maps}")
    assert [next(iter(each)) for each in sent["spec"]["maps"]] == list(accepted.values())


SPECS = {
    "explicit tags": "{a: !!str 1, b: !!float 1, c: !!int '0x10', d: !!binary aGVsbG8=, f: !!bool 'y', g: !x 1}",
    "an anchor": "{a: &a {x: 1}, b: *a}",
    "a merge before a key": "{<<: {a: 1, b: 2}, a: 3}",
    "a merge behind a key": "{a: 3, <<: {a: 1, b: 2}}",
    "a merge of two": "{<<: [{a: 1, b: 2}, {b: 3, c: 4}]}",
    "quoted keys and values": "{'y': 'n', \"1\": \"1e3\", ? complex : 1}",
    "folded text": "\n    a: >-\n      one\n      two\n\n      three\n    b: |+\n      x\n\n    c: 'a\n      b'",
    "JSON": '{"a": 1.0, "b": [true, null, "\\u00e9"], "c": {}}',
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=list(SPECS))
def test_documents_are_read_as_kubectl_reads_them(spec: str, read_by_kubectl: ReadByKubectl) -> None:
    text = f"{ENVELOPE}  customProperties: {spec}\n"
    (document,) = load(text)
    assert typed(document.content["spec"]["customProperties"]) == typed(properties_of(read_by_kubectl(text)))


def test_json_is_read_as_kubectl_reads_it(read_by_kubectl: ReadByKubectl) -> None:
    text = json.dumps(manifest({"emoji": "😀", "escaped": "\\ud83d\\ude00", "both": "\\😀", "é": "\t/"}), indent="\t")
    assert "\\ud83d\\ude00" in text
    assert [document.content for document in load(text)] == read_by_kubectl(text) == [json.loads(text)]


def test_documents_are_split_as_kubectl_splits_them(read_by_kubectl: ReadByKubectl) -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
    text = (
        f"# first\n---\n{one % 'a'}---   \n# nothing\n---\n{one % 'b'}...\n---\r\n"
        + (one % "c").replace("\n", "\r\n")
        + "---\napiVersion: v1\nkind: List\nitems:\n- "
        + (one % "d").replace("\n", "\n  ").rstrip()
        + "\n---\n"
    )
    found = [resource for document in load(text) for resource in resources(document)]
    assert found == read_by_kubectl(text)
    assert [resource["metadata"]["name"] for resource in found] == ["a", "b", "c", "d"]


def aliased(repeats: int, *, items: int = 200) -> str:
    """A list, and a list of so many aliases of it."""
    anchor = ", ".join(map(str, range(items)))
    return f"{ENVELOPE}  customProperties:\n    a: &a [{anchor}]\n    b: [{', '.join(['*a'] * repeats)}]\n"


def test_aliases_expand_as_far_as_kubectl_lets_them(read_by_kubectl: ReadByKubectl) -> None:
    limit = next(repeats for repeats in range(205, 260) if is_refused(aliased(repeats)))
    assert read_by_kubectl(aliased(limit - 1)) == [load(aliased(limit - 1))[0].content]
    with pytest.raises(subprocess.CalledProcessError) as refused:
        read_by_kubectl(aliased(limit))
    assert "excessive aliasing" in refused.value.stderr.decode()
    with pytest.raises(DocumentError, match="excessive aliasing, which kubectl refuses") as ours:
        load(f"{ENVELOPE}---\n{aliased(limit)}")
    assert ours.value.line == 12


def is_refused(text: str) -> bool:
    try:
        load(text)
    except DocumentError:
        return True
    return False


def test_a_billion_laughs_are_refused_before_they_are_expanded() -> None:
    lines = [f"a0: &a0 [{', '.join(['lol'] * 9)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    with pytest.raises(DocumentError, match="excessive aliasing"):
        load("\n".join(lines))


def test_a_long_text_that_many_aliases_repeat_is_refused() -> None:
    text = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 150)}]\n"
    assert not is_refused(text)
    with pytest.raises(DocumentError, match="more than 16 MiB of text") as refused:
        load(text.replace("]", f", {', '.join(['*a'] * 50)}]"))
    assert refused.value.line == 2


REFUSED = {
    "a key twice": ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "the key 'c' stands here twice"),
    "a key twice in two spellings": ("a: 1\n---\nb: {y: 1, true: 2}\n", 3, "the key 'true' stands here twice"),
    "a document that kubectl would pass over": ("a: 1\n--- # more\nb: 1\n", 2, "kubectl passes over this document"),
    "no number of JSON": ("a: 1\nb: .nan\n", 2, ".nan has no form in JSON"),
    "a list as key": ("a: 1\nb: {[1]: 2}\n", 2, "this cannot be a key"),
    "null as key": ("~: 1\n", 1, "this cannot be a key"),
    "an alias of itself": ("a: &a [*a]\n", 1, "this alias contains itself"),
    "a merge of text": ("a: {<<: b}\n", 1, "'<<' takes a map"),
    "no YAML": ("a: 1\n---\nb: [1,\nc: 2\n", 5, "did not find expected"),
    "an unknown alias": ("a: *b\n", 1, "undefined alias"),
    "a forbidden character": ("a: \x07\n", 1, "control characters"),
    "bytes that are no text": ("a: !!binary /w==\n", 1, "!!binary does not hold text"),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=list(REFUSED))
def test_what_kubectl_refuses_or_misreads_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as refused:
        load(text)
    assert refused.value.line == line


def test_each_document_and_path_has_its_line() -> None:
    text = "---\n# comment\na: 1\n---\n\nspec:\n  name: x\n  list:\n  - b: 1\n  - c: 2\n"
    first, second = load(text)
    assert (first.line, first.start, first.end) == (3, 1, 3)
    assert (second.line, second.start, second.end) == (6, 4, 10)
    assert second.line_of(["spec", "list", 1, "c"]) == 10
    assert second.line_of(["spec", "nothing"]) == 6


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@example(
    [*SCALARS, "", " ", "a ", " a", "a\n", "a\n\n", "\na", "a\n b\n", "a \nb", "a\r\nb", "a\tb", "a: b", "a #b", "# a"]
)
@example(
    ["😀", "# Card\n\nText with 😀.\n\n- `a: b`\n", "\ufeff", "\x85", "\u2028", "\x7f", "\x00", "é", "x" * 300, "it's"]
)
@example(
    [
        "Separates fraudulent payments (cards), mostly.",
        "s3://bucket/a.onnx",
        "---",
        "--- a",
        "a\n---\nb",
        "%a",
        "@a",
        "`a",
    ]
)
@given(st.lists(TEXTS, max_size=30))
def test_text_survives_kubectl_pyyaml_and_us(read_by_kubectl: ReadByKubectl, texts: list[str]) -> None:
    # As values, as keys (none twice), on one line, and in a list.
    properties = {f"k{i}": text for i, text in enumerate(texts)} | {
        f"i{i}": Inline({"string": text}) for i, text in enumerate(texts)
    }
    content = manifest({**properties, **dict.fromkeys(texts, "key")})
    content["spec"]["language"] = texts
    text = dump(content)
    assert read_by_kubectl(text) == [content]
    assert [document.content for document in load(text)] == [content]
    assert yaml.safe_load(text) == content


@given(st.one_of(st.integers(-(2**31), 2**31 - 1), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_and_booleans_survive(value: float) -> None:
    (document,) = load(dump({"a": value, "b": Inline({"double": value})}))
    # A whole double is read as an integer of its shortest digits, which are not always its exact value.
    assert float(document.content["a"]) == value
    assert float(document.content["b"]["double"]) == value


def test_what_is_written_reads_well() -> None:
    written = dump(
        {
            "plain": "Separates fraudulent payments.",
            "uri": "s3://bucket/model.onnx",
            "date": "2026-11-23",
            "version": "1.10",
            "word": "no",
            "readme": "# Card\n\nText: *good*.\n",
            "typed": Inline({"double": 2.0}),
            "list": ["en", "no"],
        }
    )
    assert written == (
        "plain: Separates fraudulent payments.\nuri: s3://bucket/model.onnx\ndate: '2026-11-23'\nversion: '1.10'\n"
        "word: 'no'\nreadme: |\n  # Card\n\n  Text: *good*.\ntyped: {double: 2.0}\nlist:\n- en\n- 'no'\n"
    )
