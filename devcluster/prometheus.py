"""A real Prometheus on loopback: ``python -m devcluster.prometheus`` builds it, and promtool, once."""

import contextlib
import json
import sys
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devcluster import binaries, gomodule, loopback
from devcluster.ports import free_port
from devcluster.processes import Children

READY_SECONDS = 60.0
_BUILD_MINUTES = 4


@dataclass(frozen=True)
class Target:
    """What to scrape.

    Attributes:
        address: Host and port.
        labels: The labels that all of its series get.
    """

    address: str
    labels: Mapping[str, str]


class Prometheus:
    """A running Prometheus, which scrapes nothing until it is given targets.

    Args:
        url: Root address of its API.
        targets: The file from which it reads its targets, whenever that changes.
    """

    def __init__(self, url: str, targets: Path) -> None:
        self._url = url
        self._targets = targets

    def scrape(self, *targets: Target) -> None:
        """Scrape these targets from now on, and no others."""
        listed = [{"targets": [each.address], "labels": dict(each.labels)} for each in targets]
        written = self._targets.with_suffix(".new")
        written.write_text(json.dumps(listed))
        written.rename(self._targets)

    def get(self, path: str, **parameters: str) -> Any:
        """Return ``data`` of an answer of its API.

        Args:
            path: The path below ``/api/v1/``.
            parameters: The query.

        Raises:
            urllib.error.HTTPError: It refuses, for example because a query is wrong.
        """
        query = urllib.parse.urlencode(parameters)
        return loopback.call(f"{self._url}/api/v1/{path}?{query}")["data"]

    def alerts(self) -> dict[str, dict[str, Any]]:
        """Return the alerts that are pending or firing, by name; of several with one name, any."""
        return {alert["labels"]["alertname"]: alert for alert in self.get("alerts")["alerts"]}


def ensure() -> dict[str, Path]:
    """Return the paths of ``prometheus`` and ``promtool``, building both once.

    Raises:
        BinariesError: They cannot be built. The message says why and what to do.
    """
    return binaries.ensure_built("prometheus", gomodule.prometheus_version(), gomodule.prometheus(), _BUILD_MINUTES)


@contextlib.contextmanager
def start(groups: Sequence[Mapping[str, Any]], metrics_path: str = "/metrics") -> Iterator[Prometheus]:
    """Run Prometheus, scraping and evaluating each second; leaving the block ends it and removes its files.

    Args:
        groups: Groups of rules, as a PrometheusRule has them.
        metrics_path: The path of the targets' metrics.

    Raises:
        BinariesError: It is missing and cannot be built.
        ChildError: It did not become ready. The message has the end of its log.
    """
    program = ensure()["prometheus"]
    with Children() as children:
        folder = children.folder
        targets = folder / "targets.json"
        targets.write_text("[]")
        (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": list(groups)}))
        scraped = {
            "job_name": "tests",
            "metrics_path": metrics_path,
            "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}],
        }
        every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config = {"global": every, "rule_files": ["rules.yaml"], "scrape_configs": [scraped]}
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        address = f"127.0.0.1:{free_port()}"
        child = children.start(
            "prometheus",
            [
                program,
                f"--config.file={folder / 'prometheus.yaml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={address}",
            ],
            directory=folder,
        )
        child.wait_until(lambda: loopback.answers(f"http://{address}/-/ready"), timeout=READY_SECONDS)
        yield Prometheus(f"http://{address}", targets)


def main() -> int:
    """Build the programs that are missing, and print the path of each."""
    return binaries.print_paths(ensure)


if __name__ == "__main__":
    sys.exit(main())
