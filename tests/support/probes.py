"""The probes and metrics of an operator, as the kubelet and Prometheus read them."""

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from tests.support.operator_process import OperatorProcess
from tests.support.resources import WAIT_LIMIT


@dataclass(frozen=True)
class Probes:
    """The probes and metrics of one operator, at an address."""

    url: str

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the text of the answer."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - loopback
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metrics(self) -> dict[str, float]:
        """Return the values by name and labels: ``name{kind=…,result=…}``, the labels in order."""
        return {
            sample.name
            + (f"{{{','.join(f'{k}={v}' for k, v in sorted(sample.labels.items()))}}}" if sample.labels else ""): (
                sample.value
            )
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
        }

    def wait(self, path: str, status: int) -> str:
        """Wait until a probe has that status; returns its text."""
        deadline = time.monotonic() + WAIT_LIMIT
        while (answer := self.get(path))[0] != status:
            assert time.monotonic() < deadline, f"{path} answers {answer}"
            time.sleep(0.05)
        return answer[1]

    def wait_above(self, name: str, value: float) -> dict[str, float]:
        """Wait until a metric is above that value; returns all metrics."""
        return self._wait_metric(name, lambda found: found is not None and found > value)

    def wait_metric(self, name: str, value: float) -> dict[str, float]:
        """Wait until a metric has that value; returns all metrics."""
        return self._wait_metric(name, lambda found: found == value)

    def _wait_metric(self, name: str, fits: Callable[[float | None], bool]) -> dict[str, float]:
        deadline = time.monotonic() + WAIT_LIMIT
        while not fits((metrics := self.metrics()).get(name)):
            assert time.monotonic() < deadline, f"{name} is {metrics.get(name)}"
            time.sleep(0.05)
        return metrics


def probes_of(operator: OperatorProcess) -> Probes:
    """Return the probes of an operator's latest run, which was started with ``--probe-port``."""
    operator.wait_for_log("Probes and metrics are served at")
    return Probes(re.findall(r"served at (http://127\.0\.0\.1:\d+)", operator.log)[-1])
