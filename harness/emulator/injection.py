"""Trouble on purpose: what a client of AWS must cope with, made to happen from one seed. Off unless it is asked for.

| setting | what happens |
| --- | --- |
| `iam_delay` | a change of IAM is seen up to so many seconds later (iam_propagation.py) |
| `quotas` | more requests than AWS's rates times this are throttled, by family of operations (quotas.py) |
| `throttles` | this share of requests is throttled, whatever the rate |
| `errors` | this share of requests ends with an internal error of the service |
| `resets` | this share of requests ends with a connection that is reset |
| `latency` | answers over HTTP take up to so many seconds longer |

Half of the internal errors and resets strike after the request was performed: the effect is there, the answer is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from harness.emulator.quotas import Quotas, refusal_of
from harness.emulator.service import ServiceError
from harness.emulator.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.emulator.cloud import EmbeddedCloud
    from harness.emulator.endpoints import Endpoint
    from harness.emulator.signatures.sigv4 import SignedRequest
    from harness.emulator.wire import Reply

_ERRORS = {
    "cognito-idp": "InternalErrorException",
    "cognito-identity": "InternalErrorException",
    "dynamodb": "InternalServerError",
    "iam": "ServiceFailure",
    "s3": "InternalError",
}
_INTERNAL = "We encountered an internal error. Please try again."


class InjectedResetError(Exception):
    """The connection is to be reset in place of an answer."""


@dataclass(frozen=True, slots=True)
class Injections:
    """What shall go wrong, and how often; everything is drawn from `seed`."""

    seed: int = 0
    iam_delay: float = 0.0
    quotas: float | None = None
    throttles: float = 0.0
    errors: float = 0.0
    resets: float = 0.0
    latency: float = 0.0


class Injector:
    """Stands between the gateway and the services of one cloud. Used by the thread that holds the turn."""

    def __init__(self, cloud: EmbeddedCloud, injections: Injections) -> None:
        self.injections = injections
        self._random = Random(injections.seed)  # noqa: S311  repeatable on purpose
        self._throttled = Random(f"{injections.seed} throttles")  # noqa: S311  as above
        self._delays = Random(f"{injections.seed} delays")  # noqa: S311  as above
        self._latencies = Random(f"{injections.seed} latencies")  # noqa: S311  as above
        self._quotas = None if injections.quotas is None else Quotas(cloud.clock, injections.quotas)
        delay = injections.iam_delay
        cloud.iam.delay_changes((lambda: self._delays.uniform(0, delay)) if delay else None)

    def answer(self, endpoint: Endpoint, request: SignedRequest, perform: Callable[[], Reply]) -> Reply:
        """Return what `perform` returns, unless something goes wrong.

        Raises ServiceError for throttling and internal errors, InjectedResetError for a connection to be reset.
        """
        if self._quotas is not None:
            operation, pool = _asked(endpoint, request)
            self._quotas.take(endpoint.service, operation, endpoint.region, pool)
        if self.injections.throttles and self._throttled.random() < self.injections.throttles:
            raise ServiceError(*refusal_of(endpoint.service))
        drawn, performs_first = self._random.random(), self._random.choice((True, False))
        fails = drawn < self.injections.errors
        resets = not fails and drawn < self.injections.errors + self.injections.resets
        if not fails and not resets:
            return perform()
        if performs_first:
            perform()
        if resets:
            raise InjectedResetError
        raise ServiceError(_ERRORS.get(endpoint.service, "InternalFailure"), _INTERNAL, 500)

    def latency(self) -> float:
        """Return how many seconds the next answer over HTTP is to be held back."""
        return self._latencies.uniform(0, self.injections.latency) if self.injections.latency else 0.0


def _asked(endpoint: Endpoint, request: SignedRequest) -> tuple[str, str | None]:
    """Return the operation and the user pool a request names, as far as they can be read."""
    if endpoint.protocol is Protocol.QUERY:
        fields = parse_qs(urlsplit(request.url).query or request.body.decode("utf-8", "replace"))
        return fields.get("Action", [""])[0], None
    operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if endpoint.service != "cognito-idp":
        return operation, None
    try:
        pool = json.loads(request.body).get("UserPoolId")
    except (ValueError, AttributeError, RecursionError):
        pool = None
    return operation, pool if isinstance(pool, str) else None
