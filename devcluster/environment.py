"""The environment of the programs that we start: this user's, without everything that names another cluster."""

import os
from collections.abc import Mapping

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The user's clusters, the cluster of the pod that we may run in, and settings of the operator.
_TO_OTHERS = ("KUBECONFIG", "KUBERNETES_", "REGISTRAR_")


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables for a child: no cluster but the one in its arguments, no proxy for loopback.

    Args:
        extra: Variables to add; they win over the inherited ones.
    """
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_TO_OTHERS)}
    for name in ("NO_PROXY", "no_proxy"):
        inherited = [host for host in variables.get(name, "").split(",") if host]
        variables[name] = ",".join(dict.fromkeys([*inherited, *_LOOPBACK]))
    # Otherwise kubectl reads the user's own preferences and aliases.
    variables["KUBERC"] = "off"
    return variables | dict(extra or {})
