from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sandbox_account import BOUNDARY, OPERATOR_ROLE, SandboxTarget, actions, document, statements

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, plan
from harness.blueprints.registry import BLUEPRINTS
from harness.calibration.calibration import Enforced
from harness.calibration.measuring import measure
from harness.calibration.rules import Rule
from harness.emulator.http.door import HttpDoor
from harness.provisioning.destruction import destroy
from harness.provisioning.kinds.registry import KINDS
from harness.stage import set_up_on
from harness.sweep import delete_all, search
from harness.targets.api import ApiRequest
from harness.targets.embedded import EmbeddedTarget
from harness.targets.sandbox import CONFIRMATION, connect_to_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint, Weakness
    from harness.targets.api import ApiResponse
    from harness.verdicts import Verdict

_LONGEST_INLINE, _LONGEST_MANAGED = 10_240, 6_144
_NOW = datetime(2026, 11, 21, tzinfo=UTC)
_NOBODY_SHOWS = {"INCONCLUSIVE", "LOCKOUT"}
_FOREIGN_TAGS = {"isolation": "run", "isolation-run": "0badcafe"}
_ON_A_KEY = {
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)
_EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
# Deploying it takes a boundary of the design's own, which the harness may not use in a sandbox.
_WITH_A_BOUNDARY_OF_ITS_OWN = "sts-managed-and-boundary-mismatch"


def _tenants(blueprint: Blueprint) -> int:
    return max(2, blueprint.minimum_tenants)


def _planned(blueprint: Blueprint, techniques: Iterable[str] = TECHNIQUES) -> list[Attempt]:
    return plan(blueprint, [TECHNIQUES[name] for name in techniques], _tenants(blueprint), Pairs.RING)


def _judged(
    target: EmbeddedTarget, blueprint: Blueprint, attempts: Iterable[Attempt], weakness: Weakness | None = None
) -> list[Verdict]:
    """Deploy the design, sign everybody in, judge the attempts and destroy everything again."""
    wanted = list(attempts)
    try:
        place = target.place() if isinstance(target, SandboxTarget) else None
        stage = set_up_on(
            target, blueprint, wanted, tenants=_tenants(blueprint), seed=1, weakness=weakness, place=place
        )
        verdicts = [stage.judge(attempt) for attempt in wanted]
        assert destroy(stage.deployment, target) == []
    finally:
        target.close()
    return verdicts


# ---- what the files say


def test_the_role_may_do_nothing_by_a_wildcard() -> None:
    assert [action for action in actions("harness-role-policy") if "*" in action or "?" in action] == []
    assert not any({"NotAction", "NotResource"} & each.keys() for each in statements("harness-role-policy"))


def test_the_role_may_do_on_everything_only_what_has_no_arn_and_what_makes_something_with_the_tag() -> None:
    without_arn = {
        each["Sid"]: each.get("Condition", {}).get("StringLike")
        for each in statements("harness-role-policy")
        if each["Resource"] == "*"
    }
    assert without_arn == {
        "WhereAmI": None,
        "WhatIsThere": None,
        "IdentitiesHaveNoArn": None,
        "MakePools": {"aws:RequestTag/isolation:run": "?*"},
    }


def test_the_boundary_knows_of_iam_only_what_is_attacked_and_what_the_doctor_tries() -> None:
    of_iam = {action for action in actions("permissions-boundary") if action.startswith("iam:")}
    assert of_iam == {"iam:ListRoles", "iam:PassRole", "iam:GetRole"}


def test_the_policies_fit_where_they_are_put() -> None:
    longest = {"account": "111122223333", "region": "ap-southeast-1"}
    sizes = {
        name: len("".join(document(name, **longest).split()))
        for name in ("harness-role-policy", "permissions-boundary")
    }
    assert sizes["harness-role-policy"] <= _LONGEST_INLINE
    assert sizes["permissions-boundary"] <= _LONGEST_MANAGED


def test_only_the_environment_of_one_repository_is_trusted() -> None:
    (trusted,) = statements("harness-role-trust")
    assert trusted["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trusted["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:OWNER/REPOSITORY:environment:sandbox",
        }
    }


# ---- what the harness does with them


