"""The engine against the slow reference, on random policies and requests that nearly match them."""

from random import Random
from types import ModuleType

import mutants
import near_misses
import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import harness.policy
from harness.policy import decide, explain

SEEDED = 10_000
randoms = st.randoms(use_true_random=False)


@pytest.fixture(scope="module")
def seeded() -> list[tuple[near_misses.Case, str]]:
    """Seeded cases, each with the reference's decision."""
    cases = [near_misses.case(Random(seed)) for seed in range(SEEDED)]  # noqa: S311 - cases, not secrets
    return [(case, reference.decide(*case)) for case in cases]


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(randoms)
def test_engine_agrees_with_the_reference(random: Random) -> None:
    policies, request = near_misses.case(random)
    expected = reference.decide(policies, request)
    compiled = near_misses.compiled(policies, request)
    assert decide(*compiled) == expected
    assert explain(*compiled).outcome == expected


@pytest.mark.long
@pytest.mark.timeout(1_800)
@settings(max_examples=60_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(randoms)
def test_engine_agrees_with_the_reference_for_long(random: Random) -> None:
    policies, request = near_misses.case(random)
    assert decide(*near_misses.compiled(policies, request)) == reference.decide(policies, request)


def test_engine_agrees_with_the_reference_on_the_seeded_cases(seeded: list[tuple[near_misses.Case, str]]) -> None:
    found = [decide(*near_misses.compiled(*case)) for case, _ in seeded]
    assert found == [expected for _, expected in seeded]


def test_seeded_cases_reach_every_outcome_often(seeded: list[tuple[near_misses.Case, str]]) -> None:
    outcomes = [expected for _, expected in seeded]
    assert all(outcomes.count(outcome) > SEEDED / 10 for outcome in harness.policy.Outcome)


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_planted_fault_is_caught(mutant: mutants.Mutant, seeded: list[tuple[near_misses.Case, str]]) -> None:
    with mutants.planted(mutant) as engine:
        assert any(_differs(engine, case, expected) for case, expected in seeded)


def test_copy_without_a_fault_is_not_caught(seeded: list[tuple[near_misses.Case, str]]) -> None:
    same = mutants.Mutant("none", "evaluation", "_CACHED_PLANS: Final = 1024", "_CACHED_PLANS: Final = 1024")
    with mutants.planted(same) as engine:
        assert not any(_differs(engine, case, expected) for case, expected in seeded[:2_000])


def test_planted_faults_have_names_of_their_own() -> None:
    names = [mutant.name for mutant in mutants.MUTANTS]
    assert len(set(names)) == len(names) >= 20


def _differs(engine: ModuleType, case: near_misses.Case, expected: str) -> bool:
    """Whether a mutant answers differently; one that raises has been caught as well."""
    try:
        return bool(engine.decide(*near_misses.compiled(*case, engine=engine)) != expected)
    except Exception:  # noqa: BLE001 - whatever a planted fault raises, it is caught
        return True
