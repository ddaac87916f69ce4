"""Histories that a reader can follow, each with what a plan has to say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from registrar.cli.plan.change import Action
from tests.cli.plan.oracle import values
from tests.cli.plan.oracle.author import Author
from tests.cli.plan.oracle.cases import Case, Place, Put
from tests.support.resources import Manifest, annotated

Expected = dict[str, Action]
"""What happens, by the entry's names behind the case's."""


ZEROS, ONES = values.DIGESTS
INLINE = [{"name": "inline", "uri": "s3://b/i"}]
DIGESTED = [{**INLINE[0], "digest": ZEROS}]
CHAIN = ("", "1.0", "1.0/inline", "1.0/weights")

Story = Callable[[Author], tuple[Case, Expected]]
STORIES: dict[str, Story] = {
    "creates with a parent in the same change": lambda a: (
        a.case(head=tuple(reversed(a.chain()))),
        dict.fromkeys(CHAIN, Action.CREATE),
    ),
    "adopts": lambda a: (
        a.case(before=(a.entry(description="theirs"),), head=(a.model(owner="us"),)),
        {"": Action.ADOPT},
    ),
    "updates": lambda a: (
        a.case(base=(a.model(description="one"),), head=(a.model(description="two"),)),
        {"": Action.UPDATE},
    ),
    "clears": lambda a: (
        a.case(base=(a.model(description="one", customProperties={"team": "x"}),), head=(a.model(),)),
        {"": Action.UPDATE},
    ),
    "gives a property another type, though Python takes the values for the same": lambda a: (
        a.case(base=(a.model(customProperties={"live": 0}),), head=(a.model(customProperties={"live": False}),)),
        {"": Action.UPDATE},
    ),
    "renames, deleted first": lambda a: (
        a.case(base=a.chain(), head=a.chain("-2"), deletes_first=True),
        dict.fromkeys(CHAIN, Action.HAND_OVER),
    ),
    "renames, applied first": lambda a: (
        a.case(base=a.chain(), head=a.chain("-2")),
        dict.fromkeys(CHAIN, Action.HAND_OVER),
    ),
    "moves to another namespace": lambda a: (
        a.case(base=a.chain(), head=a.chain(space=1)),
        dict.fromkeys(CHAIN, Action.HAND_OVER),
    ),
    "archives": lambda a: (a.case(base=a.chain()), dict.fromkeys(CHAIN, Action.ARCHIVE)),
    "releases": lambda a: (a.case(before=(a.entry(),), base=(a.model(),)), {"": Action.RELEASE}),
    "orphans": lambda a: (a.case(base=(a.model(deletionPolicy="Orphan"),)), {}),
    "restores": lambda a: (
        a.case(
            before=(a.entry(f"released:{a.world.owner_id}/{a.world.spaces[0]}/{a.name}-model", state="ARCHIVED"),),
            head=(a.model(),),
        ),
        {"": Action.RESTORE},
    ),
    "takes what a deleted resource of another name released": lambda a: (
        a.case(
            before=(a.entry(f"released:{a.world.owner_id}/{a.world.spaces[0]}/{a.name}-former", state="ARCHIVED"),),
            head=(a.model(),),
        ),
        {"": Action.HAND_OVER},
    ),
    "leaves what a deleted resource kept below another parent": lambda a: (
        a.case(
            before=a.entry_elsewhere(f"kept:{a.world.owner_id}/{a.world.spaces[0]}/{a.name}-version"),
            base=(a.model(),),
            head=(a.model(), a.version()),
        ),
        {"1.0": Action.CREATE},
    ),
    "drops an inline artifact": lambda a: (
        a.case(base=(a.model(), a.version(artifacts=INLINE)), head=(a.model(), a.version())),
        {"1.0/inline": Action.ARCHIVE},
    ),
    "makes a document of an artifact": lambda a: (
        a.case(
            base=(a.model(), a.version(artifacts=INLINE)),
            head=(a.model(), a.version(docArtifacts=INLINE)),
        ),
        {"1.0/inline": Action.CREATE},
    ),
    "hands over to a rival that had to wait": lambda a: (
        a.case(
            before=(a.entry(f"created:{a.world.owner_id}/{a.world.spaces[0]}/{a.name}-model"),),
            base=(a.model(owner="first"), a.model("rival", owner="second")),
            head=(a.model("rival", owner="second"),),
        ),
        {"": Action.HAND_OVER},
    ),
    "moves an alias that has waited for a new version, though drift is only reported": lambda a: (
        a.case(
            base=(a.model(aliases={"champion": "1.0"}, driftPolicy="Report"),),
            meanwhile=(Put(a.entry().place, {}, {"alias.champion": values.text_property("0.9")}),),
            head=(a.model(aliases={"champion": "1.0"}, driftPolicy="Report"), a.version()),
        ),
        {"": Action.UPDATE, "1.0": Action.CREATE},
    ),
    "makes a resource of an inline artifact": lambda a: (
        a.case(
            base=(a.model(), a.version(artifacts=INLINE)),
            head=(a.model(), a.version(), a.artifact(name="inline", uri="s3://b/i")),
        ),
        {"1.0/inline": Action.HAND_OVER},
    ),
    "gives an external ID to another": lambda a: (
        a.case(
            base=(a.model(externalId=a.name), a.version()),
            head=(a.model(externalId=f"{a.name}-2"), a.version(externalId=a.name)),
        ),
        {"": Action.UPDATE, "1.0": Action.UPDATE},
    ),
    "does not get the external ID of another": lambda a: (
        a.case(
            before=(Put(Place("RegisteredModel", (f"{a.name}-other",)), {"externalId": a.name}),),
            head=(a.model(externalId=a.name),),
        ),
        {"": Action.REFUSE},
    ),
    "corrects drift": lambda a: (
        a.case(
            base=(a.model(description="ours"),),
            meanwhile=(a.entry(description="theirs"),),
            head=(a.model(description="ours"),),
        ),
        {"": Action.UPDATE},
    ),
    "reports drift": lambda a: (
        a.case(
            base=(a.model(description="ours", driftPolicy="Report"),),
            meanwhile=(a.entry(description="theirs"),),
            head=(a.model(description="ours", driftPolicy="Report"),),
        ),
        {"": Action.LEAVE},
    ),
    "reports no drift of what never matched": lambda a: (
        a.case(
            before=(a.entry(), a.version_entry(), a.artifact_entry(digest=ONES)),
            base=(a.model(), a.version(description="ours", driftPolicy="Report", artifacts=DIGESTED)),
            meanwhile=(a.version_entry(description="theirs"),),
            head=(a.model(), a.version(description="ours", driftPolicy="Report", artifacts=DIGESTED)),
        ),
        {"1.0": Action.REFUSE},
    ),
    "corrects what drifted beside what earlier resources of the name left elsewhere": lambda a: (
        a.case(
            before=(
                *a.entry_elsewhere(f"released:{a.world.owner_id}/{a.world.spaces[0]}/{a.name}-version", "first"),
                *a.entry_elsewhere(f"kept:{a.world.owner_id}/{a.world.spaces[0]}/{a.name}-version", "second"),
            ),
            base=(a.model(), a.version(artifacts=DIGESTED)),
            meanwhile=(a.artifact_entry(digest=ONES),),
            head=(a.model(), a.version(artifacts=DIGESTED)),
        ),
        {"1.0/inline": Action.UPDATE},
    ),
    "does not replace a digest": lambda a: (
        a.case(
            before=(a.entry(), a.version_entry(), a.artifact_entry(digest=ONES)),
            head=(a.model(), a.version(artifacts=[{**INLINE[0], "digest": ZEROS}])),
        ),
        {"": Action.ADOPT, "1.0": Action.REFUSE},
    ),
    "does not replace a digest that was removed from the manifest": lambda a: (
        a.case(
            base=(a.model(), a.version(artifacts=[{**INLINE[0], "digest": ZEROS}])),
            head=(a.model(), a.version("version-2", artifacts=[{**INLINE[0], "digest": ONES}])),
        ),
        {"1.0": Action.REFUSE},
    ),
    "cannot change a digest": lambda a: (
        a.case(
            base=(a.model(), a.version(artifacts=[{**INLINE[0], "digest": ZEROS}])),
            head=(a.model(), a.version(description="new", artifacts=[{**INLINE[0], "digest": ONES}])),
        ),
        {"1.0": Action.REFUSE},
    ),
    "can correct a digest that was refused": lambda a: (
        a.case(
            before=(a.entry(), a.version_entry(), a.artifact_entry(digest=ONES)),
            base=(a.model(), a.version(artifacts=[{**INLINE[0], "digest": ZEROS}])),
            head=(a.model(), a.version(artifacts=[{**INLINE[0], "digest": ONES}])),
        ),
        {"1.0/inline": Action.ADOPT},
    ),
    "can correct a digest that kept an artifact from being adopted": lambda a: (
        a.case(
            before=(a.entry(), a.version_entry(), a.artifact_entry(digest=ONES)),
            base=(a.model(), a.version(), a.artifact(name="inline", uri="s3://b/i", digest=ZEROS)),
            head=(a.model(), a.version(), a.artifact(name="inline", uri="s3://b/i", digest=ONES)),
        ),
        {"1.0/inline": Action.ADOPT},
    ),
    "cannot correct a digest of an entry that may not be adopted": lambda a: (
        a.case(
            before=(a.entry(), a.version_entry(), a.artifact_entry(digest=ONES)),
            base=(a.model(), a.version(), a.artifact(name="inline", adoptionPolicy="Fail", digest=ZEROS)),
            head=(a.model(), a.version(), a.artifact(name="inline", adoptionPolicy="Fail", digest=ONES)),
        ),
        {"inline": Action.REFUSE},
    ),
    "can change every digest of a version while one is refused": lambda a: (
        a.case(
            before=(a.entry(), a.version_entry(), a.artifact_entry(digest=ONES)),
            base=(a.model(), a.version(artifacts=two_inline(a, ZEROS, ZEROS))),
            head=(a.model(), a.version(artifacts=two_inline(a, ONES, ONES))),
        ),
        {"1.0/inline": Action.ADOPT, "1.0/own": Action.CREATE},
    ),
    "cannot remove an address": lambda a: (
        a.case(
            base=(a.model(), a.version(), a.artifact()),
            head=(a.model(), a.version(), without_uri(a.artifact(state="PENDING"))),
        ),
        {"weights": Action.REFUSE},
    ),
    "corrects a digest": lambda a: (
        a.case(
            base=(a.model(), a.version(artifacts=[{**INLINE[0], "digest": ZEROS}])),
            meanwhile=(a.artifact_entry(digest=ONES),),
            head=(a.model(), a.version(description="new", artifacts=[{**INLINE[0], "digest": ZEROS}])),
        ),
        {"1.0": Action.UPDATE, "1.0/inline": Action.UPDATE},
    ),
    "keeps a digest that left the manifest": lambda a: (
        a.case(
            base=(a.model(), a.version(artifacts=[{**INLINE[0], "digest": ZEROS}])),
            head=(a.model(), a.version(artifacts=INLINE)),
        ),
        {},
    ),
    "is paused": lambda a: (a.case(head=(annotated(a.model(), paused="true"),)), {"": Action.PAUSE}),
    "takes over": lambda a: (
        a.case(before=(a.entry("created:other/team/model"),), head=(annotated(a.model(), take_over="true"),)),
        {"": Action.TAKE_OVER},
    ),
    "does not take over": lambda a: (
        a.case(before=(a.entry("created:other/team/model"),), head=(a.model(),)),
        {"": Action.REFUSE},
    ),
    "does not adopt": lambda a: (
        a.case(before=(a.entry(),), head=(a.model(adoptionPolicy="Fail"),)),
        {"": Action.REFUSE},
    ),
    "is refused by the API server": lambda a: (
        a.case(head=(a.model(state="GONE"),)),
        {"": Action.REFUSE},
    ),
    "keeps the base of what is refused": lambda a: (
        a.case(
            base=(a.model(description="ours"),),
            meanwhile=(a.entry(description="theirs"),),
            head=(a.model(description=5), a.version()),
        ),
        {"": Action.REFUSE, "1.0": Action.CREATE},
    ),
    "cannot rename an entry": lambda a: (
        a.case(base=(a.model(),), head=(a.model(name=f"{a.name}-2"),)),
        {"": Action.REFUSE},
    ),
    "waits for a parent": lambda a: (a.case(head=(a.version(),)), {"1.0": Action.WAIT}),
    "has a parent that no resource manages": lambda a: (
        a.case(before=(a.entry(),), head=(a.version(registeredModelRef={"external": {"name": a.name}}),)),
        {"1.0": Action.CREATE},
    ),
}


def rivals(a: Author) -> tuple[Case, Expected]:
    """Return two resources that want the same entry: which of them gets it, no plan knows."""
    return a.case(head=(a.model(), a.model("model-2"))), {"": Action.REFUSE}


def two_inline(a: Author, first: str, second: str) -> list[dict[str, Any]]:
    """Return two inline artifacts of a version: one whose entry others made, and one of its own."""
    return [{**INLINE[0], "digest": first}, {"name": "own", "uri": f"s3://b/{a.name}", "digest": second}]


def without_uri(body: Manifest) -> Manifest:
    return {**body, "spec": {name: value for name, value in body["spec"].items() if name != "uri"}}
