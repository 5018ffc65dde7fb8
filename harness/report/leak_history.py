"""The runs before this one, as a file to which every whole run adds a line."""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING, Final

from harness.report.comparison import PastRun
from harness.report.verdicts_json import read_verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.report.result import RunResult

LEAK_HISTORY: Final = "leaks.jsonl"
# Raised in its first part when a reader of the old lines would misread the new ones.
SCHEMA: Final = "isolation-harness/leaks/1.0"
# The lines say since when a leak is open, so that older ones are not needed for it.
_READ: Final = 60


def runs_of(files: Iterable[Path]) -> list[PastRun]:
    """Return the runs whose verdicts.json are given, in the order of time.

    Raises UsageError with one line where a file is no verdicts.json of this version.
    """
    return sorted((PastRun.from_result(read_verdicts(file)) for file in files), key=lambda run: run.started)


def past_runs(folder: Path) -> list[PastRun]:
    """Return the runs in the folder's history, in the order of time.

    Lines that cannot be read, such as one that a full disk has cut, are left out: nothing is known of them.
    """
    path = folder / LEAK_HISTORY
    if not path.exists():
        return []
    runs = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines()[-_READ:]:
        try:
            document = json.loads(line)
            if document["schema"] == SCHEMA:
                runs.append(PastRun.from_json(document))
        except (ValueError, KeyError, TypeError, zlib.error):
            continue
    return runs


def remember(folder: Path, result: RunResult) -> None:
    """Add the run to the folder's history, in one write; not a partial one, nor one that judged nothing."""
    if result.completeness.is_partial or not result.records:
        return
    line = json.dumps({"schema": SCHEMA, **PastRun.from_result(result).as_json()}, ensure_ascii=False) + "\n"
    file = os.open(folder / LEAK_HISTORY, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
