"""The first apply of what was exported writes the owner stamp and nothing else.

``ENTRIES=500`` takes more of them, and ``MODEL_REGISTRY_URL`` another registry.
"""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from registrar.api.meta import OWNER_PROPERTY
from registrar.cli.exits import ExitCode
from tests.cli.program import PROGRAMS, run
from tests.support.fault_proxy import proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace
from tests.support.rest import PROPERTIES, STRUCT, Rest, text

ENTRIES = int(os.environ.get("ENTRIES", "40"))
TEXTS = [
    "y",
    "1e3",
    "2026-11-23",
    "0x1F",
    "~",
    "😀 日本語",
    "# A heading\r\n\r\n- a: b\n\ttab ",
    '"quoted" \\ it\'s',
    "x" * 300,
]
MODEL_FIELDS = ("description", "owner", "readme", "maturity", "provider", "license", "licenseLink", "libraryName")
ARTIFACT_FIELDS = (
    "description",
    "modelFormatName",
    "modelFormatVersion",
    "storageKey",
    "storagePath",
    "serviceAccountName",
    "modelSourceKind",
    "modelSourceClass",
    "modelSourceGroup",
    "modelSourceId",
    "modelSourceName",
)
SECRET = {"hf_token": text("hf_abcdefghijklmnop")}


@pytest.fixture
def foreign(registry_url: str, unique: Unique) -> Iterator[tuple[Rest, str]]:
    """A registry with entries that have every field, and what the names of their models begin with."""
    prefix = unique("n")
    with httpx.Client(trust_env=False, timeout=60) as http:
        rest = Rest(registry_url, http)
        for number in range(ENTRIES // 4):
            some = dict(zip(MODEL_FIELDS, TEXTS[number % len(TEXTS) :] + TEXTS, strict=False))
            properties = {**PROPERTIES, **SECRET, "n": text(TEXTS[number % len(TEXTS)])}
            is_archived = {"state": "ARCHIVED"} if number % 5 == 1 else {}
            model = rest.model(
                f"{prefix} {number}",
                **{**some, "licenseLink": "https://example.com/l", "language": ["en", "no"], "tasks": ["y", "1e3"]},
                externalId=f"{prefix}-{number}",
                customProperties=properties,
                **is_archived,
            )
            author = TEXTS[(number + 3) % 6]
            version = rest.version(model, "2026-11-23", author=author, customProperties={**properties, "s": STRUCT})
            fields = dict(zip(ARTIFACT_FIELDS, TEXTS[:8] * 2, strict=False))
            retired = "MARKED_FOR_DELETION" if number % 5 == 2 else "LIVE"
            rest.artifact(version, "1e3", uri="s3://b/m", state=retired, customProperties=properties, **fields)
            rest.artifact(version, "card", artifactType="doc-artifact", uri="s3://b/card", state="LIVE")
        yield rest, prefix


def entries(rest: Rest, prefix: str) -> dict[str, dict[str, Any]]:
    """The entries of the fixture, by their paths."""
    found = {
        f"registered_models/{each['id']}": each
        for each in rest.get("registered_models")["items"]
        if each["name"].startswith(prefix)
    }
    for path in list(found):
        for version in rest.get(f"{path}/versions")["items"]:
            found[f"model_versions/{version['id']}"] = version
            artifacts = rest.get(f"model_versions/{version['id']}/artifacts")["items"]
            found |= {f"artifacts/{each['id']}": each for each in artifacts}
    return found


def without_stamps(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    stripped = copy.deepcopy(found)
    for entry in stripped.values():
        entry.pop("lastUpdateTimeSinceEpoch")
        entry["customProperties"] = {
            name: each for name, each in (entry.get("customProperties") or {}).items() if name != OWNER_PROPERTY
        }
    return stripped


@pytest.mark.timeout(900)
def test_applying_an_export_writes_the_stamp_and_nothing_else(
    foreign: tuple[Rest, str], own_space: Namespace, start_operator: StartOperator, tmp_path: Path
) -> None:
    rest, prefix = foreign
    before = entries(rest, prefix)
    assert len(before) == ENTRIES // 4 * 4
    options = [f"--registry-url={rest.url}", f"--owner-id=tests/{own_space.name}", f"--model={prefix}*", "--archived"]
    exported = run(tmp_path / "none", PROGRAMS / "registrar", "export", tmp_path / "git", *options)
    assert exported.returncode == ExitCode.DONE, exported.stderr
    manifests = "".join(path.read_text() for path in (tmp_path / "git").rglob("*.yaml"))
    assert "hf_abcdefghijklmnop" not in manifests + exported.stderr
    with proxy_to(rest.url) as proxy:
        start_operator(proxy.url, own_space)
        apply = ("apply", "--server-side", "--recursive", "-f", str(tmp_path / "git"), "-n", own_space.name)
        own_space.cluster.run_kubectl(*apply)
        ready = ("wait", "--for=condition=Ready", "--recursive", "-f", str(tmp_path / "git"), "-n", own_space.name)
        own_space.cluster.run_kubectl(*ready, "--timeout=600s")
        written = Counter(request.route.rpartition("v1alpha3/")[2] for request in proxy.requests("PATCH"))
    after = entries(rest, prefix)
    assert without_stamps(after) == without_stamps(before)
    assert all(OWNER_PROPERTY in entry["customProperties"] for entry in after.values())
    assert dict(written) == dict.fromkeys(before, 1)
