"""The release notes: what the changelog says, and how to get the version."""

from __future__ import annotations

from tools.release.changelog import Section
from tools.release.chart import Release

_INSTALL = """
## Install

```sh
helm install model-registrar {chart} --version {version} --namespace model-registrar --create-namespace --set registry.url=http://model-registry-service.kubeflow:8080
```

Without Helm, apply `install.yaml`, and then set the registry's URL as its first lines say. The Python client is
`pip install model-registrar=={version}`. `sha256sum --check SHA256SUMS` checks the files below.
"""


def text(section: Section, release: Release) -> str:
    """Return the notes as Markdown."""
    return section.text + _INSTALL.format(chart=release.chart, version=release.version)
