"""All reports of a run, written beside its verdicts.json. What is written here depends on the runs alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.entries import entries
from harness.exhibits import exhibits
from harness.report.attack_catalogue import ATTACKS, render_attack_catalogue
from harness.report.cells import MATRIX_CSV, MATRIX_JSON, matrix_csv, matrix_document
from harness.report.gate import GATE, gate_document
from harness.report.kill_matrix import KILL_MATRIX, kill_matrix_document, render_kill_matrix
from harness.report.markdown import SUMMARY, render_markdown
from harness.report.matrix import render_matrix
from harness.report.sarif import SARIF, sarif_document
from harness.report.side_by_side import render_side_by_side
from harness.report.verdicts_json import write_json, write_verdicts, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.report.result import RunResult

MATRIX: Final = "matrix.html"
VERDICTS: Final = "verdicts.json"
_KILL_MATRIX_JSON: Final = "kill-matrix.json"


def build(folder: Path, results: Sequence[RunResult]) -> Path:
    """Write every report of the runs, one for each target, to the folder, and return the page to open.

    For one target the pages lie in the folder itself; for several each has a folder of its own, and the page of the
    folder shows them side by side. CSV, JSON, SARIF and Markdown always hold all of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if len(results) == 1:
        _pages(folder, results[0])
    else:
        for result in results:
            _pages(folder / _file_name(result.facts.target), result)
        pages = {result.facts.target: f"{_file_name(result.facts.target)}/{MATRIX}" for result in results}
        write_whole(folder / MATRIX, render_side_by_side(results, pages))
        _drop(folder, (KILL_MATRIX, _KILL_MATRIX_JSON, ATTACKS))
    write_whole(folder / MATRIX_CSV, matrix_csv(results))
    write_json(folder / MATRIX_JSON, matrix_document(results))
    write_json(folder / GATE, gate_document(results))
    write_json(folder / SARIF, sarif_document(results))
    write_whole(folder / SUMMARY, render_markdown(results))
    return folder / MATRIX


def append_to_job_summary(folder: Path) -> None:
    """Add the Markdown summary in the folder to the page of the CI job, where the job says in which file to."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write((folder / SUMMARY).read_text(encoding="utf-8") + "\n")


def _pages(folder: Path, result: RunResult) -> None:
    write_verdicts(folder / VERDICTS, result)
    write_whole(
        folder / MATRIX,
        render_matrix(
            result.facts,
            result.records,
            result.holes,
            result.summary,
            result.limits,
            result.names,
            result.comparison,
            result.calibration,
            result.calls,
        ),
    )
    if result.holes:
        kills = (result.records, result.holes, result.techniques)
        write_whole(folder / KILL_MATRIX, render_kill_matrix(result.facts, *kills))
        write_whole(folder / ATTACKS, render_attack_catalogue(entries(), TECHNIQUES, exhibits()))
        write_json(folder / _KILL_MATRIX_JSON, kill_matrix_document(*kills))
    else:
        _drop(folder, (KILL_MATRIX, _KILL_MATRIX_JSON, ATTACKS))


def _drop(folder: Path, names: Iterable[str]) -> None:
    """Take away what an earlier run has left and this one does not write: it would pass for a part of this one."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _file_name(target: str) -> str:
    return "".join(character if character.isalnum() or character in "-_" else "-" for character in target)
