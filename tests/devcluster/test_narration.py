"""What the demo prints, on terminals that cannot show all of it."""

import io
import sys

import pytest

from devcluster.narration import CheckFailed, Narrator, printed_console


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("ascii", "   ok: it is so\n   | a?b\n\nERROR: no\n"),
        ("utf-8", "   ✓ it is so\n   │ a…b\n\n✗ no\n"),
    ],
)
def test_what_an_encoding_lacks_is_replaced(monkeypatch: pytest.MonkeyPatch, encoding: str, printed: str) -> None:
    paper = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(paper, encoding=encoding))
    narrator = Narrator(printed_console())
    narrator.check(True, "it is so")
    narrator.output("a…b")
    narrator.failure("no")
    with pytest.raises(CheckFailed, match="not so"):
        narrator.check(False, "not so")
    sys.stdout.flush()
    assert paper.getvalue().decode() == printed
