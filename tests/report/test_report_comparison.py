"""New, fixed and still open leaks: what is said of a run beside the ones before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from report_samples import FACTS, control, expected_leak, inconclusive, isolated, leak, result

from harness.report.building import build
from harness.report.changes import changes_line
from harness.report.comparison import Comparison, PastRun, compare
from harness.report.completeness import Completeness
from harness.report.leak_history import LEAK_HISTORY, past_runs, remember
from harness.report.terminal import ReportPaths, summary_lines

if TYPE_CHECKING:
    from pathlib import Path

    from harness.report.records import AttemptRecord
    from harness.report.result import RunResult
    from harness.report.run import RunFacts


def _night(day: int, *records: AttemptRecord, **changes: Any) -> RunResult:
    facts: RunFacts = replace(FACTS, started=f"2026-01-{day:02}T03:00:00Z", **changes)
    return result(*records, facts=facts)


def _compared(now: RunResult, *before: RunResult) -> Comparison:
    comparison = compare(now, [PastRun.from_result(run) for run in before])
    assert comparison is not None
    return comparison


FIRST = _night(1, isolated(id="a"), leak(id="b"), leak(id="c"))


def test_a_leak_that_was_refused_before_is_new_and_one_that_leaked_is_open_since_then() -> None:
    comparison = _compared(_night(2, leak(id="a"), leak(id="b"), isolated(id="c")), FIRST)
    assert comparison.new == ("a",)
    assert comparison.still_open == {"b": "2026-01-01T03:00:00Z"}
    assert comparison.fixed == {"c": "2026-01-01T03:00:00Z"}
    assert comparison.earlier == "2026-01-01T03:00:00Z"
    line = "Since 2026-01-01: 1 new leak, 1 still open (since 2026-01-01), 1 fixed (since 2026-01-01)"
    assert changes_line(comparison) == line


def test_nothing_is_fixed_that_was_not_attempted_or_not_judged() -> None:
    comparison = _compared(_night(2, isolated(id="a"), inconclusive(id="c")), FIRST)
    assert not comparison.fixed
    assert set(comparison.not_judged) == {"b", "c"}


def test_a_leak_that_was_never_judged_before_is_not_called_new() -> None:
    comparison = _compared(_night(2, leak(id="d"), leak(id="e")), _night(1, inconclusive(id="e")))
    assert (comparison.new, comparison.first_judged) == ((), ("d", "e"))


def test_a_leak_that_is_declared_since_is_not_fixed() -> None:
    comparison = _compared(_night(2, expected_leak(id="b"), leak(id="c")), FIRST)
    assert set(comparison.declared) == {"b"}
    assert not comparison.fixed


def test_a_control_is_no_leak_and_a_lockout_no_fix() -> None:
    assert _compared(_night(2, control(id="b")), FIRST).fixed == {}


def test_a_narrow_night_between_two_whole_ones_closes_nothing_and_the_date_stays() -> None:
    narrow = _night(2, isolated(id="a"), leak(id="c"))
    comparison = _compared(_night(3, leak(id="a"), leak(id="b"), leak(id="c")), FIRST, narrow)
    assert comparison.new == ("a",)
    assert set(comparison.still_open.values()) == {"2026-01-01T03:00:00Z"}


def test_a_leak_that_was_fixed_and_is_back_is_new() -> None:
    comparison = _compared(_night(3, leak(id="b")), FIRST, _night(2, isolated(id="b"), leak(id="c")))
    assert comparison.new == ("b",)
    assert comparison.not_judged == {"c": "2026-01-01T03:00:00Z"}


@pytest.mark.parametrize(
    "other",
    [{"target": "sandbox"}, {"account": "2"}, {"region": "us-east-1"}, {"weaknesses": ("x",)}, {"faults": ("y",)}],
)
def test_runs_elsewhere_and_runs_with_other_holes_are_not_compared(other: dict[str, Any]) -> None:
    assert compare(_night(2, leak(id="b")), [PastRun.from_result(_night(1, leak(id="b"), **other))]) is None


def test_what_makes_the_runs_unlike_is_said() -> None:
    comparison = _compared(_night(2, isolated(id="a"), seed=8, blueprints=("identity-keyed", "x")), FIRST)
    assert comparison.remarks == (
        "The run before was made with seed 7, this one with 8.",
        "The run before did not attack x.",
        "This run does not attack tenant-tagged, which the run before did.",
    )


def test_a_chain_of_files_knows_since_when_a_leak_is_open() -> None:
    second = _night(2, leak(id="b"))
    second = replace(second, comparison=_compared(second, FIRST))
    assert _compared(_night(3, leak(id="b")), second).still_open == {"b": "2026-01-01T03:00:00Z"}


def test_a_chain_of_files_does_not_forget_a_leak_that_a_night_did_not_judge() -> None:
    second = _night(2, isolated(id="a"), inconclusive(id="b"))
    second = replace(second, comparison=_compared(second, FIRST))
    third = _compared(_night(3, leak(id="b"), isolated(id="c")), second)
    assert (set(third.still_open), set(third.fixed)) == ({"b"}, {"c"})


def test_the_history_is_a_line_for_each_whole_run_and_survives_a_line_that_was_cut(tmp_path: Path) -> None:
    remember(tmp_path, FIRST)
    remember(tmp_path, replace(FIRST, completeness=Completeness(stopped="interrupted")))
    remember(tmp_path, _night(2))
    assert past_runs(tmp_path) == [PastRun.from_result(FIRST)]
    path = tmp_path / LEAK_HISTORY
    path.write_text(path.read_text("utf-8") + '{"schema": "isolation-harness/leaks/1.0", "of', "utf-8")
    assert past_runs(tmp_path) == [PastRun.from_result(FIRST)]
    assert past_runs(tmp_path / "nowhere") == []


def test_the_page_links_what_changed_to_what_came_of_it_and_names_the_rest(tmp_path: Path) -> None:
    now = _night(2, leak(id="a", title="A new way"), isolated(id="c", title="A closed way"), seed=8)
    build(tmp_path, [replace(now, comparison=_compared(now, FIRST))])
    page = (tmp_path / "matrix.html").read_text("utf-8")
    changes = page.partition('id="changes"')[2].partition("<h2")[0]
    assert "<b>1 new</b>" in changes
    assert 'A new way in identity-keyed: <a href="#d1-' in changes
    assert 'A closed way in identity-keyed (since 2026-01-01): <a href="#d1-' in changes
    assert "<b>1 not judged now</b>" in changes
    assert "<code>b</code> (since 2026-01-01)" in changes
    assert "made with seed 7, this one with 8." in changes
    assert "<b>(new)</b>" in page.partition('id="findings"')[2].partition('id="changes"')[0]
    assert "1 new leak" in (tmp_path / "summary.md").read_text("utf-8")


def test_a_first_run_says_that_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    build(tmp_path, [FIRST])
    for report in ("matrix.html", "summary.md"):
        assert "There is no earlier run on this target to compare with." in (tmp_path / report).read_text("utf-8")


def test_the_terminal_says_it_in_one_line_below_the_headline() -> None:
    now = _night(2, isolated(id="a"), isolated(id="b"), isolated(id="c"))
    lines = summary_lines(now.summary, now.facts, ReportPaths(), comparison=_compared(now, FIRST))
    assert (lines[1].text, lines[1].style) == ("Since 2026-01-01: 2 fixed (since 2026-01-01)", "green")
