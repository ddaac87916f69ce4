"""The values that ``make e2e-kind`` gives to the chart."""

from devcluster.kind.__main__ import CHART_VALUES, IMAGE
from tests.chart.helm import CHART, Helm


def test_the_chart_takes_the_values_and_runs_the_image_against_the_registry(helm: Helm) -> None:
    values = [f"--set={name}={value}" for name, value in CHART_VALUES.items()]

    # kind's newest node has them, and Helm asks it.
    served = "--api-versions=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"
    rendered = helm.run("template", "model-registrar", CHART, *values, served)

    assert f'image: "{IMAGE}"' in rendered
    assert CHART_VALUES["registry.url"] in rendered
    assert "kind: MutatingAdmissionPolicy\n" in rendered
