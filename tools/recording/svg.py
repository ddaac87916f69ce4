"""The animated picture of a recording.

It is a terminal in an SVG that needs no script: the lines are text, and two animations of CSS show them. One scrolls
the lines, the other moves a cover down that hides those that are still to come. Both jump at the times of the
recording. Where nothing moves (no support, or a reader who prefers less motion), the last screen is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from rich.console import Console
from rich.style import Style
from rich.text import Text

from tools.recording.cast import Cast, Line

SPEED: Final = 0.5
"""Of the recording, as a reader sees it."""
LONGEST_PAUSE: Final = 1.5
"""Seconds of the recording; a longer pause between two lines is cut."""
LAST_SCREEN: Final = 6.0
"""Seconds that the last screen stays."""

_CONSOLE: Final = Console()
_CHARACTER: Final = 8.4
_LINE: Final = 18
_MARGIN: Final = 14
_BAR: Final = 30
_COLOURS: Final = {1: "red", 2: "green", 6: "cyan"}
"""The classes of the colours of a terminal that the demo uses."""
_STYLES: Final = """\
    .screen { fill: #ffffff; stroke: #8c959f; }
    .bar { fill: #eaeef2; }
    .cover { fill: #ffffff; }
    text { font: 14px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #1f2328; }
    .bold { font-weight: 700; }
    .dim { fill: #59636e; }
    .cyan { fill: #0550ae; }
    .green { fill: #116329; }
    .red { fill: #a40e26; }
    @media (prefers-color-scheme: dark) {
      .screen { fill: #0d1117; stroke: #6e7681; }
      .bar { fill: #21262d; }
      .cover { fill: #0d1117; }
      text { fill: #e6edf3; }
      .dim { fill: #9198a1; }
      .cyan { fill: #79c0ff; }
      .green { fill: #56d364; }
      .red { fill: #ff7b72; }
    }"""  # noqa: E501 - a list of fonts is one value


def render(cast: Cast, description: str) -> str:
    """Return the SVG.

    Args:
        cast: The recording.
        description: What it shows, for people who do not see it.
    """
    rows = _wrapped(cast.lines(), cast.width)
    times = _times([row.seconds for row in rows])
    width, height = round(cast.width * _CHARACTER) + 2 * _MARGIN, _BAR + cast.height * _LINE + 2 * _MARGIN
    top = _BAR + _MARGIN
    scrolled = max(0, len(rows) - cast.height) * _LINE
    texts = "\n".join(_text(row.text, top + (number + 1) * _LINE - 5) for number, row in enumerate(rows) if row.text)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title description">
  <title id="title">{escape(cast.title)}</title>
  <desc id="description">{escape(description)}</desc>
  <style>
{_STYLES}
    .lines {{ transform: translateY(-{scrolled}px); }}
    .cover {{ transform: translateY({min(len(rows), cast.height) * _LINE}px); }}
    @media (prefers-reduced-motion: no-preference) {{
      .lines {{ animation: scroll {times[-1]:.2f}s step-end infinite; }}
      .cover {{ animation: uncover {times[-1]:.2f}s step-end infinite; }}
    }}
{_keyframes("scroll", times, [-max(0, shown - cast.height) * _LINE for shown in range(1, len(rows) + 1)])}
{_keyframes("uncover", times, [min(shown, cast.height) * _LINE for shown in range(1, len(rows) + 1)])}
  </style>
  <clipPath id="inside"><rect x="1" y="{top}" width="{width - 2}" height="{cast.height * _LINE}"/></clipPath>
  <rect class="screen" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>
  <path class="bar" d="M1 {_BAR}V8a7 7 0 0 1 7-7H{width - 8}a7 7 0 0 1 7 7V{_BAR}z"/>
  <text class="dim" x="{_MARGIN}" y="20">{escape(cast.title)}</text>
  <g clip-path="url(#inside)">
    <g class="lines">
{texts}
    </g>
    <rect class="cover" x="1" y="{top}" width="{width - 2}" height="{height}"/>
  </g>
</svg>
"""


def _wrapped(lines: Sequence[Line], width: int) -> list[Line]:
    """Return the rows of the terminal: it breaks a long line at its edge, between any two characters."""
    rows: list[Line] = []
    for line in lines:
        line.text.rstrip()
        parts = line.text.divide(range(width, len(line.text), width)) if len(line.text) > width else [line.text]
        rows += [Line(line.seconds, part) for part in parts]
    return rows


def _times(recorded: Sequence[float]) -> list[float]:
    """Return when each row appears in the picture, and when the picture starts again."""
    times, now, before = [], 0.0, 0.0
    for seconds in recorded:
        now += min(seconds - before, LONGEST_PAUSE) / SPEED
        before = seconds
        times.append(now)
    return [*times, now + LAST_SCREEN]


def _keyframes(name: str, times: Sequence[float], offsets: Sequence[int]) -> str:
    """Return the jumps to each new offset, at parts of the whole duration."""
    steps: dict[str, int] = {}
    before: int | None = None
    for seconds, offset in zip(times, offsets, strict=False):
        if offset != before:
            # Of several jumps at one time, the last one counts.
            steps[f"{100 * seconds / times[-1]:.2f}%"] = before = offset
    frames = "\n".join(f"      {when} {{ transform: translateY({offset}px); }}" for when, offset in steps.items())
    return f"    @keyframes {name} {{\n{frames}\n    }}"


def _text(row: Text, y: int) -> str:
    """Return one row. Its length is set: the fonts of readers differ in their widths."""
    parts = []
    for segment in row.render(_CONSOLE):
        if segment.text:
            name = _class(segment.style)
            content = escape(segment.text, quote=False)
            parts.append(f'<tspan class="{name}">{content}</tspan>' if name else content)
    length = f"{row.cell_len * _CHARACTER:.1f}"
    return f'      <text x="{_MARGIN}" y="{y}" textLength="{length}" xml:space="preserve">{"".join(parts)}</text>'


def _class(style: Style | None) -> str:
    if style is None:
        return ""
    names = [name for name, on in (("bold", style.bold), ("dim", style.dim)) if on]
    number = style.color.number if style.color is not None else None
    return " ".join([*names, *([_COLOURS[number]] if number is not None else [])])
