"""Where an export puts files, and how its options name resources."""

import re
import subprocess
from operator import itemgetter
from pathlib import Path, PurePosixPath

import pytest
import yaml

from registrar.cli.documents.load import load
from registrar.cli.exits import ExitCode
from registrar.cli.export.layout import Layout
from registrar.cli.export.names import slug_of
from registrar.cli.export.templates import templates_from
from tests.cli.conftest import ReadByKubectl
from tests.cli.export import Export, files
from tests.support.rest import Rest

OWNERS = {
    "churn": "Data Science",
    "fraud": "data-science",
    "risk": "CON",
    "price": "no owner",
    "taste": "kustomization.yaml",
    "lone": "",
    "word": "日本語",
}


@pytest.fixture
def owned(rest: Rest) -> Rest:
    """Models of several owners, with names that are hard to distinguish or mean something to a system."""
    for name, owner in OWNERS.items():
        rest.version(rest.model(name, owner=owner), "1")
    return rest


def folders(root: Path) -> dict[str, str]:
    """Return the first folder of each file, by its name without an ending."""
    return {PurePosixPath(path).stem: PurePosixPath(path).parts[0] for path in files(root)}


@pytest.mark.parametrize("layout", list(Layout))
def test_each_owner_has_a_folder_above_those_of_the_layout(
    layout: Layout, owned: Rest, export: Export, tmp_path: Path, kubectl_program: Path, read_by_kubectl: ReadByKubectl
) -> None:
    root = tmp_path / "git"
    assert export("--group-by=owner", f"--layout={layout}", "--kustomization").exit_code == ExitCode.DONE
    below = {
        Layout.TREE: ["churn/churn-1.yaml", "churn/model.yaml"],
        Layout.MODEL: ["churn.yaml"],
        Layout.FLAT: ["modelversion-churn-1.yaml", "registeredmodel-churn.yaml"],
    }
    names = list(files(root))
    assert [name for name in names if name.startswith("data-science/")] == [
        f"data-science/{name}" for name in below[layout]
    ]
    found = sorted({PurePosixPath(name).parts[0] for name in names} - {"kustomization.yaml"})
    assert [re.sub(r"[0-9a-f]{8}$", "HASH", name) for name in found] == [
        "con_",
        "data-science",
        "data-science-HASH",
        "kustomization_.yaml",
        "no-owner",
        "no-owner-HASH",
        "x-HASH",
    ]
    assert all("lone" in name for name in names if name.startswith("no-owner/"))
    listed = yaml.safe_load((root / "kustomization.yaml").read_text())["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(names)
    built = subprocess.run([kubectl_program, "kustomize", root], check=True, capture_output=True, text=True).stdout
    plain = [each.content for each in load(export(to="-").stdout)]
    by_name = itemgetter("kind", "metadata")
    assert sorted(map(str, map(by_name, read_by_kubectl(built)))) == sorted(map(str, map(by_name, plain)))
    assert export("--check", "--group-by=owner").exit_code == ExitCode.DONE
    assert owned.entries()


def test_folders_of_owners_stay_whatever_is_exported_later(owned: Rest, export: Export, tmp_path: Path) -> None:
    export("--group-by=owner", to=tmp_path / "all")
    export("--group-by=owner", "--model=fraud", to=tmp_path / "one")
    assert files(tmp_path / "one").items() <= files(tmp_path / "all").items()
    before = files(tmp_path / "all")
    owned.model("later", owner="DATA science")
    export("--group-by=owner", to=tmp_path / "all")
    after = files(tmp_path / "all")
    assert before.items() <= after.items()
    (new,) = after.keys() - before.keys()
    assert re.fullmatch(r"data-science-[0-9a-f]{8}/later/model\.yaml", new)


def test_a_model_stays_together(owned: Rest, export: Export, tmp_path: Path) -> None:
    """With another owner, in a folder that someone moved, and whatever the options say this time."""
    root = tmp_path / "git"
    export("--group-by=owner")
    (root / "teams").mkdir()
    (root / "con_").rename(root / "teams" / "risks")
    owned.change("registered_models/1", owner="someone else")
    for model, name in [("1", "2"), ("5", "2"), ("11", "2")]:
        owned.version(model, name)
    export()
    found = files(root)
    assert {"data-science/churn/churn-2.yaml", "teams/risks/risk/risk-2.yaml", "no-owner/lone/lone-2.yaml"} < set(found)
    assert not (root / "churn").exists()


def test_a_model_that_is_called_like_a_file_of_kustomize_is_no_kustomization(
    rest: Rest, export: Export, tmp_path: Path
) -> None:
    rest.model("Kustomization")
    export("--layout=model", "--kustomization")
    assert list(files(tmp_path / "git")) == ["kustomization.yaml", "kustomization_.yaml"]


NAMES = {
    "one for versions": (["{model}.{version}"], ["my-model", "my-model.1.0", "my-model.1.0-card"]),
    "one for models": (["prod-{model}"], ["prod-my-model", "prod-my-model-1.0", "prod-my-model-1.0-card"]),
    "one for artifacts": (["{artifact}.{model}"], ["my-model", "my-model-1.0", "card.my-model"]),
    "one for each": (
        ["m.{model}", "v.{model}.{version}", "a.{model}.{version}.{artifact}"],
        ["m.my-model", "v.my-model.1.0", "a.my-model.1.0.card"],
    ),
    "the default in words": (["{model}", "{model}-{version}"], ["my-model", "my-model-1.0", "my-model-1.0-card"]),
}


@pytest.mark.parametrize(("templates", "expected"), NAMES.values(), ids=list(NAMES))
def test_a_template_is_for_the_kind_of_its_lowest_placeholder(
    templates: list[str], expected: list[str], rest: Rest, export: Export, read_by_kubectl: ReadByKubectl
) -> None:
    version = rest.version(rest.model("My Model"), "1.0")
    # A document of the same name gives the model artifact a manifest of its own.
    rest.artifact(version, "card", uri="s3://b", artifactType="doc-artifact")
    rest.artifact(version, "card", uri="s3://b")
    result = export(*(f"--name-template={template}" for template in templates), to="-")
    assert result.exit_code == ExitCode.DONE, result.stderr
    found = read_by_kubectl(result.stdout)
    assert [each["metadata"]["name"] for each in found] == expected
    assert found[1]["spec"]["registeredModelRef"] == {"name": expected[0]}
    assert found[2]["spec"]["modelVersionRef"] == {"name": expected[1]}


def test_equal_names_get_the_same_suffix_as_without_a_template(rest: Rest, export: Export, tmp_path: Path) -> None:
    for name in ("a", "b", "日"):
        rest.version(rest.model(name), "1")
    result = export("--name-template={version}")
    assert result.exit_code == ExitCode.DONE
    found = list(files(tmp_path / "git"))
    assert found[:2] == ["a/1.yaml", "a/model.yaml"]
    assert re.fullmatch(r"b/1-[0-9a-f]{8}\.yaml", found[2])
    # The next export finds the names where they are, with another template too.
    assert export("--check", "--name-template={model}.{version}").exit_code == ExitCode.DONE
    assert "0 manifests written" in export().stderr


WRONG = {
    "an unknown placeholder": ("{model}-{owner}", "has the unknown placeholder {owner}; there are {model}, {version}"),
    "no placeholder": ("churn", "has no placeholder"),
    "an empty one": ("{}", "has the unknown placeholder {}"),
    "a format": ("{model!r}", "has the unknown placeholder {model!r}"),
    "a single brace": ("{model", "has no placeholder"),
    "a brace too many": ("{model}}", "which Kubernetes refuses"),
    "capital letters": ("Team-{model}", "makes names such as 'Team-x', which Kubernetes refuses"),
    "an underscore": ("{model}_{version}", "makes names such as 'x_x', which Kubernetes refuses"),
    "a hyphen at the end": ("{model}-", "which Kubernetes refuses"),
    "an empty part": ("{model}..{version}", "which Kubernetes refuses"),
    "too long": ("x" * 61 + "{model}", "has more than 60 characters beside its placeholders"),
}


@pytest.mark.parametrize(("template", "message"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_template_is_refused_before_anything_is_read(
    template: str, message: str, export: Export, tmp_path: Path
) -> None:
    result = export(f"--name-template={template}", "--registry-url=http://127.0.0.1:1")
    assert result.exit_code == ExitCode.USAGE
    assert message in result.stderr
    assert not (tmp_path / "git").exists()


def test_two_templates_for_one_kind_are_refused(export: Export) -> None:
    result = export("--name-template={model}.{version}", "--name-template={version}")
    assert result.exit_code == ExitCode.USAGE
    assert "'{model}.{version}' and '{version}' both have {version}, so both name it" in result.stderr


def test_a_long_template_still_makes_a_valid_name() -> None:
    template = templates_from(["x" * 57 + ".{model}.{version}"])[2]
    slug, is_whole = slug_of(("ModelVersion", "m" * 255, "日"), template)
    assert (len(slug), is_whole) == (120, False)
