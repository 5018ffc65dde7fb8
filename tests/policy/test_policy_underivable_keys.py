"""A key the caller could not derive is never guessed, and never asked for when it decides nothing."""

from random import Random
from typing import Any

import near_misses
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.policy import Outcome, PolicyKind, PolicySet, Request, UnderivableKeyError, decide, explain, parse_policy

ME = "arn:aws:sts::111122223333:assumed-role/Tenant/ann"
KEY = "s3:prefix"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def identity(*statements: dict[str, Any]) -> PolicySet:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return PolicySet(identity=(parse_policy(document, kind=PolicyKind.IDENTITY),))


def request() -> Request:
    return Request(ME, "s3:ListBucket", "arn:aws:s3:::b", underivable=frozenset({KEY}))


def test_absent_key_that_could_be_derived_is_absent() -> None:
    policies = identity({**ALLOW, "Condition": {"StringNotEquals": {KEY: "x"}}})
    assert decide(policies, Request(ME, "s3:ListBucket", "arn:aws:s3:::b")) is Outcome.ALLOW


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {KEY: "x"}},
        {"StringNotEquals": {KEY: "x"}},
        {"StringEqualsIfExists": {"S3:Prefix": "x"}},
        {"Null": {KEY: "true"}},
        {"ForAllValues:StringEquals": {KEY: "x"}},
        {"ForAnyValue:StringEquals": {KEY: "x"}},
        {"NumericEquals": {KEY: "1"}},
        {"StringEquals": {"aws:PrincipalAccount": "${s3:prefix}"}},
        {"StringEquals": {"aws:PrincipalAccount": "${s3:prefix, 'default'}"}},
    ],
)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_decision_that_depends_on_the_key_raises(effect: str, condition: dict[str, Any]) -> None:
    statements = [{**ALLOW, "Effect": effect, "Condition": condition}]
    policies = identity(*statements, *([ALLOW] if effect == "Deny" else []))
    for ask in (decide, explain):
        with pytest.raises(UnderivableKeyError) as raised:
            ask(policies, request())
        assert raised.value.key == KEY


def test_case_of_the_key_does_not_matter() -> None:
    policies = identity({**ALLOW, "Condition": {"StringEquals": {KEY: "x"}}})
    with pytest.raises(UnderivableKeyError):
        decide(policies, Request(ME, "s3:ListBucket", "arn:aws:s3:::b", underivable=frozenset({"S3:Prefix"})))


def test_variable_in_a_resource_raises() -> None:
    policies = identity({**ALLOW, "Resource": "arn:aws:s3:::${s3:prefix}"})
    with pytest.raises(UnderivableKeyError):
        decide(policies, request())


def test_key_of_a_statement_about_another_resource_is_not_asked_for() -> None:
    policies = identity({**ALLOW, "Resource": "arn:aws:s3:::c", "Condition": {"StringEquals": {KEY: "x"}}})
    assert decide(policies, request()) is Outcome.IMPLICIT_DENY


@pytest.mark.parametrize("swapped", [False, True])
def test_key_that_another_condition_settles_is_not_asked_for(*, swapped: bool) -> None:
    conditions = [("StringEquals", {KEY: "x"}), ("StringLike", {"aws:PrincipalAccount": "9*"})]
    policies = identity({**ALLOW, "Condition": dict(reversed(conditions) if swapped else conditions)})
    assert decide(policies, request()) is Outcome.IMPLICIT_DENY


@pytest.mark.parametrize("swapped", [False, True])
def test_key_that_another_statement_settles_is_not_asked_for(*, swapped: bool) -> None:
    statements = [{**ALLOW, "Condition": {"StringEquals": {KEY: "x"}}}, ALLOW]
    assert decide(identity(*(reversed(statements) if swapped else statements)), request()) is Outcome.ALLOW


def test_explicit_deny_stands_whatever_an_allow_asks_for() -> None:
    policies = identity({**ALLOW, "Condition": {"StringEquals": {KEY: "x"}}}, {**ALLOW, "Effect": "Deny"})
    explanation = explain(policies, request())
    assert explanation.outcome is Outcome.EXPLICIT_DENY


def test_possible_deny_raises_even_where_nothing_allows() -> None:
    policies = identity({**ALLOW, "Effect": "Deny", "Condition": {"StringEquals": {KEY: "x"}}})
    with pytest.raises(UnderivableKeyError):
        decide(policies, request())


def test_explanation_says_which_condition_could_not_be_compared() -> None:
    policies = identity({**ALLOW, "Condition": {"StringEquals": {KEY: "x", "aws:PrincipalAccount": "9"}}})
    (near_miss,) = explain(policies, request()).near_misses
    assert {trace.key: trace.holds for trace in near_miss.conditions} == {KEY: None, "aws:principalaccount": False}


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.sampled_from([key.lower() for key in near_misses.KEYS]))
def test_decision_without_the_key_holds_for_every_value_of_it(random: Random, key: str) -> None:
    policies, plain = near_misses.case(random)
    plain["context"] = {name: values for name, values in plain["context"].items() if name.lower() != key}
    try:
        unknowing = decide(*near_misses.compiled(policies, plain, underivable=frozenset({key})))
    except UnderivableKeyError:
        # That it is raised for a reason is what the tests above are about.
        return
    if key == "aws:principalarn":
        # The role a session belongs to is part of the caller's name, which is always known.
        return
    original = next(name for name in near_misses.KEYS if name.lower() == key)
    for values in [[], *([value] for value in near_misses.KEYS[original]), near_misses.KEYS[original][:2]]:
        plain["context"][key] = values
        assert decide(*near_misses.compiled(policies, plain)) is unknowing
