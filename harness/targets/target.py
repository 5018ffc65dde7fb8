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


class Capability(StrEnum):
    """Something not every target can do; an attack that needs what is missing becomes INCONCLUSIVE."""

    TIME_TRAVEL = "time-travel"


class Target(Protocol):
    """Where a blueprint is deployed and attacked."""

    name: str
    region: str
    account: str
    operator_arn: str
    capabilities: frozenset[Capability]
    log: CallLog

    @property
    def calls(self) -> int:
        """The number of calls sent until now, by whomever, retries included."""

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        """Perform one API call as the given caller; None for calls that take no signature."""

    def send_as_operator(self, request: ApiRequest) -> ApiResponse:
        """Perform one API call as the principal who provisions and inspects."""

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        """Send one HTTP request to an API of the target: signed, with a bearer token, or (None) as it is."""

    def explain(self, response: ApiResponse | HttpResponse) -> list[dict[str, Any]]:
        """Return the decisions behind an answer, as plain JSON; empty where the target does not tell."""

    def rulings(self, response: ApiResponse | HttpResponse) -> tuple[Ruling, ...]:
        """Return the decisions behind an answer with their policies; empty where the target does not tell."""

    def time_shifted(self, seconds: float) -> AbstractContextManager[None]:
        """Let the block run at another time. Only with Capability.TIME_TRAVEL."""

    def close(self) -> None:
        """Give back whatever the target holds in this process."""
