"""No secret that a run has made stands in anything the run leaves behind, however it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent
# Shorter ones are user names and the like.
_LENGTH = 12


@pytest.mark.parametrize(
    ("breaks", "status"),
    [("", 1), ("stage", 1), ("sending", 1)],
    ids=["leaks", "a-fixture-that-fails", "a-call-that-fails"],
)
def test_no_secret_of_a_run_is_shown(tmp_path: Path, breaks: str, status: int) -> None:
    secrets = tmp_path / "secrets.json"
    outputs = tmp_path / "outputs"
    arguments = ["suites/", "-n", "0", "-p", "secret_watcher", "-p", "no:cacheprovider", "--showlocals", "-rA"]
    arguments += ["--tb=long", "--log-level=DEBUG", "--blueprint", "identity-keyed", "--tenants", "2"]
    arguments += ["--attack", "s3.read.get-object", "--attack", "token.session.tampered", "--weaken"]
    arguments += ["identity-keyed:s3-copyobject-from-foreign-prefix", "--reports", str(outputs)]
    arguments += [
        "--alluredir",
        str(outputs / "allure"),
        f"--junitxml={outputs / 'junit.xml'}",
        "-o",
        "junit_logging=all",
    ]
    environment = {**os.environ, "PYTHONPATH": f"{_HERE}{os.pathsep}{_ROOT}", "SECRETS": str(secrets), "BREAK": breaks}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    made = [value for value in json.loads(secrets.read_text("utf-8")) if len(value) >= _LENGTH]
    assert len(made) > 10
    files = [path for path in outputs.rglob("*") if path.is_file()]
    assert {"junit.xml"} < {path.name for path in files}
    told = {
        "the terminal": done.stdout + done.stderr,
        **{path.name: path.read_text("utf-8", "replace") for path in files},
    }
    # Half of a long secret is as good as the whole in a search.
    shown = {where for where, text in told.items() for value in made if value in text or value[-24:] in text}
    assert not shown
    assert "[redacted]" in done.stdout or not breaks
