"""A run as all its reports need it: read from verdicts.json, or gathered while it went on."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from harness.planted_holes import PlantedHole, holes_missed
from harness.report.calls import CallCounts
from harness.report.completeness import Completeness
from harness.report.run import (
    EXIT_AS_THE_CONTRACT_SAYS,
    EXIT_LEAKS_OR_LOCKOUTS,
    EXIT_NOT_PROVED,
    RunFacts,
    Summary,
    exit_status,
    headline,
    summarise,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.calibration.calibration import Calibration
    from harness.report.comparison import Comparison
    from harness.report.limits import Limit
    from harness.report.names import TriedName
    from harness.report.records import AttemptRecord
    from harness.report.technique_facts import TechniqueFacts

# What a run of pytest can end with and still have judged everything; anything else (interrupted, internal error) is
# worse than a leak, because nobody knows what it hides.
_JUDGED = (EXIT_AS_THE_CONTRACT_SAYS, EXIT_NOT_PROVED, EXIT_LEAKS_OR_LOCKOUTS)


@dataclass(frozen=True, slots=True)
class DesignSource:
    """The file in which a design stands, as a path of the repository or as it was typed, and its line."""

    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """Everything a run has shown.

    `records`, `holes`, `limits` and `names` are sorted, so that the order of workers does not show. `declared` are the
    (blueprint, boundary) pairs of the contracts. `tests_ended_with` is the exit status of pytest itself, before what
    was judged is looked at. `comparison` is with the runs before; None where there are none. `calibration` is what was
    measured of a remote target.
    """

    facts: RunFacts
    records: tuple[AttemptRecord, ...]
    holes: tuple[PlantedHole, ...] = ()
    limits: tuple[Limit, ...] = ()
    names: tuple[TriedName, ...] = ()
    declared: frozenset[tuple[str, str]] = frozenset()
    techniques: Mapping[str, TechniqueFacts] = field(default_factory=dict)
    designs: Mapping[str, DesignSource] = field(default_factory=dict)
    calls: CallCounts = field(default_factory=CallCounts)
    completeness: Completeness = field(default_factory=Completeness)
    comparison: Comparison | None = None
    calibration: Calibration | None = None
    allow_inconclusive: bool = False
    tests_ended_with: int = EXIT_AS_THE_CONTRACT_SAYS

    @cached_property
    def summary(self) -> Summary:
        """The records sorted into what a reader asks about."""
        return summarise(self.records, self.declared, self.completeness)

    @property
    def headline(self) -> str:
        """The sentence that says whether the wall is standing."""
        return headline(self.summary, narrowed=self.facts.narrowed, holes_missed=holes_missed(self.holes))

    @property
    def exit_status(self) -> int:
        """What the run ends with: what pytest itself says when that is no success, else what was proved."""
        if self.tests_ended_with != EXIT_AS_THE_CONTRACT_SAYS:
            return self.tests_ended_with
        unclear = any(name.outcome == "not judged" for name in self.names) and not self.allow_inconclusive
        if self.completeness.is_partial or self.completeness.is_too_small or unclear:
            return EXIT_LEAKS_OR_LOCKOUTS if self.summary.failed else EXIT_NOT_PROVED
        if not self.records:
            # Proofs or measurements alone claim nothing about a wall.
            return EXIT_AS_THE_CONTRACT_SAYS
        return exit_status(self.summary, narrowed=self.facts.narrowed, allow_inconclusive=self.allow_inconclusive)


def worst_status(statuses: Iterable[int]) -> int:
    """Return the exit status of several runs together: one that judged nothing outweighs leaks, these what is open."""
    return max(statuses, key=lambda status: _JUDGED.index(status) if status in _JUDGED else len(_JUDGED) + status)
