"""Answers that say nothing of what was asked: throttling, errors of the service, connections that broke.

They are dealt with below the verdict, which must never rest on one (aws-semantics 4.6 and 6.7).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import stamina
from stamina.instrumentation import set_on_retry_hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.targets.api import ApiResponse


class Disturbance(StrEnum):
    """Whether the request was performed: surely not, or nobody knows."""

    NOT_PERFORMED = "not performed"
    UNKNOWN = "unknown"


# By which services say that too much is asked of them at once.
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# What botocore calls connections that never came about, and those that broke after the request was sent.
_NEVER_CONNECTED = frozenset({"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"})
_BROKEN = frozenset(
    {
        "ConnectionClosedError",
        "HTTPClientError",
        "IncompleteReadError",
        "ReadTimeoutError",
        "ResponseParserError",
        "ResponseStreamingError",
        "SSLError",
    }
)
_BROKEN_SERVICE = frozenset({500, 502, 503, 504})
_TOO_MANY = 429
# By which emulators say that they have no such thing; asked again, they have none either.
_NOT_THERE = ("not implemented", "not yet implemented", "not supported", "there is an error in the application")
_TRIES, _SECONDS = 8, 60.0
# So often in turn does no route of an application fail by chance.
OWN_FAILURES = 3

# A retry is no news: calls are counted, and what stays disturbed becomes the reason of a verdict.
set_on_retry_hooks(())


class _AgainError(Exception):
    """The answer says nothing, and the request may be sent once more."""

    def __init__(self, answer: ApiResponse) -> None:
        super().__init__()
        self.answer = answer


def disturbance_of(answer: ApiResponse) -> Disturbance | None:
    """Return whether the request was performed, None where the answer is one that counts."""
    code, message = answer.error_code or "", answer.message
    if code in _THROTTLED or answer.status == _TOO_MANY or code in _NEVER_CONNECTED:
        return Disturbance.NOT_PERFORMED
    if answer.status == 0 and code in _BROKEN:
        return Disturbance.UNKNOWN
    if answer.status in _BROKEN_SERVICE and not any(words in message.lower() for words in _NOT_THERE):
        return Disturbance.UNKNOWN
    return None


def repeated(
    send: Callable[[], ApiResponse],
    again: Callable[[ApiResponse], bool],
    *,
    seconds: float = _SECONDS,
    tries: int | None = _TRIES,
) -> ApiResponse:
    """Return the answer to `send`, which is called until `again` says that an answer will do.

    The pauses between grow, with jitter. The last answer is returned whatever it says once `seconds` have gone by, or
    after so many `tries`.
    """
    patient = stamina.RetryingCaller(attempts=tries, timeout=seconds, wait_jitter=0.5).on(_AgainError)

    def once() -> ApiResponse:
        answer = send()
        if again(answer):
            raise _AgainError(answer)
        return answer

    try:
        return patient(once)
    except _AgainError as given_up:
        return given_up.answer
