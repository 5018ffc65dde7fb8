from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from suites_runs import RunSuites

_PART = ("--blueprint", "claim-rules", "--blueprint", "identity-folder", "--attack", "token.session.*")


def test_the_shards_of_a_run_are_together_what_the_whole_run_is(run_suites: RunSuites, tmp_path: Path) -> None:
    whole = run_suites(*_PART, "-n", "0").verdicts
    shards = [run_suites(*_PART, "-n", "0", "--splits", "2", "--group", group) for group in ("1", "2")]
    parts = [shard.verdicts for shard in shards]
    assert all(part["attempts"] for part in parts)
    command = [sys.executable, "-m", "harness", "report", *(str(shard.reports) for shard in shards)]
    subprocess.run([*command, "--to", str(tmp_path / "together")], check=True, capture_output=True, timeout=60)
    together = type(shards[0])(0, "", tmp_path / "together").verdicts
    for verdicts in (whole, together):
        del verdicts["run"]["started"]
    assert together["run"] == whole["run"]
    assert together["counts"] == whole["counts"]
    judged = [{(each["id"], each["verdict"], each["reason"]) for each in run["attempts"]} for run in (whole, together)]
    assert judged[0] == judged[1]


def test_a_shard_deploys_few_designs(run_suites: RunSuites) -> None:
    first = run_suites(*_PART, "-n", "0", "--splits", "3", "--group", "1").verdicts
    assert {attempt["blueprint"] for attempt in first["attempts"]} == {"claim-rules"}
