"""Whether a run came to its end: what was selected, what ended, what was lost on the way and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FailedTest:
    """A test that failed without a verdict: it broke, or a proof of the harness itself did not hold.

    `reason` is one line. `lost` marks a test whose worker process died while it ran, so that nobody knows how it ends.
    """

    test: str
    reason: str
    lost: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the test as plain JSON."""
        return {"test": self.test, "reason": self.reason, "lost": self.lost}


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How far a run came. `stopped` says why it ended before its tests did, and is empty when they all ran.

    `verdicts` are the planned attempts that were judged, whatever came of them. With fewer than `minimum_verdicts` a
    run proves nothing, so that one in which next to nothing was tried is never green.
    """

    selected: int = 0
    ended: int = 0
    stopped: str = ""
    verdicts: int = 0
    minimum_verdicts: int = 0
    failed_tests: tuple[FailedTest, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `as_json` wrote; a KeyError names what is missing."""
        return cls(
            selected=int(document["selected"]),
            ended=int(document["ended"]),
            stopped=str(document["stopped"]),
            verdicts=int(document["verdicts"]),
            minimum_verdicts=int(document["minimum_verdicts"]),
            failed_tests=tuple(FailedTest(**test) for test in document["failed_tests"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, the failed tests sorted."""
        return {
            "partial": self.is_partial,
            "selected": self.selected,
            "ended": self.ended,
            "stopped": self.stopped,
            "verdicts": self.verdicts,
            "minimum_verdicts": self.minimum_verdicts,
            "failed_tests": [test.as_json() for test in sorted(self.failed_tests)],
        }

    @property
    def lost(self) -> int:
        """The number of tests that went down with their worker process."""
        return sum(test.lost for test in self.failed_tests)

    @property
    def is_partial(self) -> bool:
        """Tell whether something that was selected did not run to its end."""
        return bool(self.stopped or self.lost or self.ended < self.selected)

    @property
    def is_too_small(self) -> bool:
        """Tell whether less was judged than the run owes."""
        return self.verdicts < self.minimum_verdicts

    @property
    def reasons(self) -> list[str]:
        """One sentence for each thing that keeps the run from being a whole one, or its tests from being trusted."""
        sentences = []
        if self.stopped or self.ended < self.selected:
            why = f"{self.stopped}; " if self.stopped else ""
            sentences.append(f"PARTIAL RUN: {why}{self.ended} of {self.selected} selected tests ended.")
        if self.lost:
            sentences.append(f"{'' if sentences else 'PARTIAL RUN: '}{_tests(self.lost)} lost in a worker that died.")
        broken = len(self.failed_tests) - self.lost
        if broken:
            sentences.append(f"{broken} {'test' if broken == 1 else 'tests'} failed without a verdict.")
        if self.is_too_small:
            sentences.append(f"Only {self.verdicts} of at least {self.minimum_verdicts} required verdicts.")
        return sentences


def together(parts: Iterable[Completeness]) -> Completeness:
    """Return how far the shards of one run came, taken together; each owes its own verdicts."""
    each = list(parts)
    return Completeness(
        selected=sum(part.selected for part in each),
        ended=sum(part.ended for part in each),
        verdicts=sum(part.verdicts for part in each),
        minimum_verdicts=sum(part.minimum_verdicts for part in each),
        stopped="; ".join(dict.fromkeys(part.stopped for part in each if part.stopped)),
        failed_tests=tuple(sorted({test for part in each for test in part.failed_tests})),
    )


def _tests(number: int) -> str:
    return "1 test was" if number == 1 else f"{number} tests were"
