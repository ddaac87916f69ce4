"""The pages of the documentation, cut into fenced blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    path.relative_to(REPOSITORY)
    for path in (
        *REPOSITORY.glob("*.md"),
        *REPOSITORY.glob("docs/**/*.md"),
        *REPOSITORY.glob("examples/**/*.md"),
        *REPOSITORY.glob("charts/**/*.md"),
        *REPOSITORY.glob("integrations/**/*.md"),
        *REPOSITORY.glob("benchmarks/*.md"),
        *REPOSITORY.glob("devcluster/**/*.md"),
        *REPOSITORY.glob("tests/**/*.md"),
    )
)
"""Everything that people read, from the repository's root."""
WITH_HELM = tuple(
    Path(name) for name in ("charts/model-registrar/README.md", "docs/install.md", "examples/production/README.md")
)
"""Pages whose commands need Helm: `tests/chart` runs them."""
HOW_TO = tuple(page for page in PAGES if page.parent == Path("docs/how-to"))
"""Guides to one job each: `test_how_to.py` runs them."""
ADD_A_KIND = Path("docs/contributing/add-a-kind.md")
"""Changes the operator, and has a resource of a kind that only the changed one knows: for `tests/contributing`."""

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[^`\n]*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        page: its page, from the repository's root.
        line: of its first line of text, counted from 1.
        language: the word behind the fence.
        text: what stands in it, each line with its line break.
    """

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """Where it is, for people and their editors."""
        return f"{self.page}:{self.line}"


def read(page: Path) -> str:
    """A page's text."""
    return (REPOSITORY / page).read_text(encoding="utf-8")


def blocks_of(page: Path) -> list[Block]:
    """The fenced blocks of a page, from top to bottom.

    Raises:
        ValueError: a fence is not closed.
    """
    found: list[Block] = []
    start: tuple[int, str, str] | None = None
    collected: list[str] = []
    for number, line in enumerate(read(page).splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence is None:
            collected.append(line)
        elif start is None:
            start, collected = (number + 1, fence["language"].strip().partition(" ")[0], fence["indent"]), []
        else:
            first, language, indent = start
            text = "".join(f"{one.removeprefix(indent)}\n" for one in collected)
            found.append(Block(page, first, language, text))
            start = None
    if start is not None:
        raise ValueError(f"{page}:{start[0] - 1}: this fence is not closed")
    return found


def all_blocks() -> list[Block]:
    """The fenced blocks of all pages."""
    return [block for page in PAGES for block in blocks_of(page)]


def is_status(block: Block) -> bool:
    """Whether a YAML block shows a status and is no manifest."""
    return block.text.startswith("status:\n")


def is_tenants(block: Block) -> bool:
    """Whether a block is a file with the tenants of a registry."""
    return "tenants:" in block.text.splitlines()


def is_kustomization(block: Block) -> bool:
    """Whether a YAML block is for kustomize, and no manifest."""
    return block.text.startswith("# kustomization.yaml\n")


def prose_of(page: Path) -> str:
    """A page without its fenced blocks."""
    lines, is_prose = [], True
    for line in read(page).splitlines():
        if _FENCE.match(line):
            is_prose = not is_prose
        elif is_prose:
            lines.append(line)
    return "\n".join(lines)
