"""What the rest of the harness needs of a target, whichever it is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from harness.advice.rulings import Ruling
    from harness.targets.api import ApiRequest, ApiResponse, AwsCredentials
    from harness.targets.calls import CallLog
    from harness.targets.http import BearerToken, HttpRequest, HttpResponse
    from harness.targets.transient import Disturbance


# A change of IAM that is not seen after so many times the usual is taken for one that will not be.
LONGEST_SETTLING = 4.0


class Capability(StrEnum):
    """Something not every target can do; an attack that needs what is missing becomes INCONCLUSIVE."""

    TIME_TRAVEL = "time-travel"


class Target(Protocol):
    """Where a blueprint is deployed and attacked.

    `settling_seconds` is how long a change of IAM may take to be seen everywhere; 0 where it is seen at once.
    """

    name: str
    region: str
    account: str
    operator_arn: str
    capabilities: frozenset[Capability]
    log: CallLog
    settling_seconds: float

    @property
    def calls(self) -> int:
        """The number of calls sent until now, by whomever, retries included."""

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        """Perform one API call as the given caller; None for calls that take no signature."""

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        """Perform one API call as the principal who provisions and inspects."""

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        """Send one HTTP request to an API of the target: signed, with a bearer token, or (None) as it is."""

    def disturbance_of(self, answer: ApiResponse) -> Disturbance | None:
        """Return what befell a request on its way, None where the answer is the target's own."""

    def explain(self, response: ApiResponse | HttpResponse) -> list[dict[str, Any]]:
        """Return the decisions behind an answer, as plain JSON; empty where the target does not tell."""

    def rulings(self, response: ApiResponse | HttpResponse) -> tuple[Ruling, ...]:
        """Return the decisions behind an answer with their policies; empty where the target does not tell."""

    def time_shifted(self, seconds: float) -> AbstractContextManager[None]:
        """Let the block run at another time. Only with Capability.TIME_TRAVEL."""

    def close(self) -> None:
        """Give back whatever the target holds in this process."""
