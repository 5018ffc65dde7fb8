from dataclasses import replace
from typing import Any

import pytest
from report_samples import FACTS, control, expected_leak, hole, inconclusive, isolated, leak, result

from harness.errors import UsageError
from harness.report.calls import CallCounts
from harness.report.completeness import Completeness, FailedTest
from harness.report.merging import merged
from harness.report.result import RunResult
from harness.report.run import EXIT_AS_THE_CONTRACT_SAYS

_ONE = isolated(id="a")
_READ = ("identity-keyed", "member: dynamodb.read")


def _calls(*numbers: int) -> CallCounts:
    counts = CallCounts()
    for number in numbers:
        counts.add({"verdict": number, "users": [], "operations": {"s3:GetObject": number}})
    return counts


def _facts(**changes: Any) -> Any:
    return replace(FACTS, **changes)


def test_shards_together_are_the_run_they_are_shards_of() -> None:
    whole = result(
        *(_ONE, leak(id="b"), control()),
        facts=_facts(blueprints=("identity-keyed", "tenant-tagged"), narrowed=True),
        holes=(hole(subject="weakness a:x"), hole(subject="weakness b:x")),
        declared=frozenset({_READ, ("tenant-tagged", "x")}),
        calls=_calls(1, 5, 3),
        completeness=Completeness(selected=5, ended=4, stopped="interrupted"),
    )
    shards = {
        "one": result(
            *(_ONE, control()),
            facts=_facts(blueprints=("identity-keyed",), narrowed=True),
            holes=(hole(subject="weakness b:x"),),
            declared=frozenset({_READ}),
            calls=_calls(5, 3),
            completeness=Completeness(selected=3, ended=3),
        ),
        "two": result(
            leak(id="b"),
            facts=_facts(blueprints=("tenant-tagged",), narrowed=True, started="2026-01-02T03:05:00Z"),
            holes=(hole(subject="weakness a:x"),),
            declared=frozenset({("tenant-tagged", "x")}),
            calls=_calls(1),
            completeness=Completeness(selected=2, ended=1, stopped="interrupted"),
        ),
    }
    (found,) = merged(shards)
    # Which of two techniques with one id gives the title depends on the sample alone.
    assert replace(found, techniques={}) == replace(whole, techniques={})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"seed": 8}, "one.json and two.json are no shards of one run on target embedded: seed is 7 in one and 8 in"),
        ({"tenants": 4}, "tenants is 3 in one and 4 in the other"),
        ({"pairs": "all"}, "pairs is ring in one and all in the other"),
        ({"faults": ("skip-token-signature",)}, "faults is none in one and skip-token-signature in the other"),
        ({"enforcement": "allow-all"}, "enforcement is none in one and allow-all in the other"),
        ({"versions": {"moto": "6"}}, "versions is isolation-harness 0.1.0, python 3.11.9 in one and moto 6 in the"),
    ],
)
def test_runs_with_other_options_are_no_shards(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        merged({"one.json": result(_ONE), "two.json": result(isolated(id="b"), facts=_facts(**changes))})


@pytest.mark.parametrize("other", [leak(id="a"), inconclusive(id="a")])
def test_shards_that_judge_an_attempt_differently_contradict_each_other(other: Any) -> None:
    with pytest.raises(UsageError, match=r"one.json and two.json contradict each other about the attempt a"):
        merged({"one.json": result(_ONE), "two.json": result(other)})


def test_shards_that_found_different_things_under_a_hole_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="about the planted hole weakness identity-keyed:no-leading-keys"):
        merged({"one": result(_ONE, holes=(hole(),)), "two": result(holes=(hole(leaked=()),))})


def test_what_two_shards_agree_on_counts_once() -> None:
    (found,) = merged({"one": result(_ONE, control()), "two": result(isolated(id="b"), control())})
    assert (found.summary.attacks, found.summary.controls) == (2, 1)


def test_targets_stand_side_by_side() -> None:
    runs = {"one": result(_ONE, facts=_facts(target="localstack", account="1")), "two": result(leak(id="a"))}
    assert [(run.facts.target, run.exit_status) for run in merged(runs)] == [("embedded", 1), ("localstack", 0)]


_LOST = FailedTest(test="t", reason="died", lost=True)


def _judged(verdicts: int, *, of_at_least: int) -> Completeness:
    return Completeness(verdicts=verdicts, minimum_verdicts=of_at_least)


@pytest.mark.parametrize(
    ("shards", "status"),
    [
        ([result(_ONE), result(isolated(id="b"))], 0),
        ([result(_ONE), result(leak(id="b"))], 1),
        ([result(_ONE), result(isolated(id="b"), tests_ended_with=1)], 1),
        ([result(_ONE), result(isolated(id="b"), tests_ended_with=2), result(leak(id="c"))], 2),
        ([result(_ONE), result(isolated(id="b"), completeness=Completeness(failed_tests=(_LOST,)))], 6),
        ([result(_ONE), result(inconclusive(id="b"), allow_inconclusive=True)], 6),
        ([result(_ONE, completeness=_judged(1, of_at_least=2))], 6),
        ([result(_ONE, completeness=_judged(2, of_at_least=2))], 0),
        ([result(completeness=_judged(0, of_at_least=2))], 6),
        # Shards of the same plan owe its verdicts once, those of other designs their own.
        ([result(_ONE, completeness=_judged(1, of_at_least=2)), result(completeness=_judged(1, of_at_least=2))], 0),
        (
            [
                result(_ONE, completeness=_judged(1, of_at_least=2)),
                result(completeness=_judged(1, of_at_least=2), facts=_facts(blueprints=("another",))),
            ],
            6,
        ),
        # Alone the second has attacked a boundary without a single ISOLATED; together they have proved it.
        ([result(_ONE), result(expected_leak(id="b"))], EXIT_AS_THE_CONTRACT_SAYS),
    ],
)
def test_the_exit_status_is_that_of_the_run_that_was_cut_in_shards(shards: list[RunResult], status: int) -> None:
    (found,) = merged({str(number): shard for number, shard in enumerate(shards)})
    assert found.exit_status == status
