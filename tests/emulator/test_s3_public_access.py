"""Block Public Access, the meaning of public, and callers without a name (aws-semantics 2.4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from s3_world import PLAIN, Caller, S3World, allow, denial, document, open_world, refusal

from harness.emulator.s3.public_policies import is_public

_OTHER = "999999999999"
_ALL_ON = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)


world = pytest.fixture(scope="module")(open_world)


@pytest.fixture(scope="module")
def tenant(world: S3World) -> Caller:
    return world.user(allow("*"), account=_OTHER)


def _statement(bucket: str, principal: Any = "*", *actions: str, **more: Any) -> dict[str, Any]:
    resource = f"arn:aws:s3:::{bucket}/*"
    granted = [f"s3:{action}" for action in (actions or ("GetObject",))]
    return {"Effect": "Allow", "Principal": principal, "Action": granted, "Resource": resource, **more}


def _open(world: S3World, *actions: str, **more: Any) -> str:
    """Return a bucket with an object that its policy opens to everybody."""
    bucket = world.bucket(public=True)
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"content")
    world.operator.put_bucket_policy(Bucket=bucket, Policy=document(_statement(bucket, "*", *actions, **more)))
    return bucket


_FIXED: list[tuple[str, dict[str, Any], bool]] = [
    ("everybody", {}, True),
    ("everybody as AWS", {"Principal": {"AWS": "*"}}, True),
    ("one among everybody", {"Principal": {"AWS": [_OTHER, "*"]}}, True),
    ("an account", {"Principal": {"AWS": _OTHER}}, False),
    ("all but one", {"NotPrincipal": {"AWS": _OTHER}, "Principal": None}, True),
    ("a deny", {"Effect": "Deny"}, False),
    ("a fixed organization", {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
    ("a fixed VPC", {"Condition": {"StringEquals": {"AWS:SourceVpc": "vpc-1"}}}, False),
    ("a fixed VPC, patterned", {"Condition": {"StringLike": {"aws:SourceVpc": "vpc-*"}}}, True),
    ("a variable", {"Condition": {"StringEquals": {"aws:SourceVpc": "${aws:PrincipalTag/x}"}}}, True),
    ("one fixed, one open", {"Condition": {"StringLike": {"aws:SourceVpc": ["vpc-1", "*"]}}}, True),
    ("a tag", {"Condition": {"StringEquals": {"aws:PrincipalTag/x": "fixed"}}}, True),
    ("a negation", {"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
    ("if it exists", {"Condition": {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}}, True),
    ("for all values", {"Condition": {"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
    ("a narrow network", {"Condition": {"IpAddress": {"aws:SourceIp": "203.0.0.0/8"}}}, False),
    ("half the internet", {"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}, True),
    ("a private network", {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, False),
    ("any session of a role", {"Condition": {"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}}, True),
    ("one session of a role", {"Condition": {"StringLike": {"aws:userid": "AROAEXAMPLE:one"}}}, False),
]


@pytest.mark.parametrize(("change", "public"), [row[1:] for row in _FIXED], ids=[f"2.4-{row[0]}" for row in _FIXED])
def test_a_policy_is_public_unless_it_grants_to_fixed_values(
    world: S3World, change: dict[str, Any], *, public: bool
) -> None:
    bucket = world.bucket(public=True)
    statement = {name: value for name, value in {**_statement(bucket), **change}.items() if value is not None}
    assert is_public({"Statement": statement}) is public
    world.operator.put_bucket_policy(Bucket=bucket, Policy=document(statement))
    status = world.operator.get_bucket_policy_status(Bucket=bucket)
    assert status["PolicyStatus"]["IsPublic"] is public


def test_one_public_statement_makes_the_policy_public() -> None:
    private = _statement("b", {"AWS": _OTHER})
    assert is_public({"Statement": [private, _statement("b")]})
    assert not is_public({"Statement": [private, private]})


def test_a_new_bucket_blocks_everything_public(world: S3World) -> None:
    # 2.4: the default of new buckets.
    bucket = world.bucket()
    shown = world.operator.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert shown == _ALL_ON
    ownership = world.operator.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_a_public_policy_is_not_stored_while_it_is_blocked(world: S3World) -> None:
    # 2.4, BlockPublicPolicy.
    bucket, admin = world.bucket(), world.user(allow("*"))
    policy = document(_statement(bucket))
    assert refusal(admin.s3.put_bucket_policy, Bucket=bucket, Policy=policy) == denial(
        admin,
        "s3:PutBucketPolicy",
        f"arn:aws:s3:::{bucket}",
        "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access",
    )
    others = {**_ALL_ON, "BlockPublicPolicy": False}
    admin.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=others)
    admin.s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert json.loads(admin.s3.get_bucket_policy(Bucket=bucket)["Policy"]) == json.loads(policy)


def test_settings_that_are_left_out_are_off_and_deleted_ones_are_not_found(world: S3World) -> None:
    bucket = world.bucket()
    world.operator.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True}
    )
    shown = world.operator.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert shown == {**dict.fromkeys(_ALL_ON, False), "RestrictPublicBuckets": True}
    world.operator.delete_public_access_block(Bucket=bucket)
    assert refusal(world.operator.get_public_access_block, Bucket=bucket) == (
        "NoSuchPublicAccessBlockConfiguration",
        404,
        "The public access block configuration was not found",
    )


def test_a_restricted_public_bucket_is_for_its_own_account(world: S3World, tenant: Caller) -> None:
    # 2.4, RestrictPublicBuckets: also what the policy grants to one other account is blocked, the owner's is not.
    bucket = _open(world)
    named = _statement(bucket, {"AWS": tenant.arn})
    world.operator.put_bucket_policy(Bucket=bucket, Policy=document(_statement(bucket), named))
    mine = world.user()
    for caller in (tenant, mine):
        assert caller.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    assert world.anonymous().get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    restricted = {"RestrictPublicBuckets": True}
    world.operator.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=restricted)
    assert mine.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    for client in (tenant.s3, world.anonymous()):
        assert refusal(client.get_object, Bucket=bucket, Key="k") == PLAIN
    world.operator.put_bucket_policy(Bucket=bucket, Policy=document(named))
    assert tenant.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


def test_nobody_gets_in_without_a_policy(world: S3World) -> None:
    # 2.3, row "unsigned request, not public".
    bucket, nobody = world.bucket(public=True), world.anonymous()
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"content")
    for call, params in (
        (nobody.get_object, {"Bucket": bucket, "Key": "k"}),
        (nobody.list_objects_v2, {"Bucket": bucket}),
        (nobody.put_object, {"Bucket": bucket, "Key": "k"}),
        (nobody.delete_objects, {"Bucket": bucket, "Delete": {"Objects": [{"Key": "k"}]}}),
        (nobody.create_bucket, {"Bucket": "of-nobody"}),
        (nobody.list_buckets, {}),
    ):
        assert refusal(call, **params) == PLAIN
    world.operator.put_bucket_policy(Bucket=bucket, Policy=document(_statement(bucket, {"AWS": world.account})))
    assert refusal(nobody.get_object, Bucket=bucket, Key="k") == PLAIN


def test_nobody_may_what_a_public_policy_allows_and_no_more(world: S3World) -> None:
    bucket, nobody = _open(world, "GetObject", "PutObject", "DeleteObject"), world.anonymous()
    assert nobody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    nobody.put_object(Bucket=bucket, Key="new", Body=b"by nobody")
    assert world.operator.get_object(Bucket=bucket, Key="new")["Body"].read() == b"by nobody"
    answer = nobody.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "new"}, {"Key": "k", "VersionId": "v"}]})
    assert [entry["Key"] for entry in answer["Deleted"]] == ["new"]
    assert [(entry["Code"], entry["Message"]) for entry in answer["Errors"]] == [("AccessDenied", "Access Denied")]
    for call, params in (
        (nobody.list_objects_v2, {}),
        (nobody.get_object_tagging, {"Key": "k"}),
        (nobody.get_object, {"Key": "missing"}),
        # Anonymous callers cannot begin uploads.
        (nobody.create_multipart_upload, {"Key": "up"}),
    ):
        assert refusal(call, Bucket=bucket, **params) == PLAIN
    overridden = {"Key": "k", "ResponseContentType": "text/html"}
    assert refusal(nobody.get_object, Bucket=bucket, **overridden)[:2] == ("InvalidRequest", 400)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:PrincipalType": "Anonymous"}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "anonymous"}}, True),
        ({"Null": {"aws:PrincipalArn": "true"}}, True),
        ({"StringLike": {"aws:PrincipalArn": "*"}}, False),
        ({"StringNotEquals": {"aws:PrincipalTag/team": "red"}}, True),
        ({"StringEquals": {"s3:ResourceAccount": "{account}"}}, True),
    ],
)
def test_conditions_know_an_anonymous_caller(world: S3World, condition: dict[str, Any], *, allowed: bool) -> None:
    filled = json.loads(json.dumps(condition).replace("{account}", world.account))
    bucket, nobody = _open(world, Condition=filled), world.anonymous()
    if allowed:
        assert nobody.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    else:
        assert refusal(nobody.get_object, Bucket=bucket, Key="k") == PLAIN


@pytest.mark.parametrize("key", ["s3:authType", "s3:signatureversion", "s3:signatureAge", "aws:SourceIp"])
def test_what_is_not_known_of_an_anonymous_call_is_not_guessed(world: S3World, key: str) -> None:
    bucket = _open(world, Condition={"StringNotEquals": {key: "x"}})
    assert refusal(world.anonymous().get_object, Bucket=bucket, Key="k")[1] == 501


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("put_object", {"Key": "k", "ACL": "private"}),
        ("put_object", {"Key": "k", "ACL": "public-read"}),
        ("put_object", {"Key": "k", "GrantRead": "id=1"}),
        ("put_object_acl", {"Key": "k", "ACL": "public-read"}),
        ("put_object_acl", {"Key": "k", "GrantFullControl": "id=1"}),
        ("put_bucket_acl", {"ACL": "authenticated-read"}),
        ("create_multipart_upload", {"Key": "k", "ACL": "public-read"}),
        ("copy_object", {"Key": "l", "ACL": "public-read", "CopySource": "{bucket}/k"}),
    ],
)
def test_acls_are_disabled_in_a_new_bucket(world: S3World, operation: str, params: dict[str, Any]) -> None:
    # 2.4, Object Ownership.
    bucket = world.bucket()
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"content")
    filled = {name: value.replace("{bucket}", bucket) for name, value in params.items()}
    assert refusal(getattr(world.operator, operation), Bucket=bucket, **filled) == (
        "AccessControlListNotSupported",
        400,
        "The bucket does not allow ACLs",
    )
    world.operator.put_object(Bucket=bucket, Key="k", ACL="bucket-owner-full-control")


def test_an_acl_can_be_read_and_set_back_to_itself(world: S3World) -> None:
    bucket = world.bucket()
    world.operator.put_object(Bucket=bucket, Key="k")
    for read, write, which in (
        (world.operator.get_object_acl, world.operator.put_object_acl, {"Key": "k"}),
        (world.operator.get_bucket_acl, world.operator.put_bucket_acl, {}),
    ):
        shown = read(Bucket=bucket, **which)
        (grant,) = shown["Grants"]
        assert (grant["Permission"], grant["Grantee"]["ID"]) == ("FULL_CONTROL", shown["Owner"]["ID"])
        policy = {"Grants": shown["Grants"], "Owner": shown["Owner"]}
        write(Bucket=bucket, AccessControlPolicy=policy, **which)
        everybody = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
        policy["Grants"] = [*shown["Grants"], {"Grantee": everybody, "Permission": "READ"}]
        refused = refusal(write, Bucket=bucket, AccessControlPolicy=policy, **which)
        assert refused[:2] == ("AccessControlListNotSupported", 400)


def test_where_acls_count_public_ones_are_blocked_and_others_are_not_judged(world: S3World) -> None:
    # 2.4, BlockPublicAcls.
    bucket, writer = world.bucket(), world.user(allow("*"))
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    world.operator.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    writer.s3.put_object(Bucket=bucket, Key="k", ACL="private")
    code, status, message = refusal(writer.s3.put_object, Bucket=bucket, Key="k", ACL="public-read")
    assert (code, status) == ("AccessDenied", 403)
    assert "BlockPublicAcls" in message
    assert refusal(writer.s3.put_object, Bucket=bucket, Key="k", ACL="bucket-owner-read")[1] == 501
    world.operator.delete_public_access_block(Bucket=bucket)
    assert refusal(writer.s3.put_object, Bucket=bucket, Key="k", ACL="public-read")[1] == 501


def test_objects_of_another_account_are_not_judged(world: S3World, tenant: Caller) -> None:
    bucket = world.bucket()
    policy = document(_statement(bucket, {"AWS": tenant.arn}, "PutObject"))
    world.operator.put_bucket_policy(Bucket=bucket, Policy=policy)
    tenant.s3.put_object(Bucket=bucket, Key="k", Body=b"of the bucket's owner")
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    world.operator.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    assert refusal(tenant.s3.put_object, Bucket=bucket, Key="k")[1] == 501
