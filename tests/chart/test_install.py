"""A release's life with real Helm on a real API server: installed, upgraded, rolled back, removed."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from devcluster import gomodule
from registrar.kinds.table import DEFINED, RESOURCES
from tests.chart.helm import CHART, MINIMAL, VALUES, Helm, HelmError
from tests.chart.installed import NAME, RELEASE, Site, site
from tests.env.control_plane import install_crds
from tests.support.accounts import token_kubeconfig
from tests.support.resources import manifest

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
FORCE = ("--force-conflicts",) if gomodule.chosen_helm() == "4" else ()
"""Helm 3 writes over what others applied, and does not know the flag."""
CRDS = [f"customresourcedefinition/{kind.PLURAL}.model-registrar.dev" for kind in DEFINED]


@pytest.fixture
def own_site(tools: dict[str, Path], tmp_path: Path) -> Iterator[Site]:
    with site(tools, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def controlled_site(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With kube-controller-manager, which puts aggregated roles together."""
    with site(tools, tmp_path_factory.mktemp("site"), controller_manager=True) as found:
        yield found


def _arguments(found: Site) -> list[str]:
    text = found.plane.run_kubectl("get", "deployment", NAME, "--namespace", RELEASE, "-o", "json").stdout
    arguments: list[str] = json.loads(text)["spec"]["template"]["spec"]["containers"][0]["args"]
    return arguments


def test_install_upgrade_rollback_and_uninstall(own_site: Site) -> None:
    values = own_site.values()
    notes = own_site.install(values)
    assert "To register a first model and version:" in notes
    space = own_site.space("team")
    space.cluster.run_kubectl("apply", "--namespace", "team", "-f", QUICKSTART)

    own_site.install({**values, "log": {"level": "debug"}, "workers": 4})
    assert {"--log-level=debug", "--workers=4"} <= set(_arguments(own_site))
    own_site.helm.run("rollback", RELEASE, "1", "--namespace", RELEASE)
    assert {"--log-level=info", "--workers=16"} <= set(_arguments(own_site))

    own_site.helm.run("uninstall", RELEASE, "--namespace", RELEASE)
    left = own_site.plane.run_kubectl(
        "get", "all,role,sa,pdb", "--namespace", RELEASE, "-l", "helm.sh/chart", "-o", "name"
    )
    assert left.stdout == ""
    own_site.plane.run_kubectl("get", *CRDS)
    kept = space.get("RegisteredModel", "fraud-detector")
    assert kept["metadata"]["uid"]

    # The same release takes the CRDs back, and with them everything that is written.
    own_site.install(values)
    assert space.get("RegisteredModel", "fraud-detector") == kept


def test_without_keep_the_crds_go_with_the_release(own_site: Site) -> None:
    own_site.install(own_site.values(crds={"keep": False}))
    own_site.helm.run("uninstall", RELEASE, "--namespace", RELEASE)
    own_site.plane.run_kubectl("wait", "--for=delete", "--timeout=120s", *CRDS)


def test_another_release_must_not_take_the_crds(own_site: Site) -> None:
    own_site.install(own_site.values())
    with pytest.raises(HelmError, match="invalid ownership metadata"):
        own_site.helm.run("install", "other", CHART, "--namespace", "default", "--values", MINIMAL)
    own_site.helm.run(
        "install", "other", CHART, "--namespace", "default", "--values", MINIMAL, "--set", "crds.enabled=false"
    )


def _next_chart(folder: Path) -> Path:
    """The chart with a definition that differs from ``crds/``."""
    copy = folder / "next" / "model-registrar"
    shutil.copytree(CHART, copy)
    crd = copy / "templates" / "crds" / "model-registrar.dev_registeredmodels.yaml"
    crd.write_text(crd.read_text().replace("    - rmodel\n", "    - rmodel\n    - rmo\n", 1))
    return copy


