"""The commands of the nightly workflow, carried out as they stand there against an emulated sandbox account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from sandbox_account import SandboxTarget

from harness.emulator.http.door import HttpDoor
from harness.targets.sandbox import CONFIRMATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOT = Path(__file__).parents[2]
_JOBS = yaml.safe_load((_ROOT / ".github" / "workflows" / "nightly.yml").read_text(encoding="utf-8"))["jobs"]
# What a runner has in .venv/bin; what a rehearsal adds comes behind what the workflow says.
_PYTEST = '#!/bin/sh\nexec "$PYTHON" -m pytest "$@" -p no:cacheprovider --settle 0 --endpoint-url "$URL" $DESIGNS\n'
_HARNESS = """#!/bin/sh
[ "$1" != sweep ] || set -- "$@" --endpoint-url "$URL"
exec "$PYTHON" -m harness "$@"
"""


class Runner:
    """A machine of GitHub's in the environment `sandbox`, after `make setup` and with the role's credentials."""

    def __init__(self, folder: Path, target: SandboxTarget, url: str) -> None:
        self.folder = folder
        for name in ("suites", "harness", "pyproject.toml"):
            (folder / name).symlink_to(_ROOT / name)
        for name, script in (("pytest", _PYTEST), ("harness", _HARNESS)):
            program = folder / ".venv" / "bin" / name
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(script, encoding="utf-8")
            program.chmod(0o755)
        keys = target._operator
        assert keys.session_token is not None
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHON": sys.executable,
            "URL": url,
            "ACCOUNT": target.account,
            "REGION": target.region,
            CONFIRMATION: target.account,
            "AWS_ACCESS_KEY_ID": keys.access_key_id.reveal(),
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
            "AWS_SESSION_TOKEN": keys.session_token.reveal(),
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def step(self, job: str, begins: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Carry out the step of a job by the beginning of its name, in the shell that GitHub uses."""
        (command,) = [step["run"] for step in _JOBS[job]["steps"] if step.get("name", "").startswith(begins)]
        return subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
            cwd=self.folder,
            env={**self._environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    target = SandboxTarget()
    target.administer("iam", "CreateAccountAlias", AccountAlias="a-sandbox")
    with HttpDoor(target.cloud) as door:
        yield Runner(tmp_path, target, door.url)
    target.close()


@pytest.mark.long
def test_a_night_from_the_attacks_to_the_verdict(runner: Runner) -> None:
    designs = {"SHARDS": "2", "DESIGNS": "--blueprint per-user-principals --blueprint developer-identities"}
    for shard in ("1", "2"):
        done = runner.step("attack", "Attack", {**designs, "SHARD": shard})
        assert done.returncode == 0, done.stdout + done.stderr
        assert "everything is destroyed" in done.stdout
        (runner.folder / "shards").mkdir(exist_ok=True)
        (runner.folder / "reports" / f"shard-{shard}").rename(runner.folder / "shards" / f"shard-{shard}")
    swept = runner.step("sweep", "Delete", {})
    assert swept.returncode == 0, swept.stdout + swept.stderr
    said = runner.folder / "output"
    merged = runner.step("report", "Make them one", {"GITHUB_OUTPUT": str(said)})
    assert merged.returncode == 0, merged.stdout + merged.stderr
    assert said.read_text(encoding="utf-8") == "status=0\n"
    verdicts = json.loads((runner.folder / "reports" / "verdicts.json").read_text(encoding="utf-8"))
    assert {attempt["blueprint"] for attempt in verdicts["attempts"]} == {"per-user-principals", "developer-identities"}
    assert verdicts["run"]["target"] == "sandbox"
    remembered = runner.step("report", "Remember", {"ATTACKS": "success"})
    assert remembered.returncode == 0, remembered.stderr
    assert (runner.folder / "nights" / "verdicts.json").exists()
    again = runner.step("report", "Make them one", {"GITHUB_OUTPUT": str(said)})
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_night_in_another_account_is_refused_before_anything_is_made(runner: Runner) -> None:
    refused = runner.step("attack", "Attack", {"SHARDS": "1", "SHARD": "1", "DESIGNS": "", "ACCOUNT": "999999999999"})
    assert refused.returncode == 4
    assert "which is not on the list of sandboxes" in refused.stdout + refused.stderr
