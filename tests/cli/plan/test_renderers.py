"""The forms of a plan beside text and JSON: unified diff, Markdown for a comment, annotations, and files of them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registrar.api.bodies import ResourceKey
from registrar.cli.exits import ExitCode
from registrar.cli.plan.as_markdown import MAX_LENGTH, MAX_TITLE, MIN_LENGTH, Heading, code, markdown
from registrar.cli.plan.change import Action, Cause, EntryName, FieldChange, Origin, PlannedChange
from registrar.cli.plan.outputs import Format
from registrar.cli.plan.report import Report, Source
from tests.cli.plan.manifests import model, stamped, version, write
from tests.cli.plan.review import GITHUB, rendered, run, snapshot, texts
from tests.support.rest import Rest

HOSTILE = "@org/team | a #1 `b` ``` <script>x</script> <!-- </details> --> [l](http://x) ![i](http://y) \\"


@pytest.fixture
def reviewed(rest: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rest:
    """A registry, and a folder ``models`` whose plan has an update, a creation, an adoption and a refusal."""
    monkeypatch.chdir(tmp_path)
    rest.model("churn", owner="me", description="old", **stamped("team/churn", hf_token="old"))
    rest.model("free", owner="us")
    rest.model("taken", customProperties=texts(**{"model-registrar.dev/owner": "created:other/other/team/taken"}))
    properties = {"hf_token": "new", "size": 3, "team": "ml"}
    changed = model("churn", owner="us", description="new", customProperties=properties)
    tree = version("churn-1", "churn", name="1", artifacts=[{"name": "weights", "uri": "s3://b/w"}])
    write(Path("models"), churn=[changed, tree], others=[model("free"), model("taken")])
    return rest


def test_a_diff_is_a_unified_diff_of_yaml(reviewed: Rest) -> None:
    result = run(reviewed.url, "models", "-o", "diff")
    assert result.stdout.splitlines() == [
        "diff RegisteredModel churn → churn (id 1): update",
        "--- registry/RegisteredModel/1",
        "+++ models/churn.yaml:1",
        "@@ -1,4 +1,6 @@",
        "-description: old",
        "-owner: me",
        "+description: new",
        "+owner: us",
        " customProperties:",
        "-  hf_token: '(hidden), before'",
        "+  hf_token: '(hidden), after'",
        "+  size: 3",
        "+  team: ml",
        "diff ModelVersion churn-1 → churn/1: create",
        "--- /dev/null",
        "+++ models/churn.yaml:13",
        "@@ -0,0 +1,2 @@",
        "+name: '1'",
        "+state: LIVE",
        "diff ModelVersion churn-1 model-artifact → churn/1/weights: create",
        "--- /dev/null",
        "+++ models/churn.yaml:13",
        "@@ -0,0 +1,3 @@",
        "+name: weights",
        "+uri: s3://b/w",
        "+state: LIVE",
        "diff RegisteredModel free → free (id 2): adopt, stamp only",
        *[line for line in result.stdout.splitlines() if line.startswith("diff RegisteredModel taken")],
    ]
    assert result.stdout.splitlines()[-1].startswith("diff RegisteredModel taken → taken: refused: OwnedByOther, ")
    assert run(reviewed.url, "models", command="diff").stdout == result.stdout
    assert run(reviewed.url, "models", "-o", "text", command="diff").stdout == run(reviewed.url, "models").stdout


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("in_folder")
def test_a_diff_of_an_entry_that_exists_begins_with_the_entry(rest: Rest) -> None:
    rest.model("churn", **stamped("team/churn"))
    write(Path("sets"), churn=[model("churn", owner="us")])
    added = run(rest.url, "sets", "-o", "diff").stdout.splitlines()
    assert added[1:5] == ["--- registry/RegisteredModel/1", "+++ sets/churn.yaml:1", "@@ -0,0 +1 @@", "+owner: us"]
    rest.change("registered_models/1", owner="us", state="LIVE")
    write(Path("clears"), churn=[model("churn")])
    cleared = run(rest.url, "clears", "-o", "diff", "--base=sets").stdout.splitlines()
    assert cleared[1:5] == ["--- registry/RegisteredModel/1", "+++ clears/churn.yaml:1", "@@ -1 +0,0 @@", "-owner: us"]


@pytest.mark.usefixtures("in_folder")
def test_a_file_name_that_is_no_utf_8_is_escaped_in_every_form(rest: Rest) -> None:
    folder = Path(os.fsdecode(b"mod\xe9ls"))
    write(folder, churn=[model("churn")])
    out = Path(os.fsdecode(b"plan-\xe9.json"))
    for form in Format:
        result = run(rest.url, str(folder), "-o", form.value, f"--out=json={out}", f"--out={form.value}=plan")
        assert result.exit_code == ExitCode.DONE, form
        assert "churn" in Path("plan").read_text(encoding="utf-8")
    named = json.loads(out.read_text(encoding="utf-8"))["changes"][0]["resource"]["file"]
    # The escape in JSON is the name that Python and other programs know the file by.
    assert Path(named) == folder / "churn.yaml"


def test_annotations_stand_at_the_manifests(reviewed: Rest) -> None:
    write(Path("models"), wrong=[model("wrong", ownr="me")])
    Path("models/no.yaml").write_text("a: [")
    lines = run(reviewed.url, "models", "-o", "github", "--fail-on=create").stdout.splitlines()
    assert [line.partition("::")[2].partition("::")[0] for line in lines[:-1]] == [
        "error file=models/no.yaml,line=2,title=registrar plan%3A InvalidYaml",
        "error file=models/wrong.yaml,line=6,title=registrar plan%3A UnknownField",
        "notice file=models/churn.yaml,line=1,title=registrar plan%3A update",
        "error file=models/churn.yaml,line=13,title=registrar plan%3A create",
        "notice file=models/others.yaml,line=1,title=registrar plan%3A adopt",
        "error file=models/others.yaml,line=7,title=registrar plan%3A refuse",
    ]
    assert lines[2].partition("::Reg")[2] == (
        "isteredModel churn → churn (id 1): update%0Adescription  'old' → 'new'%0Aowner  'me' → 'us'%0A"
        "customProperties.hf_token  (hidden)%0AcustomProperties.size  not set → 3%0A"
        "customProperties.team  not set → 'ml'"
    )
    assert lines[-1].startswith("2 to create, 1 to adopt, stamp only, 1 to update")


def test_no_value_makes_a_second_annotation(rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", description="a\n" * 90, **stamped("team/churn"))
    text = "::add-mask::x\n" + "::error::100% wrong\r\n" * 90
    lines = run(rest.url, write(tmp_path, m=[model("churn", description=text)]), "-o", "github").stdout.splitlines()
    assert [line[:8] for line in lines] == ["::notice", "0 to cre"]
    assert lines[0].endswith("%0A… 154 more lines")


def test_markdown_has_the_summary_first_and_a_fold_for_each_file(reviewed: Rest) -> None:
    result = run(reviewed.url, "models", "-o", "markdown", "--title=Staging -- a", "--fail-on=create,restore")
    assert result.exit_code == ExitCode.ATTENTION
    head, _, folds = result.stdout.partition("\n<details>")
    assert head == (
        "<!-- registrar-plan: Staging%20%2D%2D%20a -->\n"
        "### Staging -- a: 2 to create, 1 to adopt, 1 to update, 1 refused\n"
        "\n"
        "**Not allowed here:** 2 to create.\n"
        "\n"
        "| | entries |\n"
        "| --- | ---: |\n"
        "| to create | 2 |\n"
        "| to adopt | 1 |\n"
        "| to update | 1 |\n"
        "| refused | 1 |\n"
        "| unchanged | 0 |\n"
    )
    assert folds.partition("<details><summary>What")[0] == (
        "<summary><code>models/churn.yaml</code>: 2 to create, 1 to update</summary>\n"
        "\n"
        "- **update** `RegisteredModel churn → churn (id 1)`\n"
        "  - `description`: `'old'` → `'new'`\n"
        "  - `owner`: `'me'` → `'us'`\n"
        "  - `customProperties.hf_token`: changed, and hidden because it looks like a secret\n"
        "  - `customProperties.size`: `not set` → `3`\n"
        "  - `customProperties.team`: `not set` → `'ml'`\n"
        "- **create** `ModelVersion churn-1 → churn/1`, with 1 artifact\n"
        "\n"
        "</details>\n"
        "\n"
        "<details><summary><code>models/others.yaml</code>: 1 to adopt, 1 refused</summary>\n"
        "\n"
        "- **adopt** `RegisteredModel free → free (id 2)`, stamp only\n"
        "- **refused** `RegisteredModel taken → taken`: OwnedByOther\n"
        + "".join(f"{line}\n" for line in folds.splitlines() if "other/other" in line)
        + "\n"
        "</details>\n"
        "\n\n"
    )


def test_a_cleared_field_and_drift_are_told_apart(rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", owner="me", description="by hand", **stamped("team/churn"))
    before = write(tmp_path / "before", m=[model("churn", owner="me", description="ours")])
    after = write(tmp_path / "after", m=[model("churn", description="ours")])
    text = run(rest.url, after, f"--base={before}", "-o", "markdown").stdout
    assert "  - `description`: `'by hand'` → `'ours'` (drift)\n  - `owner`: `'me'` → cleared\n" in text
    same = run(rest.url, before, f"--base={before}", "-o", "markdown").stdout
    assert same.splitlines()[1] == "### Plan for the model registry: nothing from this change"
    assert "Not from this change, but done by the operator anyway: 1 entry (--drift lists it)." in same
    assert "It overwrites values of RegisteredModel churn." in same


def test_what_makes_the_command_fail_is_listed_whatever_its_cause(rest: Rest, tmp_path: Path) -> None:
    """Another registry than the base was applied to: everything would be created, and nothing is of this change."""
    folder = write(tmp_path, m=[model("a"), model("b")])
    words = (folder, f"--base={folder}", "-o", "markdown")
    assert "- **create**" not in run(rest.url, *words).stdout
    result = run(rest.url, *words, "--fail-on=create")
    assert result.exit_code == ExitCode.ATTENTION
    assert result.stdout.count("- **create**") == 2
    assert "**Not allowed here:** 2 to create." in result.stdout


def test_only_a_plan_without_changes_says_so(rest: Rest, tmp_path: Path) -> None:
    rest.model("churn", owner="me", **stamped("team/churn"))
    folder = write(tmp_path / "m", m=[model("churn", owner="me")])
    quiet = run(rest.url, folder, "-o", "markdown").stdout
    assert quiet.splitlines()[1] == "### Plan for the model registry: no changes"
    (folder / "broken.yaml").write_text("a: [")
    broken = run(rest.url, folder, "-o", "markdown").stdout
    assert broken.splitlines()[1] == "### Plan for the model registry: 1 error"
    missing = run(rest.url, folder, tmp_path / "absent", "-o", "markdown")
    assert missing.exit_code == ExitCode.NOT_KNOWN
    assert missing.stdout.splitlines()[1] == "### Plan for the model registry: incomplete, 2 errors"
    assert "**This plan is incomplete:**" in missing.stdout
    assert "no changes" not in broken + missing.stdout


def test_what_manifests_and_registry_say_is_text_in_a_comment(rest: Rest, tmp_path: Path) -> None:
    """Acceptance 9: a team is not notified, and neither pipes, fences nor HTML mean anything."""
    rest.model(HOSTILE, owner="`", description=f"{HOSTILE}\n```\n" * 3, **stamped("team/hostile"))
    properties = {HOSTILE: HOSTILE, "`": "``", " ": " "}
    changed = model(
        "hostile", name=HOSTILE, owner=HOSTILE, description=f"{HOSTILE}\n```\n~~~\n", customProperties=properties
    )
    folder = write(tmp_path / "<b>@org `x`", m=[changed, version("v", "hostile", name=f"- {HOSTILE}")])
    text = run(rest.url, folder, "-o", "markdown").stdout
    tokens = rendered(text)
    meaningful = [token for token in tokens if token.type not in {"code_inline", "fence"}]
    assert [
        token.content for token in meaningful if any(sign in token.content for sign in ("@org/", "script", "]("))
    ] == []
    shown = [token.content for token in tokens if token.type == "code_inline"]
    assert shown.count(repr(HOSTILE)) == 2
    assert f"customProperties.{HOSTILE}" in shown
    assert f"RegisteredModel hostile → {HOSTILE} (id 1)" in shown
    (fence,) = [token for token in tokens if token.type == "fence"]
    assert fence.content.startswith("@@ -2,5 +2,2 @@\n ```\n")
    assert "+~~~\n" in fence.content
    opened = [token.content for token in tokens if token.type == "html_block"]
    assert text.count("\n<details><summary>") == sum("<details><summary>" in each for each in opened) == 2
    assert "&lt;b&gt;@org `x`/m.yaml</code>" in opened[1]


@example("  ")
@example("a `")
@given(st.text(st.one_of(st.sampled_from("` \n<|@*"), st.characters()), min_size=1))
def test_code_shows_any_text_as_it_is(text: str) -> None:
    (paragraph,) = [token for token in GITHUB.parse(f"- a {code(text)} b") if token.type == "inline"]
    assert [child.type for child in paragraph.children or ()] == ["text", "code_inline", "text"]
    found = (paragraph.children or [])[1].content
    assert found == "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def many(number: int) -> list[dict[str, Any]]:
    return [model(f"m{place}", owner=HOSTILE, description=HOSTILE * 3) for place in range(number)]


def planned(name: str, file: str | None, action: Action, *fields: FieldChange) -> PlannedChange:
    origin = Origin(ResourceKey("RegisteredModel", "team", name), file, 1)
    return PlannedChange(origin, EntryName("RegisteredModel", (HOSTILE, name), "7"), action, Cause.CHANGE, fields)


def test_ten_thousand_changes_fit_into_a_comment() -> None:
    """Acceptance 9. What a reviewer must not overlook is shown, wherever it stands among the others."""
    field = FieldChange("owner", None, HOSTILE)
    changes = [planned(f"m{place}", f"models/{place % 40:02}.yaml", Action.UPDATE, field) for place in range(10_000)]
    changes += [planned("taken", "models/z.yaml", Action.REFUSE), planned("gone", None, Action.ARCHIVE)]
    changes.sort(key=lambda change: (change.origin.file is None, change.origin.file or ""))
    text = markdown(Report(Source("http://r", "o", "2026-11-27T00:00:00Z"), tuple(changes), 5), Heading())
    assert MAX_LENGTH - 1_000 < len(text) <= MAX_LENGTH
    marker, first, *_ = text.splitlines()
    assert marker == "<!-- registrar-plan: Plan%20for%20the%20model%20registry -->"
    assert first == "### Plan for the model registry: 10,000 to update, 1 to archive, 1 refused"
    assert "no changes" not in text
    assert text.count("- **archive** ") == text.count("- **refused** ") == 1
    shown = text.count("- **update** ")
    assert f"**{10_000 - shown:,} more in the job's artifact**" in text
    assert text.count("  - `owner`: `not set` → ") == shown > 100, "only whole entries are shown"
    assert text.count("\n<details>") == text.count("\n</details>\n") > 2


@pytest.mark.parametrize("number", [0, 1, 90])
def test_the_shortest_comment_has_room_for_the_summary(rest: Rest, tmp_path: Path, number: int) -> None:
    title = "😀" * MAX_TITLE
    folder = write(tmp_path, m=many(number), n=[model("x", description="a\n" * 9_000)])
    words = (folder, "-o", "markdown", f"--max-length={MIN_LENGTH}", f"--title={title}")
    text = run(rest.url, *words).stdout
    assert len(text) <= MIN_LENGTH
    assert f"### {title}: {number + 1} to create" in text
    assert ("more in the job's artifact" in text) == (number == 90)


def test_an_unchanged_plan_is_an_unchanged_comment(reviewed: Rest) -> None:
    comment = run(reviewed.url, "models", "-o", "markdown").stdout
    snapshot(reviewed.url, Path("registry.ndjson"))
    header, _, rest = Path("registry.ndjson").read_text().partition("\n")
    later = {**json.loads(header), "readAt": "2031-01-01T00:00:00Z"}
    Path("registry.ndjson").write_text(f"{json.dumps(later)}\n{rest}")
    assert run("--snapshot=registry.ndjson", "models", "-o", "markdown").stdout == comment
    assert '"readAt": "2031' in run("--snapshot=registry.ndjson", "models", "-o", "json").stdout


def test_one_run_prints_one_form_and_writes_others(reviewed: Rest) -> None:
    forms = ("text", "diff", "json", "ndjson", "markdown", "github")
    printed = {form: run(reviewed.url, "models", "-o", form).stdout for form in forms}
    written = [f"--out={form}=out/plan.{form}" for form in forms]
    result = run(reviewed.url, "models", *written, "--exit-code")
    assert (result.exit_code, result.stdout) == (ExitCode.ATTENTION, printed["text"])
    assert sorted(path.name for path in Path("out").iterdir()) == sorted(f"plan.{form}" for form in forms)
    for form in forms:
        both = (Path(f"out/plan.{form}").read_text(), printed[form])
        written_one, printed_one = (re.sub(r'"readAt": "[^"]+"', "", each) for each in both)
        assert written_one == printed_one


@pytest.mark.parametrize("wrong", ["plan.md", "html=plan.html", "markdown=", "markdown"])
def test_a_file_needs_a_format(reviewed: Rest, wrong: str) -> None:
    result = run(reviewed.url, "models", f"--out={wrong}")
    assert result.exit_code == ExitCode.USAGE
    assert "is not FORMAT=FILE: the formats are text, diff, json, ndjson, markdown, github." in result.stderr


def test_a_file_is_named_once_and_can_fail(reviewed: Rest) -> None:
    assert run(reviewed.url, "models", "--out=json=a", "--out=text=a").exit_code == ExitCode.USAGE
    result = run(reviewed.url, "models", "--out=json=/dev/null/plan.json", "--exit-code")
    assert (result.exit_code, result.stdout) == (ExitCode.ATTENTION, run(reviewed.url, "models").stdout)
    assert "cannot be written" in result.stderr


@pytest.mark.parametrize("title", ["", " ", "a\nb", "x" * (MAX_TITLE + 1)])
def test_a_title_is_one_line(reviewed: Rest, title: str) -> None:
    assert run(reviewed.url, "models", f"--title={title}").exit_code == ExitCode.USAGE
