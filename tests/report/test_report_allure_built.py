"""What Allure 3 makes of our results and settings, where it is installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import built_allure
import pytest
from built_allure import BuiltAllure
from report_samples import expected_leak, result

from harness.report.building import build
from harness.report.completeness import Completeness

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(bool(built_allure.WHY_NOT), reason=built_allure.WHY_NOT)


def _of(built: BuiltAllure, attempt: str, target: str = "embedded") -> dict[str, Any]:
    wanted = {"attempt": attempt, "target": target}
    (found,) = [
        each
        for each in built.results()
        if {parameter["name"]: parameter["value"].strip("'") for parameter in each["parameters"]} == wanted
    ]
    return found


def test_targets_have_environments_of_their_own_and_are_no_retries_of_each_other(built: BuiltAllure) -> None:
    assert built.widget("statistic")["total"] == 11
    assert built.widget("embedded/statistic")["total"] == 6
    assert built.widget("sandbox/statistic")["total"] == 5
    assert built.widget("default/statistic")["total"] == 0
    assert not any(each["isRetry"] or each["retries"] for each in built.results())
    here, there = _of(built, "b"), _of(built, "b", "sandbox")
    assert here["historyId"] != there["historyId"], "each target has a history of its own"
    assert here["testCase"]["id"] == there["testCase"]["id"], "and the page still shows one beside the other"


def test_a_lost_test_is_broken_in_its_place(built: BuiltAllure) -> None:
    lost = _of(built, "lost")
    assert (lost["status"], lost["error"]["message"]) == ("broken", "its worker process died while it ran")
    place = {label["name"]: label["value"] for label in lost["labels"]}
    neighbour = {label["name"]: label["value"] for label in _of(built, "a")["labels"]}
    for name in ("epic", "feature", "attacker", "victim"):
        assert place[name] == neighbour[name]
    assert any(category["name"].startswith("Broken") for category in lost["categories"])


def test_a_declared_leak_is_failed_and_accepted_for_its_reason(built: BuiltAllure) -> None:
    declared = _of(built, "c")
    reason = expected_leak().expected_leak_reason
    assert (declared["status"], declared["resolution"]) == ("failed", "accepted")
    assert declared["resolutionComment"] == f"Declared by identity-keyed: {reason}"
    assert declared["error"]["message"] == f"EXPECTED LEAK: {reason}"


@pytest.mark.parametrize("failed", ["b", "gone", "lost"])
def test_nothing_else_is_accepted(built: BuiltAllure, failed: str) -> None:
    assert "resolution" not in _of(built, failed)


def test_each_page_built_is_one_point_of_the_history_and_targets_stay_apart_in_it(
    results: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allure = built_allure.like_the_repository(tmp_path / "repository")
    allure.build(results[:1])
    allure.build(results)
    assert len(_of(allure, "b")["history"]) == 1
    assert not _of(allure, "b", "sandbox")["history"], "it was not attacked there before"
    monkeypatch.setenv("ISOLATION_SAME_RESULTS", "yes")
    allure.build(results)
    points = [json.loads(line) for line in (tmp_path / "repository/reports/history.jsonl").read_text().splitlines()]
    assert [len(point["testResults"]) for point in points] == [6, 11]


def _gate(results: list[Path], folder: Path, minimum: int = 0) -> tuple[int, str]:
    allure = built_allure.like_the_repository(folder / "repository")
    whole = Completeness(verdicts=minimum, minimum_verdicts=minimum)
    build(allure.folder / "reports", [result(expected_leak(id="c"), completeness=whole)])
    return allure.quality_gate(results)


def _without(results: Path, *attempts: str, to: Path) -> Path:
    to.mkdir()
    for path in results.glob("*-result.json"):
        if json.loads(path.read_text("utf-8"))["testCaseId"] not in attempts:
            (to / path.name).write_bytes(path.read_bytes())
    return to


def test_the_gate_lets_declared_leaks_pass_and_nothing_else(results: list[Path], tmp_path: Path) -> None:
    good = _without(results[1], "b", "gone", to=tmp_path / "good")
    assert _gate([good], tmp_path / "one") == (0, "")
    status, said = _gate([results[1]], tmp_path / "two")
    assert status == 1
    assert "The number of failed tests" in said


def test_the_gate_refuses_a_run_with_too_few_verdicts(results: list[Path], tmp_path: Path) -> None:
    few = _without(results[1], "b", "gone", to=tmp_path / "few")
    status, said = _gate([few], tmp_path / "one", minimum=4)
    assert status == 1
    assert "is less than the expected threshold value" in said
    empty = tmp_path / "empty"
    empty.mkdir()
    assert _gate([empty], tmp_path / "two")[0] == 1