def test_every_design_works_with_the_role_that_is_shipped_and_needs_all_of_it() -> None:
    asked: set[str] = set()
    for blueprint in BLUEPRINTS.values():
        # What the operator is asked for depends on the technique, not on who attacks whom.
        one_of_each = {(each.technique.id, each.kind): each for each in _planned(blueprint)}
        target = SandboxTarget()
        verdicts = _judged(target, blueprint, one_of_each.values())
        assert {f"{each.attempt.id}: {each.reason}" for each in verdicts if each.name in _NOBODY_SHOWS} == set()
        assert not target.bounded
        asked |= target.asked.keys()
    asked |= _asked_by_the_guard_rails() | _asked_by_sweeping() | _asked_by_calibrating()
    assert actions("harness-role-policy") == asked


def _asked_by_the_guard_rails() -> set[str]:
    target = SandboxTarget()
    target.administer("iam", "CreateAccountAlias", AccountAlias="a-sandbox")
    target.cloud.decisions.forget()
    with HttpDoor(target.cloud) as door:
        connection = connect_to_sandbox(
            [f"{target.account}/{target.region}"],
            target.region,
            endpoint_url=door.url,
            environment={CONFIRMATION: target.account},
            credentials=lambda: target._operator,
        )
    assert connection.operator_arn == target.operator_arn
    log = target.cloud.decisions
    target.close()
    return {decision.request.action for call in log.request_ids() for decision in log.of(call)}


def _asked_by_calibrating() -> set[str]:
    target = SandboxTarget()
    calibration = measure(target, marks=target.place().marks)
    missing = {rule for rule, measured in calibration.measured.items() if measured.enforced is not Enforced.YES}
    # A role with a boundary of its own is what the role must not make. No design has one.
    assert missing == {Rule.PERMISSIONS_BOUNDARIES}
    assert not calibration.left
    target.close()
    return set(target.asked) - {"iam:CreatePolicy"}


def _asked_by_sweeping() -> set[str]:
    """Sweep what killed runs have left, of every kind that designs make, and return what the operator needed for it."""
    target = SandboxTarget()
    for name in ("pooled-api", "identity-folder", "per-user-principals"):
        place = target.place(expires="2026-01-01T00:00:00Z")
        set_up_on(target, BLUEPRINTS[name], [], tenants=2, seed=1, place=place)
    target.asked.clear()
    found = search(target, _NOW)
    assert {trace.kind for trace in found.traces if trace.ours} == KINDS.keys() - {"policy"}
    assert not found.not_seen
    assert delete_all(target, found.traces, pauses=()) == []
    assert not [trace for trace in search(target, _NOW).traces if trace.ours]
    target.close()
    return set(target.asked)


def test_what_is_gone_already_is_not_left() -> None:
    """A pool that is gone bears no tag, so the role is refused where others are told that it is not there."""
    target = SandboxTarget()
    stage = set_up_on(target, BLUEPRINTS["pooled-api"], [], tenants=2, seed=1, place=target.place())
    for service, operation, params in (
        ("cognito-idp", "DeleteUserPool", {"UserPoolId": stage.deployment.user_pool}),
        ("cognito-identity", "DeleteIdentityPool", {"IdentityPoolId": stage.deployment.outsiders_identity_pool}),
        ("apigatewayv2", "DeleteApi", {"ApiId": stage.deployment.api}),
    ):
        target.administer(service, operation, **params)
    assert destroy(stage.deployment, target, pauses=()) == []
    target.close()


# ---- what it must not do


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxTarget]:
    target = SandboxTarget()
    yield target
    target.close()


def _as_operator(target: SandboxTarget, service: str, operation: str, **params: Any) -> ApiResponse:
    return target.send(ApiRequest(service, operation, params), target._operator)


def _is_refused(answer: ApiResponse) -> bool:
    assert answer.error_code in {"AccessDenied", "AccessDeniedException"}, answer
    return "not authorized to perform" in answer.message


