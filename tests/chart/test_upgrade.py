"""A new version of the chart: every ID stays, and the registry is not written to."""

import shutil
from pathlib import Path
from typing import Any

import yaml

from model_registry import ModelRegistryAPIClient
from tests.chart.helm import CHART
from tests.chart.installed import Site, site
from tests.support.resources import manifest


def _previous(folder: Path) -> Path:
    """The chart under an earlier version, whose pods have other labels and so another template."""
    copy = folder / "previous" / "model-registrar"
    shutil.copytree(CHART, copy)
    metadata = yaml.safe_load((copy / "Chart.yaml").read_text())
    (copy / "Chart.yaml").write_text(yaml.safe_dump({**metadata, "version": "0.0.1"}))
    return copy


async def _entries(found: Site) -> list[dict[str, Any]]:
    """Everything in the registry. Each write moves an entry's time, also one that changes nothing."""
    async with ModelRegistryAPIClient.connect(found.registry_url) as registry:
        lists = (
            await registry.get_registered_models(),
            await registry.get_model_versions(),
            await registry.get_artifacts(),
        )
    return [one.model_dump(mode="json") for entries in lists for one in entries]


async def test_an_upgrade_keeps_every_id_and_writes_nothing(tools: dict[str, Path], tmp_path: Path) -> None:
    with site(tools, tmp_path) as found:
        found.install(found.values(), chart=_previous(tmp_path))
        space = found.space("team")
        resources = [
            manifest("RegisteredModel", "churn", customProperties={"accuracy": 0.9}),
            manifest(
                "ModelVersion",
                "churn-1",
                registeredModelRef={"name": "churn"},
                artifacts=[{"name": "a", "uri": "s3://a"}],
            ),
            manifest("ModelArtifact", "churn-1-b", modelVersionRef={"name": "churn-1"}, uri="s3://b"),
        ]
        old = found.pod("old")
        old.start()
        space.apply(*resources)
        for one in resources:
            space.ready(one["kind"], one["metadata"]["name"])
        # The version reports its newest artifact once that is in the registry.
        space.wait("ModelVersion", "churn-1", lambda version: version["status"].get("uri") == "s3://b")
        before = [space.get(one["kind"], one["metadata"]["name"]) for one in resources]
        entries = await _entries(found)

        found.install(found.values(log={"level": "debug"}))
        # As the Deployment has it: the new pod stands by, then the old one ends.
        new = found.pod("new")
        new.start()
        assert old.process.stop() == 0
        new.process.wait_for_log("is now the leader")
        space.apply(manifest("RegisteredModel", "after", description="The new pod works."))
        space.ready("RegisteredModel", "after")

        assert [space.get(one["kind"], one["metadata"]["name"]) for one in before] == before
        assert [one for one in await _entries(found) if one["name"] != "after"] == entries
        assert new.process.stop() == 0
