"""Inputs made to take for ever are answered at once: the tests would run into the suite's time limit otherwise."""

import json

import pytest

from harness.policy import Outcome, PolicyKind, PolicySet, Request, decide, explain, parse_policy

ME = "arn:aws:sts::111122223333:assumed-role/Tenant/ann"
LONG = "a" * 50_000
pytestmark = pytest.mark.timeout(20)


def outcome(resource_pattern: str, condition: dict[str, dict[str, str]], resource: str, value: str) -> Outcome:
    statement = {"Effect": "Allow", "Action": "*", "Resource": resource_pattern, "Condition": condition}
    document = {"Version": "2012-10-17", "Statement": statement}
    policies = PolicySet(identity=(parse_policy(document, kind=PolicyKind.IDENTITY),))
    request = Request(ME, "s3:GetObject", resource, {"s3:prefix": (value,), "aws:principaltag/t": (value,)})
    assert explain(policies, request).outcome is decide(policies, request)
    return decide(policies, request)


PATTERNS = {
    "stars": ("*" * 5_000, True),
    "stars and a text that is not there": ("*" * 5_000 + "b", False),
    "stars and letters": ("*a" * 5_000, True),
    "stars and letters, one not there": ("*a" * 5_000 + "b*", False),
    "stars, letters and question marks": ("*a?" * 5_000 + "*", True),
    "stars and question marks": ("*?" * 5_000 + "b", False),
    "question marks": ("?" * 5_000 + "*", True),
    "a long run that nearly fits everywhere": ("*" + "a" * 2_000 + "?b*", False),
    "a long run of question marks that nearly fits": ("*" + "a?" * 1_000 + "b*", False),
    "a long value and stars": ("${aws:PrincipalTag/t}" + "*a" * 5_000, False),
    "many variables": ("*${aws:PrincipalTag/none, 'a'}" * 2_000, True),
    "unclosed variables": ("${" * 25_000, False),
    "variables in variables": ("${" * 25_000 + "}", False),
    "a variable closed too often": ("${a:b" + "}" * 25_000, False),
}


@pytest.mark.parametrize(("pattern", "fits"), PATTERNS.values(), ids=PATTERNS)
def test_long_patterns_are_answered_at_once(pattern: str, *, fits: bool) -> None:
    expected = Outcome.ALLOW if fits else Outcome.IMPLICIT_DENY
    assert outcome("*", {"StringLike": {"s3:prefix": pattern}}, "arn:aws:s3:::b", LONG) is expected
    assert outcome(f"arn:aws:s3:::{pattern}", {}, f"arn:aws:s3:::{LONG}", LONG) is expected


def test_long_arn_patterns_are_answered_at_once() -> None:
    pattern = "arn:aws:s3:::" + "*a" * 5_000 + "b"
    condition = {"ArnLike": {"s3:prefix": pattern}}
    assert outcome("*", condition, "arn:aws:s3:::b", f"arn:aws:s3:::{LONG}") is Outcome.IMPLICIT_DENY


def test_action_patterns_of_many_stars_are_answered_at_once() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:" + "*t" * 5_000 + "x", "Resource": "*"}}
    policies = PolicySet(identity=(parse_policy(json.dumps(document), kind=PolicyKind.IDENTITY),))
    assert decide(policies, Request(ME, "s3:" + "t" * 50_000, "arn:aws:s3:::b")) is Outcome.IMPLICIT_DENY


@pytest.mark.parametrize("operator", ["NumericEquals", "DateEquals", "IpAddress", "BinaryEquals", "Bool"])
@pytest.mark.parametrize(
    "text",
    ["9" * 50_000, "1." * 25_000, "2026-01-01T00:00:00." + "0" * 50_000, ":" * 50_000],
    ids=["digits", "points", "fraction", "colons"],
)
def test_long_typed_values_are_answered_at_once(operator: str, text: str) -> None:
    assert outcome("*", {operator: {"s3:prefix": "1"}}, "arn:aws:s3:::b", text) is Outcome.IMPLICIT_DENY


def test_remembered_plans_do_not_grow_with_the_number_of_actions() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    policies = PolicySet(identity=(parse_policy(document, kind=PolicyKind.IDENTITY),))
    for number in range(5_000):
        assert decide(policies, Request(ME, f"s3:Action{number}", "arn:aws:s3:::b")) is Outcome.ALLOW
    assert len(policies.plans) <= 1_024
