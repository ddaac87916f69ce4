"""What a ClusterRegistry is marked with, by administrators and by the operator, beside its spec and its conditions."""

from typing import Annotated

from pydantic import Field

from registrar.api.meta import RESERVED_PREFIX, Frozen

ABANDON_ANNOTATION = f"{RESERVED_PREFIX}abandon"
"""On a ClusterRegistry that is being deleted: with the value true, its deletion does not wait for its resources."""
IN_USE_FINALIZER = f"{RESERVED_PREFIX}in-use"
"""Holds a ClusterRegistry while resources use it."""
ACCEPT_REPLACED_ANNOTATION = f"{RESERVED_PREFIX}accept-replaced"
"""On a ClusterRegistry: each new value accepts the registry as it is now, once, if it was replaced."""
ACCEPTED_MAX_LENGTH = 253
"""Of that value this many characters are compared and kept in the status: an annotation may hold 256 KiB."""


class AcceptedReplacement(Frozen):
    """What was accepted of the registry, although it lacked entries that it had before."""

    value: Annotated[str, Field(min_length=1, max_length=ACCEPTED_MAX_LENGTH)]
    """The value of the annotation model-registrar.dev/accept-replaced that was handled last. It accepts nothing more
    now."""
    recreating: bool
    """Whether many of the entries that the accepted registry lacks are still to be created again."""
    lost_until: Annotated[int | None, Field(ge=0)] = None
    """The creation time (milliseconds since the epoch) of the newest entry that the registry lacked then. The entries
    that are created again are younger, so their loss is not accepted."""
