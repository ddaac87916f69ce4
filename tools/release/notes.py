"""The release notes: what the changelog says, and how to get the version."""

from __future__ import annotations

import re
from importlib import metadata

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

_FILE_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)]+)\)")
"""A link to a file, as the changelog writes it."""


def text(section: Section, release: Release) -> str:
    """Return the notes as Markdown; links to files of the repository lead to the version's files."""
    urls = dict(entry.split(", ", 1) for entry in metadata.metadata("model-registrar").get_all("Project-URL") or ())
    said = _FILE_LINK.sub(rf"]({urls['Source']}/blob/v{release.version}/\1)", section.text)
    return said + _INSTALL.format(chart=release.chart, version=release.version)
