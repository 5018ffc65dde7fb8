"""Attempts per second, on one machine in one run.

    python benchmarks/bench_attempts.py

Two figures for the design identity-keyed: attempts judged per second and process without pytest; `pytest suites/` with
Allure results, one worker and two. What enforcement costs beside bare moto is bench_emulator.py's to say.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.stage import set_up

_TENANTS = 6


def main() -> None:
    """Measure and print."""
    _judging()
    _suites()


def _judging() -> None:
    planned = plan(IDENTITY_KEYED, TECHNIQUES.values(), _TENANTS, Pairs.RING)
    start = time.perf_counter()
    stage = set_up(IDENTITY_KEYED, planned, tenants=_TENANTS, seed=1)
    provisioned = time.perf_counter()
    for attempt in planned:
        stage.execution.judge(attempt)
    judged = time.perf_counter()
    stage.close()
    print(f"provisioning {_TENANTS} tenants: {provisioned - start:.2f} s")
    print(f"judging {len(planned)} attempts: {len(planned) / (judged - provisioned):.0f} attempts/s")


def _suites() -> None:
    seconds = {}
    for workers in ("0", "2"):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pytest", "suites/", "-q", "-m", "not proof", "-n", workers]
            command += [
                "--blueprint",
                IDENTITY_KEYED.name,
                "--tenants",
                str(_TENANTS),
                "--reports",
                folder,
                "--alluredir",
                f"{folder}/allure",
            ]
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[workers] = time.perf_counter() - start
            attempts = len(json.loads((Path(folder) / "verdicts.json").read_text(encoding="utf-8"))["attempts"])
        print(
            f"pytest suites/ -n {workers}, Allure results included, start-up too: {attempts} attempts in "
            f"{seconds[workers]:.1f} s = {attempts / seconds[workers]:.0f} attempts/s"
        )
    print(f"a second worker gives {seconds['0'] / seconds['2']:.2f} times")


if __name__ == "__main__":
    main()
