"""The resources of kopf's lists: the sink gets them at once, and kopf gets an empty list.

A start lists every resource. kopf would keep a memory of each, start a task for it, and look for its causes, only to
pass on the body that was read. Where a list ends and its watch begins is still kopf's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from registrar.api.bodies import Body, key_of
from registrar.api.meta import API_VERSION
from registrar.kinds.table import KINDS

logger = logging.getLogger(__name__)

_KINDS = {f"{kind.name}List": kind.name for kind in KINDS}


def hand_over(answer: Any, show: Callable[[Body], None]) -> Any:
    """Show the resources of a page, and return the page without them; any other answer is returned as it is.

    One that cannot be taken is logged, and the others are shown all the same, as kopf does for its handlers.

    Args:
        answer: the value of an answer to kopf.
        show: takes a resource.
    """
    if not isinstance(answer, dict) or answer.get("apiVersion") != API_VERSION:
        return answer
    kind = _KINDS.get(answer.get("kind", ""))
    if kind is None:
        return answer
    for item in answer.get("items", ()):
        # Items of a list name neither.
        body = {"apiVersion": API_VERSION, "kind": kind, **item}
        try:
            show(body)
        except Exception:
            logger.exception("%s was listed, and could not be taken", key_of(body))
    return {**answer, "items": []}
