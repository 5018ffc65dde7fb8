from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from report_samples import FACTS, isolated, result

from harness.report.matrix import render_matrix
from harness.report.names import TriedName, in_order
from harness.report.run import summarise
from harness.report.terminal import ReportPaths, summary_lines
from harness.report.verdicts_json import write_verdicts

if TYPE_CHECKING:
    from pathlib import Path

HELD = TriedName(
    blueprint="project-groups",
    weakness=None,
    id="longer",
    name="acme2",
    beside="acme",
    outcome="held",
    reason="each was refused what is the other's",
    attacks=24,
    predicted=False,
)
LEAKED = TriedName(**{**HELD.as_json(), "id": "wildcard", "name": "<*>", "outcome": "leaked", "predicted": None})
TRIED = [HELD.as_json(), LEAKED.as_json()]


def test_the_worst_comes_first() -> None:
    assert in_order(TRIED) == [LEAKED, HELD]


def test_an_outcome_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ValueError, match="'isolated'"):
        TriedName.from_json({**HELD.as_json(), "outcome": "isolated"})


def test_the_file_and_the_page_hold_the_names(tmp_path: Path) -> None:
    write_verdicts(tmp_path / "verdicts.json", result(names=(LEAKED, HELD)))
    assert json.loads((tmp_path / "verdicts.json").read_text("utf-8"))["names"] == [LEAKED.as_json(), HELD.as_json()]
    page = render_matrix(FACTS, [], [], summarise([]), names=[LEAKED, HELD])
    assert '<a href="#names">' in page
    assert "<code>&lt;*&gt;</code>" in page
    assert "not known" in page
    assert 'id="names"' not in render_matrix(FACTS, [], [], summarise([]))


def test_attempts_between_names_have_a_matrix_of_their_own() -> None:
    records = [isolated(), isolated(id="b", between_names=True)]
    page = render_matrix(FACTS, records, [], summarise(records))
    assert "<h3>identity-keyed, names made to collide</h3>" in page


def test_the_summary_counts_what_became_of_them() -> None:
    lines = summary_lines(summarise([isolated()]), FACTS, ReportPaths(), names=[LEAKED, HELD])
    assert "Names made to collide: 2 tried, 1 held, 1 leaked" in [line.text for line in lines]
