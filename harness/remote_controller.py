"""The controller of a run on a remote target: it connects before anything starts, and cleans up when all is over."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import HarnessError, UsageError
from harness.gathering import parameter_of
from harness.remote_run import SHARE_OF_RATES
from harness.run_plan import plan_lines, plan_run

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from harness.calibration.calibration import Calibration
    from harness.collector import RunCollector
    from harness.provisioning.destruction import Left
    from harness.remote_run import RemoteRun
    from harness.run import Run

_SHOWN_LEFT = 10
_POLITE = (signal.SIGINT, signal.SIGTERM)


class RemoteController:
    """Registered on the controller alone."""

    def __init__(self, config: pytest.Config, run: Run) -> None:
        self._config = config
        self._run = run
        self._begun: set[str] = set()
        self._prepared: RemoteRun | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Check what guards the target, say what the run will do, and make what its processes share."""
        remote = self._run.options.remote
        if self._config.option.collectonly or remote is None:
            return
        try:
            connected = self._run.remote
            if connected is None:
                return
            connected.check_reuse()
            if remote.dry_run or self._run.options.target == "sandbox":
                self._say_plan(remote.max_requests)
            if remote.dry_run:
                pytest.exit("dry run: nothing was made and nobody was attacked", returncode=0)
            # Ended politely, a run cleans up as after Ctrl-C.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            self._prepared = connected
            self._say("isolation: measuring which rules the target enforces")
            connected.prepare()
            self._say_calibration(connected.calibration)
        except HarnessError as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say that a design is being deployed, which takes a while before its first attempt is judged."""
        attempt = self._run.attempts.get(parameter_of(nodeid))
        if attempt is not None and attempt.blueprint not in self._begun:
            self._begun.add(attempt.blueprint)
            self._say(f"isolation: deploying {attempt.blueprint} and signing its users in")

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self) -> Generator[None, Any, Any]:
        """Destroy what the run has made, once all workers have ended and the reports are written."""
        try:
            return (yield)
        finally:
            self._finish()

    def pytest_unconfigure(self) -> None:
        """Destroy what was made for a session that was interrupted while it began: pytest ends none of those."""
        self._finish()

    def _finish(self) -> None:
        if self._prepared is not None:
            prepared, self._prepared = self._prepared, None
            with _undisturbed(self._say):
                self._clean_up(prepared)

    def _clean_up(self, remote: RemoteRun) -> None:
        if remote.remote.keep:
            self._say(f"isolation: everything is kept; go on with --reuse {remote.run_id}")
            return
        self._say("")
        self._say("isolation: destroying what the run has made")
        try:
            left = remote.destroy()
        except HarnessError as error:
            self._say(f"isolation: nothing could be destroyed: {error}", "red")
            self._say_how_to_sweep(remote)
            return
        collector: RunCollector | None = self._config.pluginmanager.get_plugin("isolation-collector")
        if collector is not None:
            collector.note_calls(remote.news_of_calls())
        if left:
            self._say_left(left)
            self._say_how_to_sweep(remote)
        else:
            self._say("isolation: everything is destroyed; nothing is left on the target")

    def _say_left(self, left: list[Left]) -> None:
        for each in left[:_SHOWN_LEFT]:
            self._say(f"isolation: left: {each}", "red")
        if len(left) > _SHOWN_LEFT:
            self._say(f"isolation: and {len(left) - _SHOWN_LEFT} more", "red")

    def _say_how_to_sweep(self, remote: RemoteRun) -> None:
        place = remote.connection.place
        endpoint = f" --endpoint-url {place.endpoint}" if place.endpoint else ""
        self._say(
            f"isolation: sweep with: harness sweep --target {place.name}{endpoint} --region {place.region} "
            f"--run {remote.run_id} --delete"
        )

    def _say_calibration(self, calibration: Calibration) -> None:
        missing = calibration.missing(calibration.measured)
        every = len(calibration.measured)
        if not missing:
            self._say(f"isolation: it enforces all {every} rules that this run rests on")
            return
        named = ", ".join(missing[:_SHOWN_LEFT]) + (" ..." if len(missing) > _SHOWN_LEFT else "")
        self._say(
            f"isolation: it was seen to enforce {every - len(missing)} of the {every} rules that this run rests on; "
            f"what rests on the others stays INCONCLUSIVE: {named}",
            "yellow",
        )

    def _say_plan(self, max_requests: int) -> None:
        self._say("isolation: finding out on the embedded target what this run takes")
        plan = plan_run(self._run, share_of_rates=SHARE_OF_RATES)
        for line in plan_lines(plan):
            self._say(line)
        if plan.requests > max_requests:
            raise UsageError(f"this run takes {plan.requests} requests, more than --max-requests {max_requests} allows")

    def _say(self, text: str, colour: str = "") -> None:
        reporter: Any = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(text, **({colour: True} if colour else {}))


@contextmanager
def _undisturbed(say: Callable[[str], None]) -> Iterator[None]:
    """Let the block come to its end although somebody presses Ctrl-C; whoever presses it twice means it."""

    def once(number: int, _: object) -> None:
        signal.signal(number, signal.default_int_handler)
        say("isolation: still destroying what the run has made; once more leaves the rest to `harness sweep`")

    before = {number: signal.signal(number, once) for number in _POLITE}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
