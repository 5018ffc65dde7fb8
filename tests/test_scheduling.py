from __future__ import annotations

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.blueprints.registry import BLUEPRINTS
from harness.scheduling import groups, in_order_of_designs

_PLANNED = [
    attempt
    for name in ("identity-folder", "per-user-principals", "project-groups")
    for attempt in plan(BLUEPRINTS[name], TECHNIQUES.values(), 3, Pairs.RING)
]


def _id(parameter: str, test: str = "suites/test_controls.py::test_own_data_can_be_used") -> str:
    return f"{test}[{parameter}]"


def test_attempts_of_a_technique_on_a_design_stay_together() -> None:
    group_of = groups(_PLANNED, workers=2)
    of_attempts = {group_of(_id(attempt.id)) for attempt in _PLANNED}
    assert of_attempts == {f"{attempt.blueprint} {attempt.technique.id}" for attempt in _PLANNED}


def test_whole_designs_are_dealt_where_there_are_many_for_each_worker() -> None:
    group_of = groups(_PLANNED, workers=1)
    assert {group_of(_id(attempt.id)) for attempt in _PLANNED} == {attempt.blueprint for attempt in _PLANNED}


def test_names_tried_on_a_design_stay_together() -> None:
    group_of = groups(_PLANNED, workers=2)
    names = "suites/test_tenant_names.py::test_a_name_reaches_no_other_tenant"
    assert group_of(_id("project-groups-delimited-by-hyphen", names)) == "names project-groups"
    assert group_of(_id("project-groups-longer", names)) == "names project-groups"


def test_every_other_test_is_dealt_by_itself() -> None:
    group_of = groups(_PLANNED, workers=2)
    for test in ("suites/test_proof.py::test_attack_can_leak[s3.read.get-object]", "suites/test_scaling.py::test_it"):
        assert group_of(test) == test


def test_jobs_that_get_a_part_of_the_tests_get_whole_designs() -> None:
    designs = {attempt.blueprint for attempt in _PLANNED}
    tests = [_id(attempt.id) for attempt in _PLANNED[::7]]
    tests += ["suites/test_scaling.py::test_it", _id("project-groups:some-weakness"), _id("identity-folder")]
    ordered = in_order_of_designs(reversed(tests), designs)
    assert sorted(ordered) == sorted(tests)
    assert ordered[-1] == "suites/test_scaling.py::test_it"
    of_tests = [next(each for each in sorted(designs) if f"[{each}" in test) for test in ordered[:-1]]
    assert of_tests == sorted(of_tests)
