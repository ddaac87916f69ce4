"""The page docs/contributing/add-a-kind.md as a contributor follows it: its blocks are written into a copy."""

from pathlib import Path

from tests.docs.pages import ADD_A_KIND, Block, blocks_of


def block_of(language: str) -> Block:
    """The page's only block of a language."""
    (found,) = (block for block in blocks_of(ADD_A_KIND) if block.language == language)
    return found


def files() -> dict[str, Block]:
    """The blocks that are a file or a change of one, by its path."""
    found = [block for block in blocks_of(ADD_A_KIND) if block.language in {"python", "diff"}]
    return {_path_of(block): block for block in found}


def follow(copy: Path) -> None:
    """Write what the page says into a copy of the repository.

    Raises:
        AssertionError: a new file is there already, or the page shows lines that a file does not have.
    """
    for path, block in files().items():
        target, content = copy / path, block.text.partition("\n")[2]
        if block.language == "diff":
            target.write_text(_changed(target.read_text(encoding="utf-8"), content, block.place), encoding="utf-8")
        else:
            assert not target.exists(), f"{block.place}: {path} is no new file"
            target.write_text(content, encoding="utf-8")


def _path_of(block: Block) -> str:
    comment, _, path = block.text.partition("\n")[0].partition("# ")
    assert not comment, f"{block.place}: begin the block with a comment that names its file"
    return path


def _changed(text: str, diff: str, place: str) -> str:
    """The text after a diff whose parts, between lines ``@@``, each show some lines that the text has once."""
    for part in diff.split("@@\n"):
        lines = part.splitlines(keepends=True)
        before = "".join(line[1:] or "\n" for line in lines if not line.startswith("+"))
        after = "".join(line[1:] or "\n" for line in lines if not line.startswith("-"))
        assert text.count(before) == 1, f"{place}: the file has {text.count(before)} times\n{before}"
        text = text.replace(before, after)
    return text
