"""Each page is true: a reader does what it says, from top to bottom, and sees what it shows."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devcluster import controlplane
from devcluster.processes import Children
from tests.docs.pages import (
    ADD_A_KIND,
    HOW_TO,
    PAGES,
    REPOSITORY,
    WITH_HELM,
    Block,
    all_blocks,
    blocks_of,
    is_status,
    read,
)
from tests.docs.session import NOT_RUN, Session, UntrueError, commands_of

WITH_OPERATOR: dict[Path, tuple[str, ...]] = {
    Path("README.md"): (),
    Path("docs/coming-from.md"): (),
    Path("docs/conditions.md"): ("in-sync",),
    Path("docs/gitops.md"): (),
    Path("docs/index.md"): (),
    Path("docs/lifecycle.md"): (),
    Path("docs/troubleshooting.md"): ("stuck", "looked-at"),
    Path("examples/adopt-existing/README.md"): (),
    Path("examples/kserve/README.md"): (),
    Path("examples/repository/README.md"): (),
}
"""Pages that begin where the quickstart's operator runs, and the models that they speak of."""
TESTED_ELSEWHERE = {
    page: "tests/client/test_client_docs.py runs its Python" for page in PAGES if page.parent == Path("docs/client")
}
NOT_FOR_READERS = {"text", "{eval-rst}", "{include}", "{literalinclude}", "{toctree}"}
"""Blocks that are pictures, or directives of the site: its build checks these."""


def _runs(page: Path) -> bool:
    languages = {block.language for block in blocks_of(page)}
    commands = [c for b in blocks_of(page) if b.language in {"console", "sh"} for c, _ in commands_of(b)]
    promises = any(is_status(block) for block in blocks_of(page))
    return any(command not in NOT_RUN for command in commands) or "python" in languages or promises


LEFT_OUT = {*TESTED_ELSEWHERE, *WITH_HELM, *HOW_TO, ADD_A_KIND}
SESSIONS = [page for page in PAGES if page not in LEFT_OUT and _runs(page)]


@pytest.fixture
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """A reader with a cluster of their own: names in the docs are fixed, and the operator watches all namespaces."""
    with controlplane.start() as plane, Children() as children:
        reader = Session(plane, children, tmp_path)
        page = request.node.callspec.params["page"]
        if page in WITH_OPERATOR:
            reader.start_everything(WITH_OPERATOR[page])
        yield reader


@pytest.mark.parametrize("page", SESSIONS, ids=str)
async def test_a_reader_sees_what_the_page_shows(page: Path, session: Session) -> None:
    for block in await session.follow(page):
        _compare_status(block, session)


def _compare_status(block: Block, session: Session) -> None:
    """A status may be shown before the commands that lead to it; it is that of the page's only resource."""
    shown = yaml.safe_load(block.text)["status"]
    listed = session.plane.run_kubectl("get", "model-registry", "--output=json").stdout
    (resource,) = json.loads(listed)["items"]
    written = _with_placeholders(resource["status"], session)
    if _with_placeholders(shown, session) != written:
        raise UntrueError(f"{block.place}: the operator writes\n{yaml.safe_dump(resource['status'])}")


def _with_placeholders(status: dict[str, object], session: Session) -> object:
    """Times are compared by being there, IDs by being numbers, addresses by their paths."""

    def replace(key: str, value: object) -> object:
        match value:
            case dict():
                return {one: replace(one, inner) for one, inner in value.items()}
            case list():
                return [replace(key, inner) for inner in value]
            case str() if key.endswith(("Time", "TimeSinceEpoch")):
                return "<time>"
            case str() if key in {"id", "parentId"} and value.isdecimal():
                return "<id>"
            case str() if key == "registryUrl":
                return value.replace(str(session.port), "8080")
        return value

    # YAML reads a time that is not quoted as one.
    return replace("", json.loads(json.dumps(status, default=lambda value: value.isoformat())))


def test_every_block_is_of_a_language_that_is_tested() -> None:
    known = {"yaml", "bash", "markdown", "python", "console", "sh"} | NOT_FOR_READERS
    unknown = [block for block in all_blocks() if block.language not in known]
    # Changes of files: `tests/contributing` makes them.
    unknown = [block for block in unknown if (block.page, block.language) != (ADD_A_KIND, "diff")]
    assert [f"{block.place}: {block.language!r}" for block in unknown] == []


def test_every_command_that_is_not_run_is_shown_somewhere() -> None:
    """So that the list of exceptions does not outlive what it excuses."""
    shown = {c for b in all_blocks() if b.language in {"console", "sh"} for c, _ in commands_of(b)}
    assert NOT_RUN.keys() - shown == set()


def test_every_page_left_to_another_test_only_shows_python_and_commands_that_cannot_run() -> None:
    for page in TESTED_ELSEWHERE:
        for block in blocks_of(page):
            if block.language in {"python", *NOT_FOR_READERS}:
                continue
            others = [c for c, _ in commands_of(block) if c not in NOT_RUN]
            assert (block.place, others) == (block.place, [])


def test_every_extra_that_is_shown_exists() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    named = re.findall(r"pip install '?\.\[([a-z0-9,]+)\]", "".join(map(read, PAGES)))
    extras = {extra for names in named for extra in names.split(",")}
    assert {"operator", "local", "s3"} <= extras
    assert extras <= project["optional-dependencies"].keys()
