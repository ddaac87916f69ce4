"""A real Kubernetes control plane on loopback: etcd, kube-apiserver with RBAC and, optionally, its controllers."""

import contextlib
import functools
import json
import os
import re
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from devcluster import binaries, kubeconfig, loopback
from devcluster.certificates import Authority, KeyPair, service_account_key
from devcluster.environment import child_environment
from devcluster.ports import free_port
from devcluster.processes import Child, ChildError, Children

READY_SECONDS = 90.0
# Unix sockets in our private folder: no race for a port, and no access for other users of the machine. The paths are
# relative to that folder, where both servers run: the path of a socket is limited to about 100 characters. etcd 3.5
# accepts no address without a port, which is part of the file's name.
_ETCD = "unix://etcd.sock:0"
_ETCD_PEER = "unix://peer.sock:0"
_PROBE_SECONDS = 5.0
_PORT_ATTEMPTS = 3
# Each request, who made it and whether it was allowed: a watch when it begins, every other request when it ends.
_AUDIT_POLICY = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
"""


@dataclass(frozen=True)
class ControlPlane:
    """An API server and the means to talk to it.

    Attributes:
        url: Address of the API server.
        kubeconfig: The administrator's, with everything embedded; mode 0600 if we started the control plane.
        kubectl: The program.
        disposable: True if we started it: everything in it vanishes with it.
    """

    url: str
    kubeconfig: Path
    kubectl: Path
    disposable: bool

    def run_kubectl(
        self, *arguments: str | os.PathLike[str], stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as administrator and return its text output.

        Args:
            arguments: What follows ``kubectl``.
            stdin: Text for ``-f -``.
            check: Raise on a status other than 0.

        Raises:
            KubectlError: It failed. The message is kubectl's.
        """
        result = subprocess.run(
            [self.kubectl, f"--kubeconfig={self.kubeconfig}", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env=self._kubectl_environment(),
        )
        if check and result.returncode != 0:
            words = " ".join(os.fspath(word) for word in arguments)
            raise KubectlError(f"kubectl {words} ended with status {result.returncode}: {result.stderr.strip()}")
        return result

    @functools.cached_property
    def minor_version(self) -> int:
        """The minor version of the API server's Kubernetes, such as 37."""
        version = json.loads(self.run_kubectl("get", "--raw=/version").stdout)
        return int(re.sub(r"\D", "", version["minor"]))  # managed clusters add a "+"

    def _kubectl_environment(self) -> Mapping[str, str]:
        if self.disposable:
            # Otherwise it would leave its discovery cache of this server in the user's home folder.
            return child_environment({"KUBECACHEDIR": str(self.kubeconfig.parent / "kubectl-cache")})
        return child_environment()


@dataclass(frozen=True)
class OwnControlPlane(ControlPlane):
    """A control plane that we started, whose API server can crash and come back."""

    _server: "_Server" = field(repr=False)

    def crash_apiserver(self) -> None:
        """SIGKILL the API server; etcd keeps running."""
        self._server.crash_apiserver()

    def bring_apiserver_back(self) -> None:
        """Start the API server again, on the same port and the same etcd, and wait until it is ready.

        Raises:
            ChildError: It did not become ready. The message has the end of its log.
        """
        self._server.bring_apiserver_back()


class KubectlError(RuntimeError):
    """kubectl ended with a status other than 0."""


@contextlib.contextmanager
def start(*, controller_manager: bool = False, audit_log: Path | None = None) -> Iterator[OwnControlPlane]:
    """Start a control plane of our own; leaving the ``with`` block ends it and removes all its files.

    Args:
        controller_manager: Also run kube-controller-manager, which finishes the deletion of namespaces, deletes the
            dependents of deleted owners, and creates ReplicaSets and Pods of Deployments (which stay Pending: there is
            no node).
        audit_log: File in which the API server writes each request, one JSON object (audit.k8s.io/v1) a line.

    Raises:
        BinariesError: A program is missing and can be neither fetched nor built.
        ChildError: A program did not become ready. The message has the end of its log.
    """
    programs = binaries.ensure(binaries.CONTROLLERS_TOO if controller_manager else binaries.PROGRAMS)
    with Children() as children:
        server = _Server(children, programs)
        server.start_etcd()
        server.start_apiserver(service_accounts=controller_manager, audit_log=audit_log)
        if controller_manager:
            server.start_controller_manager()
        yield OwnControlPlane(
            url=server.url, kubeconfig=server.admin(), kubectl=programs["kubectl"], disposable=True, _server=server
        )


class _Server:
    """The processes of one control plane and their credentials, in the folder of ``children``."""

    def __init__(self, children: Children, programs: Mapping[str, Path]) -> None:
        self.url = ""
        self._children = children
        self._programs = programs
        self._folder = children.folder / "certificates"
        self._folder.mkdir(mode=0o700)
        self._authority = Authority(self._folder)
        self._admin = self._authority.client("admin", group="system:masters")
        self._signer = service_account_key(self._folder)
        self._apiserver: Child | None = None
        self._apiserver_command: list[str | os.PathLike[str]] = []

    def start_etcd(self) -> None:
        self._children.start(
            "etcd",
            [
                self._programs["etcd"],
                f"--data-dir={self._children.folder / 'etcd'}",
                f"--listen-client-urls={_ETCD}",
                f"--advertise-client-urls={_ETCD}",
                f"--listen-peer-urls={_ETCD_PEER}",
                f"--initial-advertise-peer-urls={_ETCD_PEER}",
                f"--initial-cluster=default={_ETCD_PEER}",
                "--unsafe-no-fsync",  # The data does not outlive the process.
                "--log-level=warn",
            ],
            directory=self._children.folder,
        )

    def start_apiserver(self, *, service_accounts: bool, audit_log: Path | None) -> None:
        """Start kube-apiserver on a free port and wait until it is ready.

        Args:
            service_accounts: Admit Pods only with a ServiceAccount, as clusters do. Without controllers nothing creates
                the account ``default``, and every Pod would be refused.
            audit_log: File in which to write each request, if any.
        """
        arguments = self._apiserver_arguments()
        if not service_accounts:
            arguments.append("--disable-admission-plugins=ServiceAccount")
        if audit_log is not None:
            policy = self._folder / "audit-policy.yaml"
            policy.write_text(_AUDIT_POLICY)
            arguments += [f"--audit-policy-file={policy}", f"--audit-log-path={audit_log}"]
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            port = free_port()
            self.url = f"https://127.0.0.1:{port}"
            self._apiserver_command = [self._programs["kube-apiserver"], *arguments, f"--secure-port={port}"]
            try:
                self.bring_apiserver_back()
            except ChildError as error:
                # Another process may take the port before the server starts.
                if attempt == _PORT_ATTEMPTS or "address already in use" not in str(error):
                    raise
                self.crash_apiserver()
            else:
                return

    def crash_apiserver(self) -> None:
        """SIGKILL kube-apiserver."""
        if self._apiserver is not None:
            self._children.end(self._apiserver, kill=True)

    def bring_apiserver_back(self) -> None:
        """Start kube-apiserver with the command of its last start, and wait until it is ready."""
        self._apiserver = self._children.start(
            "kube-apiserver", self._apiserver_command, directory=self._children.folder
        )
        self._apiserver.wait_until(partial(self._answers, "/readyz"), timeout=READY_SECONDS)

    def start_controller_manager(self) -> None:
        """Start kube-controller-manager and wait for the first visible work of its controllers."""
        client = self._authority.client("system:kube-controller-manager")
        own = self._kubeconfig("controllers.kubeconfig", client)
        child = self._children.start(
            "kube-controller-manager",
            [
                self._programs["kube-controller-manager"],
                f"--kubeconfig={own}",
                f"--authentication-kubeconfig={own}",
                f"--authorization-kubeconfig={own}",
                f"--root-ca-file={self._authority.certificate}",
                f"--service-account-private-key-file={self._signer}",
                "--use-service-account-credentials=true",
                "--leader-elect=false",
                "--secure-port=0",  # Nothing reads its health or metrics.
            ],
        )
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        child.wait_until(partial(self._answers, account), timeout=READY_SECONDS)

    def admin(self) -> Path:
        """Write the administrator's kubeconfig."""
        return self._kubeconfig("kubeconfig", self._admin)

    def _kubeconfig(self, name: str, client: KeyPair) -> Path:
        path = self._children.folder / name
        return kubeconfig.write(path, url=self.url, authority=self._authority.certificate, client=client)

    def _apiserver_arguments(self) -> list[str]:
        serving = self._authority.serving("kube-apiserver")
        return [
            f"--etcd-servers={_ETCD}",
            f"--cert-dir={self._folder}",
            f"--client-ca-file={self._authority.certificate}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            "--bind-address=127.0.0.1",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            "--endpoint-reconciler-type=none",  # A loopback address is no endpoint.
            "--service-cluster-ip-range=10.0.0.0/24",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._signer}",
            f"--service-account-signing-key-file={self._signer}",
        ]

    def _answers(self, path: str) -> bool:
        """Return whether the API server answers a GET by the administrator with 200."""
        context = ssl.create_default_context(cafile=os.fspath(self._authority.certificate))
        context.load_cert_chain(self._admin.certificate, self._admin.key)
        return loopback.answers(self.url + path, context, timeout=_PROBE_SECONDS)
