"""The command `harness report`: every report made anew from the verdicts.json of one or many runs."""

from __future__ import annotations

import sys
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness.errors import UsageError
from harness.report.building import VERDICTS, append_to_job_summary, build
from harness.report.comparison import compare
from harness.report.leak_history import runs_of
from harness.report.merging import merged
from harness.report.result import worst_status
from harness.report.verdicts_json import read_verdicts, verdicts_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRONG_USAGE = 4


def report(paths: Sequence[str], folder: str, *, show: bool, schema: bool, compared_with: Sequence[str] = ()) -> int:
    """Build the reports and return the exit status that the runs together have; 4 when they do not fit together.

    With `compared_with`, each run is compared with those of the given files that are of the same target.
    """
    if schema:
        sys.stdout.write(verdicts_schema())
        return 0
    try:
        files = list(dict.fromkeys(_file(path) for path in paths or (folder,)))
        results = merged({str(file): read_verdicts(file) for file in files})
        if past := runs_of(_file(path) for path in compared_with):
            results = [replace(result, comparison=compare(result, past)) for result in results]
    except UsageError as error:
        Console(stderr=True).print(f"harness report: {error}", soft_wrap=True, highlight=False, markup=False)
        return _WRONG_USAGE
    page = build(Path(folder), results)
    append_to_job_summary(Path(folder))
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for result in results:
        console.print(f"{result.facts.target}: {result.headline}" if len(results) > 1 else result.headline)
    console.print(f"Open {page}")
    if show:
        webbrowser.open(page.resolve().as_uri())
    return worst_status(result.exit_status for result in results)


def _file(path: str) -> Path:
    """Return the verdicts.json that is meant, which may be named by its folder."""
    return Path(path) / VERDICTS if Path(path).is_dir() else Path(path)
