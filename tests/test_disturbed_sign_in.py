"""Users whose sign-in was disturbed: nobody has refused them, so nothing is said of them, and least of all LOCKOUT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.blueprints.identity_folder import IDENTITY_FOLDER
from harness.stage import set_up_on
from harness.targets.api import ApiResponse
from harness.targets.embedded import EmbeddedTarget
from harness.targets.http import HttpResponse
from harness.targets.transient import disturbance_of
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.targets.api import ApiRequest, AwsCredentials
    from harness.targets.http import BearerToken, HttpRequest
    from harness.targets.transient import Disturbance
    from harness.verdicts import Verdict

_PLANNED = [
    attempt
    for attempt in plan(IDENTITY_FOLDER, [TECHNIQUES["s3.read.get-object"]], 2, Pairs.RING)
    if attempt.is_control
]
_FAILED = HttpResponse(500, {}, b'{"message": "Internal Server Error"}', "")
_LOST = HttpResponse(0, {"x-amzn-errortype": "ConnectionClosedError"}, b"", "")


class _DisturbedTarget(EmbeddedTarget):
    """Answers the sign-ins at the user pool, and the first requests to the broker, with what it is told to."""

    sign_in: ApiResponse | None = None
    broker: tuple[HttpResponse, ...] = ()

    def disturbance_of(self, answer: ApiResponse) -> Disturbance | None:
        return disturbance_of(answer)

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        if self.sign_in is not None and request.operation == "InitiateAuth":
            return self.sign_in
        return super().send(request, credentials)

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        if self.broker:
            answer, *rest = self.broker
            self.broker = tuple(rest)
            return answer
        return super().send_http(request, caller)


def _judged(change: Callable[[_DisturbedTarget], None]) -> list[Verdict]:
    target = _DisturbedTarget()
    change(target)
    with stamina.set_testing(True, attempts=4):
        stage = set_up_on(target, IDENTITY_FOLDER, _PLANNED, tenants=2, seed=1)
    verdicts = [stage.judge(attempt) for attempt in _PLANNED]
    target.close()
    return verdicts


@pytest.mark.parametrize(
    "answer",
    [
        ApiResponse(400, {}, "", "TooManyRequestsException", "Rate exceeded"),
        ApiResponse(501, {}, "", "InternalErrorException", "out of order"),
        ApiResponse(0, {}, "", "ConnectionClosedError"),
    ],
    ids=lambda answer: answer.error_code,
)
def test_a_sign_in_that_is_never_answered_locks_nobody_out(answer: ApiResponse) -> None:
    def change(target: _DisturbedTarget) -> None:
        target.sign_in = answer

    verdicts = _judged(change)
    assert {verdict.name for verdict in verdicts} == {VerdictName.INCONCLUSIVE}
    assert all("sign-in was disturbed" in verdict.reason for verdict in verdicts)


@pytest.mark.parametrize("lost", [(_FAILED,), (_LOST,), (_LOST, _FAILED)], ids=["failed", "lost", "both"])
def test_a_broker_whose_answer_got_lost_is_asked_again(lost: tuple[HttpResponse, ...]) -> None:
    def change(target: _DisturbedTarget) -> None:
        target.broker = lost

    assert {verdict.name for verdict in _judged(change)} == {VerdictName.WORKS}


def test_a_broker_that_fails_time_and_again_locks_out() -> None:
    def change(target: _DisturbedTarget) -> None:
        target.broker = (_FAILED,) * 3

    assert VerdictName.LOCKOUT in {verdict.name for verdict in _judged(change)}
