"""Every documented rule as a data file in `cases/`, with the page it comes from."""

import json
from pathlib import Path
from typing import Any

import near_misses
import pytest
import reference

from harness.decide import decide_lines
from harness.policy import decide, explain, unsettled

FILES = sorted((Path(__file__).parent / "cases").glob("*.json"))
RULES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FILES}
CASES = [
    pytest.param(rule["policies"], case, id=f"{name}: {case['name']}")
    for name, rule in RULES.items()
    for case in rule["cases"]
]
KINDS = ("session", "boundary", "scp", "rcp")


def complete(policies: dict[str, Any]) -> dict[str, Any]:
    return {"identity": [], "resource": [], **dict.fromkeys(KINDS), **policies}


@pytest.mark.parametrize(("policies", "case"), CASES)
def test_engine_decides_as_documented(policies: dict[str, Any], case: dict[str, Any]) -> None:
    policy_set, request = near_misses.compiled(complete(policies), case["request"])
    explanation = explain(policy_set, request)
    assert decide(policy_set, request) == case["expect"]
    assert explanation.outcome == case["expect"]
    assert explanation.sentence == case.get("sentence", explanation.sentence)
    assert (explanation.sentence == "") == (case["expect"] == "allow")
    assert list(explanation.unsettled) == case.get("unsettled", list(explanation.unsettled))


@pytest.mark.parametrize(("policies", "case"), CASES)
def test_reference_decides_as_documented(policies: dict[str, Any], case: dict[str, Any]) -> None:
    assert reference.decide(complete(policies), case["request"]) == case["expect"]


def test_json_lines_decide_as_documented() -> None:
    cases = [(rule["policies"], case) for rule in RULES.values() for case in rule["cases"]]
    lines = [
        json.dumps({"id": number, "policies": policies, "request": case["request"]})
        for number, (policies, case) in enumerate(cases)
    ]
    answers = [json.loads(line) for line in decide_lines(lines, explain=False)]
    assert [answer["decision"] for answer in answers] == [case["expect"] for _, case in cases]
    assert [answer["id"] for answer in answers] == list(range(len(cases)))


@pytest.mark.parametrize("name", RULES)
def test_every_rule_names_its_page_and_has_a_case(name: str) -> None:
    rule = RULES[name]
    assert rule["rule"].endswith(".")
    assert rule["source"]
    assert rule["cases"]


def test_every_unsettled_choice_has_a_case_that_rests_on_it() -> None:
    constants = {name for name in vars(unsettled) if name.isupper()}
    resting = {name for rule in RULES.values() for case in rule["cases"] for name in case.get("unsettled", [])}
    assert resting == constants
    assert {rule["unsettled"] for rule in RULES.values() if "unsettled" in rule} == constants
