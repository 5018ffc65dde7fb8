"""This run held against the ones before it: which leaks are new, which are fixed, which are still open and since when.

A leak is known by the id of its attempt. It counts as fixed only if the same attempt was made again and refused; what
was not attempted, or not judged, stays open. Runs on other targets, and runs with other things altered on purpose, are
never compared.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self
from zlib import compress, decompress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.report.records import AttemptRecord
    from harness.report.result import RunResult
    from harness.report.run import RunFacts

_JUDGED: Final = frozenset({"ISOLATED", "LEAK"})
# What two runs may differ in and still be compared, attempt by attempt.
_MAY_DIFFER: Final = ("seed", "tenants", "pairs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What changed since the runs before; the attempts by id, each with the start of the run that saw it leak first.

    `earlier` is when the latest of the earlier runs started. `new` leaks were refused when they were last judged,
    `first_judged` ones were never judged before. `not_judged` ones leaked when they were last judged and were not
    attempted, or are INCONCLUSIVE, in this run. `declared` ones still leak, and the blueprint says so now. `remarks`
    are sentences on what makes the runs unlike.
    """

    earlier: str
    new: tuple[str, ...] = ()
    first_judged: tuple[str, ...] = ()
    still_open: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    not_judged: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the comparison that `as_json` wrote; a TypeError names what is missing or unknown."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain JSON."""
        document = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in document.items()}

    def word_on(self, attempt: str) -> str:
        """Return what is to be said of a leak: that it is new, or since when it is open; empty of other attempts."""
        if attempt in self.new:
            return "new"
        if attempt in self.first_judged:
            return "never judged before"
        return f"open since {day(self.still_open[attempt])}" if attempt in self.still_open else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """What is kept of a run to compare later ones with: the attacks it judged, and the leaks that it left open.

    Each leak has the start of the run that saw it first.
    """

    of: tuple[str, ...]
    started: str
    facts: Mapping[str, Any]
    judged: frozenset[str]
    leaks: Mapping[str, str]

    @classmethod
    def from_result(cls, result: RunResult) -> Self:
        """Return what is kept of the run."""
        known = result.comparison.still_open if result.comparison else {}
        # Open still, whoever compares with this run alone.
        not_judged = result.comparison.not_judged if result.comparison else {}
        return cls(
            of=comparable(result.facts),
            started=result.facts.started,
            facts={
                **{name: getattr(result.facts, name) for name in _MAY_DIFFER},
                "blueprints": list(result.facts.blueprints),
            },
            judged=frozenset(record.id for record in _attacks(result) if record.verdict in _JUDGED),
            leaks={
                **not_judged,
                **{record.id: known.get(record.id, result.facts.started) for record in result.summary.leaks},
            },
        )

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the run that `as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            of=tuple(document["of"]),
            started=str(document["started"]),
            facts=dict(document["facts"]),
            judged=frozenset(filter(None, decompress(b64decode(document["judged"])).decode().split("\n"))),
            leaks=dict(document["leaks"]),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the run as plain JSON. `judged` are the ids line by line, zlib-compressed in base64: they are many."""
        judged = b64encode(compress("\n".join(sorted(self.judged)).encode(), 9)).decode()
        return {
            "of": list(self.of),
            "started": self.started,
            "facts": dict(self.facts),
            "judged": judged,
            "leaks": dict(sorted(self.leaks.items())),
        }


def comparable(facts: RunFacts) -> tuple[str, ...]:
    """Return what two runs must have in common to be compared: where they attack, and what is altered on purpose."""
    altered = (*facts.weaknesses, *facts.faults, *([facts.enforcement] if facts.enforcement else []))
    return (facts.target, facts.account, facts.region, *altered)


def compare(result: RunResult, past: Sequence[PastRun]) -> Comparison | None:
    """Return what changed since the past runs, which are in the order of time; None if none of them compares."""
    own = comparable(result.facts)
    earlier = [run for run in past if run.of == own]
    if not earlier:
        return None
    open_since: dict[str, str] = {}
    judged: set[str] = set()
    for run in earlier:
        judged |= run.judged
        refused = (attempt for attempt in open_since.keys() & run.judged if attempt not in run.leaks)
        for attempt in list(refused):
            del open_since[attempt]
        open_since = {**run.leaks, **open_since}
    now = {record.id: record for record in _attacks(result)}
    leaking = {record.id for record in result.summary.leaks}
    gone = {attempt: since for attempt, since in open_since.items() if attempt not in leaking}
    fixed = {attempt for attempt in gone if attempt in now and now[attempt].verdict == "ISOLATED"}
    declared = {attempt for attempt in gone if attempt in now and now[attempt].verdict == "LEAK"}
    return Comparison(
        earlier=earlier[-1].started,
        new=tuple(sorted(leaking & judged - open_since.keys())),
        first_judged=tuple(sorted(leaking - judged)),
        still_open={attempt: open_since[attempt] for attempt in sorted(leaking & open_since.keys())},
        fixed={attempt: gone[attempt] for attempt in sorted(fixed)},
        declared={attempt: gone[attempt] for attempt in sorted(declared)},
        not_judged={attempt: gone[attempt] for attempt in sorted(gone.keys() - fixed - declared)},
        remarks=tuple(_remarks(result.facts, earlier[-1])),
    )


def day(started: str) -> str:
    """Return the day of a time, as people say it of nights."""
    return started.partition("T")[0]


def _remarks(facts: RunFacts, earlier: PastRun) -> Iterable[str]:
    for name in _MAY_DIFFER:
        then, now = earlier.facts.get(name), getattr(facts, name)
        if then != now:
            yield f"The run before was made with {name} {then}, this one with {now}."
    blueprints = set(earlier.facts.get("blueprints", ()))
    if added := sorted(set(facts.blueprints) - blueprints):
        yield f"The run before did not attack {', '.join(added)}."
    if left_out := sorted(blueprints - set(facts.blueprints)):
        yield f"This run does not attack {', '.join(left_out)}, which the run before did."


def _attacks(result: RunResult) -> Iterable[AttemptRecord]:
    return (record for record in result.records if not record.control)
