"""Counting the calls of a target as they go on the wire, retries included."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class CallLog:
    """How many calls went out, by service and operation (`dynamodb:GetItem`); routes count as `execute-api:GET`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._told: Counter[str] = Counter()
        self.total = 0

    def note(self, service: str, operation: str) -> None:
        """Count one call."""
        self._counts[f"{service}:{operation}"] += 1
        self.total += 1

    def by_operation(self) -> Mapping[str, int]:
        """Return all that was counted until now."""
        return dict(self._counts)

    def news(self) -> Mapping[str, int]:
        """Return what was counted since this was asked the last time."""
        fresh = self._counts - self._told
        self._told = Counter(self._counts)
        return dict(fresh)
