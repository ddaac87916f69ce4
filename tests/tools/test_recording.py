"""The picture of the demo: its text is the recording's, and every line appears once."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.recording.cast import CAST, Cast, comparable
from tools.recording.picture import PICTURE, picture
from tools.recording.svg import LAST_SCREEN, LONGEST_PAUSE, SPEED, render

NAMESPACE = "{http://www.w3.org/2000/svg}"
EVENTS = (
    (0.0, "\x1b[1mfirst\x1b[0m\r\n"),
    (1.0, "\x1b[36m$ a < b\x1b[0m\r\nsecond, which is lo"),
    (2.0, "nger than the terminal\r\n"),
    (60.0, "\r\n\x1b[32m✓\x1b[0m last\r\n"),
)


@pytest.fixture
def small() -> str:
    return render(Cast(20, 3, "title", EVENTS), "Lines & more")


def _rows(svg: str) -> list[str]:
    """The text of each row of the terminal."""
    root = ET.fromstring(svg)  # noqa: S314 - our own file
    return ["".join(text.itertext()) for text in root.iterfind(f".//{NAMESPACE}g[@class='lines']/{NAMESPACE}text")]


def _jumps(svg: str, name: str) -> list[tuple[float, int]]:
    """The parts of the duration, in percent, and the offset from then on."""
    (frames,) = re.findall(rf"@keyframes {name} {{\n(.*?)\n    }}", svg, re.DOTALL)
    return [(float(when), int(offset)) for when, offset in re.findall(r"([\d.]+)% .*?\((-?\d+)px\)", frames)]


def test_rows_are_text_and_long_lines_break_as_in_a_terminal(small: str) -> None:
    assert _rows(small) == ["first", "$ a < b", "second, which is lon", "ger than the termina", "l", "✓ last"]


def test_styles_are_those_of_the_terminal(small: str) -> None:
    styled = re.findall(r'<tspan class="(\w+)">([^<]*)</tspan>', small)
    assert styled == [("bold", "first"), ("cyan", "$ a &lt; b"), ("green", "✓")]


def test_lines_appear_when_they_were_printed_and_pauses_are_cut(small: str) -> None:
    shown = [0.0, 1 / SPEED, 2 / SPEED, (2 + LONGEST_PAUSE) / SPEED]
    duration = shown[-1] + LAST_SCREEN
    assert f"animation: scroll {duration:.2f}s step-end infinite" in small
    # Two rows, then five, then seven; the terminal has three.
    scrolled, uncovered = (
        [round(when * duration / 100, 1) for when, _ in _jumps(small, n)] for n in ("scroll", "uncover")
    )
    assert scrolled == [0.0, shown[2], shown[3]]
    assert uncovered == shown[:3]
    assert [-offset / 18 for _, offset in _jumps(small, "scroll")] == [0, 2, 4]
    assert [offset / 18 for _, offset in _jumps(small, "uncover")] == [1, 2, 3]


def test_without_motion_the_last_screen_is_shown(small: str) -> None:
    still, _, moving = small.partition("@media (prefers-reduced-motion: no-preference)")
    assert ".lines { transform: translateY(-72px); }" in still
    assert ".cover { transform: translateY(54px); }" in still
    assert "animation" not in still
    assert "animation: scroll" in moving


def test_it_says_what_it_shows(small: str) -> None:
    root = ET.fromstring(small)  # noqa: S314 - our own file
    assert [root.findtext(f"{NAMESPACE}{name}") for name in ("title", "desc")] == ["title", "Lines & more"]
    assert root.get("aria-labelledby") == "title description"


def test_the_kept_picture_has_the_text_of_the_kept_recording() -> None:
    cast = Cast.read(CAST)
    assert PICTURE.read_text() == picture()
    joined = "".join(_rows(picture()))
    assert joined == "".join(line.text.plain.rstrip() for line in cast.lines())
    assert "All checks passed." in joined


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    cast = Cast(20, 3, "title", EVENTS)
    cast.write(tmp_path / "demo.cast")
    assert Cast.read(tmp_path / "demo.cast") == cast
    assert [line.text.plain for line in cast.lines()] == [
        "first",
        "$ a < b",
        "second, which is longer than the terminal",
        "",
        "✓ last",
    ]


def test_what_changes_from_run_to_run_is_not_compared() -> None:
    first = "at http://127.0.0.1:53945 after 9.2 s\n$ x /tmp/model-registrar-6lt9vpov/kubeconfig\nhad it at once\nA  1s"
    second = "A    2m11s\nat http://127.0.0.1:80 after 1.0 s\n$ x /t/model-registrar-a1/kubeconfig\nhad it within 0.1 s"
    assert comparable(first) == comparable(second)
    assert comparable(first) != comparable(first.replace("had it", "lost it"))
