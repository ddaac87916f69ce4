"""What people meet who join: issue forms, the pull-request template, and the updates of dependencies."""

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
FORMS = [path for path in sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) if path.stem != "config"]


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_that_github_accepts(form: Path) -> None:
    read: dict[str, Any] = yaml.safe_load(form.read_text())
    assert read.keys() == {"name", "description", "labels", "body"}
    fields = [each for each in read["body"] if each["type"] != "markdown"]
    assert fields
    assert len({each["id"] for each in fields}) == len(fields)
    for field in fields:
        assert field["type"] in {"dropdown", "input", "textarea"}
        assert field["attributes"]["label"]
        assert field["attributes"].keys() <= {"label", "description", "options", "render"}
    assert any(each.get("validations", {}).get("required") for each in fields)


def test_the_forms_lead_to_pages_of_the_site_and_to_the_private_report_of_a_vulnerability() -> None:
    config = yaml.safe_load((GITHUB / "ISSUE_TEMPLATE" / "config.yml").read_text())
    private, *others = (link["url"] for link in config["contact_links"])
    source = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Source"]
    assert private == f"{source}/security/advisories/new"
    assert others
    for url in others:
        page = urlsplit(url).path.removeprefix("/").removesuffix(".html")
        assert (ROOT / "docs" / f"{page}.md").is_file(), url


def test_the_templates_name_files_and_targets_that_exist() -> None:
    texts = [path.read_text() for path in (*FORMS, GITHUB / "pull_request_template.md")]
    targets = {name for text in texts for name in re.findall(r"`make ([a-z0-9-]+)", text)}
    assert targets
    assert targets <= set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    files = {name for text in texts for name in re.findall(r"\b[A-Z_]+\.md\b", text)}
    assert files
    assert {name for name in files if not (ROOT / name).is_file()} == set()


def test_updates_follow_each_kind_of_dependency_and_come_in_groups() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
    by_kind = {each["package-ecosystem"]: each for each in updates}
    assert by_kind.keys() == {"uv", "github-actions", "gomod"}
    modules = {f"/{path.parent.relative_to(ROOT)}" for path in (ROOT / "devcluster").glob("*/go.mod")}
    # The oldest Kubernetes changes only together with what the chart promises.
    assert set(by_kind["gomod"]["directories"]) == modules - {"/devcluster/go-oldest"}
    assert all(each["groups"] and each["cooldown"] for each in updates)
