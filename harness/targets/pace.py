"""Keeping below the request rates of AWS, so that hardly any request is throttled (aws-semantics 4.6)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.service_quotas import quotas_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Pace:
    """Lets requests go one after the other, each family of operations at `share` of its rate.

    The rates are those of an account and Region; whoever runs several processes gives each its share.
    """

    def __init__(
        self,
        share: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._share = share
        self._clock = clock
        self._sleep = sleep
        self._due: dict[tuple[str, ...], float] = {}

    def wait(self, service: str, operation: str, region: str, pool: str | None) -> None:
        """Return when the request may go out; the time of those after it follows from that."""
        quotas = quotas_of(service, operation, region, pool)
        now = self._clock()
        due = max((self._due.get(quota.key, now) for quota in quotas), default=now)
        for quota in quotas:
            self._due[quota.key] = max(due, now) + 1 / (quota.rate * self._share)
        if due > now:
            self._sleep(due - now)
