"""Runs of the suites as a user makes them, in a process of their own, and what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from harness.report.verdicts_json import verdicts_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
_SCHEMA = jsonschema.Draft202012Validator(json.loads(verdicts_schema()))


# What says where this very process runs, and not where the run that it starts does.
_NOT_INHERITED = ("GITHUB_STEP_SUMMARY", "PYTEST_XDIST", "PYTEST_CURRENT_TEST")


@dataclass(frozen=True)
class SuitesRun:
    """What a run of the suites left behind."""

    exit_status: int
    output: str
    reports: Path

    @property
    def verdicts(self) -> dict[str, Any]:
        """The decoded verdicts.json, which every run writes as its published schema says."""
        decoded: dict[str, Any] = json.loads((self.reports / "verdicts.json").read_text(encoding="utf-8"))
        _SCHEMA.validate(decoded)
        return decoded

    def with_verdict(self, verdict: str) -> list[dict[str, Any]]:
        """The attempts that were judged so."""
        return [attempt for attempt in self.verdicts["attempts"] if attempt["verdict"] == verdict]


class RunSuites:
    """Runs `pytest suites/` with the given arguments, each time with a folder of its own for the reports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *arguments: str, environment: Mapping[str, str] | None = None, seconds: int = 240) -> SuitesRun:
        """Run the suites to their end; `environment` is changed or added to the one there is."""
        reports = self._folder / f"reports-{len(list(self._folder.iterdir()))}"
        paths = [argument for argument in arguments if argument.startswith("suites/")] or ["suites/"]
        options = [argument for argument in arguments if not argument.startswith("suites/")]
        command = [sys.executable, "-m", "pytest", *paths, "-p", "no:cacheprovider", "--reports", str(reports)]
        # The page of the CI job in which these tests run is not theirs to write to.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        finished = subprocess.run(
            [*command, *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env={**inherited, **(environment or {})},
        )
        return SuitesRun(finished.returncode, finished.stdout + finished.stderr, reports)
