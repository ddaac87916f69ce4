"""What a user does about each reason, in one sentence or two: docs/conditions.md has the same sentences."""

from __future__ import annotations

from collections.abc import Mapping

from registrar.api.conditions import Reason

ADVICE: Mapping[Reason, str] = {
    Reason.SYNCED: "No action is needed.",
    Reason.WAITING_FOR_REGISTERED_MODEL: "Check registeredModelRef, or create the model.",
    Reason.WAITING_FOR_MODEL_VERSION: "Check modelVersionRef, or create the version.",
    Reason.WAITING_FOR_REGISTRY: (
        "Check spec.registryRef and that ClusterRegistry, or ask an administrator which registry the namespace may use."
    ),
    Reason.AMBIGUOUS_REGISTRY: "Name one of the registries in spec.registryRef.",
    Reason.REGISTRY_MISMATCH: "Correct spec.registryRef, or refer to a parent in the same registry.",
    Reason.NAME_CONFLICT: "Delete one of the two, or give one of them another spec.name.",
    Reason.EXTERNAL_ID_CONFLICT: "Choose another externalId, or give the entry that holds it another one.",
    Reason.OWNED_BY_OTHER: (
        "Delete its resource there, which releases the stamp unless its deletion policy is Orphan, or set the "
        'annotation model-registrar.dev/take-over: "true" here.'
    ),
    Reason.PARENT_CHANGED: "Restore the reference, or delete the resource and create another.",
    Reason.AMBIGUOUS_ENTRY: "Rename or merge the entries by hand.",
    Reason.INVALID_SPEC: "Change the field that the message names.",
    Reason.REFUSED_BY_REGISTRY: "Change the spec.",
    Reason.REGISTRY_UNAVAILABLE: "Check that the registry runs and that the operator reaches it.",
    Reason.UNAUTHORIZED: (
        "Check the file that --registry-token-file names, or the conditions of the ClusterRegistry, and the "
        "permissions of the token."
    ),
    Reason.HANDING_OVER: "No action is needed.",
    Reason.PAUSED: "Remove the annotation model-registrar.dev/paused to resume.",
    Reason.ADOPTION_REFUSED: "Choose another spec.name, or set adoptionPolicy: Adopt.",
    Reason.DIGEST_CHANGED: (
        "Set the digest or the uri back, and declare the other content in another version or as an artifact with "
        "another name."
    ),
    Reason.CHANGED_OUTSIDE: "Put the new value into the spec, or set driftPolicy: Correct.",
    Reason.CONTESTED: "Find the other writer, or remove the field from the spec.",
    Reason.REGISTRY_REPLACED: (
        "Restore the entries, or check the address of the registry. To recreate them, an administrator accepts the "
        "registry as it is: with the command in the condition of its ClusterRegistry, or with --accept-new-registry if "
        "--registry-url connects it."
    ),
    Reason.REGISTRY_NOT_PERMITTED: (
        "Change the field that the message names, or ask the administrator of the registry to permit it to your "
        "namespace."
    ),
    Reason.ALIASES_RESOLVED: "No action is needed.",
    Reason.VERSION_MISSING: "Check the name in spec.aliases, or create the version.",
    Reason.VERSION_NOT_READY: "Look at the conditions of the version.",
    Reason.VERSION_ARCHIVED: "Choose another version in spec.aliases, or restore this one.",
}
"""Every reason has an entry. The sentences name fields, flags and annotations, and never a particular resource."""
REFUSALS = frozenset({Reason.NAME_CONFLICT, Reason.EXTERNAL_ID_CONFLICT, Reason.REGISTRY_REPLACED})
"""Reasons that only a person ends, although the operator keeps trying."""
RETRIES = "The operator keeps trying."
"""How a message of an outage ends: nobody has to start anything again."""
