"""The reader of the pages notices what is not true; otherwise the other tests here would show nothing."""

from pathlib import Path

import pytest

from tests.docs import pages
from tests.docs.pages import Block, blocks_of
from tests.docs.session import commands_of, fits

SHOWN = "NAME    ID   READY   AGE\nchurn   1    True    2s\n"


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (SHOWN, True),
        ("NAME ID READY AGE\nchurn 42 True 11m\n", True),
        ("NAME ID READY AGE\nchurn 1 False 2s\n", False),
        ("NAME ID READY AGE\nchurn   True 2s\n", False),
        ("NAME ID READY AGE\nchurn 1 True 2s\nfraud 2 True 2s\n", False),
        ("", False),
    ],
    ids=["same", "other-numbers", "other-word", "no-id", "more-lines", "nothing"],
)
def test_output_is_compared_but_for_numbers_and_widths(printed: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert fits(SHOWN, printed) is expected


def test_an_ellipsis_stands_for_any_lines_and_only_there() -> None:
    assert fits("first\n…\nlast", "first\nsecond\nthird\nlast")
    assert not fits("first\n…", "zeroth\nfirst\nsecond")


def test_commands_are_told_from_what_they_print() -> None:
    console = Block(Path("page.md"), 1, "console", "$ one \\\n  --more\nprinted\n$ two\n")
    assert commands_of(console) == [("one   --more", "printed\n"), ("two", "")]
    assert commands_of(Block(Path("page.md"), 1, "sh", "one\n# why\ntwo\n")) == [("one", ""), ("two", "")]
    with pytest.raises(ValueError, match=r"page\.md:1: output without a command"):
        commands_of(Block(Path("page.md"), 1, "console", "printed\n"))


def test_a_block_knows_its_place_and_is_cut_out_of_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "REPOSITORY", tmp_path)
    page = Path("page.md")
    (tmp_path / page).write_text("- text\n\n  ```sh\n  make\n  ```\n\n```\nbare\n```\n")
    assert blocks_of(page) == [Block(page, 4, "sh", "make\n"), Block(page, 8, "", "bare\n")]
    (tmp_path / page).write_text("```sh\nmake\n")
    with pytest.raises(ValueError, match=r"page\.md:1: this fence is not closed"):
        blocks_of(page)
