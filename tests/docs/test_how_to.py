"""Each how-to guide is true. The guides share a control plane; each has a registry and an operator of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster import controlplane
from devcluster.controlplane import ControlPlane
from devcluster.processes import Children
from tests.docs.pages import HOW_TO, REPOSITORY
from tests.docs.session import Session

KINDS = "registeredmodels,modelversions,modelartifacts"
INDEX = Path("docs/how-to/index.md")
WITH_OTHERS_NAMESPACES = {"connect-kubeflow-profile", "connect-open-data-hub"}
"""Guides that take namespaces for granted which others have created."""
OTHERS_NAMESPACES = ("ml-research", "model-registrar", "odh-model-registries")
GUIDES = [page for page in HOW_TO if page != INDEX]


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with controlplane.start() as started:
        yield started


@pytest.fixture(scope="module")
def plane_with_namespaces() -> Iterator[ControlPlane]:
    """Apart from the other guides: one deletes a namespace, which never ends without controllers."""
    with controlplane.start() as started:
        for name in OTHERS_NAMESPACES:
            started.run_kubectl("create", "namespace", name)
        yield started


@pytest.fixture
def session(page: Path, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    """A reader who has the operator running, and nothing registered yet: IDs begin with 1, as the guides show."""
    plane = request.getfixturevalue("plane_with_namespaces" if page.stem in WITH_OTHERS_NAMESPACES else "plane")
    with Children() as children:
        reader = Session(plane, children, tmp_path)
        reader.start_everything(())
        yield reader
        # While the operator runs: it removes its finalizers. A guide may have removed the definitions already.
        served = plane.run_kubectl("get", "-f", REPOSITORY / "crds", "--ignore-not-found", "--output=name").stdout
        if served:
            plane.run_kubectl("delete", KINDS, "--all", "--all-namespaces", "--timeout=60s")
    plane.run_kubectl("delete", "events", "--all", "--all-namespaces")


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
async def test_a_reader_sees_what_the_guide_shows(page: Path, session: Session) -> None:
    assert await session.follow(page) == [], f"{page}: show a status with a command, not as a block of its own"


def test_there_are_guides_and_the_index_lists_each() -> None:
    text = (REPOSITORY / INDEX).read_text()
    assert GUIDES
    assert [page for page in GUIDES if f"({page.name})" not in text] == []