def test_after_the_quickstart_a_release_takes_the_crds(own_site: Site) -> None:
    """As docs/install.md says: with the flag alone only as long as the chart's CRDs are the same."""
    install_crds(own_site.plane)
    space = own_site.space("team")
    space.cluster.run_kubectl("apply", "--namespace", "team", "-f", QUICKSTART)
    kept = space.get("RegisteredModel", "fraud-detector")
    chart = _next_chart(own_site.folder)
    with pytest.raises(HelmError, match="exists and cannot be imported into the current release: invalid ownership"):
        own_site.install(own_site.values(), chart=chart)
    own_site.install(own_site.values(), "--take-ownership")
    if FORCE:
        with pytest.raises(HelmError, match=r'conflict occurred while applying object .*: conflict with "kubectl"'):
            own_site.install(own_site.values(), chart=chart)
    own_site.install(own_site.values(), *FORCE, chart=chart)
    assert space.cluster.run_kubectl("get", "rmo", "--namespace", "team", "-o", "name").stdout.strip()
    assert space.get("RegisteredModel", "fraud-detector") == kept


def test_a_release_of_another_name_takes_crds_and_entries_of_an_uninstalled_one(own_site: Site) -> None:
    own_site.install(own_site.values())
    space = own_site.space("team")
    pod = own_site.pod("first")
    pod.start()
    space.apply(manifest("RegisteredModel", "churn"))
    before = space.ready("RegisteredModel", "churn")
    pod.process.stop()
    own_site.helm.run("uninstall", RELEASE, "--namespace", RELEASE)

    values = own_site.folder / "other.yaml"
    values.write_text(yaml.safe_dump(own_site.values(ownerId=f"{RELEASE}/{RELEASE}")))
    install = ("install", "other", CHART, "--namespace", RELEASE, "--values", values)
    with pytest.raises(HelmError, match="exists and cannot be imported into the current release: invalid ownership"):
        own_site.helm.run(*install)
    own_site.helm.run(*install, "--take-ownership", *FORCE)
    pod = own_site.pod("second")
    pod.start()
    space.patch("RegisteredModel", "churn", {"spec": {"description": "Under another release."}})
    assert space.ready("RegisteredModel", "churn")["status"]["id"] == before["status"]["id"]
    pod.process.stop()
    # The CRDs are the new release's now, which keeps them too.
    own_site.helm.run("upgrade", "other", *install[2:], "--set", "workers=3")
    own_site.helm.run("uninstall", "other", "--namespace", RELEASE)
    own_site.plane.run_kubectl("get", *CRDS)


def test_the_first_manifest_of_the_notes_is_a_good_one(own_site: Site) -> None:
    notes = own_site.install(own_site.values())
    shown = re.search(r"<<'EOF'\n(.*?)\n  EOF", notes, re.DOTALL)
    assert shown is not None
    text = re.sub("^  ", "", shown[1], flags=re.MULTILINE)
    applied = own_site.plane.run_kubectl("apply", "--validate=strict", "-f", "-", stdin=text)
    assert applied.stderr == ""
    space = own_site.space("default")
    pod = own_site.pod("pod")
    pod.start()
    version = space.ready("ModelVersion", "my-model-v1")
    assert version["status"]["id"]
    assert pod.probe("livenessProbe") == 200
    pod.process.stop()


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_pods_fit_the_restricted_standard(controlled_site: Site, values: Path) -> None:
    """The API server warns of a Deployment whose pods would be refused."""
    namespace = controlled_site.space("restricted").name
    controlled_site.plane.run_kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/warn=restricted")
    options = ("--set", f"namespaceOverride={namespace}", "--show-only", "templates/deployment.yaml")
    # Containers of others and the node's network are none of the chart's business.
    alone = ("--set", "hostNetwork=false", "--set-json", "extraContainers=[]", "--set-json", "extraInitContainers=[]")
    deployment = controlled_site.helm.template(values, *options, *alone)
    applied = controlled_site.plane.run_kubectl("apply", "--dry-run=server", "-f", "-", stdin=deployment)
    assert "created (server dry run)" in applied.stdout
    assert applied.stderr == ""


