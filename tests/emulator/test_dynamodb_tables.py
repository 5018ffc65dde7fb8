"""Tables, their tags and their resource-based policies through boto3, in one account and across two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamodb_world import FOREIGN, OWN, PARTNER, World, assert_denied, assert_not_known, document, items_table, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doors import Door

_T = {"TableName": "items"}
_GET = {**_T, "Key": OWN}


@pytest.fixture
def world(door: Door) -> Iterator[World]:
    world = World(door)
    world.make_items()
    yield world
    world.cloud.close()


def _attach(world: World, *statements: Any, table: str = "items") -> Any:
    return world.root.put_resource_policy(ResourceArn=world.table_arn(table), Policy=document(*statements))


_ON_A_TABLE = [
    ("describe_table", {}),
    ("describe_time_to_live", {}),
    ("update_time_to_live", {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "ends"}}),
    ("update_table", {"DeletionProtectionEnabled": False}),
    ("describe_continuous_backups", {}),
    ("update_continuous_backups", {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}),
    ("delete_table", {}),
]


@pytest.mark.parametrize("by_arn", [False, True], ids=["name", "arn"])
@pytest.mark.parametrize(("call", "params"), _ON_A_TABLE, ids=[call for call, _ in _ON_A_TABLE])
def test_administration_is_allowed_on_the_table_and_refused_elsewhere(
    world: World, call: str, params: Any, *, by_arn: bool
) -> None:
    action = "".join(part.capitalize() for part in call.split("_"))
    action = action.replace("Ttl", "TTL")
    params = {"TableName": world.table_arn() if by_arn else "items", **params}
    elsewhere = world.allowed(resource=world.table_arn("others"))
    assert_denied(getattr(elsewhere, call), action, **params)
    getattr(world.allowed(f"dynamodb:{action}", world.table_arn()), call)(**params)


@pytest.mark.parametrize(
    ("call", "params", "message"),
    [
        ("describe_table", {}, "Requested resource not found: Table: none not found"),
        ("delete_table", {}, "Requested resource not found: Table: none not found"),
        ("describe_time_to_live", {}, "Requested resource not found: Table: none not found"),
    ],
)
def test_a_missing_table_is_told_to_those_with_permission(
    world: World, call: str, params: Any, message: str
) -> None:  # 1.4
    answer = refusal(getattr(world.root, call), TableName="none", **params)
    assert (answer["Code"], answer["Message"], answer["Status"]) == ("ResourceNotFoundException", message, 400)
    assert refusal(getattr(world.allowed("s3:*"), call), TableName="none", **params)["Code"] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("call", "params", "action"),
    [
        ("create_backup", {"TableName": "items", "BackupName": "copy"}, "CreateBackup"),
        ("describe_backup", {"BackupArn": "{table}/backup/01"}, "DescribeBackup"),
        ("describe_kinesis_streaming_destination", {"TableName": "items"}, "DescribeKinesisStreamingDestination"),
        ("list_exports", {}, "ListExports"),
    ],
)
def test_what_cannot_be_performed_is_still_denied_first(world: World, call: str, params: Any, action: str) -> None:
    params = {name: value.format(table=world.table_arn()) for name, value in params.items()}
    denied = refusal(getattr(world.allowed("dynamodb:GetItem"), call), **params)
    assert denied["Code"] == "AccessDeniedException"
    assert f"dynamodb:{action}" in denied["Message"]
    assert_not_known(getattr(world.allowed(f"dynamodb:{action}"), call), **params)


_PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
)


@pytest.mark.parametrize(
    ("call", "params", "code", "message"),
    [
        (
            "delete_table",
            {"TableName": "items"},
            "ValidationException",
            _PROTECTED,
        ),
        (
            "update_time_to_live",
            {"TableName": "items", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "ends"}},
            "ValidationException",
            "TimeToLive is already disabled",
        ),
        (
            "export_table_to_point_in_time",
            {"S3Bucket": "bucket"},
            "PointInTimeRecoveryUnavailableException",
            "Point in time recovery is not enabled for table 'items'",
        ),
    ],
    ids=["protected against deletion", "nothing expires already", "without point-in-time recovery"],
)
def test_what_the_state_of_a_table_does_not_admit_is_refused_behind_authorization(
    world: World, call: str, params: Any, code: str, message: str
) -> None:
    world.root.update_table(**_T, DeletionProtectionEnabled=True)
    if call.startswith("export"):
        params = {**params, "TableArn": world.table_arn()}
    action = "".join(part.capitalize() for part in call.split("_"))
    assert_denied(getattr(world.allowed("dynamodb:GetItem"), call), action, **params)
    answer = refusal(getattr(world.allowed(f"dynamodb:{action}"), call), **params)
    assert (answer["Code"], answer["Message"], answer["Status"]) == (code, message, 400)


def test_an_export_that_would_begin_is_not_known(world: World) -> None:
    recovery = {"PointInTimeRecoveryEnabled": True}
    world.root.update_continuous_backups(**_T, PointInTimeRecoverySpecification=recovery)
    assert_not_known(world.root.export_table_to_point_in_time, TableArn=world.table_arn(), S3Bucket="bucket")


def test_a_table_without_protection_or_with_expiry_changes_state(world: World) -> None:
    expiry = {"Enabled": True, "AttributeName": "ends"}
    world.root.update_time_to_live(**_T, TimeToLiveSpecification=expiry)
    answer = refusal(world.root.update_time_to_live, **_T, TimeToLiveSpecification=expiry)
    assert answer["Message"] == "TimeToLive is already enabled"
    world.root.delete_table(**_T)


def test_deleting_a_table_takes_its_policy_with_it(world: World) -> None:
    _attach(world, {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"})
    world.root.delete_table(**_T)
    world.make_items()
    world.allowed().get_item(**_GET)


# --- Tags (1.3.9) ----------------------------------------------------------------------------------------------------


def test_tags_are_set_replaced_and_removed(world: World) -> None:
    arn = {"ResourceArn": world.table_arn()}
    world.root.tag_resource(**arn, Tags=[{"Key": "team", "Value": "a"}, {"Key": "stage", "Value": "test"}])
    world.root.tag_resource(**arn, Tags=[{"Key": "team", "Value": "b"}])
    world.root.untag_resource(**arn, TagKeys=["stage"])
    assert world.root.list_tags_of_resource(**arn)["Tags"] == [{"Key": "team", "Value": "b"}]
    missing = refusal(world.root.list_tags_of_resource, ResourceArn=world.table_arn("none"))
    assert missing["Code"] == "ResourceNotFoundException"


def test_a_request_that_sets_tags_has_them_as_keys(world: World) -> None:
    arn = {"ResourceArn": world.table_arn()}
    caller = world.allowed(
        Condition={
            "StringEquals": {"aws:RequestTag/team": "a"},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
        }
    )
    caller.tag_resource(**arn, Tags=[{"Key": "team", "Value": "a"}])
    assert_denied(caller.tag_resource, "TagResource", **arn, Tags=[{"Key": "team", "Value": "b"}])
    assert_denied(
        caller.tag_resource,
        "TagResource",
        **arn,
        Tags=[{"Key": "team", "Value": "a"}, {"Key": "more", "Value": "x"}],
    )
    created = {**items_table("tagged"), "Tags": [{"Key": "team", "Value": "b"}]}
    assert_denied(caller.create_table, "CreateTable", **created)
    caller.create_table(**{**created, "Tags": [{"Key": "team", "Value": "a"}]})


def test_only_the_named_tags_may_be_removed(world: World) -> None:
    arn = {"ResourceArn": world.table_arn()}
    world.root.tag_resource(**arn, Tags=[{"Key": "team", "Value": "a"}])
    caller = world.allowed(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}})
    assert_denied(caller.untag_resource, "UntagResource", **arn, TagKeys=["team", "stage"])
    caller.untag_resource(**arn, TagKeys=["team"])


def test_the_tags_of_a_table_decide_about_it_and_its_indexes(world: World) -> None:  # 1.3.9
    world.make_items(table="others")
    world.root.tag_resource(ResourceArn=world.table_arn(), Tags=[{"Key": "team", "Value": "a"}])
    caller = world.allowed(Condition={"StringEquals": {"aws:ResourceTag/team": "a"}})
    caller.get_item(**_GET)
    caller.scan(**_T, IndexName="by-owner")
    caller.describe_table(**_T)
    caller.execute_statement(Statement="SELECT * FROM items")
    assert_denied(caller.get_item, "GetItem", TableName="others", Key=OWN)
    assert_denied(caller.scan, "Scan", TableName="others", IndexName="by-owner")
    assert_denied(caller.execute_statement, "PartiQLSelect", Statement="SELECT * FROM others")
    world.root.tag_resource(ResourceArn=world.table_arn(), Tags=[{"Key": "team", "Value": "b"}])
    assert_denied(caller.get_item, "GetItem", **_GET)


# --- Resource-based policies (6.2) -----------------------------------------------------------------------------------


def _grant(principal: Any, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"],
        "Resource": "*",
        **more,
    }


def test_a_policy_is_stored_read_and_removed(world: World) -> None:
    arn = {"ResourceArn": world.table_arn()}
    policy = document(_grant({"AWS": world.account}))
    assert refusal(world.root.get_resource_policy, **arn)["Code"] == "PolicyNotFoundException"
    first = world.root.put_resource_policy(**arn, Policy=policy, ExpectedRevisionId="NO_POLICY")["RevisionId"]
    again = world.root.put_resource_policy(**arn, Policy=policy)["RevisionId"]
    stored = world.root.get_resource_policy(**arn)
    assert (stored["Policy"], stored["RevisionId"], again) == (policy, first, first)
    other = document(_grant("*"))
    for expected in ("NO_POLICY", "1"):
        answer = refusal(world.root.put_resource_policy, **arn, Policy=other, ExpectedRevisionId=expected)
        assert answer["Code"] == "PolicyNotFoundException"
    assert world.root.put_resource_policy(**arn, Policy=other, ExpectedRevisionId=first)["RevisionId"] != first
    world.root.delete_resource_policy(**arn)
    assert refusal(world.root.get_resource_policy, **arn)["Code"] == "PolicyNotFoundException"


@pytest.mark.parametrize(
    "policy",
    [
        "{",
        document({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}),
        document(_grant("*")) + " " * 20_480,
    ],
    ids=["not-json", "without-principal", "over-20-KB"],
)
def test_a_policy_that_cannot_be_attached(world: World, policy: str) -> None:
    answer = refusal(world.root.put_resource_policy, ResourceArn=world.table_arn(), Policy=policy)
    assert (answer["Code"], answer["Status"]) == ("ValidationException", 400)


@pytest.mark.parametrize("call", ["put_resource_policy", "get_resource_policy", "delete_resource_policy"])
def test_policies_are_changed_only_by_those_who_may(world: World, call: str) -> None:
    params = {"ResourceArn": world.table_arn()}
    if call == "put_resource_policy":
        params["Policy"] = document(_grant("*"))
    action = "".join(part.capitalize() for part in call.split("_"))
    assert_denied(getattr(world.allowed("dynamodb:GetItem"), call), action, **params)


def test_a_user_named_in_the_policy_needs_nothing_else(world: World) -> None:  # 6.2
    named = world.allowed("s3:*")
    _attach(world, _grant({"AWS": world.user_arn()}))
    named.get_item(**_GET)
    assert_denied(named.scan, "Scan", **_T)
    assert_denied(world.allowed("s3:*").get_item, "GetItem", **_GET)


def test_whoever_takes_the_name_of_a_deleted_user_has_no_grant(world: World) -> None:  # IAM page on Principal
    world.allowed("s3:*")
    name = world.user_arn().rpartition("/")[2]
    _attach(world, _grant({"AWS": world.user_arn()}))
    world.iam.delete_user_policy(UserName=name, PolicyName="p")
    for key in world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        world.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    world.iam.delete_user(UserName=name)
    world.iam.create_user(UserName=name)
    key = world.iam.create_access_key(UserName=name)["AccessKey"]
    namesake = world.client("dynamodb", key["AccessKeyId"], key["SecretAccessKey"])
    assert_denied(namesake.get_item, "GetItem", **_GET)


def test_a_policy_that_names_nobody_is_refused(world: World) -> None:
    grant = _grant({"AWS": f"arn:aws:iam::{world.account}:role/nobody"})
    answer = refusal(world.root.put_resource_policy, ResourceArn=world.table_arn(), Policy=document(grant))
    assert answer["Code"] == "ValidationException"
    assert "Invalid principal in policy" in answer["Message"]


def test_a_role_named_in_the_policy_is_still_limited_by_its_session_policy(world: World) -> None:  # 6.2
    silent = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    nothing = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    free, role = world.session(nothing)
    limited, limited_role = world.session(nothing, silent)
    roles = [f"arn:aws:iam::{world.account}:role/{name}" for name in (role, limited_role)]
    _attach(world, _grant({"AWS": roles}))
    free.get_item(**_GET)
    assert "because no session policy allows" in refusal(limited.get_item, **_GET)["Message"]


def test_a_session_named_in_the_policy_needs_nothing_else(world: World) -> None:  # 6.2
    silent = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    session, role = world.session({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, silent)
    _attach(world, _grant({"AWS": f"arn:aws:sts::{world.account}:assumed-role/{role}/session"}))
    session.get_item(**_GET)


def test_the_account_named_in_the_policy_delegates_to_identity_policies(world: World) -> None:  # 6.2
    _attach(world, _grant({"AWS": world.account}))
    world.allowed("dynamodb:GetItem").get_item(**_GET)
    assert_denied(world.allowed("s3:*").get_item, "GetItem", **_GET)


def test_everybody_named_in_the_policy_is_everybody_in_the_account(world: World) -> None:  # 6.2
    _attach(world, _grant("*"))
    world.allowed("s3:*").get_item(**_GET)


def test_a_deny_in_the_policy_beats_every_allow(world: World) -> None:  # 6.1 and 6.4
    _attach(world, _grant("*", Effect="Deny"))
    answer = refusal(world.allowed().get_item, **_GET)
    assert answer["Message"].endswith("with an explicit deny in a resource-based policy")


def test_the_policy_of_a_table_knows_leading_keys_and_indexes(world: World) -> None:
    leading = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["own", "owner-own"]}}
    named = world.allowed("s3:*")
    resources = [world.table_arn(), f"{world.table_arn()}/index/by-owner"]
    _attach(world, _grant({"AWS": world.user_arn()}, Resource=resources, Condition=leading))
    named.get_item(**_GET)
    assert_denied(named.get_item, "GetItem", **_T, Key=FOREIGN)
    search = {"IndexName": "by-owner", "KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"}}
    named.query(**_T, **search, ExpressionAttributeValues={":o": {"S": "owner-own"}})
    assert_denied(named.query, "Query", **_T, **search, ExpressionAttributeValues={":o": {"S": "owner-foreign"}})


def test_a_table_made_with_a_policy_needs_the_right_to_attach_it(world: World) -> None:
    params = {**items_table("with-policy"), "ResourcePolicy": document(_grant("*"))}
    assert_denied(world.allowed("dynamodb:CreateTable").create_table, "PutResourcePolicy", **params)
    world.allowed(["dynamodb:CreateTable", "dynamodb:PutResourcePolicy"]).create_table(**params)
    assert world.root.get_resource_policy(ResourceArn=world.table_arn("with-policy"))["Policy"]


# --- Across accounts -------------------------------------------------------------------------------------------------


@pytest.fixture
def partner(world: World) -> Any:
    """A user of another account whose own policies allow everything."""
    return world.allowed(account=PARTNER)


def test_another_account_needs_both_policies(world: World, partner: Any) -> None:  # EVAL, cross-account
    get = {"TableName": world.table_arn(), "Key": OWN}
    assert_denied(partner.get_item, "GetItem", **get)
    _attach(world, _grant({"AWS": PARTNER}))
    assert partner.get_item(**get)["Item"]["canary"] == {"S": "canary of own"}
    unpermitted = world.allowed("s3:*", account=PARTNER)
    assert_denied(unpermitted.get_item, "GetItem", **get)


def test_a_name_always_means_the_callers_own_table(world: World, partner: Any) -> None:
    _attach(world, _grant({"AWS": PARTNER}))
    assert refusal(partner.get_item, **_GET)["Code"] == "ResourceNotFoundException"
    world.make_items(world.root_client("dynamodb", PARTNER))
    partner.put_item(**_T, Item={**OWN, "mine": {"S": "x"}})
    assert "mine" not in world.root.get_item(**_GET)["Item"]


def test_batches_and_transactions_reach_both_accounts_tables(world: World, partner: Any) -> None:
    _attach(world, _grant({"AWS": PARTNER}, Action="dynamodb:*"))
    world.make_items(world.root_client("dynamodb", PARTNER), "theirs")
    arn = world.table_arn()
    answer = partner.batch_get_item(RequestItems={"theirs": {"Keys": [FOREIGN]}, arn: {"Keys": [OWN]}})
    assert {table: items[0]["PK"]["S"] for table, items in answer["Responses"].items()} == {
        "theirs": "foreign",
        arn: "own",
    }
    found = partner.transact_get_items(TransactItems=[{"Get": {"TableName": arn, "Key": OWN}}])
    assert found["Responses"][0]["Item"]["canary"] == {"S": "canary of own"}
    mixed = [{"Get": {"TableName": name, "Key": OWN}} for name in (arn, "theirs")]
    assert_not_known(partner.transact_get_items, TransactItems=mixed)


def test_another_accounts_table_is_not_administered_beyond_what_aws_supports(world: World, partner: Any) -> None:
    _attach(world, _grant({"AWS": PARTNER}, Action="dynamodb:*"))
    arn = world.table_arn()
    assert partner.describe_table(TableName=arn)["Table"]["TableArn"] == arn
    assert_not_known(partner.describe_time_to_live, TableName=arn)
    assert_not_known(partner.put_resource_policy, ResourceArn=arn, Policy=document(_grant("*")))


def test_a_denial_across_accounts_names_the_missing_resource_policy(world: World, partner: Any) -> None:  # 6.4
    answer = refusal(partner.get_item, TableName=world.table_arn(), Key=OWN)
    assert answer["Message"].endswith("because no resource-based policy allows the dynamodb:GetItem action")
