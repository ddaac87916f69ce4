"""Accounts of the cluster that may do less than the administrator."""

from pathlib import Path

import yaml

from tests.support.resources import PLURALS, Namespace


def reader_kubeconfig(space: Namespace, folder: Path) -> Path:
    """Log-in of an account that may read our resources in a namespace, and nothing else."""
    cluster = space.cluster
    place = ("--namespace", space.name)
    cluster.run_kubectl("create", "serviceaccount", "reader", *place)
    resources = ",".join(PLURALS.values())
    cluster.run_kubectl("create", "role", "reader", "--verb=get,list,watch", f"--resource={resources}", *place)
    account = f"--serviceaccount={space.name}:reader"
    cluster.run_kubectl("create", "rolebinding", "reader", "--role=reader", account, *place)
    token = cluster.run_kubectl("create", "token", "reader", *place).stdout.strip()
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"] = [{**user, "user": {"token": token}} for user in config["users"]]
    path = folder / "reader.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path
