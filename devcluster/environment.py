"""The environment that started programs get: this user's, less everything that points to another cluster."""

import os
from collections.abc import Mapping

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The first names a user's clusters, the second the cluster of the pod we may be in, the third configures the operator.
_TO_OTHERS = ("KUBECONFIG", "KUBERNETES_", "REGISTRAR_")


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables for a child: no cluster but the one it is told, no proxy before loopback.

    Args:
        extra: Variables to add; they win over the inherited ones.
    """
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_TO_OTHERS)}
    for name in ("NO_PROXY", "no_proxy"):
        inherited = [host for host in variables.get(name, "").split(",") if host]
        variables[name] = ",".join(dict.fromkeys([*inherited, *_LOOPBACK]))
    # kubectl reads the user's own preferences and aliases otherwise.
    variables["KUBERC"] = "off"
    return variables | dict(extra or {})
