"""Several verdicts.json made one: the shards of a run together, the runs on several targets side by side."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from harness.calibration.calibration import Calibration
from harness.errors import UsageError
from harness.report.calls import CallCounts
from harness.report.completeness import together
from harness.report.limits import in_order as limits_in_order
from harness.report.names import in_order as names_in_order
from harness.report.records import in_order
from harness.report.result import worst_status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from harness.report.result import RunResult

_Found = TypeVar("_Found")
# Shards differ in which designs and techniques they attack, and when. Everything else is the run.
_OF_THE_SHARD: Final = frozenset({"blueprints", "blueprint_files", "started", "narrowed", "target"})


def merged(results: Mapping[str, RunResult]) -> list[RunResult]:
    """Return one run for each target, in the order of their names; `results` are the runs by the names of their files.

    Runs on one target have to be shards of one run. Raises UsageError with one line that names both files where they
    contradict each other: other options, or the same attempt or planted hole with another result.
    """
    by_target: dict[str, dict[str, RunResult]] = {}
    for name, result in results.items():
        by_target.setdefault(result.facts.target, {})[name] = result
    return [_whole(by_target[target]) for target in sorted(by_target)]


def _whole(shards: Mapping[str, RunResult]) -> RunResult:
    first_name, first = next(iter(shards.items()))
    if len(shards) == 1:
        return first
    for name, shard in shards.items():
        _refuse_another_run(first_name, first, name, shard)
    parts = list(shards.values())
    facts = replace(
        first.facts,
        blueprints=tuple(sorted({blueprint for part in parts for blueprint in part.facts.blueprints})),
        blueprint_files={name: path for part in parts for name, path in part.facts.blueprint_files.items()},
        started=min(part.facts.started for part in parts),
        narrowed=any(part.facts.narrowed for part in parts),
    )
    return replace(
        first,
        facts=facts,
        records=tuple(in_order(_once(shards, "attempt", lambda shard: shard.records, lambda record: record.id))),
        holes=tuple(
            sorted(
                _once(shards, "planted hole", lambda shard: shard.holes, lambda hole: hole.subject),
                key=lambda hole: hole.subject,
            )
        ),
        limits=tuple(
            limits_in_order(
                limit.as_json() for limit in _once(shards, "limit", lambda shard: shard.limits, lambda limit: limit.id)
            )
        ),
        names=tuple(
            names_in_order(
                name.as_json()
                for name in _once(shards, "name", lambda shard: shard.names, lambda name: f"{name.blueprint} {name.id}")
            )
        ),
        declared=frozenset(boundary for part in parts for boundary in part.declared),
        techniques={name: technique for part in parts for name, technique in part.techniques.items()},
        designs={name: source for part in parts for name, source in part.designs.items()},
        calls=CallCounts.together(part.calls for part in parts),
        calibration=Calibration.together(part.calibration for part in parts),
        # What each shard has to compare with is a part; `harness report --compared-with` compares the whole.
        comparison=None,
        completeness=replace(together(part.completeness for part in parts), minimum_verdicts=_minimum_verdicts(parts)),
        allow_inconclusive=all(part.allow_inconclusive for part in parts),
        tests_ended_with=worst_status(part.tests_ended_with for part in parts),
    )


def _minimum_verdicts(shards: Iterable[RunResult]) -> int:
    """Return how many verdicts the shards owe together: those that plan the same designs owe them once."""
    owed: dict[tuple[str, ...], int] = {}
    for shard in shards:
        planned = shard.facts.blueprints
        owed[planned] = max(owed.get(planned, 0), shard.completeness.minimum_verdicts)
    return sum(owed.values())


def _refuse_another_run(first_name: str, first: RunResult, name: str, shard: RunResult) -> None:
    one, other = asdict(first.facts), asdict(shard.facts)
    for fact in sorted(one.keys() - _OF_THE_SHARD):
        if one[fact] != other[fact]:
            raise UsageError(
                f"{first_name} and {name} are no shards of one run on target {first.facts.target}: "
                f"{fact} is {_shown(one[fact])} in one and {_shown(other[fact])} in the other"
            )


def _once(
    shards: Mapping[str, RunResult],
    what: str,
    part_of: Callable[[RunResult], Sequence[_Found]],
    id_of: Callable[[_Found], str],
) -> Iterable[_Found]:
    """Return what the shards have found, each once; what two of them have must be the same in both."""
    found: dict[str, tuple[str, _Found]] = {}
    for name, shard in shards.items():
        for each in part_of(shard):
            first_name, known = found.setdefault(id_of(each), (name, each))
            if known != each:
                raise UsageError(f"{first_name} and {name} contradict each other about the {what} {id_of(each)}")
    return [each for _, each in found.values()]


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {word}" for name, word in sorted(value.items())) or "none"
    return "none" if value is None else str(value)
