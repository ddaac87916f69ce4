"""Whatever an entry holds, its manifest declares exactly that, or the export says what is missing."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry
from registrar.api.properties import TypedProperty
from registrar.cli.catalogue import Catalogue
from registrar.cli.documents.load import load
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.build import Builder, Export
from registrar.cli.export.choices import Choices
from registrar.cli.export.known import Known
from registrar.cli.export.manifests import Manifest, parse
from registrar.cli.export.report import Reason
from registrar.kinds.base import Desired
from registrar.kinds.desired import desired_entry, desired_inline
from registrar.planning.fields import state_of
from registrar.registries.inventory import Inventory

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
OPTIONAL = st.none() | TEXTS
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
DIGESTS = [f"sha256:{digit * 64}" for digit in "0a"]
PINNED = [f"oci://registry/image@{digest}" for digest in DIGESTS]
PROPERTIES = st.dictionaries(
    TEXTS | st.sampled_from(["alias.champion", "alias.b", "alias.latest", "alias.A", "alias.", "digest", "digest"]),
    TEXTS
    | st.sampled_from(DIGESTS)
    | st.booleans()
    | st.integers(-(2**31), 2**31 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    max_size=6,
)
STATES = st.sampled_from(["LIVE", "LIVE", "ARCHIVED"])
ARTIFACT_STATES = st.none() | st.sampled_from(["UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "REFERENCE"])
EXPECTED = {Reason.INVALID_VALUE, Reason.NO_URI, Reason.AMBIGUOUS, Reason.SENSITIVE}


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    common = {"description": OPTIONAL, "external_id": st.none() | NAMES, "custom_properties": PROPERTIES}

    def entry(cls: type[RegistryEntry], **fields: Any) -> Any:
        drawn = {name: draw(strategy) for name, strategy in {**common, **fields}.items()}
        return cls(draw(NAMES), id=str(number()), **drawn)

    ids = iter(range(1, 100))

    def number() -> int:
        return next(ids)

    words = st.none() | st.lists(NAMES, max_size=3)
    models = [
        entry(RegisteredModel, state=STATES, owner=OPTIONAL, readme=OPTIONAL, language=words, tasks=words)
        for _ in range(draw(st.integers(1, 3)))
    ]
    versions = [
        entry(ModelVersion, state=STATES, author=OPTIONAL, registered_model_id=st.just(model.id))
        for model in models
        for _ in range(draw(st.integers(0, 2)))
    ]
    artifacts = {
        str(version.id): [
            entry(cls, state=ARTIFACT_STATES, uri=OPTIONAL | st.sampled_from(PINNED))
            for cls in draw(st.lists(st.sampled_from([ModelArtifact, DocArtifact]), max_size=4))
        ]
        for version in versions
    }
    return Inventory(models, versions, artifacts, loose_artifacts=[])


def exported(inventory: Inventory) -> Export:
    choices = Choices(owner_id="us", with_archived=True, with_sensitive=True)
    return Builder(Catalogue(inventory), Known(), choices).build()


def declared_for(manifest: Manifest) -> list[tuple[RegistryEntry, Desired]]:
    """What the operator reads from a manifest's text for each entry."""
    (document,) = load(manifest.text())
    resource = parse(manifest.kind, FileManifest(document.content))
    inline = desired_inline(resource, "", str(manifest.entry.id))
    return [
        (manifest.entry, desired_entry(resource, "", "")),
        *zip([item.entry for item in manifest.each_item()], inline, strict=True),
    ]


def plain(value: Any) -> Any:
    """A property's value with its type, as it would be stored where it is stored already."""
    return value.value if isinstance(value, TypedProperty) else value


@given(inventories())
def test_a_manifest_declares_what_its_entry_holds(inventory: Inventory) -> None:
    result = exported(inventory)
    assert {omission.reason for omission in result.omissions} <= EXPECTED
    missing = {(omission.entry_id, omission.part) for omission in result.omissions}
    seen = set()
    for entry, desired in (pair for manifest in result.manifests for pair in declared_for(manifest)):
        seen.add(entry.id)
        assert desired.name == entry.name
        assert (desired.state or "LIVE") == (state_of(entry) or "LIVE")
        for name in desired.kind.fields_on(entry):
            alias = str(type(entry).model_fields[name].alias)
            assert desired.fields.get(name) == getattr(entry, name) or (entry.id, alias) in missing
        properties = entry.custom_properties or {}
        for name, value in properties.items():
            if missing.isdisjoint({(entry.id, f"customProperties.{name}"), (entry.id, f"aliases.{name[6:]}")}):
                read = plain(desired.properties[name])
                assert (type(read), read) == (type(value), value)
        assert desired.properties.keys() <= properties.keys()
    artifacts = [artifact for held in inventory.artifacts.values() for artifact in held]
    left_out = {entry_id for entry_id, part in missing if not part}
    for entry in [*inventory.models, *inventory.versions, *artifacts]:
        # An artifact goes with its version.
        assert entry.id in seen | left_out or entry in artifacts
