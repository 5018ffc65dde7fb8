"""The run as one JSON file, for whoever wants to read it with a program."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.planted_holes import PlantedHole, holes_missed
from harness.report.calls import CallCounts
from harness.report.limits import in_order as limits_in_order
from harness.report.names import in_order as names_in_order
from harness.report.records import AttemptRecord, in_order
from harness.report.run import RunFacts, Summary, headline
from harness.secret import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Raised in its first part when a reader of the old file would misread the new one.
SCHEMA: Final = "isolation-harness/verdicts/1.0"


def verdicts_document(
    facts: RunFacts,
    records: Iterable[AttemptRecord],
    holes: Sequence[PlantedHole],
    summary: Summary,
    limits: Iterable[Mapping[str, Any]] = (),
    calls: CallCounts | None = None,
    names: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the whole run as plain JSON, attempts and limits sorted by id, secrets redacted."""
    return {
        "schema": SCHEMA,
        "headline": headline(summary, narrowed=facts.narrowed, holes_missed=holes_missed(holes)),
        "run": redact(facts.as_json()),
        "counts": {
            "attacks": summary.attacks,
            "controls": summary.controls,
            "verdicts": dict(summary.counts),
            "unexpected_leaks": len(summary.leaks),
            "expected_leaks": len(summary.expected_leaks),
            "vanished_expected_leaks": len(summary.vanished_leaks),
        },
        "calls": (calls or CallCounts()).as_json(),
        "inconclusive_reasons": [
            {"reason": redact(reason), "attempts": attempts} for reason, attempts in summary.inconclusive_reasons
        ],
        "boundaries": [boundary.as_json() for boundary in summary.boundaries],
        "proof": [redact(hole.as_json()) for hole in holes],
        "limits": [redact(limit.as_json()) for limit in limits_in_order(limits)],
        "names": [redact(name.as_json()) for name in names_in_order(names)],
        "attempts": [redact(record.as_json()) for record in in_order(records)],
    }


def write_verdicts(
    path: Path,
    facts: RunFacts,
    records: Iterable[AttemptRecord],
    holes: Sequence[PlantedHole],
    summary: Summary,
    limits: Iterable[Mapping[str, Any]] = (),
    calls: CallCounts | None = None,
    names: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Write the run to `path`; a reader sees the old file or the whole new one, never a part."""
    document = verdicts_document(facts, records, holes, summary, limits, calls, names)
    write_json(path, document)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document to `path` as `write_whole` does."""
    write_whole(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Put the text at `path` in one step: a temporary file beside it, then a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        # mkstemp keeps others out; a report is for reading, as any file the user makes.
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
