"""Throttling: what exceeds the request rates of AWS is refused, by token buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.service import ServiceError
from harness.service_quotas import quotas_of

if TYPE_CHECKING:
    from harness.emulator.clock import Clock

_REFUSALS = {
    "cognito-idp": ("TooManyRequestsException", "Rate exceeded", 400),
    "cognito-identity": ("TooManyRequestsException", "Rate exceeded", 400),
    "iam": ("Throttling", "Rate exceeded", 400),
    "sts": ("Throttling", "Rate exceeded", 400),
    "dynamodb": ("ThrottlingException", "Rate of requests exceeds the allowed throughput.", 400),
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
}
# The words of services whose own are not known.
_REFUSAL = ("ThrottlingException", "Rate exceeded", 400)


def refusal_of(service: str) -> tuple[str, str, int]:
    """Return code, message and status by which a service says that it is asked too much."""
    return _REFUSALS.get(service, _REFUSAL)


@dataclass(slots=True)
class _Bucket:
    """Holds what may still be used at once: up to one second's worth."""

    left: float
    at: float


class Quotas:
    """Refuses requests beyond the rate of their family. `scale` makes all rates larger or smaller."""

    def __init__(self, clock: Clock, scale: float) -> None:
        self._clock = clock
        self._scale = scale
        self._buckets: dict[tuple[str, ...], _Bucket] = {}

    def take(self, service: str, operation: str, region: str, pool: str | None) -> None:
        """Count one request. Raises ServiceError, worded as the service words it, when there are too many."""
        buckets = [self._bucket(quota.key, quota.rate) for quota in quotas_of(service, operation, region, pool)]
        if any(bucket.left < 1 for bucket in buckets):
            raise ServiceError(*refusal_of(service))
        for bucket in buckets:
            bucket.left -= 1

    def _bucket(self, key: tuple[str, ...], rate: float) -> _Bucket:
        now, most = self._clock.now(), max(rate * self._scale, 1.0)
        bucket = self._buckets.setdefault(key, _Bucket(most, now))
        bucket.left = min(most, bucket.left + max(0.0, now - bucket.at) * rate * self._scale)
        bucket.at = now
        return bucket
