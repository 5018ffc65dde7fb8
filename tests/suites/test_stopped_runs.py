"""Runs that do not come to their end: what was judged is reported, and nothing about them is green."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from suites_runs import ROOT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from suites_runs import RunSuites, SuitesRun

_SOME = (
    *("suites/test_controls.py", "suites/test_cross_tenant_reads.py"),
    *("--blueprint", "identity-folder", "--tenants", "2", "--attack", "s3.read.*"),
)
# Ends the worker as a crash of its interpreter would, at the test whose name holds $MISHAP_AT.
_CRASHES = """
import os

def pytest_runtest_call(item):
    if os.environ["MISHAP_AT"] in item.name and "PYTEST_XDIST_WORKER" in os.environ:
        os._exit(1)
"""
_BREAKS = """
import os

def pytest_runtest_setup(item):
    if os.environ["MISHAP_AT"] in item.name:
        raise RuntimeError("the stage broke\\nsecond line")
"""
# Presses Ctrl-C in the process that is in charge, once so many tests have ended.
_INTERRUPTS = """
import os
import signal

# A shell that starts a job in the background has it ignore this signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
ended = 0

def pytest_runtest_logreport(report):
    global ended
    ended += report.when == "teardown"
    if ended == int(os.environ["MISHAP_AT"]) and "PYTEST_XDIST_WORKER" not in os.environ:
        os.kill(os.getpid(), signal.SIGINT)
