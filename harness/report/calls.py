"""How many API calls a run has cost, as they went on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class CallCounts:
    """Calls per verdict, those of the controls and of what follows a write included, and per user provisioned.

    A control is carried out once per worker and counts to the verdict that asked for it first.
    """

    per_verdict: list[int] = field(default_factory=list)
    per_user: list[int] = field(default_factory=list)

    def add(self, counted: Mapping[str, Any]) -> None:
        """Take in what a worker has counted for one verdict, and for the users it has provisioned for it."""
        self.per_verdict.append(int(counted["verdict"]))
        self.per_user += [int(calls) for calls in counted["users"]]

    def as_json(self) -> dict[str, Any]:
        """Return mean and maximum of both; null where nothing was counted."""
        return {"per_verdict": _summary(self.per_verdict), "per_user": _summary(self.per_user)}


def _summary(counts: list[int]) -> dict[str, float | int] | None:
    return {"mean": round(sum(counts) / len(counts), 2), "max": max(counts)} if counts else None
