"""The words and phrases that must not come back are found wherever people read."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.prose import phrases

ROOT = Path(__file__).parents[2]
MISSPELT = "recieve"  # codespell:ignore recieve
WORDS = [line.partition("->")[0] for line in (ROOT / "tools" / "prose" / "words.txt").read_text().splitlines()]


@pytest.mark.parametrize("word", WORDS)
def test_codespell_finds_the_word_where_it_is_not_allowed(word: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"A line.\n{word.capitalize()} is a word.\n{word} <!-- codespell:ignore {word} -->\n{MISSPELT}\n")

    program = Path(sys.executable).with_name("codespell")
    found = subprocess.run([program, page], cwd=ROOT, capture_output=True, text=True, check=False)

    lines = [line.partition(" ==>")[0] for line in found.stdout.splitlines()]
    # The last is of codespell's own dictionary, which stays in force.
    assert lines == [f"{page}:2: {word.capitalize()}", f"{page}:4: {MISSPELT}"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The entry is not there.", "is not there"),
        ("# The entries are\n# Not there.", "are Not there"),
        ("    # Say what\n    #  becomes of it.", "what becomes of"),
        ("> It is\n> looked at.", "is looked at"),
        ("-- in the place\n-- of it", "in the place of"),
    ],
)
def test_a_phrase_is_found_over_the_end_of_a_line(text: str, found: str) -> None:
    assert [(line, phrase) for line, phrase, _ in phrases.found_in(f"first\n{text}")] == [(2, found)]


@pytest.mark.parametrize("text", ["This notherefore.", "It is there.", "is not\n\nthere", "soften then"])
def test_other_text_is_left_alone(text: str) -> None:
    assert list(phrases.found_in(text)) == []


def test_the_check_names_file_and_line_and_what_to_write_instead(tmp_path: Path) -> None:
    for name in ("README.md", "docs/page.md", "tests/contract/answer.json", "elsewhere/page.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("It is fine.\nIt is not " + "there.\n")

    checked = CliRunner().invoke(phrases.main, ["--root", str(tmp_path)])

    assert checked.exit_code == 1
    assert checked.output.splitlines()[1:] == [
        f"{name}:2: is not {'there'} ==> does not exist, is absent" for name in ("README.md", "docs/page.md")
    ]
    for name in ("README.md", "docs/page.md"):
        (tmp_path / name).write_text("It does not exist.\n")
    assert CliRunner().invoke(phrases.main, ["--root", str(tmp_path)]).exit_code == 0


def test_every_place_and_allowed_path_exists() -> None:
    assert [name for name in (*phrases.PLACES, *phrases.ALLOWED) if not (ROOT / name).exists()] == []
