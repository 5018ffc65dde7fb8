"""The controller's side of a run: gathers what the workers judged, says it as it comes, and has the reports written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import UsageError
from harness.gathering import Gathering
from harness.report.building import MATRIX, VERDICTS, append_to_job_summary, build
from harness.report.comparison import compare
from harness.report.leak_history import past_runs, remember, runs_of
from harness.report.lost_results import write_lost_results
from harness.report.terminal import ReportPaths, advice_line, leak_line, lockout_line, summary_lines
from harness.report.verdicts_json import write_verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.report.comparison import PastRun
    from harness.report.result import RunResult
    from harness.report.terminal import Line
    from harness.run import Run

_NOTHING_SELECTED = 4
_LETTERS = {
    "LEAK": ("leaks", "L", "LEAK"),
    "LOCKOUT": ("lockouts", "X", "LOCKOUT"),
    "INCONCLUSIVE": ("inconclusive", "?", "INCONCLUSIVE"),
    "ISOLATED": ("passed", ".", "ISOLATED"),
    "WORKS": ("passed", ".", "WORKS"),
}
_LETTERS_OF_NAMES = {
    "leaked": ("leaks", "L", "LEAK"),
    "held": ("passed", ".", "HELD"),
    "refused by AWS": ("names refused", "-", "NAME REFUSED"),
    "refused at sign-in": ("names refused", "-", "NAME REFUSED"),
    "ruled out": ("names ruled out", "-", "NAME RULED OUT"),
    "not judged": ("inconclusive", "?", "INCONCLUSIVE"),
}


class RunCollector:
    """Registered on the controller alone, where every worker's reports arrive as plain JSON."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._gathering = Gathering(run)
        self._stopped = ""
        self._result: RunResult | None = None
        self._folder = Path(run.options.reports)
        self._past: list[PastRun] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Read what the run is compared with, which may be the very file that it writes anew."""
        if self._config.option.collectonly or not self._suites_were_asked_for():
            return
        given = self._run.options.compared_with
        try:
            self._past = runs_of([Path(given)]) if given else past_runs(self._folder)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show a judged attempt by its verdict in place of passed or failed."""
        if report.when != "call":
            return None
        name = self._gathering.name_of(report.nodeid)
        if name is not None:
            return _LETTERS_OF_NAMES.get(name.outcome)
        record = self._gathering.record_of(report.nodeid)
        if record is None:
            return None
        if record.verdict == "LEAK" and record.leak_was_declared:
            return "expected leaks", "l", "LEAK (expected)"
        if record.verdict in ("ISOLATED", "WORKS") and report.failed:
            return "failed", "F", "EXPECTED LEAK VANISHED"
        return _LETTERS[record.verdict]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to run, where this process runs it itself."""
        self._gathering.select(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Iterable[str]) -> None:
        """Note what is to run, where workers run it: all of them collect the same."""
        self._gathering.select(ids)

    # Before those who show reports: JUnit's XML is to have what is left in them.
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record of an attempt, and say a leak the moment it is found."""
        for record in self._gathering.take(report):
            if record.verdict == "LEAK" and not record.leak_was_declared:
                self._say(leak_line(record))
                if (advice := advice_line(record)) is not None:
                    self._say(advice)
            elif record.verdict == "LOCKOUT":
                self._say(lockout_line(record))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note why the run ended early: by Ctrl-C, or by pytest itself."""
        self._stopped = str(excinfo.value) or "interrupted from the keyboard"

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that the run ended early because something broke."""
        self._stopped = f"internal error: {excinfo.typename}"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Have the reports written, and let the exit status say what the run proved."""
        if self._config.option.collectonly:
            return
        stopped = self._stopped or str(session.shouldfail or session.shouldstop or "")
        result = self._gathering.result(stopped, int(session.exitstatus))
        result = replace(result, comparison=compare(result, self._past))
        write_lost_results(result, self._gathering.place_of)
        # Also where nothing was judged: what an earlier run has left would pass for a report of this one.
        if self._gathering.found_nothing and not self._gathering.attempts_were_selected:
            if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._suites_were_asked_for():
                session.exitstatus = _NOTHING_SELECTED
            return
        self._result = result
        build(self._folder, [result])
        remember(self._folder, result)
        append_to_job_summary(self._folder)
        session.exitstatus = result.exit_status

    def note_calls(self, by_operation: Mapping[str, int]) -> None:
        """Add calls that were made after the reports were written: those that clean up."""
        if self._result is not None and by_operation:
            self._result.calls.by_operation.update(by_operation)
            write_verdicts(self._folder / VERDICTS, self._result)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was proved, what was not, and what to open or run next."""
        if self._result is None:
            return
        paths = ReportPaths(
            matrix=str(self._folder / MATRIX),
            verdicts=str(self._folder / VERDICTS),
            allure_results=self._config.getoption("allure_report_dir", None),
        )
        terminalreporter.write_sep("=", "isolation")
        result = self._result
        for line in summary_lines(
            result.summary, self._run.facts, paths, result.holes, result.names, result.comparison
        ):
            terminalreporter.write_line(line.text, **_markup(line))

    def _suites_were_asked_for(self) -> bool:
        return any("suites" in argument for argument in self._config.args)

    def _say(self, line: Line) -> None:
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._config.get_verbosity() >= 0:
            reporter.ensure_newline()
            reporter.write_line(line.text, **_markup(line))


def _markup(line: Line) -> dict[str, bool]:
    return {line.style: True} if line.style else {}
