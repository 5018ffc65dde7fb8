"""The table of condition keys holds what requests really carry, and tells a typo from a key that cannot be derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import controls
from harness.blueprints.registry import BLUEPRINTS
from harness.emulator.condition_keys import keys_of
from harness.stage import set_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.policy import Request

_GLOBAL = ("aws:", "cognito-identity.amazonaws.com:")


@pytest.fixture(scope="module", params=["identity-keyed", "identity-folder"])
def requests(request: pytest.FixtureRequest) -> Iterator[list[Request]]:
    """Every question that the engine was asked while a whole design was used as its contract allows."""
    blueprint = BLUEPRINTS[request.param]
    planned = controls(blueprint, TECHNIQUES.values(), 2)
    stage = set_up(blueprint, planned, tenants=2, seed=1)
    for attempt in planned:
        stage.execution.judge(attempt)
    log = stage.target.cloud.decisions
    yield [decision.request for request_id in log.request_ids() for decision in log.of(request_id)]
    stage.close()


def test_no_request_lacks_a_key_that_its_action_always_has(requests: list[Request]) -> None:
    assert requests
    for request in requests:
        known = keys_of(request.action)
        assert known.always <= request.context.keys() | request.underivable, request.action


def test_no_request_carries_a_key_that_its_action_does_not_define(requests: list[Request]) -> None:
    for request in requests:
        known = keys_of(request.action)
        strange = [key for key in request.context if not key.startswith(_GLOBAL) and not known.defines(key)]
        assert not strange, request.action


def test_what_is_not_held_is_never_absent(requests: list[Request]) -> None:
    for request in requests:
        assert keys_of(request.action).not_held <= request.underivable, request.action


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("dynamodb:GetItem", "dynamodb:LeadingKeys"),
        ("dynamodb:Scan", "dynamodb:LeadingKeys"),  # defined, and absent (aws-semantics 1.3.1)
        ("dynamodb:GetItem", "DYNAMODB:leadingkeys"),
        ("dynamodb:GetItem", "aws:PrincipalTag/tenant"),
        ("s3:ListBucket", "s3:prefix"),
        ("s3:GetObject", "s3:ExistingObjectTag/tenant"),
        ("sts:AssumeRole", "sts:ExternalId"),
        ("sts:AssumeRoleWithWebIdentity", "cognito-identity.amazonaws.com:amr"),
        ("execute-api:Invoke", "aws:SourceIp"),
    ],
)
def test_keys_that_services_define_are_known(action: str, key: str) -> None:
    assert keys_of(action).defines(key)


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("dynamodb:GetItem", "dynamodb:LeadingKey"),
        ("dynamodb:GetItem", "s3:prefix"),
        ("s3:GetObject", "s3:prefix"),  # prefix limits listing only (aws-semantics 2.2)
        ("s3:ListBucket", "s3:Prefixes"),
        ("s3:GetObject", "aws:PrincipleTag/tenant"),
        ("unheard:Of", "unheard:Key"),
    ],
)
def test_typos_and_keys_of_other_actions_are_not(action: str, key: str) -> None:
    assert not keys_of(action).defines(key)
