"""The release notes: what the changelog says, and how to get the version."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import metadata

from tools.release.changelog import Section
from tools.release.chart import Release

_INSTALL = """
## Install

```sh
helm install model-registrar {chart} --version {version} --namespace model-registrar --create-namespace --set registry.url=http://model-registry-service.kubeflow:8080
```

Without Helm, apply `install.yaml`, and then set the registry's URL as its first lines say. The Python client is
`pip install model-registrar=={version}`. `sha256sum --check --ignore-missing SHA256SUMS` checks what you downloaded of
the files below.
"""

_FILE_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)]+)\)")
"""A link to a file, as the changelog writes it."""


def text(section: Section, release: Release) -> str:
    """Return the notes as Markdown."""
    return section.text + _INSTALL.format(chart=release.chart, version=release.version)


def with_links(section: Section, version: str) -> Section:
    """Return what is said, with links to the version's files where the changelog links to files beside it."""
    urls = dict(entry.split(", ", 1) for entry in metadata.metadata("model-registrar").get_all("Project-URL") or ())
    return replace(section, text=_FILE_LINK.sub(rf"]({urls['Source']}/blob/v{version}/\1)", section.text))
