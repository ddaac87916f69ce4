"""The names of resources: valid, distinct, and the same whatever is exported."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import ModelVersion, RegisteredModel
from registrar.cli.catalogue import Catalogue
from registrar.cli.export.build import names_of
from registrar.cli.export.choices import Choices
from registrar.cli.export.known import Known
from registrar.cli.export.names import Nameable, assign, slug_of
from registrar.registries.inventory import Inventory

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
ODD = [
    "org/model",
    "org-model",
    "Model",
    "model",
    "mo del",
    "日本語",
    "中文",
    "x" * 255,
    "x" * 254,
    "..",
    "con",
    ".a",
    "a.",
    "é",
]
NAMES = st.text(min_size=1, max_size=40) | st.sampled_from([*ODD, "a.-b", "-", "a--b", "ﬁ", "\n"])


def named(names: list[str]) -> dict[str, str]:
    entries = [Nameable("RegisteredModel", ("RegisteredModel", name), str(i)) for i, name in enumerate(names, 1)]
    found = assign(entries, lambda entry: int(entry.entry_id))
    return {name: found["RegisteredModel", str(i)] for i, name in enumerate(names, 1)}


@given(st.lists(NAMES, unique=True, max_size=30))
def test_names_are_valid_distinct_and_stable(names: list[str]) -> None:
    found = named(names)
    assert len(set(found.values())) == len(names)
    assert [name for name in found.values() if not SUBDOMAIN.fullmatch(name) or len(name) > 253] == []
    # What comes later changes nothing.
    assert {**found, **named([*names, "later", "Later", "日"])} == named([*names, "later", "Later", "日"])


@given(NAMES, NAMES)
def test_a_slug_can_be_part_of_a_name(model: str, version: str) -> None:
    slug, is_whole = slug_of(("ModelVersion", model, version))
    assert SUBDOMAIN.fullmatch(slug)
    assert len(slug) <= 120
    assert not is_whole or len(model) + len(version) < 200


def test_names_read_well() -> None:
    found = named(["churn", "Org/My Model", "2026.04", "Crème brûlée", "a__b", "日本語", "Churn", "x" * 255])
    assert list(found.values())[:5] == ["churn", "org-my-model", "2026.04", "creme-brulee", "a-b"]
    assert re.fullmatch(r"x-[0-9a-f]{8}", found["日本語"])
    assert re.fullmatch(r"churn-[0-9a-f]{8}", found["Churn"])
    assert re.fullmatch(r"x{120}-[0-9a-f]{8}", found["x" * 255])


def test_a_suffix_depends_on_names_alone() -> None:
    """So that both registries of a promotion agree."""
    assert named(["日本語"])["日本語"] == named(["a", "b", "日本語"])["日本語"]


def test_the_order_of_pages_changes_nothing_and_versions_collide_over_models() -> None:
    models = [RegisteredModel(name, id=str(i)) for i, name in enumerate(["a", "a-b", "A"], 1)]
    versions = [
        ModelVersion(name, id=str(i), registered_model_id=model)
        for i, (model, name) in enumerate([("1", "b-c"), ("2", "c"), ("3", "b-c"), ("1", "日"), ("3", "日")], 4)
    ]
    found = []
    for order in itertools.permutations(models):
        shuffled = Inventory(models=order, versions=versions, artifacts={}, loose_artifacts=[])
        found.append(names_of(Catalogue(shuffled), Known(), Choices(owner_id="o")))
    assert all(each == found[0] for each in found)
    assert len(set(found[0].values())) == 8
    assert found[0]["ModelVersion", "4"] == "a-b-c"
    assert re.fullmatch(r"a-b-c-[0-9a-f]{8}", found[0]["ModelVersion", "5"])


def test_a_known_name_goes_before_a_plain_one() -> None:
    entries = [
        Nameable("K", ("K", "churn"), "1"),
        Nameable("K", ("K", "other"), "2", known=("churn",)),
        Nameable("K", ("K", "third"), "3", known=("churn", "stamped")),
    ]
    found = assign(entries, lambda entry: int(entry.entry_id))
    assert (found["K", "2"], found["K", "3"]) == ("churn", "stamped")
    assert re.fullmatch(r"churn-[0-9a-f]{8}", found["K", "1"])
