"""The controller's side of a run: gathers what the workers judged, says it as it comes, and writes the reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.entries import entries
from harness.exhibits import exhibits
from harness.planted_holes import PlantedHole
from harness.report.attack_catalogue import ATTACKS, render_attack_catalogue
from harness.report.calls import CallCounts
from harness.report.kill_matrix import KILL_MATRIX, kill_matrix_document, render_kill_matrix
from harness.report.matrix import render_matrix
from harness.report.records import AttemptRecord
from harness.report.run import EXIT_NOT_PROVED, exit_status, summarise
from harness.report.terminal import ReportPaths, advice_line, leak_line, lockout_line, summary_lines
from harness.report.verdicts_json import write_json, write_verdicts, write_whole

if TYPE_CHECKING:
    from harness.report.run import Summary
    from harness.report.terminal import Line
    from harness.run import Run

RECORD_PROPERTY = "isolation-record"
CALLS_PROPERTY = "isolation-calls"
PROOF_PROPERTY = "isolation-proof"
LIMIT_PROPERTY = "isolation-limit"
NAME_PROPERTY = "isolation-name"
_NOTHING_SELECTED = 4
_LETTERS = {
    "LEAK": ("leaks", "L", "LEAK"),
    "LOCKOUT": ("lockouts", "X", "LOCKOUT"),
    "INCONCLUSIVE": ("inconclusive", "?", "INCONCLUSIVE"),
    "ISOLATED": ("passed", ".", "ISOLATED"),
    "WORKS": ("passed", ".", "WORKS"),
}
# A name that nobody can have is neither isolated nor a finding.
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
        self._records: dict[str, AttemptRecord] = {}
        self._holes: list[PlantedHole] = []
        self._limits: list[dict[str, Any]] = []
        self._names: list[dict[str, Any]] = []
        self._calls = CallCounts()
        self._summary: Summary | None = None
        self._folder = Path(run.options.reports)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show a judged attempt by its verdict in place of passed or failed."""
        if report.when != "call":
            return None
        properties = dict(report.user_properties)
        if NAME_PROPERTY in properties:
            return _LETTERS_OF_NAMES.get(str(_mapping(properties[NAME_PROPERTY])["tried"]["outcome"]))
        if RECORD_PROPERTY not in properties:
            return None
        record = AttemptRecord.from_json(_mapping(properties[RECORD_PROPERTY]))
        if record.verdict == "LEAK" and record.leak_was_declared:
            return "expected leaks", "l", "LEAK (expected)"
        if record.verdict in ("ISOLATED", "WORKS") and report.failed:
            return "failed", "F", "EXPECTED LEAK VANISHED"
        return _LETTERS[record.verdict]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the record of an attempt, and say a leak the moment it is found."""
        if report.when != "call":
            return
        for name, value in report.user_properties:
            if name == PROOF_PROPERTY:
                self._holes.append(PlantedHole.from_json(_mapping(value)))
            if name == LIMIT_PROPERTY:
                self._limits.append(dict(_mapping(value)))
            if name == NAME_PROPERTY:
                self._names.append(dict(_mapping(value)["tried"]))
                for attempt in _mapping(value)["attempts"]:
                    self._keep(AttemptRecord.from_json(_mapping(attempt)))
            if name == CALLS_PROPERTY:
                self._calls.add(_mapping(value))
            if name == RECORD_PROPERTY:
                self._keep(AttemptRecord.from_json(_mapping(value)))

    def _keep(self, record: AttemptRecord) -> None:
        self._records[record.id] = record
        if record.verdict == "LEAK" and not record.leak_was_declared:
            self._say(leak_line(record))
            if (advice := advice_line(record)) is not None:
                self._say(advice)
        elif record.verdict == "LOCKOUT":
            self._say(lockout_line(record))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write verdicts.json and the matrix, and let the exit status say what the run proved."""
        if not (self._records or self._holes or self._limits or self._names):
            if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self._suites_were_asked_for():
                session.exitstatus = _NOTHING_SELECTED
            return
        facts = self._run.facts
        records = list(self._records.values())
        holes = sorted(self._holes, key=lambda hole: hole.subject)
        self._summary = summarise(records, self._run.declared_boundaries())
        self._folder.mkdir(parents=True, exist_ok=True)
        gathered = (facts, records, holes, self._summary, self._limits)
        write_verdicts(self._folder / "verdicts.json", *gathered, self._calls, self._names)
        write_whole(self._folder / "matrix.html", render_matrix(*gathered, self._names))
        if holes:
            write_whole(self._folder / KILL_MATRIX, render_kill_matrix(facts, records, holes, TECHNIQUES))
            write_whole(self._folder / ATTACKS, render_attack_catalogue(entries(), TECHNIQUES, exhibits()))
            write_json(self._folder / "kill-matrix.json", kill_matrix_document(records, holes, TECHNIQUES))
        if session.exitstatus == pytest.ExitCode.OK and records:
            session.exitstatus = exit_status(
                self._summary, narrowed=facts.narrowed, allow_inconclusive=self._run.options.allow_inconclusive
            )
        if session.exitstatus == pytest.ExitCode.OK and not self._run.options.allow_inconclusive:
            unclear = any(name["outcome"] == "not judged" for name in self._names)
            session.exitstatus = EXIT_NOT_PROVED if unclear else session.exitstatus

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was proved, what was not, and what to open or run next."""
        if self._summary is None:
            return
        paths = ReportPaths(
            matrix=str(self._folder / "matrix.html"),
            verdicts=str(self._folder / "verdicts.json"),
            allure_results=self._config.getoption("allure_report_dir", None),
        )
        terminalreporter.write_sep("=", "isolation")
        for line in summary_lines(self._summary, self._run.facts, paths, self._holes, self._names):
            terminalreporter.write_line(line.text, **_markup(line))

    def _suites_were_asked_for(self) -> bool:
        return any("suites" in argument for argument in self._config.args)

    def _say(self, line: Line) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and self._config.get_verbosity() >= 0:
            reporter.ensure_newline()
            reporter.write_line(line.text, **_markup(line))


def _markup(line: Line) -> dict[str, bool]:
    return {line.style: True} if line.style else {}


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"a report carries {type(value).__name__} where a record was expected")
    return value
