"""What a quality gate outside the harness needs to know of a run: how many verdicts it owes, which leaks are declared.

The gate everywhere is the exit status of the run. Allure's own (`qualityGate` in allurerc.mjs) reads this file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from harness.secret import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.report.result import RunResult

GATE: Final = "gate.json"
# Raised in its first part when a reader of the old file would misread the new one.
SCHEMA: Final = "isolation-harness/gate/1.0"


def gate_document(results: Iterable[RunResult]) -> dict[str, Any]:
    """Return the minimum of verdicts of all targets together, and every leak that a blueprint declares and that leaked.

    Each declared leak has its blueprint, the reason that the blueprint gives, and the ids of its attempts.
    """
    runs = list(results)
    attempts: dict[tuple[str, str], set[str]] = {}
    for result in runs:
        for record in result.summary.expected_leaks:
            attempts.setdefault((record.blueprint, record.expected_leak_reason or ""), set()).add(record.id)
    return {
        "schema": SCHEMA,
        "minimum_verdicts": sum(result.completeness.minimum_verdicts for result in runs),
        "declared_leaks": [
            {"blueprint": blueprint, "reason": redact(reason), "attempts": sorted(ids)}
            for (blueprint, reason), ids in sorted(attempts.items())
        ],
    }
