"""Attempts per second, on one machine in one run.

    python benchmarks/bench_attempts.py [--profile]

Two figures for the design identity-keyed: attempts judged per second and process without pytest; `pytest suites/` with
Allure results, in one process, with one worker and with two. What enforcement costs beside bare moto is
bench_emulator.py's to say. With --profile, where the time of `pytest suites/` goes instead: the share of each package,
under the profiler.
"""

from __future__ import annotations

import json
import pstats
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.stage import set_up

_TENANTS = 6
_ONE = "dynamodb.read.get-item-member-own-t1"


def main() -> None:
    """Measure and print."""
    if sys.argv[1:] == ["--profile"]:
        _profile()
        return
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


def _pytest(folder: str, workers: int) -> list[str]:
    command = ["-m", "pytest", "suites/", "-q", "-m", "not proof", "-n", str(workers)]
    command += ["--blueprint", IDENTITY_KEYED.name, "--tenants", str(_TENANTS)]
    return [*command, "--reports", folder, "--alluredir", f"{folder}/allure"]


def _profile() -> None:
    with tempfile.TemporaryDirectory() as folder:
        profile = f"{folder}/profile"
        command = [sys.executable, "-m", "cProfile", "-o", profile, *_pytest(folder, 0)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        shares: Counter[str] = Counter()
        for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
            shares[_package(file, name)] += own
    for package, seconds in shares.most_common(16):
        print(f"{package:28} {100 * seconds / shares.total():5.1f} %")


def _package(file: str, name: str) -> str:
    """Return the package a function is in, for builtins what they do."""
    if file == "~":
        return "files" if "io.open" in name or "posix" in name or "write" in name else "built in"
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    return "/".join(parts[parts.index("harness") :][:2]) if "harness" in parts else "standard library"


def _suites() -> None:
    seconds = {}
    for workers in (0, 1, 2):
        start_up, _ = _timed(workers, "-k", _ONE)
        seconds[workers], attempts = _timed(workers)
        print(
            f"pytest suites/ -n {workers}, Allure results included: {attempts} attempts in {seconds[workers]:.1f} s = "
            f"{attempts / seconds[workers]:.0f} attempts/s; without the {start_up:.1f} s that one attempt takes "
            f"{attempts / (seconds[workers] - start_up):.0f} attempts/s"
        )
    print(f"a second worker gives {seconds[1] / seconds[2]:.2f} times")


def _timed(workers: int, *more: str) -> tuple[float, int]:
    """Return how long a run takes, and how many attempts it makes."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        # A run of one attempt leaves boundaries unproved, and says so by its status.
        subprocess.run([sys.executable, *_pytest(folder, workers), *more], check=not more, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        return seconds, len(json.loads((Path(folder) / "verdicts.json").read_text(encoding="utf-8"))["attempts"])


if __name__ == "__main__":
    main()