def test_what_looks_like_ours_stays(sandbox: SandboxTarget) -> None:
    user_pool = sandbox.administer("cognito-idp", "CreateUserPool", PoolName="isolation-1", UserPoolTags=_FOREIGN_TAGS)
    settings = {"IdentityPoolName": "isolation-1", "AllowUnauthenticatedIdentities": False}
    identity_pool = sandbox.administer("cognito-identity", "CreateIdentityPool", **settings)
    http_api = sandbox.administer("apigatewayv2", "CreateApi", Name="isolation-1", ProtocolType="HTTP")
    rest_api = sandbox.administer("apigateway", "CreateRestApi", name="isolation-1")
    sandbox.administer("dynamodb", "CreateTable", TableName="isolation", **_ON_A_KEY)
    sandbox.administer("s3", "CreateBucket", Bucket="isolation-999999999999-0badcafe")
    for path, name in (("/", "isolation-1"), ("/isolation-harness/", "operator"), ("/isolation/", "isolation-2")):
        sandbox.administer("iam", "CreateRole", RoleName=name, Path=path, AssumeRolePolicyDocument=_TRUST)
    sandbox.administer("iam", "CreateUser", UserName="isolation-1")
    pool_id = user_pool.data["UserPool"]["Id"]
    for service, operation, params in (
        ("cognito-idp", "DeleteUserPool", {"UserPoolId": pool_id}),
        ("cognito-idp", "AdminCreateUser", {"UserPoolId": pool_id, "Username": "mallory"}),
        ("cognito-identity", "DeleteIdentityPool", {"IdentityPoolId": identity_pool.data["IdentityPoolId"]}),
        ("apigatewayv2", "DeleteApi", {"ApiId": http_api.data["ApiId"]}),
        ("apigateway", "DeleteRestApi", {"restApiId": rest_api.data["id"]}),
        ("dynamodb", "DeleteTable", {"TableName": "isolation"}),
        ("s3", "DeleteBucket", {"Bucket": "isolation-999999999999-0badcafe"}),
        ("lambda", "DeleteFunction", {"FunctionName": "isolation"}),
        ("iam", "DeleteRole", {"RoleName": "isolation-1"}),
        ("iam", "DeleteRole", {"RoleName": "operator"}),
        ("iam", "DeleteRole", {"RoleName": "isolation-2"}),
        ("iam", "DeleteUser", {"UserName": "isolation-1"}),
        ("iam", "CreateAccessKey", {"UserName": "isolation-1"}),
    ):
        assert _is_refused(_as_operator(sandbox, service, operation, **params)), operation


def test_nothing_is_made_without_the_tag(sandbox: SandboxTarget) -> None:
    named = {"Path": "/isolation-harness/", "PermissionsBoundary": sandbox.boundary}
    trusting = {"AssumeRolePolicyDocument": _TRUST}
    for service, operation, params in (
        ("cognito-idp", "CreateUserPool", {"PoolName": "isolation-1"}),
        ("cognito-idp", "CreateUserPool", {"PoolName": "isolation-1", "UserPoolTags": _FOREIGN_TAGS}),
        ("cognito-identity", "CreateIdentityPool", {"IdentityPoolName": "i", "AllowUnauthenticatedIdentities": False}),
        ("apigatewayv2", "CreateApi", {"Name": "isolation-1", "ProtocolType": "HTTP"}),
        ("apigateway", "CreateRestApi", {"name": "isolation-1"}),
        ("dynamodb", "CreateTable", {"TableName": "isolation-1", **_ON_A_KEY}),
        ("s3", "CreateBucket", {"Bucket": f"isolation-{sandbox.account}-1"}),
        ("iam", "CreateRole", {"RoleName": "isolation-1", **named, **trusting}),
        ("iam", "CreateUser", {"UserName": "isolation-1", **named}),
    ):
        assert _is_refused(_as_operator(sandbox, service, operation, **params)), operation


