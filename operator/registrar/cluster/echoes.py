"""The echoes of the operator's own writes: the watch shows again what the answer to a write has shown.

Two of the three events of a new resource are echoes. Nothing is to be done about them, but kopf would take a tenth of
the operator's time for them. So the watch leaves them out.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from registrar.api.bodies import Body, is_terminating

MAX_EXPECTED = 10_000
"""An echo that came before the answer is expected in vain, so that the oldest ones are forgotten."""

_CHANGE = b'{"type":"MODIFIED",'
_RESOURCE_VERSION = re.compile(rb'"resourceVersion":"([^"]*)"')


class Echoes:
    """The resource versions that answers have shown and the watch has not."""

    def __init__(self) -> None:
        self._expected: OrderedDict[bytes, None] = OrderedDict()

    def expect(self, answer: Body) -> None:
        """Take the answer to a write, which the caller keeps, unless the resource is being deleted."""
        if is_terminating(answer):
            return
        self._expected[str(answer["metadata"]["resourceVersion"]).encode()] = None
        if len(self._expected) > MAX_EXPECTED:
            self._expected.popitem(last=False)

    def is_echo(self, line: bytes) -> bool:
        """Return whether a line of a watch shows only what an answer has shown. It does once for each answer."""
        if not line.startswith(_CHANGE):
            return False
        versions = _RESOURCE_VERSION.findall(line)
        # With several, a user has given that name to an annotation or a property.
        if len(versions) != 1 or versions[0] not in self._expected:
            return False
        del self._expected[versions[0]]
        return True
