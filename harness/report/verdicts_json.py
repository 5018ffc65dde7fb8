"""The run as one JSON file, from which every other report can be made anew."""

from __future__ import annotations

import json
import os
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.calibration.calibration import Calibration
from harness.errors import UsageError
from harness.planted_holes import PlantedHole
from harness.report.calls import CallCounts
from harness.report.comparison import Comparison
from harness.report.completeness import Completeness
from harness.report.limits import Limit
from harness.report.names import TriedName
from harness.report.records import AttemptRecord, in_order
from harness.report.result import DesignSource, RunResult
from harness.report.run import RunFacts
from harness.report.technique_facts import TechniqueFacts
from harness.secret import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

# Raised in its first part when a reader of the old file would misread the new one, in its second when something is new.
SCHEMA: Final = "isolation-harness/verdicts/1.2"


def verdicts_document(result: RunResult) -> dict[str, Any]:
    """Return the whole run as plain JSON, as `verdicts_schema` describes it, secrets redacted."""
    summary = result.summary
    return {
        "schema": SCHEMA,
        "headline": result.headline,
        "exit_status": result.exit_status,
        "run": redact(result.facts.as_json()),
        "completeness": redact(result.completeness.as_json()),
        "comparison": None if result.comparison is None else result.comparison.as_json(),
        "counts": {
            "attacks": summary.attacks,
            "controls": summary.controls,
            "verdicts": dict(summary.counts),
            "unexpected_leaks": len(summary.leaks),
            "expected_leaks": len(summary.expected_leaks),
            "vanished_expected_leaks": len(summary.vanished_leaks),
        },
        "allow_inconclusive": result.allow_inconclusive,
        "tests_ended_with": result.tests_ended_with,
        "calls": result.calls.as_json(),
        "calibration": None if result.calibration is None else redact(result.calibration.as_json()),
        "inconclusive_reasons": [
            {"reason": redact(reason), "attempts": attempts} for reason, attempts in summary.inconclusive_reasons
        ],
        "boundaries": [boundary.as_json() for boundary in summary.boundaries],
        "designs": {
            name: {"file": source.file, "line": source.line} for name, source in sorted(result.designs.items())
        },
        "techniques": [technique.as_json() for technique in result.techniques.values()],
        "proof": [redact(hole.as_json()) for hole in result.holes],
        "limits": [redact(limit.as_json()) for limit in result.limits],
        "names": [redact(name.as_json()) for name in result.names],
        "attempts": [redact(record.as_json()) for record in result.records],
    }


def read_verdicts(path: Path) -> RunResult:
    """Return the run that was written to the file. Raises UsageError with one line for what is no such file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA:
        raise UsageError(f"{path} is of schema {found!r}; this version reads {SCHEMA}, so run again with it")
    try:
        return _result(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{path} is no whole {SCHEMA}: {type(error).__name__}: {error}") from None


def verdicts_schema() -> str:
    """Return the published JSON Schema of verdicts.json as text."""
    return files("harness.report").joinpath("verdicts.schema.json").read_text(encoding="utf-8")


def _result(document: Mapping[str, Any]) -> RunResult:
    techniques = [TechniqueFacts.from_json(technique) for technique in document["techniques"]]
    return RunResult(
        facts=RunFacts.from_json(document["run"]),
        records=tuple(in_order(AttemptRecord.from_json(record) for record in document["attempts"])),
        holes=tuple(PlantedHole.from_json(hole) for hole in document["proof"]),
        limits=tuple(Limit.from_json(limit) for limit in document["limits"]),
        names=tuple(TriedName.from_json(name) for name in document["names"]),
        declared=frozenset(
            (boundary["blueprint"], boundary["name"]) for boundary in document["boundaries"] if boundary["declared"]
        ),
        techniques={technique.id: technique for technique in techniques},
        designs={name: DesignSource(**source) for name, source in document["designs"].items()},
        calls=CallCounts.from_json(document["calls"]),
        completeness=Completeness.from_json(document["completeness"]),
        calibration=None if document["calibration"] is None else Calibration.from_json(document["calibration"]),
        comparison=None if document["comparison"] is None else Comparison.from_json(document["comparison"]),
        allow_inconclusive=bool(document["allow_inconclusive"]),
        tests_ended_with=int(document["tests_ended_with"]),
    )


def write_verdicts(path: Path, result: RunResult) -> None:
    """Write the run to `path`; a reader sees the old file or the whole new one, never a part."""
    write_json(path, verdicts_document(result))


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document to `path` as `write_whole` does."""
    write_whole(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Put the text at `path` in one step: a temporary file beside it, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        # mkstemp keeps others out; a report is for reading, as any file the user makes.
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
