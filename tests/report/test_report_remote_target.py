"""What the matrix and the terminal say of a target at the other end of a network."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from report_samples import FACTS, isolated, leak

from harness.calibration.calibration import Calibration, Enforced, Measured
from harness.calibration.rules import Rule
from harness.report.calls import CallCounts
from harness.report.matrix import render_matrix
from harness.report.predictions import RecordedPrediction
from harness.report.run import RunFacts, summarise
from harness.report.terminal import ReportPaths, header_lines, summary_lines

if TYPE_CHECKING:
    from harness.report.records import AttemptRecord

REMOTE = replace(
    FACTS,
    target="localstack",
    account="000000000000",
    endpoint="http://localhost:4566",
    not_attempted=("token.session.expired",),
)
AS_PREDICTED = isolated(id="a", prediction=RecordedPrediction("ISOLATED", None, None))
OTHERWISE = leak(id="b", prediction=RecordedPrediction("ISOLATED", None, "member/own-data OwnItems Allow"))
CALIBRATION = Calibration(
    "localstack",
    {
        Rule.SIGNATURES: Measured(Rule.SIGNATURES, Enforced.YES, "refused: wrong signature"),
        Rule.EXPLICIT_DENY: Measured(Rule.EXPLICIT_DENY, Enforced.NO, "GetItem was <allowed>"),
    },
)


def _page(facts: RunFacts, *records: AttemptRecord, calibration: Calibration | None = CALIBRATION) -> str:
    calls = CallCounts(by_operation=Counter({"dynamodb:GetItem": 1200, "dynamodb:Query": 34, "iam:CreateRole": 3}))
    return render_matrix(facts, records, [], summarise(records), calibration=calibration, calls=calls)


def test_the_page_says_what_the_target_enforces_and_shows_what_was_seen() -> None:
    page = _page(REMOTE, AS_PREDICTED)
    assert "1 of 2 rules were seen to be enforced" in page
    assert "GetItem was &lt;allowed&gt;" in page
    assert page.index("explicit-deny") < page.index("signatures")
    assert '<a href="#target">The target</a>' in page


def test_a_target_that_was_not_measured_is_said_not_to_be() -> None:
    assert "It was not measured which rules this target enforces." in _page(REMOTE, AS_PREDICTED, calibration=None)


def test_where_the_model_differs_both_are_shown_and_the_attempt_is_linked() -> None:
    page = _page(REMOTE, AS_PREDICTED, OTHERWISE)
    section = page.partition("Where the model differs")[2].partition("<h2")[0]
    assert "LEAK (data)" in section
    assert "ISOLATED<br><small>member/own-data OwnItems Allow</small>" in section
    anchor = section.partition('<a href="#')[2].partition('"')[0]
    assert f'id="{anchor}"' in page
    assert "Nowhere" in _page(REMOTE, AS_PREDICTED)


def test_what_could_not_be_attempted_and_the_calls_by_service_are_told() -> None:
    page = _page(REMOTE, AS_PREDICTED)
    assert "<li>token.session.expired</li>" in page
    assert "1,237 on the wire, retries included: dynamodb 1,234, iam 3." in page


def test_of_the_embedded_target_nothing_of_this_is_said() -> None:
    assert 'id="target"' not in _page(FACTS, isolated(id="a"), calibration=None)


def test_where_either_says_nothing_the_model_does_not_differ() -> None:
    unclear = replace(OTHERWISE, verdict="INCONCLUSIVE", kind=None)
    unpredicted = replace(OTHERWISE, prediction=RecordedPrediction("INCONCLUSIVE", None, None))
    assert not unclear.model_differs
    assert not unpredicted.model_differs
    assert OTHERWISE.model_differs
    assert not AS_PREDICTED.model_differs


def test_the_terminal_says_where_the_run_is_and_where_the_model_differs() -> None:
    assert "target localstack at http://localhost:4566" in header_lines(REMOTE)[0].text
    lines = [line.text for line in summary_lines(summarise([AS_PREDICTED, OTHERWISE]), REMOTE, ReportPaths())]
    assert f"Model differs: 1 attempts went otherwise than predicted: {OTHERWISE.technique}" in lines
