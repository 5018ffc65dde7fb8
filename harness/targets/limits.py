"""Limits that a person sets to a run on a remote target: requests, users, minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable


class LimitReachedError(TargetError):
    """A limit of the run is reached; whatever is left is not attempted."""


@dataclass
class RunLimits:
    """How many requests one process may send, and for how long, from when this was made."""

    requests: int
    minutes: float
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)

    def __post_init__(self) -> None:
        self._started = self.clock()

    def check(self, sent: int) -> None:
        """Raise LimitReachedError when the next request would be one too many, or too late."""
        if sent >= self.requests:
            raise LimitReachedError(f"the limit of {self.requests} requests is reached; raise it with --max-requests")
        if self.clock() - self._started > self.minutes * 60:
            raise LimitReachedError(f"the limit of {self.minutes:g} minutes is reached; raise it with --max-minutes")
