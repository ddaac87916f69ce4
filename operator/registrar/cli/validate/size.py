"""How large a manifest is to kubectl and to etcd."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from registrar.api.meta import LAST_APPLIED_ANNOTATION
from registrar.cli.documents.manifest import FileManifest

MAX_ANNOTATIONS = 262_144
"""Bytes that all annotations of an object may have together, keys and values."""
MAX_OBJECT = 1_572_864
"""Bytes of a request to etcd (its ``--max-request-bytes``)."""

_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
"""Go's encoding/json writes these so, for JSON inside of HTML."""


def object_size(body: Mapping[str, Any]) -> int:
    """Return the bytes of a manifest as JSON."""
    return len(_json(body).encode())


def annotations_size(manifest: FileManifest, namespace: str) -> int:
    """Return the bytes of a resource's annotations once client-side ``kubectl apply`` has added its own."""
    written = manifest.metadata.get("annotations")
    annotations = written if isinstance(written, Mapping) else {}
    own = {name: value for name, value in annotations.items() if name != LAST_APPLIED_ANNOTATION}
    metadata = {"namespace": namespace, **manifest.metadata, "annotations": own}
    copy = _json({**manifest.body, "metadata": metadata}) + "\n"
    return sum(len(f"{name}{value}".encode()) for name, value in {**own, LAST_APPLIED_ANNOTATION: copy}.items())


def _json(content: Mapping[str, Any]) -> str:
    """Return JSON as Go writes it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED)
