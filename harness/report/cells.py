"""The isolation matrix for programs: attackers by victims with the worst verdict and the counts, as CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from harness.report.grid import design
from harness.report.markup import STANDINGS, standing
from harness.secret import redact, redact_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.report.markup import Standing
    from harness.report.records import AttemptRecord
    from harness.report.result import RunResult

MATRIX_CSV: Final = "matrix.csv"
MATRIX_JSON: Final = "matrix.json"
# Raised in its first part when a reader of the old file would misread the new one.
SCHEMA: Final = "isolation-harness/matrix/1.0"
_WHO: Final = ("target", "design", "attacker", "attacker_name", "attacker_persona", "victim", "victim_name")
# Spreadsheets take what begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def matrix_cells(results: Iterable[RunResult]) -> list[dict[str, Any]]:
    """Return one mapping for each attacker and victim: who they are, the worst standing, and how often each occurred.

    The victim is the attacker in controls on own data, and empty where nobody's data is aimed at.
    """
    counted: dict[tuple[str, ...], Counter[Standing]] = {}
    for result in results:
        for record in result.records:
            counted.setdefault(_who(result, record), Counter())[standing(record)] += 1
    return [
        {
            **dict(zip((*_WHO, "victim_persona"), who, strict=True)),
            "worst": next(name for name in STANDINGS if name in counts),
            **{name: counts[name] for name in STANDINGS},
        }
        for who, counts in sorted(counted.items())
    ]


def matrix_document(results: Iterable[RunResult]) -> dict[str, Any]:
    """Return the cells with the headline of each target as plain JSON, secrets redacted."""
    runs = list(results)
    return {
        "schema": SCHEMA,
        "headlines": {result.facts.target: redact(result.headline) for result in runs},
        "partial": any(result.completeness.is_partial for result in runs),
        "cells": [redact(cell) for cell in matrix_cells(runs)],
    }


def matrix_csv(results: Iterable[RunResult]) -> str:
    """Return the cells as CSV with a header line, secrets redacted and nothing a spreadsheet would carry out."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow((*_WHO, "victim_persona", "worst", *STANDINGS))
    for cell in matrix_cells(results):
        writer.writerow(_harmless(value) for value in cell.values())
    return redact_text(text.getvalue())


def _who(result: RunResult, record: AttemptRecord) -> tuple[str, ...]:
    attacker = (record.attacker, record.attacker_name, record.attacker_persona)
    return (result.facts.target, design(record), *attacker, record.victim, record.victim_name, record.victim_persona)


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
