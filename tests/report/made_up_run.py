"""The Allure results and reports of a made-up run: attempts that went every way, and one that was lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from report_samples import control, expected_leak, isolated, leak, result

# Attempts that were refused, leaked, leaked as declared, worked, and did not leak though declared; one is lost.
_SUITE = """
import os
import pytest
from report_samples import control, expected_leak, isolated, leak, result
from harness.report.allure import attach_evidence, label
from harness.report.completeness import Completeness, FailedTest
from harness.report.lost_results import write_lost_results

TARGET = os.environ["TARGET"]
GONE = expected_leak(id="gone", verdict="ISOLATED", outcome="refused", kind=None, title="closed")
EVIDENCE = {
    "session": {"user": "ada"},
    "steps": [
        {
            "request": {"service": "dynamodb", "operation": "GetItem", "parameters": {"Key": {"pk": "t2"}}},
            "response": {"status": 200, "error": None, "body": {"Item": {"canary": "a canary of t2"}}},
        }
    ],
    "decision": [
        {
            "policy": "member/own-data",
            "statement": "Wide",
            "effect": "Allow",
            "conditions": [
                {"operator": "StringLike", "key": "dynamodb:LeadingKeys", "wanted": ["*"], "found": ["t2"], "met": True}
            ],
            "absent_keys": [],
        }
    ],
    "reproduce": "pytest suites/ --attack dynamodb.read.get-item",
}
RECORDS = {each.id: each for each in (isolated(id="a"), leak(id="b"), expected_leak(id="c"), control(id="d"), GONE)}

@pytest.mark.parametrize("attempt", RECORDS)
def test_attempt(attempt):
    label(RECORDS[attempt], target=TARGET)
    attach_evidence(RECORDS[attempt], EVIDENCE)
    assert attempt != "b", "LEAK: a foreign item came back"
    assert attempt != "gone", "the declared leak is gone"

@pytest.fixture(autouse=True, scope="session")
def lost():
    yield
    name = "suites/test_sample.py::test_attempt[lost]"
    failed = FailedTest(test=name, reason="its worker process died while it ran", lost=True)
    record = isolated(id="lost", verdict="INCONCLUSIVE", outcome="trouble")
    place = {"parameters": [("attempt", "lost"), ("target", TARGET)]}
    if TARGET == "embedded":
        write_lost_results(result(record, completeness=Completeness(failed_tests=(failed,))), lambda _: place)
"""
_RECORDS = (isolated(id="a"), leak(id="b"), expected_leak(id="c"), control(id="d"))
RUN = result(*_RECORDS)


def results_of(target: str, folder: Path) -> Path:
    """Make the run on the target, and return the folder of its Allure results."""
    suites = folder / "suites"
    suites.mkdir(exist_ok=True)
    (suites / "test_sample.py").write_text(_SUITE, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:isolation", "-p", "no:cacheprovider", "--rootdir", "."]
    path = os.pathsep.join((str(Path(__file__).parent), str(Path(__file__).parents[2])))
    subprocess.run(
        [*command, "suites", "--alluredir", f"results-{target}"],
        cwd=folder,
        env={"PYTHONPATH": path, "PATH": "", "TARGET": target},
        capture_output=True,
        check=False,
    )
    return folder / f"results-{target}"
