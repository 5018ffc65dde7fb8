"""The embedded target: an AWS account inside this process. No Docker, no licence, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.condition_keys import keys_of
from harness.marks import IAM_PATH, Marks
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials
from harness.targets.calls import CallLog
from harness.targets.clients import Clients
from harness.targets.http import prepared, received
from harness.targets.operator import make_operator
from harness.targets.target import Capability

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from harness.emulator.authorization import Decision, Enforcement
    from harness.emulator.faults import Fault
    from harness.emulator.principals import IssuedCredentials
    from harness.targets.api import ApiResponse
    from harness.targets.http import BearerToken, HttpRequest, HttpResponse
    from harness.targets.transient import Disturbance

_OPERATOR = "isolation-operator"
# Nothing of an account in this process outlives it, so that no run needs to be told from another.
_RUN = "embedded"


class EmbeddedTarget:
    """A fresh embedded cloud with an operator in it. `close` drops it."""

    name = "embedded"
    capabilities = frozenset({Capability.TIME_TRAVEL})
    settling_seconds = 0.0

    def __init__(self, region: str = "us-east-1") -> None:
        self.region = region
        self.cloud = EmbeddedCloud(region)
        self.account = self.cloud.account
        self._api = Clients(self.cloud.gateway, region)
        self.log = CallLog()
        self.operator_arn = f"arn:aws:iam::{self.account}:user{IAM_PATH}{_OPERATOR}"
        root = _as_credentials(self.cloud.root_credentials())
        self._operator = make_operator(lambda request: self.send(request, root), _OPERATOR, IAM_PATH, Marks(_RUN).tags)

    @property
    def calls(self) -> int:
        """The number of calls sent until now, by whomever; nothing is ever sent twice."""
        return self.log.total

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        """Perform one API call as the given caller; None for calls that take no signature."""
        self.log.note(request.service, request.operation)
        return self._api.send(request, credentials)

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        """Perform one API call as the IAM user who provisions and inspects."""
        return self.send(request, self._operator)

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        """Send one HTTP request to an API: signed, with a bearer token, or (None) as it is."""
        self.log.note("execute-api", request.method)
        return received(self.cloud.gateway.before_send(prepared(request, caller, self.region)))

    def disturbance_of(self, answer: ApiResponse) -> Disturbance | None:
        """Return None: between here and there is nothing that could go wrong."""
        del answer
        return None

    def explain(self, response: ApiResponse | HttpResponse) -> list[dict[str, Any]]:
        """Return the policy engine's own explanations of the decisions this answer rests on, with what was asked."""
        return [_explained(decision) for decision in self.cloud.decisions.of(response.request_id)]

    def rulings(self, response: ApiResponse | HttpResponse) -> tuple[Decision, ...]:
        """Return the decisions this answer rests on, with their policies; long-gone ones are forgotten."""
        return self.cloud.decisions.of(response.request_id)

    def time_shifted(self, seconds: float) -> AbstractContextManager[None]:
        """Let the block run `seconds` later on the emulator's clock, or earlier when negative."""
        return self.cloud.clock.shifted(seconds)

    def enforce(self, enforcement: Enforcement) -> None:
        """Switch the enforcement of everybody but the operator, who must still be able to provision and inspect."""
        self.cloud.authorizer.exempt_arns.add(self.operator_arn)
        self.cloud.authorizer.enforcement = enforcement

    def plant_faults(self, faults: Iterable[Fault]) -> None:
        """Make the target forget the named checks."""
        self.cloud.faults.update(faults)

    def close(self) -> None:
        """Drop the cloud with everything stored in it."""
        self.cloud.close()


def _as_credentials(issued: IssuedCredentials) -> AwsCredentials:
    return AwsCredentials(Secret(issued.access_key_id), issued.secret_access_key, issued.session_token)


def _explained(decision: Decision) -> dict[str, Any]:
    """Return the explanation of a decision, with the condition keys it names that no service defines."""
    explanation = decision.explanation().as_dict()
    stated = (*explanation.get("statements", ()), *explanation.get("near_misses", ()))
    named = {condition["key"] for statement in stated for condition in statement.get("conditions", ())}
    known = keys_of(decision.request.action)
    return {
        "action": decision.request.action,
        "resource": decision.request.resource,
        "undefined_keys": sorted(key for key in named if not known.defines(key)),
        **explanation,
    }