"""


class RunWithMishap(Protocol):
    """Runs the suites with a plugin that makes something go wrong at the given test, or after so many."""

    def __call__(self, mishap: str, at: str, *arguments: str, some: Sequence[str] = ...) -> SuitesRun: ...


@pytest.fixture
def run_with_mishap(run_suites: RunSuites, tmp_path: Path) -> RunWithMishap:
    def run(mishap: str, at: str, *arguments: str, some: Sequence[str] = _SOME) -> SuitesRun:
        plugin = tmp_path / "plugin"
        plugin.mkdir(exist_ok=True)
        (plugin / "mishap.py").write_text(mishap, encoding="utf-8")
        path = os.pathsep.join((str(plugin), str(ROOT)))
        return run_suites(*some, *arguments, "-p", "mishap", environment={"MISHAP_AT": at, "PYTHONPATH": path})

    return run


def _summary_lines(run: SuitesRun) -> list[str]:
    return run.output.partition(" isolation ===")[2].splitlines()


def test_an_attempt_lost_with_its_worker_is_inconclusive_and_the_run_is_partial(
    run_with_mishap: RunWithMishap,
) -> None:
    lost = "identity-folder-s3.read.get-object-member-on-member-t1-to-t2"
    run = run_with_mishap(_CRASHES, lost, "-n", "2", "--allow-inconclusive")
    assert run.exit_status == 1, run.output
    (attempt,) = run.with_verdict("INCONCLUSIVE")
    assert (attempt["id"], attempt["outcome"]) == (lost, "trouble")
    assert attempt["reason"] == "its worker process died while it ran"
    assert attempt["attacker_name"]
    completeness = run.verdicts["completeness"]
    assert completeness["partial"]
    assert [(test["test"].endswith(f"[{lost}]"), test["lost"]) for test in completeness["failed_tests"]] == [
        (True, True)
    ]
    assert "PARTIAL RUN: 1 test was lost in a worker that died." in run.verdicts["headline"]
    assert "PARTIAL RUN: 1 test was lost in a worker that died." in _summary_lines(run)[1]
    assert "PARTIAL RUN: 1 test was lost" in (run.reports / "matrix.html").read_text(encoding="utf-8")
    assert len(run.with_verdict("ISOLATED")) > 10, "another worker has gone on"


@pytest.mark.parametrize(
    ("some", "lost"),
    [
        pytest.param(
            (*_SOME, "-k", "get-object-member-on-member"),
            "identity-folder-s3.read.get-object-member-on-member-t1-to-t2",
            id="attempt",
        ),
        pytest.param(
            ("suites/test_proof.py", "--blueprint", "identity-folder", "-k", "test_denying"),
            "test_denying_everything_locks_out[identity-folder]",
            id="proof",
        ),
        pytest.param(
            ("suites/test_tenant_names.py", "--blueprint", "project-groups", "-k", "empty or wildcard-behind"),
            "test_a_name_reaches_no_other_tenant[project-groups-wildcard-behind]",
            id="name",
        ),
    ],
)
def test_a_lost_test_is_broken_in_allure_in_the_place_and_with_the_history_it_would_have_had(
    run_with_mishap: RunWithMishap, tmp_path: Path, some: Sequence[str], lost: str
) -> None:
    def results(at: str, folder: str) -> list[dict[str, Any]]:
        run_with_mishap(_CRASHES, at, "-n", "2", "--alluredir", str(tmp_path / folder), some=some)
        return [json.loads(path.read_text("utf-8")) for path in (tmp_path / folder).glob("*-result.json")]

    crashed, whole = results(lost, "crashed"), results("nothing", "whole")
    (broken,) = [result for result in crashed if result["status"] == "broken"]
    assert broken["statusDetails"] == {"message": "its worker process died while it ran"}
    (as_ever,) = [result for result in whole if result["historyId"] == broken["historyId"]]
    for field in ("fullName", "testCaseId", "titlePath"):
        assert broken[field] == as_ever[field]
    own, usual = ({each["name"]: each["value"] for each in result["parameters"]} for result in (broken, as_ever))
    assert own == usual
    ours = {"epic", "feature", "story", "attacker", "victim", "target", "parentSuite", "suite", "severity"}
    assert _labels(broken, ours) == _labels(as_ever, ours)


def _labels(result: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    return {label["name"]: label["value"] for label in result["labels"] if label["name"] in names}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_an_interrupted_run_reports_what_it_has_judged_and_says_that_it_is_partial(
    run_with_mishap: RunWithMishap, workers: str
) -> None:
    run = run_with_mishap(_INTERRUPTS, "20", "-n", workers)
    assert run.exit_status == 2, run.output
    completeness = run.verdicts["completeness"]
    assert completeness["partial"]
    assert 20 <= completeness["ended"] < completeness["selected"]
    assert len(run.verdicts["attempts"]) >= 20
    said = f"PARTIAL RUN: interrupted from the keyboard; {completeness['ended']} of {completeness['selected']} selected"
    assert said in run.verdicts["headline"]
    assert any(said in line for line in _summary_lines(run))
    for report in ("matrix.html", "summary.md", "isolation.sarif"):
        assert "PARTIAL RUN" in (run.reports / report).read_text(encoding="utf-8")
    (sarif,) = json.loads((run.reports / "isolation.sarif").read_text(encoding="utf-8"))["runs"]
    assert sarif["invocations"][0]["executionSuccessful"] is False


def test_a_run_that_is_stopped_before_anything_was_judged_does_not_leave_the_old_report(
    run_with_mishap: RunWithMishap,
) -> None:
    run = run_with_mishap(_BREAKS, "", "-x")
    assert run.exit_status == 1, run.output
    assert run.verdicts["headline"].startswith("Nothing was attacked, so nothing is proved. PARTIAL RUN: ")
    assert "stopping after 1 failures" in run.verdicts["headline"]
    assert not run.with_verdict("ISOLATED")


def test_an_attempt_whose_test_broke_is_inconclusive_with_the_first_line_of_the_reason(
    run_with_mishap: RunWithMishap,
) -> None:
    broken = "identity-folder-s3.read.get-object-member-on-member-t1-to-t2"
    run = run_with_mishap(_BREAKS, broken)
    assert run.exit_status == 1, run.output
    (attempt,) = run.with_verdict("INCONCLUSIVE")
    assert attempt["id"] == broken
    assert attempt["reason"] == "setup failed: RuntimeError: the stage broke"
    assert not run.verdicts["completeness"]["partial"]
    assert "1 test failed without a verdict." in run.verdicts["headline"]
