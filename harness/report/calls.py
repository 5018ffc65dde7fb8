"""How many API calls a run has cost, as they went on the wire."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass
class Figures:
    """Numbers of calls, of which only count, total and maximum are kept, so that those of shards can be added."""

    count: int = 0
    total: int = 0
    most: int = 0

    def add(self, calls: int) -> None:
        """Take in one more number."""
        self.merge(Figures(1, calls, calls))

    def merge(self, other: Figures) -> None:
        """Take in the numbers of another."""
        self.count += other.count
        self.total += other.total
        self.most = max(self.most, other.most)

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | None) -> Self:
        """Return what `as_json` wrote."""
        if document is None:
            return cls()
        return cls(int(document["count"]), int(document["total"]), int(document["max"]))

    def as_json(self) -> dict[str, float | int] | None:
        """Return count, total, mean and maximum; null where nothing was counted."""
        if not self.count:
            return None
        return {
            "count": self.count,
            "total": self.total,
            "mean": round(self.total / self.count, 2),
            "max": self.most,
        }


@dataclass
class CallCounts:
    """Calls per verdict, those of the controls and of what follows a write included, and per user provisioned.

    A control is carried out once per worker and counts to the verdict that asked for it first. `by_operation` are all
    calls of the run, those that provision and clean up included, by `service:Operation`; routes are `execute-api:GET`.
    """

    per_verdict: Figures = field(default_factory=Figures)
    per_user: Figures = field(default_factory=Figures)
    by_operation: Counter[str] = field(default_factory=Counter)

    def add(self, counted: Mapping[str, Any]) -> None:
        """Take in what a worker has counted for one verdict, and for the users it has provisioned for it."""
        self.per_verdict.add(int(counted["verdict"]))
        for calls in counted["users"]:
            self.per_user.add(int(calls))
        self.by_operation.update(counted["operations"])

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the counts that `as_json` wrote; a KeyError names what is missing."""
        return cls(
            Figures.from_json(document["per_verdict"]),
            Figures.from_json(document["per_user"]),
            Counter(document["by_operation"]),
        )

    @classmethod
    def together(cls, parts: Iterable[Self]) -> Self:
        """Return the counts of the shards of one run taken together."""
        whole = cls()
        for part in parts:
            whole.per_verdict.merge(part.per_verdict)
            whole.per_user.merge(part.per_user)
            whole.by_operation.update(part.by_operation)
        return whole

    def as_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {
            "per_verdict": self.per_verdict.as_json(),
            "per_user": self.per_user.as_json(),
            "by_operation": dict(sorted(self.by_operation.items())),
        }
