import json
import socket
import uuid

import pytest
from _pytest.fixtures import FixtureFunctionDefinition

from devcluster import binaries, controlplane, gomodule, ports
from devcluster.controlplane import ControlPlane, KubectlError
from devcluster.processes import ChildError
from tests.env import control_plane as env
from tests.support.waiting import wait_until


@pytest.fixture
def controllers(control_plane_with_controllers: ControlPlane) -> ControlPlane:
    return control_plane_with_controllers


def test_the_programs_of_every_fixture_are_there_before_the_first_test() -> None:
    fixtures = {name for name, found in vars(env).items() if isinstance(found, FixtureFunctionDefinition)}
    assert fixtures == {"cluster", "control_plane", "control_plane_with_controllers", "kubectl_program", "namespace"}
    assert [name for name in fixtures if not env.programs_for({name})] == []
    assert env.programs_for(fixtures) == binaries.CONTROLLERS_TOO
    assert env.programs_for({"tmp_path"}) == ()


def test_fixture_gives_the_kubernetes_version_of_the_go_module(control_plane: ControlPlane) -> None:
    version = json.loads(control_plane.run_kubectl("version", "-o", "json").stdout)

    assert version["serverVersion"]["major"] == "1"
    if control_plane.disposable:
        minor = gomodule.kubernetes_version().rpartition(".")[0]  # an archive may have another patch version
        assert version["serverVersion"]["gitVersion"].startswith(f"{minor}.")


def test_namespace_is_fresh(control_plane: ControlPlane, namespace: str) -> None:
    listed = control_plane.run_kubectl("get", "namespace", namespace, "-o", "jsonpath={.status.phase}")

    assert listed.stdout == "Active"


def test_kubectl_error_carries_what_kubectl_said(control_plane: ControlPlane) -> None:
    with pytest.raises(KubectlError, match=r'kubectl get namespace absent ended with status 1: .* "absent" not found'):
        control_plane.run_kubectl("get", "namespace", "absent")


def test_two_control_planes_run_side_by_side(controllers: ControlPlane) -> None:
    name = f"only-here-{uuid.uuid4().hex[:8]}"
    with controlplane.start() as second:
        second.run_kubectl("create", "namespace", name)

        assert second.url != controllers.url
        assert "NotFound" in controllers.run_kubectl("get", "namespace", name, check=False).stderr


def test_port_that_another_process_took_is_given_up_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    find = ports.free_port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        offered = [taken.getsockname()[1], find()]
        monkeypatch.setattr(controlplane, "free_port", lambda: offered.pop(0))
        with controlplane.start() as plane:
            assert plane.run_kubectl("get", "--raw=/readyz").stdout == "ok"
    assert offered == []


def test_server_that_cannot_start_is_an_error_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controlplane, "_ETCD", "unix://nowhere.sock")
    monkeypatch.setattr(controlplane, "READY_SECONDS", 1.0)

    with (
        pytest.raises(ChildError, match=r"kube-apiserver was not ready after 1 s\.\nThe end of kube-apiserver\.log:\n"),
        controlplane.start(),
    ):
        pass


def test_project_resources_are_served(cluster: ControlPlane) -> None:
    served = cluster.run_kubectl("api-resources", "--api-group=model-registrar.dev", "--output=name").stdout.split()

    names = ("clusterregistries", "modelartifacts", "modelversions", "registeredmodels")
    assert served == [f"{name}.model-registrar.dev" for name in names]


def test_strangers_are_refused(controllers: ControlPlane) -> None:
    """Authentication and RBAC are on, so a test of the operator's permissions means something."""
    as_guest = [*_no_credentials(controllers), "--token=guess"]
    guest = controllers.run_kubectl("get", "secrets", *as_guest, check=False)
    nobody = controllers.run_kubectl("get", "secrets", "--as=nobody", check=False)

    assert "Unauthorized" in guest.stderr
    assert "Forbidden" in nobody.stderr


def test_administrator_kubeconfig_is_private_and_complete(controllers: ControlPlane) -> None:
    content = controllers.kubeconfig.read_text()

    assert controllers.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert str(controllers.kubeconfig.parent) not in content


def test_service_account_tokens_are_accepted(controllers: ControlPlane) -> None:
    token = controllers.run_kubectl("create", "token", "default").stdout.strip()

    who = controllers.run_kubectl("auth", "whoami", *_no_credentials(controllers), f"--token={token}", "-o", "json")

    assert json.loads(who.stdout)["status"]["userInfo"]["username"] == "system:serviceaccount:default:default"


def test_controllers_delete_a_namespace_with_its_content(controllers: ControlPlane) -> None:
    name = f"doomed-{uuid.uuid4().hex[:8]}"
    controllers.run_kubectl("create", "namespace", name)
    controllers.run_kubectl("create", "configmap", "content", f"--namespace={name}")

    controllers.run_kubectl("delete", "namespace", name, "--timeout=60s")

    assert "NotFound" in controllers.run_kubectl("get", "namespace", name, check=False).stderr


def test_controllers_make_pods_of_deployments(controllers: ControlPlane) -> None:
    name = f"web-{uuid.uuid4().hex[:8]}"
    controllers.run_kubectl("create", "deployment", name, "--image=example.invalid/web", "--replicas=1")

    pods = ("get", "pods", f"--selector=app={name}", "-o", "name")
    wait_until(lambda: len(controllers.run_kubectl(*pods).stdout.split()) == 1, "there is not one Pod")
    controllers.run_kubectl("delete", "deployment", name)


def _no_credentials(plane: ControlPlane) -> list[str]:
    return ["--kubeconfig=/dev/null", f"--server={plane.url}", "--insecure-skip-tls-verify"]
