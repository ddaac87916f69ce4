"""Manifests for people without Helm: ``install.yaml``, and the same as a base for kustomize."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from registrar.api.manifests import to_yaml

NAMESPACE = "model-registrar"
CONFIG_MAP = "model-registrar-registry"
KEY = "url"
EXAMPLE = "http://model-registry-service.kubeflow:8080"
_FOLDER = "model-registrar"
_HEAD = f"""\
# Model Registrar %s: the CustomResourceDefinitions, and an operator for the whole cluster.
#
#   kubectl apply --server-side -f install.yaml
#   kubectl patch configmap {CONFIG_MAP} --namespace {NAMESPACE} --type merge \\
#     --patch '{{"data": {{"{KEY}": "{EXAMPLE}"}}}}'
#
# Until the ConfigMap has the registry's root URL, the pod runs but is not ready, and its log says what to edit.
# Apply a newer file in the same way: it leaves the URL as it is.
"""
_HELMS_LABELS = ("app.kubernetes.io/managed-by", "helm.sh/chart")
_HELMS_ANNOTATIONS = ("helm.sh/resource-policy",)

Manifest = dict[str, Any]


def render(helm: Path, chart: Path) -> dict[str, str]:
    """Return the manifests of a packaged chart, by the name of their file in the base for kustomize.

    Raises:
        subprocess.CalledProcessError: Helm refused the chart.
    """
    values = {"registry": {"urlConfigMapRef": {"name": CONFIG_MAP, "key": KEY}}}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(values, file)
        file.flush()
        options = (f"--namespace={NAMESPACE}", f"--values={file.name}")
        command = [str(helm), "template", "model-registrar", str(chart), *options]
        rendered = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    manifests = [_without_helm(one) for one in yaml.safe_load_all(rendered) if one]
    kinds = {"CustomResourceDefinition"}
    return {
        "namespace.yaml": _text([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}]),
        "crds.yaml": _text(one for one in manifests if one["kind"] in kinds),
        "registry.yaml": _text([_config_map()]),
        "operator.yaml": _text(one for one in manifests if one["kind"] not in kinds),
    }


def install_yaml(files: Mapping[str, str], version: str) -> str:
    """Return all manifests as one file."""
    return _HEAD % version + "".join(files.values())


def kustomize_base(files: Mapping[str, str], seconds: int) -> bytes:
    """Return a compressed archive of a folder with the manifests and a kustomization.

    Args:
        files: the manifests, by the name of their file.
        seconds: the time of each file, in seconds since 1970.
    """
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(files),
    }
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in {**files, "kustomization.yaml": to_yaml(kustomization)}.items():
            content = text.encode()
            info = tarfile.TarInfo(f"{_FOLDER}/{name}")
            info.size, info.mtime, info.mode = len(content), seconds, 0o644
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(archive.getvalue(), mtime=seconds)


def _config_map() -> Manifest:
    """Return the ConfigMap without data: to apply it again does not touch the URL."""
    description = f"Set data.{KEY} to the root URL of the model registry, such as {EXAMPLE}."
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": CONFIG_MAP,
            "namespace": NAMESPACE,
            "annotations": {"kubernetes.io/description": description},
        },
    }


def _without_helm(manifest: Manifest) -> Manifest:
    """Return a manifest that does not claim to be Helm's."""
    for metadata in _all_metadata(manifest):
        for field, names in (("labels", _HELMS_LABELS), ("annotations", _HELMS_ANNOTATIONS)):
            kept = {name: value for name, value in metadata.get(field, {}).items() if name not in names}
            metadata.pop(field, None)
            if kept:
                metadata[field] = kept
    return manifest


def _all_metadata(manifest: Manifest) -> Iterator[Manifest]:
    yield manifest["metadata"]
    template = manifest.get("spec", {}).get("template", {})
    if "metadata" in template:
        yield template["metadata"]


def _text(manifests: Iterable[Manifest]) -> str:
    return "".join(f"---\n{to_yaml(one)}" for one in manifests)
