"""Runs on a remote target that are killed: whatever the moment, nothing of ours stays, and nothing of others goes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from accounts import contents, inventory
from look_alikes import make_look_alikes

from harness.cli_sweep import sweep
from harness.emulator.http.door import HttpDoor
from harness.emulator.http.routes import HttpRoutes
from harness.provisioning.destruction import destroy_from
from harness.provisioning.ledger import ledgers, read_ledger
from harness.targets.embedded import EmbeddedTarget
from harness.targets.localstack import connect_to_localstack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.wire import Reply

_ROOT = Path(__file__).parents[2]
_SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
_KILLS = 20
# With it the first three come while something is being deployed, and in the middle of the attacks.
_SEED = 2200
# Designs that together make everything, with techniques, and how many calls such a run makes at least: it measures the
# target, deploys, attacks, and destroys what it has made.
_RUNS = (
    ("per-user-principals", "s3.read.*", 225),
    ("identity-folder", "s3.read.*", 360),
    ("tenant-tagged", "dynamodb.read.get-item*", 230),
)
_SUITES = ("suites/test_controls.py", "suites/test_cross_tenant_reads.py", "-p", "no:cacheprovider", "-q")


@dataclass
class _Hitman:
    """Answers like a door, and with the nth call sends a signal to whoever makes it, before or after performing it."""

    routes: HttpRoutes
    number: int = 0
    signal: signal.Signals = signal.SIGKILL
    afterwards: bool = False
    victims: list[subprocess.Popen[str]] = field(default_factory=list)

    def answer(self, request: SignedRequest, request_id: str) -> Reply:
        self.number -= 1
        if self.number == 0 and not self.afterwards:
            self.strike()
        reply = self.routes.answer(request, request_id)
        if self.number == 0 and self.afterwards:
            self.strike()
        return reply

    def strike(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            # Ctrl-C and a machine that goes down reach all processes of a run; who ends one politely asks the first.
            if self.signal is signal.SIGTERM:
                self.victims[-1].send_signal(self.signal)
            else:
                os.killpg(self.victims[-1].pid, self.signal)


@dataclass(frozen=True)
class _Account:
    """An account behind a door, among many things that are not ours."""

    target: EmbeddedTarget
    door: HttpDoor
    hitman: _Hitman
    environment: Mapping[str, str]

    def all(self) -> tuple[Any, Any]:
        """Return everything that is in the account, with tags and contents."""
        return inventory(self.target), contents(self.target)

    def run_until_killed(self, reports: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run suites on the account until they end, of themselves or by the hitman."""
        command = [sys.executable, "-m", "pytest", *_SUITES, "--target", "localstack", "--tenants", "2"]
        command += ["--endpoint-url", self.door.url, "--reports", str(reports)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
        process = subprocess.Popen(
            [*command, *arguments],
            cwd=_ROOT,
            env={**inherited, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.hitman.victims.append(process)
        output, _ = process.communicate(timeout=240)
        return subprocess.CompletedProcess(command, process.returncode, output)


@pytest.fixture(scope="module")
def account() -> Iterator[_Account]:
    target = EmbeddedTarget()
    make_look_alikes(target, 1000)
    root = target.cloud.root_credentials()
    hitman = _Hitman(HttpRoutes(target.cloud))
    keys = {"AWS_ACCESS_KEY_ID": root.access_key_id, "AWS_SECRET_ACCESS_KEY": root.secret_access_key.reveal()}
    with HttpDoor(target.cloud, answers=hitman.answer) as door:
        yield _Account(target, door, hitman, keys)
    target.close()


def _kill(number: int) -> Any:
    return pytest.param(number, marks=[pytest.mark.long] if number >= len(_SIGNALS) else [], id=f"kill-{number}")


@pytest.mark.parametrize("seed", [_kill(number) for number in range(_KILLS)])
def test_a_run_that_is_killed_leaves_nothing_and_touches_nobody(
    account: _Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, hitman = Random(_SEED + seed), account.hitman  # noqa: S311  moments, not secrets
    hitman.signal, hitman.afterwards = _SIGNALS[seed % len(_SIGNALS)], chance.random() < 0.5
    before = account.all()
    blueprint, techniques, calls = _RUNS[(seed // 3 + (seed % 3 == 0)) % 3]
    hitman.number = chance.randint(4, calls)
    arguments = ["--blueprint", blueprint, "--attack", techniques, *(["-n", "2"] if seed % 4 == 1 else [])]
    ended = account.run_until_killed(tmp_path, *arguments)
    assert hitman.number <= 0, f"ended with {ended.returncode} before it could be killed:\n{ended.stdout}"
    if hitman.signal is signal.SIGKILL:
        assert ended.returncode == -signal.SIGKILL
        recorded = {(each.kind, each.name) for path in ledgers(tmp_path) for each in read_ledger(path).left}
        assert {(kind, name) for kind, name, _ in inventory(account.target).keys() - before[0].keys()} <= recorded
        for name, value in account.environment.items():
            monkeypatch.setenv(name, value)
        _clean_up_after(account, tmp_path, by_sweeping=chance.random() < 0.5)
    else:
        # Whoever comes while everything is being destroyed anyway does not change what was proved.
        assert ended.returncode in (0, 2), ended.stdout
    assert account.all() == before


def _clean_up_after(account: _Account, reports: Path, *, by_sweeping: bool) -> None:
    found = ledgers(reports)
    if by_sweeping:
        (run,) = {path.name.partition("-")[0] for path in found}
        assert sweep("localstack", account.door.url, "us-east-1", (), run, delete=True, as_json=False) == 0
        return
    target = connect_to_localstack(account.door.url, "us-east-1").target()
    assert [destroy_from(path, target) for path in found] == [[] for _ in found]
    target.close()
