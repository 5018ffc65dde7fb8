"""The Allure results of tests that went down with their worker process.

Such a test writes no result itself, so Allure would not show that it is missing. The controller, which hears of it,
writes one in its place: broken, under the name, labels and history that the test would have had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import allure_commons
from allure_commons.model2 import Label, Parameter, Status, StatusDetails, TestResult
from allure_commons.utils import md5, now
from allure_pytest.utils import ParsedPytestNodeId

from harness.report.allure import label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.report.completeness import FailedTest
    from harness.report.records import AttemptRecord
    from harness.report.result import RunResult

    Place = Mapping[str, Any]


def write_lost_results(result: RunResult, place_of: Callable[[str], Place]) -> None:
    """Write a result for each lost test of the run, where Allure's results go; does nothing in a run without Allure.

    `place_of` answers by a test's node id with what is known of it: `parameters` and `labels`, pairs of name and value,
    and `test_case`, its id. All may be absent.
    """
    records = {record.id: record for record in result.records}
    for test in result.completeness.failed_tests:
        if test.lost:
            place = place_of(test.test)
            lost = _lost_result(test, place, target=result.facts.target)
            if (record := records.get(dict(place.get("parameters", ())).get("attempt", ""))) is not None:
                _label_attempt(lost, record, result)
            allure_commons.plugin_manager.hook.report_result(result=lost)


def _lost_result(test: FailedTest, place: Place, *, target: str) -> TestResult:
    node = ParsedPytestNodeId(test.test.partition("[")[0])
    full_name = f"{'.'.join((node.package, *node.class_names))}#{node.test_function}"
    parameters = sorted(tuple(pair) for pair in place.get("parameters", ()))
    labels = {"target": target, "framework": "pytest", **dict(place.get("labels", ()))}
    # Allure 3 makes a history of its own, from the full name and the parameters.
    history = _hash(full_name, *(_unquoted(value) for _, value in parameters))
    ended = now()  # type: ignore[no-untyped-call]  # allure-pytest leaves it untyped
    return TestResult(
        uuid=str(uuid4()),
        name=test.test.rpartition("/")[2],
        fullName=full_name,
        titlePath=[*node.path_segments, *node.class_names],
        testCaseId=place.get("test_case") or _hash(full_name),
        historyId=history,
        parameters=[Parameter(name=name, value=value) for name, value in parameters],
        labels=[Label(name, value) for name, value in labels.items()],
        status=Status.BROKEN,
        statusDetails=StatusDetails(message=test.reason),
        start=ended,
        stop=ended,
    )


def _label_attempt(lost: TestResult, record: AttemptRecord, result: RunResult) -> None:
    technique = result.techniques[record.technique]
    label(
        record,
        target=result.facts.target,
        operation=technique.operation,
        cwe=technique.cwe,
        links=[(technique.documentation, "AWS documentation")],
        result=lost,
    )


def _hash(*parts: str) -> str:
    return str(md5(*parts))  # type: ignore[no-untyped-call]  # as above


def _unquoted(value: str) -> str:
    """Return a parameter as it is, which Allure's results show in quotes where it is a text."""
    return value[1:-1] if value[:1] == value[-1:] == "'" else value
