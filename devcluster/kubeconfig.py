"""Writes kubeconfig files with everything embedded."""

import base64
import json
from pathlib import Path

from devcluster.certificates import KeyPair

_NAME = "model-registrar"


def write(path: Path, *, url: str, authority: Path, client: KeyPair) -> Path:
    """Write a kubeconfig with one context, mode 0600, and return its path.

    Args:
        path: Replaced if present.
        url: Address of the API server.
        authority: PEM file of the server's certificate authority.
        client: Certificate and key of the user.
    """
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": _NAME,
        "clusters": [
            {"name": _NAME, "cluster": {"server": url, "certificate-authority-data": _embedded(authority)}},
        ],
        "users": [
            {
                "name": _NAME,
                "user": {
                    "client-certificate-data": _embedded(client.certificate),
                    "client-key-data": _embedded(client.key),
                },
            },
        ],
        "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _NAME}}],
    }
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=2))  # JSON is YAML.
    return path


def _embedded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