def test_no_role_gets_out_of_the_boundary(sandbox: SandboxTarget) -> None:
    role = {"RoleName": "isolation-1-reader"}
    made = {**role, "Path": "/isolation-harness/", "AssumeRolePolicyDocument": _TRUST}
    tags = [{"Key": "isolation:run", "Value": "0badcafe"}]
    other = sandbox.administer("iam", "CreatePolicy", PolicyName="other", PolicyDocument=_EVERYTHING)
    for boundary in ({}, {"PermissionsBoundary": other.data["Policy"]["Arn"]}):
        assert _is_refused(_as_operator(sandbox, "iam", "CreateRole", **made, Tags=tags, **boundary))
    bounded = {"PermissionsBoundary": sandbox.boundary}
    assert _is_refused(_as_operator(sandbox, "iam", "CreateRole", **{**made, "Path": "/"}, Tags=tags, **bounded))
    assert _as_operator(sandbox, "iam", "CreateRole", **made, Tags=tags, **bounded).succeeded
    for operation, params in (
        ("DeleteRolePermissionsBoundary", role),
        ("PutRolePermissionsBoundary", {**role, "PermissionsBoundary": other.data["Policy"]["Arn"]}),
        ("AttachRolePolicy", {**role, "PolicyArn": other.data["Policy"]["Arn"]}),
        ("UpdateAssumeRolePolicy", {**role, "PolicyDocument": _TRUST}),
        ("DeletePolicy", {"PolicyArn": sandbox.boundary}),
        ("CreatePolicyVersion", {"PolicyArn": sandbox.boundary, "PolicyDocument": _EVERYTHING, "SetAsDefault": True}),
        ("PutRolePolicy", {"RoleName": OPERATOR_ROLE, "PolicyName": "p", "PolicyDocument": _EVERYTHING}),
    ):
        assert _is_refused(_as_operator(sandbox, "iam", operation, **params)), operation
    # Even a role that is given everything reaches only what is ours.
    granted = {"PolicyName": "everything", "PolicyDocument": _EVERYTHING}
    assert _as_operator(sandbox, "iam", "PutRolePolicy", **role, **granted).succeeded
    arn = f"arn:aws:iam::{sandbox.account}:role/isolation-harness/isolation-1-reader"
    keys = sandbox.credentials_of(sandbox.administer("sts", "AssumeRole", RoleArn=arn, RoleSessionName="reader"))
    sandbox.administer("dynamodb", "CreateTable", TableName="payroll", **_ON_A_KEY)
    foreign = (
        ("dynamodb", "Scan", {"TableName": "payroll"}),
        ("iam", "CreateUser", {"UserName": "mallory"}),
        ("cognito-idp", "CreateUserPool", {"PoolName": "isolation-1"}),
        ("iam", "DeletePolicy", {"PolicyArn": f"arn:aws:iam::{sandbox.account}:policy/{BOUNDARY}"}),
    )
    for service, operation, params in foreign:
        assert _is_refused(sandbox.send(ApiRequest(service, operation, params), keys)), operation


# ---- the boundary hides nothing


_WEAKENED = [
    (blueprint, weakness)
    for blueprint in BLUEPRINTS.values()
    for weakness in blueprint.weaknesses
    # Those without `leaks` leak between chosen names, which are judged on stages of their own.
    if weakness.leaks and weakness.id != _WITH_A_BOUNDARY_OF_ITS_OWN
]
# Some in every run, all of them in the long one.
_OFTEN = _WEAKENED[::50]


@pytest.mark.parametrize(
    ("blueprint", "weakness"),
    [
        pytest.param(
            *each,
            id=f"{each[0].name}-{each[1].id}",
            marks=[] if each in _OFTEN else [pytest.mark.long],
        )
        for each in _WEAKENED
    ],
)
def test_what_leaks_without_the_boundary_leaks_within_it(blueprint: Blueprint, weakness: Weakness) -> None:
    attempts = _planned(blueprint, weakness.leaks)
    bounded = _judged(SandboxTarget(), blueprint, attempts, weakness)
    free = _judged(EmbeddedTarget(), blueprint, attempts, weakness)
    assert "LEAK" in {verdict.name for verdict in free}
    assert _by_attempt(bounded) == _by_attempt(free)


@pytest.mark.long
@pytest.mark.parametrize("blueprint", BLUEPRINTS.values(), ids=list(BLUEPRINTS))
def test_every_verdict_on_a_sound_design_is_the_same_within_the_boundary(blueprint: Blueprint) -> None:
    target = SandboxTarget()
    attempts = _planned(blueprint)
    assert _by_attempt(_judged(target, blueprint, attempts)) == _by_attempt(
        _judged(EmbeddedTarget(), blueprint, attempts)
    )
    assert not target.bounded


def _by_attempt(verdicts: Iterable[Verdict]) -> dict[str, tuple[str, str | None]]:
    return {verdict.attempt.id: (verdict.name.value, verdict.kind and verdict.kind.value) for verdict in verdicts}
