"""A stage on a remote target, beside its twin on an embedded one, where the policy engine says what should happen.

The twin is deployed and populated from the same blueprint and seed, and carries out the same attempts. It tells what a
remote target does not: by which statement a request was decided. Changes of IAM are seen later on AWS (aws-semantics
6.7), so while a deployment is young an attempt that went otherwise than on the twin is made again, until both agree
three times running or the time for that is over. What is seen last is the verdict; the twin never is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import stamina

from harness.calibration.qualifying import why_not_judged
from harness.outcome import Outcome
from harness.targets.target import LONGEST_SETTLING
from harness.verdicts import Prediction, Verdict, VerdictName

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.advice import Advice
    from harness.attacks.attempts import Attempt
    from harness.calibration.calibration import Calibration
    from harness.stage import EmbeddedStage, Stage

_STEADY = 3


@dataclass
class Settling:
    """How old a deployment is, and how long it may take until all of it is seen. All times are seconds."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Count from now: something has changed."""
        self._since = self.clock()

    @property
    def left(self) -> float:
        """Return for how long yet differences may come of what is not seen everywhere; 0 when that is over."""
        return max(0.0, self.seconds * LONGEST_SETTLING - (self.clock() - self._since))

    def wait(self) -> None:
        """Let the usual time go by, from when this was made."""
        remaining = self.seconds - (self.clock() - self._since)
        if remaining > 0:
            self.sleep(remaining)


class _UnsettledError(Exception):
    """Target and twin do not agree, or not yet often enough."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__()
        self.verdict = verdict


@dataclass
class RemoteStage:
    """A stage and its twin. `close` gives back what this process holds; the deployment stays until it is destroyed."""

    stage: Stage
    twin: EmbeddedStage
    settling: Settling
    calibration: Calibration

    def judge(self, attempt: Attempt) -> Verdict:
        """Return the verdict on an attempt, with what the twin made of it.

        An attack of which the target cannot tell anything is not made; a control is, since it may be seen to work.
        """
        prediction = Prediction.of(self.twin.execution.judge(attempt))
        reason = why_not_judged(self.stage.blueprint, attempt.technique, self.calibration)
        if reason is not None and not attempt.is_control:
            return Verdict(attempt, VerdictName.INCONCLUSIVE, Outcome.TROUBLE, reason, prediction=prediction)
        verdict = self.stage.execution.judge(attempt)
        if prediction.differs_from(verdict) and self.settling.left and reason is None:
            verdict = self._settled(attempt, prediction)
        return replace(verdict, prediction=prediction)

    def advice_on(self, leak: Verdict) -> Advice:
        """Return what to do about a leak, as far as the twin knows: a remote target does not tell how it decided."""
        predicted = leak.prediction
        known = leak if predicted is None else replace(leak, decisions=predicted.decisions, rulings=predicted.rulings)
        return self.twin.advice_on(known)

    def close(self) -> None:
        """Drop the twin."""
        self.twin.close()

    def _settled(self, attempt: Attempt, prediction: Prediction) -> Verdict:
        agreed = 0

        def once() -> Verdict:
            nonlocal agreed
            self.stage.execution.forget_failed_controls()
            seen = self.stage.execution.judge(attempt)
            agreed = 0 if prediction.differs_from(seen) else agreed + 1
            if agreed < _STEADY:
                raise _UnsettledError(seen)
            return seen

        patient = stamina.RetryingCaller(attempts=None, timeout=self.settling.left, wait_initial=0.2, wait_jitter=0.2)
        try:
            return patient.on(_UnsettledError)(once)
        except _UnsettledError as last:
            return last.verdict
