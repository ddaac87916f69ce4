"""The promise of an export, on real parts: applying it writes the owner stamp to each entry, once, and nothing else."""

from collections import Counter
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from registrar.api.meta import OWNER_PROPERTY
from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.support.fault_proxy import proxy_to
from tests.support.fixtures import StartOperator
from tests.support.resources import PLURALS, Namespace
from tests.support.rest import PROPERTIES, STRUCT, Rest

TEXTS = [
    *(
        "y",
        "No",
        "1e3",
        "0x1F",
        "012",
        "2026-11-23",
        "~",
        "null",
        "1.0",
        ".5",
        "12:30:45",
        "=",
        "<<",
        "- a",
        "a: b",
        "#",
    ),
    *(" lead", "trail ", "a\r\nb", "\ttab", "😀", "\u2028", "'", '"', "%", "{{ .x }}", "x" * 3000),
    *("# Card\n\n- with 😀\n\n```yaml\na: 1\n```\n", "two\n\n", "\nfirst", "---\na\n", "  indented\nb\n"),
]
NAMES = [
    "churn",
    "Churn",
    "Org/My Model",
    "日本語",
    "2026-11-23",
    "1e3",
    "true",
    "a" * 200,
    "mo del",
    "..",
    "con",
    "it's",
]
VERSIONS = ["1.0", "y", "2026-11-23", "012", "😀", "b" * 200]
# Only the first names a version that is LIVE.
ALIASES = {
    f"alias.{alias}": {"metadataType": "MetadataStringValue", "string_value": version}
    for alias, version in {"champion": "1.0", "archived": "012", "missing": "9"}.items()
}
# What no field takes, and what no property may say either.
ODD_ALIAS = {"alias.latest": {"metadataType": "MetadataStringValue", "string_value": "1.0"}}
ODD_DIGEST = {"digest": {"metadataType": "MetadataStringValue", "string_value": "2c26"}}
LEFT_OUT = ("Struct", "customProperties.alias.latest: InvalidValue", "customProperties.digest: InvalidValue")
TIMES = {"lastUpdateTimeSinceEpoch"}


def fill(rest: Rest) -> None:
    """Every field, every type of property, odd texts and names, archived and retired entries."""
    texts = {f"text {i}": {"metadataType": "MetadataStringValue", "string_value": text} for i, text in enumerate(TEXTS)}
    for number, name in enumerate(NAMES):
        text = TEXTS[number * 2]
        model = rest.model(
            name,
            description=text,
            externalId=f"model {number}",
            owner=text,
            readme=TEXTS[-1 - number],
            maturity="y",
            language=["en", "no", "1e3"],
            tasks=["text-generation"],
            provider="~",
            logo="data:image/png;base64,AA==",
            license="012",
            licenseLink="https://x/y#z",
            libraryName="on",
            state="ARCHIVED" if number == 3 else "LIVE",
            customProperties={**PROPERTIES, **texts, **ALIASES, **ODD_ALIAS, "struct": STRUCT}
            if number == 0
            else PROPERTIES,
        )
        for version_name in VERSIONS if number == 0 else VERSIONS[:1]:
            version = rest.version(
                model,
                version_name,
                author=text,
                description=text,
                state="ARCHIVED" if version_name == "012" else "LIVE",
                customProperties=PROPERTIES,
            )
            rest.artifact(
                version, "model", uri="s3://b/m y", state="LIVE", modelFormatName="y", modelFormatVersion="1.10"
            )
            rest.artifact(version, "card", artifactType="doc-artifact", uri="https://x/#a", description=text)
            rest.artifact(version, "card", uri="s3://b/same-name", state="REFERENCE", customProperties=PROPERTIES)
            rest.artifact(version, "gone", uri="s3://b/gone", state="MARKED_FOR_DELETION", customProperties=ODD_DIGEST)
            rest.artifact(version, "upload", state="PENDING")


def without_stamp(entry: dict[str, Any]) -> dict[str, Any]:
    properties = {name: value for name, value in entry.get("customProperties", {}).items() if name != OWNER_PROPERTY}
    return {**{name: value for name, value in entry.items() if name not in TIMES}, "customProperties": properties}


def test_applying_an_export_writes_the_stamp_of_each_entry_once_and_nothing_else(
    rest: Rest, own_space: Namespace, start_operator: StartOperator, tmp_path: Path
) -> None:
    fill(rest)
    before = rest.entries()
    folder = tmp_path / "git"
    export = ["export", str(folder), f"--registry-url={rest.url}", f"--owner-id=tests/{own_space.name}"]
    result = CliRunner().invoke(main, [*export, "--archived"])
    assert result.exit_code == ExitCode.DONE, result.stderr
    left_out = [line for line in result.stderr.splitlines() if "(id " in line]
    assert [line for line in left_out if not any(each in line for each in LEFT_OUT)] == []
    assert all(any(each in line for line in left_out) for each in LEFT_OUT)

    with proxy_to(rest.url) as proxy:
        own_space.cluster.run_kubectl("apply", "--namespace", own_space.name, "--recursive", "-f", folder)
        start_operator(proxy.url, own_space)
        arguments = ("--namespace", own_space.name, "--for=condition=Ready", "--timeout=120s", "--all")
        own_space.cluster.run_kubectl("wait", *arguments, *[",".join(PLURALS.values())])
        patches = Counter(request.route.split("v1alpha3/")[1] for request in proxy.requests("PATCH"))

    after = rest.entries()
    assert {path: without_stamp(entry) for path, entry in after.items()} == {
        path: without_stamp(entry) for path, entry in before.items()
    }
    assert [path for path, entry in after.items() if OWNER_PROPERTY not in entry["customProperties"]] == []
    assert patches == Counter(before.keys())
    # Now that the stamps name the resources, an export still gives the same files.
    again = CliRunner().invoke(main, [*export, "--archived", "--check"])
    assert again.exit_code == ExitCode.DONE, again.stderr
    elsewhere = tmp_path / "elsewhere"
    CliRunner().invoke(main, ["export", str(elsewhere), *export[2:], "--archived"])
    assert {file.relative_to(elsewhere): file.read_text() for file in elsewhere.rglob("*.yaml")} == {
        file.relative_to(folder): file.read_text() for file in folder.rglob("*.yaml")
    }
