"""What the prose names exists: reasons, files, headings, targets, flags."""

import re
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from local_registry.command import main as local_registry
from registrar.api.conditions import Reason
from registrar.cli import COMMANDS
from registrar.cli import main as registrar
from registrar.cli.connections import connections
from registrar.reporting import registry_status
from registrar.reporting.advice import ADVICE
from registrar.reporting.outcome import OperationResult
from tests.docs.pages import PAGES, REPOSITORY, prose_of, read
from tests.docs.session import NOT_RUN

_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
_CODE = re.compile(r"`([^`\n]+)`")


def test_each_reason_is_documented_and_nothing_else() -> None:
    page = read(Path("docs/conditions.md"))
    reasons = page.partition("\n## Reasons\n")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^### `(\w+)`$", reasons, re.MULTILINE)) == sorted(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_the_page_says_what_to_do_in_the_words_of_the_command_line(reason: Reason) -> None:
    section = read(Path("docs/conditions.md")).partition(f"\n### `{reason}`\n")[2].partition("\n##")[0]
    assert ADVICE[reason] in " ".join(section.replace("`", "").split())


def test_each_reason_of_a_cluster_registry_is_documented_with_what_to_do() -> None:
    table = read(Path("docs/several-registries.md")).partition("| reason | meaning | what to do |\n")[2]
    rows = re.findall(r"^\| `(\w+)` \|[^|\n]*\| ([^|\n]*) \|$", table.partition("\n\n")[0], re.MULTILINE)
    assert dict(rows) == registry_status.ADVICE


def test_each_event_that_is_no_condition_is_documented() -> None:
    page = read(Path("docs/conditions.md"))
    sources = [module.read_text() for module in (REPOSITORY / "operator" / "registrar").rglob("*.py")]
    noted = {reason for source in sources for reason in re.findall(r'EventNote\(\s*"(\w+)"', source)}
    assert noted
    noted |= set(OperationResult)
    assert set(re.findall(r"^\| `(\w+)` \|", page.partition("\n## Events\n")[2], re.MULTILINE)) == noted


def test_each_message_that_troubleshooting_quotes_is_the_operators() -> None:
    section = (
        read(Path("docs/troubleshooting.md"))
        .partition("\n## The operator exits immediately\n")[2]
        .partition("\n## ")[0]
    )
    quoted = re.findall(r"^\| ([A-Z][^|]+) \|", section, re.MULTILINE)
    sources = "".join(module.read_text() for module in (REPOSITORY / "operator" / "registrar").rglob("*.py"))
    # Up to the first value in the message.
    missing = [message for message in quoted if " ".join(message.partition("…")[0].split()[:5]) not in sources]
    assert len(quoted) > 2
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_link_leads_somewhere(page: Path) -> None:
    for path, heading in _LINK.findall(_CODE.sub("", prose_of(page))):
        target = (REPOSITORY / page).parent / path if path else REPOSITORY / page
        assert target.exists(), f"{page}: {path} does not exist"
        if heading:
            anchors = _anchors(target.resolve().relative_to(REPOSITORY))
            assert heading in anchors, f"{page}: {path} has no heading #{heading}"


def _anchors(page: Path) -> set[str]:
    """The anchors that Git hosts make of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^-\w ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_each_make_target_that_is_named_exists() -> None:
    inline = {code for page in PAGES for code in _CODE.findall(prose_of(page))}
    targets = {called[1] for code in inline | NOT_RUN.keys() if (called := re.match(r"make ([a-z0-9-]+)", code))}
    listed = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    assert targets
    assert targets - set(re.findall(r"^  ([a-z0-9-]+) ", listed, re.MULTILINE)) == set()


def test_each_flag_that_is_named_exists() -> None:
    """Flags in inline code that begins with ``--`` are ours; those of other programs stand behind their names."""
    inline = [code for page in PAGES for code in _CODE.findall(prose_of(page))]
    flags = {code.split()[0].partition("=")[0] for code in inline if code.startswith("--")}
    calls: list[tuple[click.Command, list[str]]] = [(registrar, [name]) for name in COMMANDS]
    calls += [(connections, [name]) for name in connections.commands]
    helped = ""
    for command, words in (*calls, (local_registry, [])):
        result = CliRunner().invoke(command, [*words, "--help"])
        assert result.exit_code == 0
        helped += result.output
    assert flags
    assert flags - set(re.findall(r"--[a-z-]+", helped)) == set()


def test_each_module_that_the_architecture_names_exists() -> None:
    """Paths below the operator's package, as in ``planning/plan`` or ``kinds/``."""
    package = REPOSITORY / "operator" / "registrar"
    folders = "|".join(folder.name for folder in package.iterdir() if (folder / "__init__.py").is_file())
    named = re.findall(rf"`((?:{folders})/[a-z0-9_/]*)`", read(Path("docs/contributing/architecture.md")))
    assert named
    assert [path for path in named if not (package / path).is_dir() and not (package / f"{path}.py").is_file()] == []


def test_the_architecture_names_every_package() -> None:
    package = REPOSITORY / "operator" / "registrar"
    rows = re.findall(r"^\| `(\w+)/` \|", read(Path("docs/contributing/architecture.md")), re.MULTILINE)
    assert sorted(rows) == sorted(folder.parent.name for folder in package.glob("*/__init__.py"))


def test_each_file_that_a_design_note_names_exists() -> None:
    notes = [page for page in PAGES if page.parent == Path("docs/design")]
    named = {
        code for page in notes for code in _CODE.findall(prose_of(page)) if re.fullmatch(r"[\w/-]+/[\w-]+\.py", code)
    }
    assert named
    found = {code for code in named if any((REPOSITORY / root / code).is_file() for root in ("", "operator"))}
    assert named - found == set()


def test_the_alerts_of_the_chart_are_listed() -> None:
    declared = re.findall(
        r"^- alert: (\w+)$.*?severity: (\w+)$",
        (REPOSITORY / "charts/model-registrar/templates/_alerts.tpl").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    listed = re.findall(
        r"^\| `(ModelRegistrar\w+)` \| .* \| (\w+) \|$", (REPOSITORY / "docs/operations.md").read_text(), re.MULTILINE
    )
    assert len(declared) > 1
    assert listed == declared
