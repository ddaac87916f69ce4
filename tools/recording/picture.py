"""The picture of the demo, made from its recording."""

from typing import Final

from tools.recording.cast import CAST, Cast
from tools.recording.svg import render

PICTURE: Final = CAST.with_suffix(".svg")
DESCRIPTION: Final = (
    "A recording of make demo in a terminal, at half speed. It starts a control plane, a registry and the operator; "
    "applies the examples; edits a manifest; deletes a resource and applies it again under the same ID; adopts an "
    "entry of a notebook; and corrects a change in the registry. A check mark stands before each checked result."
)


def picture() -> str:
    """Return the picture of the recording as it is kept."""
    return render(Cast.read(CAST), DESCRIPTION)
