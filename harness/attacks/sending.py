"""Sending the steps of an attempt, each as whoever it is meant to come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.attacks.obtained import ByOperator, BySomebody, Later, ObtainedCall
from harness.blueprints.contract import Effect
from harness.errors import DisturbedError, SignInRefusedError, TargetError
from harness.outcome import Observation, Outcome, observe
from harness.targets.api import ApiRequest
from harness.targets.clients import takes_signature
from harness.targets.http import RouteCall, as_api_response
from harness.targets.transient import OWN_FAILURES

if TYPE_CHECKING:
    from harness.attacks.attempts import Attempt
    from harness.attacks.technique import Sent, Step
    from harness.sessions import Session
    from harness.targets.api import ApiResponse, AwsCredentials
    from harness.targets.target import Target

_KINDS = (ApiRequest, RouteCall, ObtainedCall, ByOperator, BySomebody, Later)
_BY_OTHERS = (ByOperator, BySomebody)


@dataclass(frozen=True)
class Exchange:
    """What was sent and what came back, in turn; `by_caller` are the answers that the caller itself got."""

    requests: tuple[ApiRequest | RouteCall, ...]
    responses: tuple[ApiResponse, ...]
    by_caller: tuple[ApiResponse, ...]
    observation: Observation

    @property
    def allowed(self) -> bool:
        """Tell whether the attempt was allowed."""
        return self.observation.outcome is Outcome.ALLOWED


class Sender:
    """Sends requests to one target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._failures_of_routes = 0

    def send(self, attempt: Attempt, steps: tuple[Step, ...], sender: Session | None) -> Exchange:
        """Send the steps as the caller, or as the operator where there is none, until one is not allowed.

        Raises SignInRefusedError for a call that takes a signature by a caller who has no AWS credentials, and
        DisturbedError when an answer got lost: then nothing of the attempt counts.
        """
        requests: list[ApiRequest | RouteCall] = []
        responses: list[ApiResponse] = []
        by_caller: list[ApiResponse] = []
        observation = Observation(Outcome.TROUBLE, "the technique sent nothing")
        technique = attempt.technique
        obtains = technique.effect is Effect.SESSION and (attempt.is_control or not technique.first_step_decides)
        last_decides = obtains or technique.last_step_decides
        for step in steps:
            sent = step if isinstance(step, _KINDS) else step(responses[-1].data)
            request = sent.request if isinstance(sent, ObtainedCall | ByOperator | BySomebody | Later) else sent
            requests.append(request)
            answer = self.send_one(sent, sender)
            self._check(request, answer)
            responses.append(answer)
            if isinstance(sent, _BY_OTHERS):
                if answer.succeeded:
                    continue
                reason = f"what others do besides failed with {answer.error_code}: {answer.message}"
                observed = Observation(Outcome.TROUBLE, reason)
            else:
                by_caller.append(answer)
                observed = observe(technique, request.service, answer, control=attempt.is_control)
            if len(by_caller) <= 1 or last_decides:
                observation = observed
            if observed.outcome is not Outcome.ALLOWED:
                break
        return Exchange(tuple(requests), tuple(responses), tuple(by_caller), observation)

    def send_one(self, request: Sent, sender: Session | None) -> ApiResponse:
        """Send one request as the caller, or as the operator where there is none, and return the answer."""
        if isinstance(request, Later):
            with self._target.time_shifted(request.seconds):
                return self.send_one(request.call, sender)
        if isinstance(request, ObtainedCall):
            return self._target.send(request.request, request.credentials)
        if isinstance(request, ByOperator):
            return self._target.send_as_operator(request.request)
        asked, by = (request.request, request.session) if isinstance(request, BySomebody) else (request, sender)
        return self._call_route(asked, by) if isinstance(asked, RouteCall) else self._call_api(asked, by)

    def _check(self, request: ApiRequest | RouteCall, answer: ApiResponse) -> None:
        if self._target.disturbance_of(answer) is None:
            self._failures_of_routes = 0
            return
        if isinstance(request, RouteCall) and answer.status:
            # Applications answer so too; what fails time and again is the answer of one.
            self._failures_of_routes += 1
            if self._failures_of_routes >= OWN_FAILURES:
                return
        raise DisturbedError(f"{request.operation} was disturbed: {answer.error_code}: {answer.message}".strip(": "))

    def _call_api(self, request: ApiRequest, sender: Session | None) -> ApiResponse:
        if not takes_signature(request):
            return self._target.send(request, None)
        if sender is None:
            return self._target.send_as_operator(request)
        return self._target.send(request, _credentials_of(sender))

    def _call_route(self, call: RouteCall, sender: Session | None) -> ApiResponse:
        if call.signed:
            if sender is None:
                raise TargetError("the operator calls no routes of an API")
            return as_api_response(self._target.send_http(call.request, _credentials_of(sender)))
        return as_api_response(self._target.send_http(call.request, call.token))


def _credentials_of(session: Session) -> AwsCredentials:
    if session.credentials is None:
        raise SignInRefusedError(f"{session.caller} has no AWS credentials to make the call with")
    return session.credentials
