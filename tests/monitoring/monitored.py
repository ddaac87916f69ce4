"""An installation of the chart that a real Prometheus scrapes, with the labels that a ServiceMonitor gives."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from devcluster import prometheus
from devcluster.prometheus import Prometheus, Target
from tests.chart.helm import Manifest, the
from tests.chart.installed import NAME, RELEASE, Site
from tests.chart.pod import Pod
from tests.support.fault_proxy import FaultProxy

OWNER = "monitored"
MONITORING = {
    "serviceMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "grafanaDashboard": {"enabled": True},
}
"""Values. The objects are only rendered: the cluster has no CRDs of the Prometheus Operator."""
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Installation:
    """The chart, installed.

    Attributes:
        site: The cluster and Helm.
        proxy: The registry as the operator sees it.
        rendered: The chart's manifests, with those for the monitoring.
    """

    site: Site
    proxy: FaultProxy
    rendered: list[Manifest]

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The groups of alerts."""
        groups: list[dict[str, Any]] = the(self.rendered, "PrometheusRule")["spec"]["groups"]
        return groups

    @contextmanager
    def pod(self) -> Iterator[Pod]:
        """Give a pod that is not started yet, and stop it afterwards."""
        pod = self.site.pod(f"pod-{next(_NUMBERS)}")
        try:
            yield pod
        finally:
            pod.process.stop()

    @contextmanager
    def prometheus(self) -> Iterator[Prometheus]:
        """Run a Prometheus that has scraped nothing yet."""
        (endpoint,) = the(self.rendered, "ServiceMonitor")["spec"]["endpoints"]
        with prometheus.start(self.groups, metrics_path=endpoint["path"]) as started:
            yield started


def install(site: Site, proxy: FaultProxy) -> Installation:
    """Install the chart, and render it with its monitoring."""
    values = site.values(ownerId=OWNER, resyncInterval=1, registry={"url": proxy.url}, workers=2)
    site.install(values)
    return Installation(site, proxy, site.helm.manifests({**values, **MONITORING}))


def target(pod: Pod) -> Target:
    """Return the pod as the Prometheus Operator has it scraped, because of the ServiceMonitor."""
    labels = {"namespace": RELEASE, "service": f"{NAME}-metrics", "pod": pod.address, "endpoint": "metrics"}
    return Target(pod.address, labels)
