"""All reports of a run made anew from its verdicts.json, as `harness report` does."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from report_samples import FACTS, control, hole, isolated, leak, result

from harness.cli_report import report
from harness.report import building
from harness.report.building import build
from harness.report.records import AttemptRecord
from harness.report.result import RunResult
from harness.report.verdicts_json import write_verdicts

_FILES = {"verdicts.json", "gate.json", "matrix.html", "matrix.csv", "matrix.json", "isolation.sarif", "summary.md"}
_OF_PROOFS = {"kill-matrix.html", "kill-matrix.json", "attacks.html"}


@pytest.fixture(autouse=True)
def _catalogue_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # What every technique exhibits takes seconds to find out, and is shown by tests of its own.
    monkeypatch.setattr(building, "exhibits", dict)
    monkeypatch.setattr(building, "render_attack_catalogue", lambda *_: "")


def _report(*paths: Path, to: Path) -> int:
    return report([str(path) for path in paths], str(to), show=False, schema=False)


def _written(path: Path, *records: AttemptRecord, **changes: object) -> Path:
    write_verdicts(path, result(*records, facts=replace(FACTS, **changes)))  # type: ignore[arg-type]  # fields that fit
    return path


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_report_is_made_anew_from_the_file_alone(tmp_path: Path) -> None:
    build(tmp_path / "run", [result(isolated(), leak(id="b"), control(), holes=(hole(),))])
    assert _names(tmp_path / "run") == _FILES | _OF_PROOFS
    assert _report(tmp_path / "run", to=tmp_path / "again") == 1
    for name in _FILES | _OF_PROOFS:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name


def test_pages_that_a_run_does_not_have_do_not_stay_from_the_one_before(tmp_path: Path) -> None:
    build(tmp_path, [result(isolated(), holes=(hole(),))])
    build(tmp_path, [result(isolated())])
    assert _names(tmp_path) == _FILES


def test_shards_become_one_report(tmp_path: Path) -> None:
    one = _written(tmp_path / "one.json", isolated(id="a"))
    two = _written(tmp_path / "two.json", leak(id="b"))
    assert _report(one, two, to=tmp_path / "all") == 1
    whole = json.loads((tmp_path / "all" / "verdicts.json").read_text("utf-8"))
    assert [attempt["id"] for attempt in whole["attempts"]] == ["a", "b"]


def test_runs_that_are_no_shards_are_wrong_usage_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = _written(tmp_path / "one.json", isolated()), _written(tmp_path / "two.json", isolated(id="b"), seed=8)
    assert _report(one, two, to=tmp_path / "all") == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("harness report: ")
    assert line.endswith("seed is 7 in one and 8 in the other")
    assert not (tmp_path / "all").exists()


def test_targets_have_a_folder_each_and_a_page_that_shows_where_they_differ(tmp_path: Path) -> None:
    shared = isolated(id="b", boundary="member: dynamodb.write")
    here = _written(tmp_path / "here.json", isolated(id="a"), shared)
    there = _written(tmp_path / "there.json", leak(id="a"), shared, target="aws/sandbox")
    assert _report(here, there, to=tmp_path / "all") == 1
    assert _names(tmp_path / "all") == (_FILES - {"verdicts.json"}) | {"embedded", "aws-sandbox"}
    assert (tmp_path / "all" / "aws-sandbox" / "matrix.html").is_file()
    page = (tmp_path / "all" / "matrix.html").read_text("utf-8")
    assert 'href="aws-sandbox/matrix.html"' in page
    differences = page.partition('id="differences"')[2].partition('id="boundaries"')[0]
    assert "member: dynamodb.read" in differences
    assert "member: dynamodb.write" not in differences


def test_the_summary_is_added_to_the_page_of_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    _report(_written(tmp_path / "one.json", isolated()), to=tmp_path / "all")
    assert page.read_text("utf-8") == "before\n" + (tmp_path / "all" / "summary.md").read_text("utf-8") + "\n"


def test_the_matrix_is_shown_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    report([str(_written(tmp_path / "one.json", isolated()))], str(tmp_path / "all"), show=True, schema=False)
    assert shown == [(tmp_path / "all" / "matrix.html").as_uri()]


def test_the_command_prints_the_schema_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", "report"]
    printed = subprocess.run([*command, "--schema"], capture_output=True, text=True, check=True)
    assert json.loads(printed.stdout)["title"] == "verdicts.json of isolation-harness"
    refused = subprocess.run([*command, str(tmp_path / "nope.json")], capture_output=True, text=True, check=False)
    assert refused.returncode == 4
    assert refused.stderr.startswith("harness report: ")
    assert refused.stderr.count("\n") == 1


def test_the_matrix_of_five_thousand_verdicts_is_small_enough_to_be_opened(tmp_path: Path) -> None:
    build(tmp_path, [_of_the_size_of_a_real_run()])
    assert (tmp_path / "matrix.html").stat().st_size < 2_000_000


def _of_the_size_of_a_real_run() -> RunResult:
    """Return 5,000 attempts as the shipped designs have them: four tenants in a ring, every text as long."""
    records = [
        each(
            id=f"design-{design}-dynamodb.read.technique-number-{technique}-member-{each.__name__}-t{tenant}",
            blueprint=f"design-{design}",
            technique=f"dynamodb.read.technique-number-{technique}",
            title=f"What the technique does, in as many words as the others take, number {technique}",
            reason=f"because no identity-based policy allows the dynamodb:Action{technique % 40} action",
            attacker=f"t{tenant}",
            attacker_name=f"Company {tenant} & Sons",
            victim=f"t{tenant % 4 + 1}" if each is isolated else f"t{tenant}",
            victim_name="Somebody",
            control_used=f"design-{design}-dynamodb.read.technique-number-{technique}-member-control-t{tenant}",
        )
        for design in range(10)
        for technique in range(63)
        for tenant in range(1, 5)
        for each in (isolated, control)
    ]
    assert len(records) >= 5_000
    return result(*records)
