"""No secret that a run has made stands in anything the run leaves behind, however it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from suites_runs import ROOT

if TYPE_CHECKING:
    from suites_runs import RunSuites

    from conftest import Served

# Shorter ones are user names and the like.
_LENGTH = 12
_SHOWING_MOST = ("--showlocals", "-rA", "--tb=long", "--log-level=DEBUG", "-o", "junit_logging=all")
_LEAKING = (
    *("--blueprint", "identity-keyed", "--tenants", "2", "--attack", "s3.read.get-object"),
    *("--attack", "token.session.tampered", "--weaken", "identity-keyed:s3-copyobject-from-foreign-prefix"),
)


@pytest.mark.parametrize("breaks", ["", "stage", "sending"], ids=["leaks", "a-fixture-that-fails", "a-call-that-fails"])
def test_no_secret_of_a_run_is_shown(run_suites: RunSuites, tmp_path: Path, breaks: str) -> None:
    _shows_no_secret(run_suites, tmp_path, breaks)


@pytest.mark.parametrize("breaks", ["", "stage"], ids=["leaks", "a-fixture-that-fails"])
def test_no_secret_of_a_remote_run_is_shown(run_suites: RunSuites, tmp_path: Path, served: Served, breaks: str) -> None:
    _shows_no_secret(
        run_suites, tmp_path, breaks, "--target", "localstack", "--endpoint-url", served.door.url, "--keep"
    )


def _shows_no_secret(run_suites: RunSuites, tmp_path: Path, breaks: str, *arguments: str) -> None:
    secrets, outputs = tmp_path / "secrets.json", tmp_path / "outputs"
    path = os.pathsep.join((str(Path(__file__).parent), str(ROOT)))
    run = run_suites(
        *("-n", "0", "-p", "secret_watcher", *_SHOWING_MOST, *_LEAKING, *arguments),
        *("--alluredir", str(outputs / "allure"), f"--junitxml={outputs / 'junit.xml'}"),
        environment={"PYTHONPATH": path, "SECRETS": str(secrets), "BREAK": breaks},
    )
    assert run.exit_status == 1, run.output[-4000:]
    made = [value for value in json.loads(secrets.read_text("utf-8")) if len(value) >= _LENGTH]
    assert len(made) > 10
    files = [path for folder in (outputs, run.reports) for path in folder.rglob("*") if path.is_file()]
    assert {"junit.xml", "verdicts.json"} < {path.name for path in files}
    told = {path.name: path.read_text("utf-8", "replace") for path in files} | {"the terminal": run.output}
    # Half of a long secret is as good as the whole in a search.
    shown = {where for where, text in told.items() for value in made if value in text or value[-24:] in text}
    assert not shown
    assert "[redacted]" in run.output or not breaks
