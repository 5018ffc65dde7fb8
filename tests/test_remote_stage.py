"""A remote stage beside its twin: what is predicted, what is waited for, and what is not even attempted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import stamina

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.blueprints.order_book import ORDER_BOOK
from harness.calibration.calibration import Calibration, Enforced, Measured
from harness.calibration.rules import Rule
from harness.remote_stage import RemoteStage, Settling
from harness.stage import EmbeddedStage, set_up
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.attacks.attempts import Attempt

_EVERYTHING = Calibration("remote", {rule: Measured(rule, Enforced.YES, "seen") for rule in Rule})
_NOTHING = Calibration("remote", {rule: Measured(rule, Enforced.NO, "seen") for rule in Rule})
_WEAKNESS = ORDER_BOOK.weaknesses[0]
_PLANNED = plan(ORDER_BOOK, [TECHNIQUES[name] for name in _WEAKNESS.leaks], 2, Pairs.RING)


@dataclass
class Time:
    """A clock that only goes on when it is told to."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=6):
        yield


def _stage(*, weakened: bool) -> EmbeddedStage:
    return set_up(ORDER_BOOK, _PLANNED, tenants=2, seed=1, weakness=_WEAKNESS if weakened else None)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def differing(time: Time) -> Iterator[RemoteStage]:
    """A target with a hole of which the twin knows nothing."""
    remote = RemoteStage(_stage(weakened=True), _stage(weakened=False), Settling(10, time, time.sleep), _EVERYTHING)
    yield remote
    remote.stage.close()
    remote.close()


def _leaking() -> Attempt:
    return next(attempt for attempt in _PLANNED if not attempt.is_control)


def test_a_leak_that_the_model_does_not_predict_stays_a_leak(differing: RemoteStage, time: Time) -> None:
    verdict = differing.judge(_leaking())
    assert verdict.name is VerdictName.LEAK
    assert verdict.prediction is not None
    assert verdict.prediction.name is VerdictName.ISOLATED
    time.now = 1000
    assert differing.judge(_leaking()).name is VerdictName.LEAK


def test_a_difference_of_a_young_deployment_is_looked_at_until_both_agree_three_times(
    differing: RemoteStage, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    judge, twin = differing.stage.execution.judge, differing.twin.execution.judge

    def arriving(attempt: Attempt) -> object:
        seen.append(attempt)
        # What closes the hole arrives after two more looks.
        return judge(attempt) if len(seen) <= 3 else twin(attempt)

    monkeypatch.setattr(differing.stage.execution, "judge", arriving)
    assert differing.judge(_leaking()).name is VerdictName.ISOLATED
    assert len(seen) == 3 + 3
    time.now = 1000
    assert differing.judge(_leaking()).name is VerdictName.ISOLATED
    assert len(seen) == 3 + 3 + 1


def test_what_a_target_cannot_tell_is_not_attempted(differing: RemoteStage, monkeypatch: pytest.MonkeyPatch) -> None:
    blind = RemoteStage(differing.stage, differing.twin, differing.settling, _NOTHING)
    monkeypatch.setattr(differing.stage.execution, "judge", lambda _: pytest.fail("it was attempted"))
    verdict = blind.judge(_leaking())
    assert verdict.name is VerdictName.INCONCLUSIVE
    assert "was not seen to be enforced here" in verdict.reason


def test_nothing_is_attacked_before_the_usual_time_has_gone_by(time: Time) -> None:
    settling = Settling(10, time, time.sleep)
    time.now = 4
    settling.wait()
    settling.wait()
    assert time.slept == [6]
    assert settling.left == 30
    time.now = 41
    assert settling.left == 0
    settling.restart()
    assert settling.left == 40
