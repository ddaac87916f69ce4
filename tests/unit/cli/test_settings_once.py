"""A setting is written once: options, variables, the chart's arguments and the reference agree with its field."""

import re
from pathlib import Path

import click
import pytest
import yaml

from registrar.cli.copy import copy
from registrar.cli.copy.command import FROM, TO
from registrar.cli.options import Side, environment_variable, flag_of, group_of
from registrar.cli.run import run
from registrar.settings import RegistrySettings, Settings

ROOT = Path(__file__).parents[3]
FIELDS = Settings.model_fields
CHART_DEFAULTS = {
    "workers": "workers",
    "feedInterval": "feed_interval",
    "resyncInterval": "resync_interval",
    "handoverGrace": "handover_grace",
    "orphanedEntries": "orphaned_entries",
    "acceptNewRegistry": "accept_new_registry",
    "leaderElection.leaseDuration": "lease_duration",
    "leaderElection.renewDeadline": "renew_deadline",
    "leaderElection.retryPeriod": "retry_period",
    "log.level": "log_level",
}
"""Values of the chart that repeat a default of the operator, by the setting."""


def test_every_setting_is_an_option_with_a_sentence_a_group_and_a_variable() -> None:
    options = {option.name: option for option in run.params if isinstance(option, click.Option)}
    assert options.keys() == FIELDS.keys()
    help_text = run.get_help(click.Context(run, auto_envvar_prefix="REGISTRAR", max_content_width=400))
    for name, info in FIELDS.items():
        assert options[name].opts == [flag_of(name)]
        assert environment_variable(name) in help_text
        assert re.fullmatch(r"[A-Z].*[.]", " ".join((info.description or "").split())), name
        assert f"{group_of(info)}:" in help_text


@pytest.mark.parametrize("side", [FROM, TO], ids=["from", "to"])
def test_every_setting_of_a_registry_is_an_option_of_each_side_of_a_copy(side: Side) -> None:
    options = {option.opts[0] for option in copy.params if isinstance(option, click.Option)}
    help_text = " ".join(copy.get_help(click.Context(copy, auto_envvar_prefix="REGISTRAR")).split())
    for name in RegistrySettings.model_fields:
        assert flag_of(side.option_of(name)) in options
        assert f"[env var: {environment_variable(side.option_of(name))}" in help_text
    assert not any(flag_of(name) in options for name in FIELDS)


def test_the_chart_passes_only_options_that_exist() -> None:
    template = (ROOT / "charts/model-registrar/templates/_pod.tpl").read_text(encoding="utf-8")
    passed = set(re.findall(r"--[a-z][a-z-]+", template))
    assert passed
    assert passed <= {flag_of(name) for name in FIELDS}


@pytest.mark.parametrize(("value", "name"), CHART_DEFAULTS.items())
def test_the_charts_defaults_are_the_operators(value: str, name: str) -> None:
    found = yaml.safe_load((ROOT / "charts/model-registrar/values.yaml").read_text(encoding="utf-8"))
    for key in value.split("."):
        found = found[key]
    assert found == FIELDS[name].default


def test_the_reference_lists_every_setting() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    listed = re.findall(r"^[|] `(--[a-z-]+)`<br>`([A-Z_]+)`", page, flags=re.MULTILINE)
    assert sorted(listed) == sorted((flag_of(name), environment_variable(name)) for name in FIELDS)


def test_flags_that_the_docs_name_exist() -> None:
    """Of the operator's own pages; other programs' flags stand in console blocks with those programs' names."""
    known = {flag_of(name) for name in FIELDS}
    for page in ("docs/operations.md", "docs/lifecycle.md", "docs/concepts.md", "docs/conditions.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        named = set(
            re.findall(r"`(--(?:registry|feed|resync|lease|owner|probe|log|drift|adoption|deletion)-[a-z-]+)", text)
        )
        assert named <= known, page