def test_rights_in_some_namespaces_are_enough_to_install_for_these(controlled_site: Site) -> None:
    """A user with rights in three namespaces only; the cluster's owner has installed the CRDs."""
    plane, user = controlled_site.plane, "tenant"
    controlled_site.install(controlled_site.values())
    for name in ("tenant", "team-a", "team-b"):
        controlled_site.space(name)
        plane.run_kubectl(
            "create", "rolebinding", user, "--clusterrole=cluster-admin", f"--user={user}", "--namespace", name
        )
    values = next(path for path in VALUES if path.stem == "namespaced-values")
    identity = ("--kube-as-user", user, "--kube-as-group", "system:authenticated")
    controlled_site.helm.run("install", "own", CHART, "--namespace", "tenant", "--values", values, *identity)
    with pytest.raises(HelmError, match="forbidden"):
        controlled_site.helm.run("install", "wide", CHART, "--namespace", "tenant", "--values", MINIMAL, *identity)


@pytest.mark.parametrize(
    ("role", "verb", "allowed"),
    [("view", "list", True), ("view", "patch", False), ("edit", "create", True), ("admin", "delete", True)],
)
def test_people_get_rights_with_the_roles_that_they_have(
    controlled_site: Site, role: str, verb: str, *, allowed: bool
) -> None:
    controlled_site.install(controlled_site.values())
    controlled_site.space("people")
    kubectl = controlled_site.plane.run_kubectl
    place = ("--namespace", "people")
    kubectl("create", "rolebinding", role, f"--clusterrole={role}", f"--user={role}", *place, check=False)
    for kind in RESOURCES:
        question = ("auth", "can-i", verb, f"{kind.PLURAL}.model-registrar.dev", f"--as={role}", *place)
        assert kubectl(*question, check=False).stdout.strip() == ("yes" if allowed else "no")
        write = ("auth", "can-i", "patch", f"{kind.PLURAL}.model-registrar.dev", "--subresource=status")
        assert kubectl(*write, f"--as={role}", *place, check=False).stdout.strip() == "no"


def test_an_administrator_of_namespaces_installs_what_needs_no_cluster_rights(controlled_site: Site) -> None:
    """As docs/install.md says. The API server lets nobody create a role with rights that they lack."""
    found, namespace = controlled_site, "admin-tools"
    install_crds(found.plane)
    for name in (namespace, "admin-team"):
        found.space(name)
    found.plane.run_kubectl("create", "serviceaccount", "boss", "--namespace", namespace)
    for name in (namespace, "admin-team"):
        grant = ("--clusterrole=admin", f"--serviceaccount={namespace}:boss")
        found.plane.run_kubectl("create", "rolebinding", "boss", *grant, "--namespace", name)
    token = found.plane.run_kubectl("create", "token", "boss", "--namespace", namespace).stdout.strip()
    kubeconfig = token_kubeconfig(found.plane, token, found.folder / "boss.kubeconfig")
    boss = Helm(found.helm.program, found.folder / "boss", replace(found.plane, kubeconfig=kubeconfig))
    flags = ["watchNamespaces={admin-team}", "crds.enabled=false"]
    flags += [f"rbac.aggregateTo{role}=false" for role in ("View", "Edit", "Admin")]
    place = ("tools", CHART, "--namespace", namespace)
    values = ["--values", str(MINIMAL), *(part for flag in flags for part in ("--set", flag))]
    with pytest.raises(HelmError, match="attempting to grant RBAC permissions not currently held"):
        boss.run("install", *place, *values)
    # Helm would delete the roles of a failed release.
    boss.run("uninstall", "tools", "--namespace", namespace)
    roles = found.helm.run("template", *place, *values, "--show-only", "templates/rbac.yaml")
    found.plane.run_kubectl("apply", "-f", "-", stdin=roles)
    boss.run("install", *place, *values, "--set", "rbac.create=false")
    account = f"system:serviceaccount:{namespace}:tools-model-registrar"
    rights = (("patch", "registeredmodels.model-registrar.dev", "admin-team"), ("create", "leases", namespace))
    for verb, kind, space in rights:
        found.plane.run_kubectl("auth", "can-i", verb, kind, "--namespace", space, f"--as={account}")
