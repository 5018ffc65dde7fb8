"""What the reports of all tests of a run amount to: records, planted holes, limits, and which tests never ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from harness.attacks.catalogue import TECHNIQUES
from harness.planted_holes import PlantedHole
from harness.report.allure import TARGET
from harness.report.calls import CallCounts
from harness.report.completeness import Completeness, FailedTest
from harness.report.limits import in_order as limits_in_order
from harness.report.names import TriedName
from harness.report.names import in_order as names_in_order
from harness.report.records import AttemptRecord, in_order
from harness.report.result import RunResult
from harness.report.technique_facts import TechniqueFacts
from harness.secret import redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest

    from harness.report.lost_results import Place
    from harness.run import Run

RECORD_PROPERTY: Final = "isolation-record"
CALLS_PROPERTY: Final = "isolation-calls"
PROOF_PROPERTY: Final = "isolation-proof"
LIMIT_PROPERTY: Final = "isolation-limit"
NAME_PROPERTY: Final = "isolation-name"
# What Allure would have been told of a test, should its worker die: of an attempt this process knows it anyway.
PLACE_PROPERTY: Final = "isolation-place"
OURS: Final = frozenset(
    {RECORD_PROPERTY, CALLS_PROPERTY, PROOF_PROPERTY, LIMIT_PROPERTY, NAME_PROPERTY, PLACE_PROPERTY}
)
# What holds a judgement of its own, so that a failure of the test is no news.
_JUDGED: Final = frozenset({RECORD_PROPERTY, PROOF_PROPERTY, NAME_PROPERTY})
# What of a record is worth a property of a test case in JUnit's XML.
_SHOWN_FIELDS: Final = (
    "verdict",
    "kind",
    "blueprint",
    "weakness",
    "fault",
    "technique",
    "severity",
    "boundary",
    "attacker",
    "attacker_persona",
    "victim",
    "victim_persona",
    "reason",
    "deciding_statement",
)
_SHOWN_OF_NAMES: Final = ("outcome", "blueprint", "weakness", "name", "beside", "reason")
_LONGEST_REASON: Final = 300
# Under this phase pytest-xdist reports a test whose worker died; no test reports it itself.
_LOST: Final = "???"
_PHASES_BEFORE_THE_END: Final = ("setup", "call")


class Gathering:
    """Takes in the tests' reports as they come. `record_of` answers by a test's node id."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._records: dict[str, AttemptRecord] = {}
        self._by_test: dict[str, AttemptRecord] = {}
        self._holes: list[PlantedHole] = []
        self._limits: list[Mapping[str, Any]] = []
        self._names: dict[str, TriedName] = {}
        self._calls = CallCounts()
        self._selected: set[str] = set()
        self._ended: set[str] = set()
        self._failed: dict[str, FailedTest] = {}
        self._places: dict[str, Place] = {}

    def select(self, tests: Iterable[str]) -> None:
        """Take in which tests are to run, by their node ids."""
        self._selected.update(tests)

    def record_of(self, test: str) -> AttemptRecord | None:
        """Return the record of the test's attempt, None where there is none or not yet."""
        return self._by_test.get(test)

    def name_of(self, test: str) -> TriedName | None:
        """Return the name that the test has tried, None where there is none or not yet."""
        return self._names.get(test)

    def take(self, report: pytest.TestReport) -> list[AttemptRecord]:
        """Take in a report; return the records of the attempts that it brings.

        What the report carries for us is replaced by a few properties for other readers, such as JUnit's XML.
        """
        ours = {name: value for name, value in report.user_properties if name in OURS}
        report.user_properties = [pair for pair in report.user_properties if pair[0] not in OURS]
        if PLACE_PROPERTY in ours:
            self._places[report.nodeid] = _unpacked(ours[PLACE_PROPERTY])
        brought = self._judged(report, ours) if report.when == "call" else []
        if report.failed and not (report.when == "call" and ours.keys() & _JUDGED):
            self._note_failure(report)
        if report.when not in _PHASES_BEFORE_THE_END:
            self._ended.add(report.nodeid)
        if report.nodeid in self._by_test:
            report.user_properties += _properties(self._by_test[report.nodeid].as_json(), _SHOWN_FIELDS)
        elif report.nodeid in self._names:
            report.user_properties += _properties(self._names[report.nodeid].as_json(), _SHOWN_OF_NAMES)
        return brought

    def place_of(self, test: str) -> Place:
        """Return the parameters and labels that the test has in Allure's results, as far as they are known."""
        attempt = parameter_of(test)
        if attempt in self._run.attempts:
            return {"parameters": [("attempt", attempt), (TARGET, self._run.options.target)]}
        return self._places.get(test, {})

    def result(self, stopped: str, tests_ended_with: int) -> RunResult:
        """Return all that was taken in; `stopped` says why the run ended before its tests did, if it did."""
        records = dict(self._records)
        for test, failed in self._failed.items():
            attempt = self._run.attempts.get(parameter_of(test))
            if attempt is not None and attempt.id not in records:
                records[attempt.id] = self._run.not_judged(attempt, failed.reason)
        holes = {hole.subject: hole for hole in self._holes}
        # The kill matrix shows all of them, whether they leaked or not.
        techniques = set(TECHNIQUES) if holes else {record.technique for record in records.values()}
        remote = self._run.connected
        if remote is not None:
            self._calls.by_operation.update(remote.news_of_calls())
        return RunResult(
            calibration=None if remote is None else remote.calibration,
            facts=self._run.facts,
            records=tuple(in_order(records.values())),
            holes=tuple(hole for _, hole in sorted(holes.items())),
            limits=tuple(limits_in_order(self._limits)),
            names=tuple(names_in_order(name.as_json() for name in self._names.values())),
            declared=frozenset(self._run.declared_boundaries()),
            techniques={name: TechniqueFacts.of(TECHNIQUES[name]) for name in TECHNIQUES if name in techniques},
            designs=self._run.designs(),
            calls=self._calls,
            completeness=Completeness(
                selected=len(self._selected),
                ended=len(self._ended & self._selected),
                stopped=stopped,
                verdicts=len(self._run.attempts.keys() & self._records.keys()),
                minimum_verdicts=self._run.minimum_verdicts,
                failed_tests=tuple(sorted(self._failed.values())),
            ),
            allow_inconclusive=self._run.options.allow_inconclusive,
            tests_ended_with=tests_ended_with,
        )

    @property
    def attempts_were_selected(self) -> bool:
        """Tell whether the run was to judge anything, whatever became of it."""
        planned = self._run.attempts.keys() | {repr(name) for name in self._run.names}
        return any(parameter_of(test) in planned for test in self._selected)

    @property
    def found_nothing(self) -> bool:
        """Tell whether no test brought anything."""
        return not (self._records or self._holes or self._limits or self._names)

    def _judged(self, report: pytest.TestReport, ours: Mapping[str, Any]) -> list[AttemptRecord]:
        if PROOF_PROPERTY in ours:
            self._holes.append(PlantedHole.from_json(_unpacked(ours[PROOF_PROPERTY])))
        if LIMIT_PROPERTY in ours:
            self._limits.append(_unpacked(ours[LIMIT_PROPERTY]))
        if CALLS_PROPERTY in ours:
            self._calls.add(_unpacked(ours[CALLS_PROPERTY]))
        brought = []
        if NAME_PROPERTY in ours:
            tried = _unpacked(ours[NAME_PROPERTY])
            self._names[report.nodeid] = TriedName.from_json(tried["tried"])
            brought += [AttemptRecord.from_json(attempt) for attempt in tried["attempts"]]
        if RECORD_PROPERTY in ours:
            self._by_test[report.nodeid] = AttemptRecord.from_json(_unpacked(ours[RECORD_PROPERTY]))
            brought.append(self._by_test[report.nodeid])
        self._records.update({record.id: record for record in brought})
        return brought

    def _note_failure(self, report: pytest.TestReport) -> None:
        lost = str(report.when) == _LOST
        reason = "its worker process died while it ran" if lost else f"{report.when} failed: {_first_line(report)}"
        self._failed.setdefault(report.nodeid, FailedTest(test=report.nodeid, reason=reason, lost=lost))


def _properties(values: Mapping[str, Any], shown: Iterable[str]) -> list[tuple[str, object]]:
    return [(f"isolation.{name}", redact_text(str(values[name]))) for name in shown if values[name]]


def _first_line(report: pytest.TestReport) -> str:
    """Return the first line of what went wrong: the rest is the traceback, which pytest shows."""
    crash = getattr(report.longrepr, "reprcrash", None)
    words = str(crash.message if crash is not None else report.longrepr or "").strip()
    return redact_text(words.splitlines()[0] if words else "for no reason given")[:_LONGEST_REASON]


def parameter_of(test: str) -> str:
    """Return the parameter of a test by its node id, which is the id of an attempt in most suites; empty without."""
    return test.partition("[")[2].removesuffix("]")


def packed(name: str, document: Mapping[str, Any]) -> tuple[str, str]:
    """Return a document as the property by which a test hands it to the controller.

    It is one text, because between processes a text is sent at once and a mapping field by field.
    """
    return name, json.dumps(document)


def _unpacked(value: object) -> dict[str, Any]:
    document = json.loads(value) if isinstance(value, str) else value
    if not isinstance(value, str) or not isinstance(document, dict):
        raise TypeError(f"a report carries {type(document).__name__} where a packed document was expected")
    return document
