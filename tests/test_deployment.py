from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.assets import Assets, plant
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import asset_names, controls
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.order_book import ORDER_BOOK
from harness.blueprints.policies import allow, policy
from harness.blueprints.spec import IndexSpec, TableSpec
from harness.deployment import refusal
from harness.errors import DeploymentError
from harness.population import populate
from harness.provisioning.deploy import deploy
from harness.provisioning.destruction import destroy
from harness.secret import Secret
from harness.sessions import sign_in_everybody
from harness.targets.api import ApiRequest, ApiResponse

if TYPE_CHECKING:
    from harness.targets.embedded import EmbeddedTarget

_LISTS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("dynamodb", "ListTables", "TableNames", {}),
    ("s3", "ListBuckets", "Buckets", {}),
    ("iam", "ListRoles", "Roles", {}),
    ("cognito-idp", "ListUserPools", "UserPools", {"MaxResults": 60}),
    ("cognito-identity", "ListIdentityPools", "IdentityPools", {"MaxResults": 60}),
)


_PEOPLE = populate(IDENTITY_KEYED, seed=1, tenants=2, run_secret=Secret("s"))


def _what_is_there(target: EmbeddedTarget) -> dict[str, int]:
    found = {}
    for service, operation, member, params in _LISTS:
        answer = target.send_as_operator(ApiRequest(service, operation, params))
        assert answer.succeeded, answer.message
        found[operation] = len(answer.data[member])
    return found


def test_what_was_deployed_and_populated_is_destroyed_by_what_was_recorded(embedded_target: EmbeddedTarget) -> None:
    before = _what_is_there(embedded_target)
    deployment = deploy(IDENTITY_KEYED, embedded_target, "abc12345", _PEOPLE)
    sessions = sign_in_everybody(IDENTITY_KEYED, _PEOPLE, deployment, embedded_target).sessions
    planned = controls(IDENTITY_KEYED, TECHNIQUES.values(), 2)
    assets = Assets(IDENTITY_KEYED, deployment, _PEOPLE, sessions)
    plant(embedded_target, assets, asset_names(IDENTITY_KEYED, planned))
    assert all(count > before[operation] for operation, count in _what_is_there(embedded_target).items())
    assert destroy(deployment, embedded_target) == []
    assert _what_is_there(embedded_target) == before


def test_tables_come_with_their_indexes_and_policies_and_protected(embedded_target: EmbeddedTarget) -> None:
    statement = {**allow("Support", "dynamodb:GetItem", "*"), "Principal": {"AWS": "@{role.support.arn}"}}
    indexes = (IndexSpec("by-owner", "owner", projected=("canary",)), IndexSpec("by-rank", "PK", "rank"))
    design = replace(ORDER_BOOK, tables=(TableSpec("orders", indexes, policy(statement)), TableSpec("settings")))
    people = populate(design, seed=1, tenants=2, run_secret=Secret("s"))
    deployment = deploy(design, embedded_target, "abc12345", people)
    name = deployment.tables["orders"]
    table = embedded_target.send_as_operator(ApiRequest("dynamodb", "DescribeTable", {"TableName": name})).data["Table"]
    assert table["DeletionProtectionEnabled"]
    assert [index["IndexName"] for index in table["LocalSecondaryIndexes"]] == ["by-rank"]
    (by_owner,) = table["GlobalSecondaryIndexes"]
    assert by_owner["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["canary"]}
    asked = ApiRequest("dynamodb", "GetResourcePolicy", {"ResourceArn": table["TableArn"]})
    attached = json.loads(embedded_target.send_as_operator(asked).data["Policy"])
    assert attached["Statement"][0]["Principal"]["AWS"] == deployment.roles["support"]
    assert destroy(deployment, embedded_target) == []


def test_a_deployment_is_plain_json_without_secrets(embedded_target: EmbeddedTarget) -> None:
    deployment = deploy(IDENTITY_KEYED, embedded_target, "abc12345", _PEOPLE)
    text = json.dumps(deployment.as_json())
    assert deployment.tables["items"] in text
    assert "SecretAccessKey" not in text


def test_a_deployment_that_fails_leaves_nothing_behind(embedded_target: EmbeddedTarget) -> None:
    before = _what_is_there(embedded_target)
    broken_role = replace(IDENTITY_KEYED.roles[0], policies={"broken": {"Version": "2012-10-17", "Statement": "?"}})
    broken = replace(IDENTITY_KEYED, roles=(broken_role, *IDENTITY_KEYED.roles[1:]))
    with pytest.raises(DeploymentError, match="PutRolePolicy on the embedded target failed with Malformed"):
        deploy(broken, embedded_target, "abc12345", _PEOPLE)
    assert _what_is_there(embedded_target) == before


def test_an_unknown_name_in_a_document_is_said(embedded_target: EmbeddedTarget) -> None:
    trust = {"Version": "2012-10-17", "Statement": [{"Principal": "@{nope}"}]}
    broken = replace(IDENTITY_KEYED, roles=(replace(IDENTITY_KEYED.roles[0], trust=trust), *IDENTITY_KEYED.roles[1:]))
    with pytest.raises(DeploymentError, match="not deployed"):
        deploy(broken, embedded_target, "abc12345", _PEOPLE)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDenied", "sandbox/harness-role-policy.json"),
        ("LimitExceededException", "harness sweep"),
        ("TooManyRequestsException", "run again"),
        ("ValidationException", ""),
    ],
)
def test_what_a_remote_target_refuses_is_told_with_what_to_do(
    embedded_target: EmbeddedTarget, code: str, advice: str
) -> None:
    answer = ApiResponse(400, {}, "", code, "no")
    text = f"iam:CreateRole on the {{}} target failed with {code}: no"
    assert str(refusal(embedded_target, "iam", "CreateRole", answer)) == text.format("embedded")
    embedded_target.name = "sandbox"
    told = str(refusal(embedded_target, "iam", "CreateRole", answer))
    assert told.startswith(text.format("sandbox"))
    assert advice in told
    assert bool(advice) is told.endswith(".")
