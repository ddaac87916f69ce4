"""Writes the files that are derived from the code, or names those that would change.

Each generator returns the texts of one folder or file. To add an output, write a generator and add it to
``GENERATORS``.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import click

from registrar.api import manifests
from registrar.api.schema import custom_resource_definition
from registrar.kinds.table import DEFINED
from tools.generate import argocd, chart
from tools.generate.adopt import adopt_schema
from tools.generate.commands import commands_page
from tools.generate.copy import copy_page
from tools.generate.export import export_page
from tools.generate.plan import plan_page, plan_schema
from tools.generate.reference import api_page
from tools.generate.settings import settings_page
from tools.generate.validate import validate_page
from tools.generate.versions import readme_with_table, versions_page
from tools.recording.picture import PICTURE, picture

ROOT = Path(__file__).resolve().parents[2]

Texts = Mapping[str, str]
"""The text of each generated file, by its path under the repository's root."""


def crds() -> Texts:
    """Return one CustomResourceDefinition a file, and a kustomization of them.

    The kustomization has no file ending, so that ``kubectl apply -f crds/`` passes over it, and ``-k crds/`` works too.
    """
    definitions = manifests.definitions(DEFINED)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(definitions),
    }
    return {
        **{f"crds/{name}": text for name, text in definitions.items()},
        "crds/Kustomization": manifests.HEADER + manifests.to_yaml(kustomization),
    }


def api_reference() -> Texts:
    """Return the page about every field of the resources."""
    return {"docs/reference/api.md": api_page([custom_resource_definition(kind) for kind in DEFINED])}


def settings_reference() -> Texts:
    """Return the page about every setting of the operator."""
    return {"docs/reference/settings.md": settings_page()}


def commands_reference() -> Texts:
    """Return the page about the command line."""
    return {"docs/reference/cli.md": commands_page()}


def export_reference() -> Texts:
    """Return the page about what an export leaves out."""
    return {"docs/reference/export.md": export_page()}


def copy_reference() -> Texts:
    """Return the page about what a copy leaves out."""
    return {"docs/reference/copy.md": copy_page()}


def validate_reference() -> Texts:
    """Return the page about the rules for manifests."""
    return {"docs/reference/validate.md": validate_page()}


def plan_reference() -> Texts:
    """Return the page about what a plan shows, and the schemas of its JSON and of what an adoption makes of it."""
    schema = plan_schema()
    return {
        "docs/reference/plan.md": plan_page(),
        "docs/reference/plan.schema.json": json.dumps(schema, indent=2) + "\n",
        "docs/reference/adopt.schema.json": adopt_schema(schema),
    }


def tested_versions() -> Texts:
    """Return the table of tested versions: a section of the README, and a page."""
    return {"README.md": readme_with_table(ROOT), "docs/reference/versions.md": versions_page(ROOT)}


def demo_picture() -> Texts:
    """Return the animated picture of ``make demo``, from its recording."""
    return {PICTURE.relative_to(ROOT).as_posix(): picture()}


def argocd_customizations() -> Texts:
    """Return health checks and actions for Argo CD: the ConfigMap, and the copies that Argo CD's own layout needs."""
    return argocd.customizations(ROOT)


GENERATORS: tuple[Callable[[], Texts], ...] = (
    crds,
    api_reference,
    settings_reference,
    commands_reference,
    export_reference,
    copy_reference,
    validate_reference,
    plan_reference,
    tested_versions,
    chart.crd_templates,
    chart.rules_template,
    chart.finalizer_template,
    chart.rbac_page,
    argocd_customizations,
    demo_picture,
)
GENERATED_FOLDERS = ("crds", chart.CRD_TEMPLATES, *argocd.generated_folders())
"""Folders in which every file is generated: any other file is left over from a kind or output that was removed."""


def generated() -> Texts:
    """Return the text of every generated file."""
    return {path: text for generate in GENERATORS for path, text in generate().items()}


def differences(root: Path, texts: Texts) -> list[str]:
    """Return ``<path>: <how>`` for each file under ``root`` that differs from ``texts``."""
    found = []
    for path, text in texts.items():
        try:
            current = (root / path).read_text(encoding="utf-8")
        except FileNotFoundError:
            found.append(f"{path}: is missing")
            continue
        if current != text:
            found.append(f"{path}: differs")
    return [*found, *(f"{path}: is not generated any more" for path in _left_over(root, texts))]


def _left_over(root: Path, texts: Texts) -> Iterable[str]:
    for folder in GENERATED_FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.is_file() and path not in texts:
                yield path


def write(root: Path, texts: Texts) -> None:
    """Write ``texts`` under ``root`` and remove what is left over in the generated folders."""
    for path, text in texts.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for path in list(_left_over(root, texts)):
        (root / path).unlink()


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail and list the files that would change.")
@click.option(
    "--root",
    default=ROOT,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write under; the repository by default.",
)
def main(*, check: bool, root: Path) -> None:
    """Write the files that are derived from the code."""
    texts = generated()
    if not check:
        write(root, texts)
        return
    if found := differences(root, texts):
        raise click.ClickException("\n".join([*found, "Run `make generate` and commit the result."]))
