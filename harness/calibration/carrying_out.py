"""Carrying out one probe: the controls first, until they work, then the attacks, and what that says of the rule."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import stamina

from harness.calibration.calibration import Enforced, Measured
from harness.errors import HarnessError, SignInDisturbedError, SignInRefusedError
from harness.outcome import Observation, Outcome
from harness.targets.api import ApiResponse
from harness.targets.http import RouteCall, as_api_response
from harness.targets.transient import disturbance_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.calibration.probe import Call, Probe
    from harness.calibration.site import Site

# By which a change of IAM shows that it is not everywhere yet (aws-semantics 6.7).
_NOT_YET = ("AccessDenied", "Forbidden", "InvalidIdentityPoolConfiguration", "NoSuchEntity", "NotAuthorized", "403")


@dataclass
class Patience:
    """How long the controls of one site may take until they work, all together, from when this was made."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.clock() + self.seconds

    @property
    def left(self) -> float:
        """The seconds that are left."""
        return max(0.0, self._until - self.clock())


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a call came to; `is_settled` tells that waiting would not change it, `disturbed` that it says nothing."""

    observation: Observation
    is_settled: bool = True
    disturbed: bool = False


class _NotYetError(Exception):
    def __init__(self, seen: _Seen) -> None:
        super().__init__()
        self.seen = seen


def carry_out(probe: Probe, site: Site, patience: Patience) -> Measured:
    """Return what the probe says of its rule. Nothing is tried to break the rule before every control has worked."""
    for control in probe.controls:
        seen = _until_it_works(control, site, patience)
        if seen.observation.outcome is not Outcome.ALLOWED:
            enforced = Enforced.UNCLEAR if seen.disturbed else Enforced.NOT_AVAILABLE
            return Measured(probe.rule, enforced, f"what must be allowed was not: {seen.observation.reason}")
    observed = [_seen(attack, site).observation for attack in probe.attacks]
    for outcome, enforced, what in (
        (Outcome.ALLOWED, Enforced.NO, "what must be refused was allowed"),
        (Outcome.TROUBLE, Enforced.UNCLEAR, "what must be refused met something else"),
    ):
        reasons = [each.reason for each in observed if each.outcome is outcome]
        if reasons:
            return Measured(probe.rule, enforced, f"{what}: {'; '.join(dict.fromkeys(reasons))}")
    return Measured(probe.rule, Enforced.YES, f"refused: {observed[0].reason}")


def _until_it_works(control: Call, site: Site, patience: Patience) -> _Seen:
    if not patience.left:
        return _seen(control, site)

    def once() -> _Seen:
        seen = _seen(control, site)
        if seen.observation.outcome is not Outcome.ALLOWED and not seen.is_settled:
            raise _NotYetError(seen)
        return seen

    patient = stamina.RetryingCaller(attempts=None, timeout=patience.left, wait_jitter=0.5).on(_NotYetError)
    try:
        return patient(once)
    except _NotYetError as given_up:
        return given_up.seen


def _seen(call: Call, site: Site) -> _Seen:
    try:
        credentials, request = call.by(site), call.asks(site)
        if isinstance(request, RouteCall):
            caller = request.token if request.token is not None else credentials
            answer = as_api_response(site.target.send_http(request.request, caller))
        else:
            answer = site.target.send(request, credentials)
    except SignInRefusedError as error:
        is_settled, disturbed = _how_final(ApiResponse(0, {}, "", error.code or "SignInRefused", str(error)))
        disturbed |= isinstance(error, SignInDisturbedError)
        return _Seen(Observation(Outcome.TROUBLE, str(error)), is_settled, disturbed)
    except HarnessError as error:
        return _Seen(Observation(Outcome.TROUBLE, str(error)))
    except (KeyError, TypeError, ValueError) as error:
        reason = f"an answer lacks what AWS puts there ({type(error).__name__}: {error})"
        return _Seen(Observation(Outcome.TROUBLE, reason))
    return _Seen(call.read(request, answer), *_how_final(answer))


def _how_final(answer: ApiResponse) -> tuple[bool, bool]:
    code = answer.error_code or ""
    return not any(word in code for word in _NOT_YET), disturbance_of(answer) is not None
