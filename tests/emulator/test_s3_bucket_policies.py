"""Bucket policies: who they let in (aws-semantics 2.4 and 6.2), and what S3 says of those it does not store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from s3_world import PLAIN, REGION, Caller, S3World, allow, denial, document, implicit, open_world, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


_OTHER = "999999999999"


world = pytest.fixture(scope="module")(open_world)


@pytest.fixture(scope="module")
def tenant(world: S3World) -> Caller:
    return world.user(account=_OTHER)


def _granting(principal: Any, bucket: str, *actions: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": principal,
        "Action": [f"s3:{action}" for action in (actions or ("GetObject",))],
        "Resource": f"arn:aws:s3:::{bucket}/*",
        **more,
    }


def _with_object(world: S3World, *, public: bool = False) -> str:
    bucket = world.bucket(public=public)
    world.operator.put_object(Bucket=bucket, Key="k", Body=b"content")
    return bucket


def _read(caller: Caller, bucket: str) -> bytes:
    return bytes(caller.s3.get_object(Bucket=bucket, Key="k")["Body"].read())


def _put(world: S3World, bucket: str, *statements: Mapping[str, Any]) -> None:
    world.operator.put_bucket_policy(Bucket=bucket, Policy=document(*statements))


_SILENT = document(allow("ListBucket"))
# Who is named, with a session policy that is silent or without, and whether the call is allowed (table 6.2).
_MATRIX = [
    ("role", "none", True),
    ("role", "silent session policy", False),
    ("role", "silent boundary", False),
    ("session", "none", True),
    ("session", "silent session policy", True),
    ("session", "silent boundary", True),
    ("account", "none", False),
    ("account", "allowed by identity", True),
    ("star", "none", True),
    ("star", "silent session policy", True),
    ("star", "silent boundary", True),
    ("somebody else", "none", False),
]


@pytest.mark.parametrize(("named", "limit", "allowed"), _MATRIX, ids=[f"6.2-{n}-{limit}" for n, limit, _ in _MATRIX])
def test_a_session_gets_in_as_the_policy_names_it(world: S3World, named: str, limit: str, *, allowed: bool) -> None:
    bucket = _with_object(world, public=named == "star")
    statements = [allow("GetObject")] if limit == "allowed by identity" else []
    session_policy = _SILENT if limit == "silent session policy" else None
    caller = world.session(*statements, session_policy=session_policy)
    if limit == "silent boundary":
        iam = world.root(world.account, "iam")
        arn = iam.create_policy(PolicyName=f"boundary-{bucket}", PolicyDocument=_SILENT)["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName=caller.owner_arn.rpartition("/")[2], PermissionsBoundary=arn)
    principals = {
        "role": {"AWS": caller.owner_arn},
        "session": {"AWS": caller.arn},
        "account": {"AWS": world.account},
        "star": "*",
        "somebody else": {"AWS": world.user().arn},
    }
    _put(world, bucket, _granting(principals[named], bucket))
    if allowed:
        assert _read(caller, bucket) == b"content"
    else:
        code, status, message = refusal(caller.s3.get_object, Bucket=bucket, Key="k")
        kind = {"silent session policy": "session", "silent boundary": "permissions boundary"}.get(limit)
        because = "identity-based policy" if kind is None else f"{kind} policy" if kind == "session" else kind
        assert (code, status, message) == denial(
            caller, "s3:GetObject", f"arn:aws:s3:::{bucket}/k", f"because no {because} allows the s3:GetObject action"
        )


def test_a_user_who_is_named_needs_no_other_permission(world: S3World) -> None:
    # 6.2, row IAM user.
    bucket, caller, other = _with_object(world), world.user(), world.user()
    _put(world, bucket, _granting({"AWS": caller.arn}, bucket))
    assert _read(caller, bucket) == b"content"
    assert refusal(other.s3.get_object, Bucket=bucket, Key="k")[:2] == ("AccessDenied", 403)


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_a_deny_of_the_bucket_policy_wins(world: S3World, principal: Any) -> None:
    # 2.3, row "bucket policy Deny", and 2.4: an explicit deny anywhere wins.
    bucket, caller = _with_object(world), world.user(allow("*"))
    assert _read(caller, bucket) == b"content"
    _put(world, bucket, _granting(principal, bucket, effect="Deny"))
    assert refusal(caller.s3.get_object, Bucket=bucket, Key="k") == denial(
        caller, "s3:GetObject", f"arn:aws:s3:::{bucket}/k", "with an explicit deny in a resource-based policy"
    )
    # The root user is denied as well, but can always repair the policy.
    assert refusal(world.operator.get_object, Bucket=bucket, Key="k")[:2] == ("AccessDenied", 403)
    world.operator.delete_bucket_policy(Bucket=bucket)
    assert _read(caller, bucket) == b"content"


def test_root_repairs_a_policy_that_denies_everybody_everything(world: S3World) -> None:
    bucket, caller = world.bucket(), world.user(allow("*"))
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    _put(world, bucket, _granting("*", bucket, "*", effect="Deny", Resource=resources))
    assert refusal(caller.s3.delete_bucket_policy, Bucket=bucket)[:2] == ("AccessDenied", 403)
    assert refusal(world.operator.list_objects_v2, Bucket=bucket)[:2] == ("AccessDenied", 403)
    world.operator.delete_bucket_policy(Bucket=bucket)
    assert world.operator.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    ("identity", "resource", "allowed"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
    ids=["2.4-both", "2.4-identity-only", "2.4-bucket-policy-only", "2.4-neither"],
)
def test_across_accounts_both_sides_must_allow(
    world: S3World, tenant: Caller, *, identity: bool, resource: bool, allowed: bool
) -> None:
    bucket = _with_object(world)
    world.grant(tenant, allow("GetObject" if identity else "Nothing"))
    if resource:
        _put(world, bucket, _granting({"AWS": tenant.arn}, bucket))
    if allowed:
        assert _read(tenant, bucket) == b"content"
    else:
        # 2.3: the reason is told within one account only.
        assert refusal(tenant.s3.get_object, Bucket=bucket, Key="k") == PLAIN


@pytest.mark.parametrize("named", ["account", "root ARN"])
def test_an_account_that_is_named_passes_its_permission_on(world: S3World, tenant: Caller, named: str) -> None:
    bucket = _with_object(world)
    principal = {"AWS": _OTHER if named == "account" else f"arn:aws:iam::{_OTHER}:root"}
    _put(world, bucket, _granting(principal, bucket))
    world.grant(tenant, allow("GetObject"))
    assert _read(tenant, bucket) == b"content"
    world.grant(tenant, allow("PutObject"))
    assert refusal(tenant.s3.get_object, Bucket=bucket, Key="k") == PLAIN


def test_the_root_user_of_another_account_is_no_owner(world: S3World) -> None:
    bucket = _with_object(world)
    assert refusal(world.root(_OTHER).get_object, Bucket=bucket, Key="k") == PLAIN
    _put(world, bucket, _granting({"AWS": _OTHER}, bucket))
    assert world.root(_OTHER).get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


def test_a_bucket_of_another_account_is_forbidden_and_a_missing_one_is_not_found(
    world: S3World, tenant: Caller
) -> None:
    # 2.3, row "missing bucket".
    bucket = world.bucket()
    world.grant(tenant, allow("*"))
    assert refusal(tenant.s3.list_objects_v2, Bucket=bucket) == PLAIN
    assert refusal(tenant.s3.head_bucket, Bucket=bucket)[:2] == ("403", 403)
    world.grant(tenant, allow("Nothing"))
    missing = ("NoSuchBucket", 404, "The specified bucket does not exist")
    assert refusal(tenant.s3.get_object, Bucket="not-there", Key="k") == missing
    assert refusal(world.anonymous().get_object, Bucket="not-there", Key="k") == missing


def test_a_copy_needs_both_buckets(world: S3World, tenant: Caller) -> None:
    source, target = _with_object(world), world.bucket()
    world.grant(tenant, allow("*"))
    copy = {"Bucket": target, "Key": "copy", "CopySource": f"{source}/k"}
    _put(world, target, _granting({"AWS": tenant.arn}, target, "PutObject"))
    assert refusal(tenant.s3.copy_object, **copy) == PLAIN
    _put(world, source, _granting({"AWS": tenant.arn}, source, "GetObject"))
    tenant.s3.copy_object(**copy)
    assert world.operator.get_object(Bucket=target, Key="copy")["Body"].read() == b"content"
    world.operator.delete_bucket_policy(Bucket=target)
    assert refusal(tenant.s3.copy_object, **copy) == PLAIN


def test_the_policy_is_for_the_owners_account_alone(world: S3World, tenant: Caller) -> None:
    # [model: PutBucketPolicy]: with permission, and of another account, it is 405.
    bucket = world.bucket()
    world.grant(tenant, allow("*"))
    actions = ("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy")
    statement = _granting({"AWS": tenant.arn}, bucket, *actions, Resource=f"arn:aws:s3:::{bucket}")
    _put(world, bucket, statement)
    for call, params in (
        (tenant.s3.get_bucket_policy, {}),
        (tenant.s3.put_bucket_policy, {"Policy": document(statement)}),
        (tenant.s3.delete_bucket_policy, {}),
    ):
        assert refusal(call, Bucket=bucket, **params)[:2] == ("MethodNotAllowed", 405)


def test_a_name_is_taken_in_all_accounts(world: S3World, tenant: Caller) -> None:
    bucket = world.bucket()
    world.grant(tenant, allow("*"))
    assert refusal(tenant.s3.create_bucket, Bucket=bucket)[:2] == ("BucketAlreadyExists", 409)
    assert bucket not in {each["Name"] for each in tenant.s3.list_buckets()["Buckets"]}


def test_a_role_made_again_under_its_name_is_not_the_one_that_was_named(world: S3World) -> None:
    # Principals are kept by unique id (aws-semantics 6.5, IAM page "Principal").
    bucket, caller = _with_object(world), world.session()
    _put(world, bucket, _granting({"AWS": caller.owner_arn}, bucket))
    assert _read(caller, bucket) == b"content"
    iam, name = world.root(world.account, "iam"), caller.owner_arn.rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    again = world.assumed(caller.owner_arn)
    assert refusal(again.s3.get_object, Bucket=bucket, Key="k") == implicit(
        again, "s3:GetObject", f"arn:aws:s3:::{bucket}/k"
    )
    shown = json.loads(world.operator.get_bucket_policy(Bucket=bucket)["Policy"])
    assert shown["Statement"][0]["Principal"]["AWS"].startswith("AROA")


def test_a_stored_policy_is_given_back_and_can_be_removed(world: S3World) -> None:
    bucket = world.bucket()
    none = ("NoSuchBucketPolicy", 404, "The bucket policy does not exist")
    assert refusal(world.operator.get_bucket_policy, Bucket=bucket) == none
    assert refusal(world.operator.get_bucket_policy_status, Bucket=bucket) == none
    text = document(_granting({"AWS": world.account}, bucket))
    world.operator.put_bucket_policy(Bucket=bucket, Policy=text)
    assert world.operator.get_bucket_policy(Bucket=bucket)["Policy"] == text
    assert world.operator.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": False}
    world.operator.delete_bucket_policy(Bucket=bucket)
    assert refusal(world.operator.get_bucket_policy, Bucket=bucket) == none


_STATEMENT = {"Effect": "Allow", "Principal": {"AWS": _OTHER}, "Action": "s3:GetObject", "Resource": "{objects}"}
_MALFORMED: list[tuple[str, Any, str]] = [
    ("no JSON", "{", "This policy contains invalid Json"),
    ("no statement", {"Version": "2012-10-17"}, "Invalid policy syntax."),
    ("no principal", {"Principal": None}, "Missing required field Principal"),
    ("missing user", {"Principal": {"AWS": f"arn:aws:iam::{_OTHER}:user/nobody"}}, "Invalid principal in policy"),
    ("missing role", {"Principal": {"AWS": f"arn:aws:iam::{_OTHER}:role/nobody"}}, "Invalid principal in policy"),
    ("missing id", {"Principal": {"AWS": "AROAAAAAAAAAAAAAAAAAA"}}, "Invalid principal in policy"),
    ("wildcard in an ARN", {"Principal": {"AWS": f"arn:aws:iam::{_OTHER}:user/*"}}, "Invalid principal in policy"),
    ("action of another service", {"Action": "dynamodb:GetItem"}, "Policy has invalid action"),
    ("another bucket", {"Resource": "arn:aws:s3:::another-bucket/*"}, "Policy has invalid resource"),
    (
        "an object action on the bucket",
        {"Resource": "{bucket}"},
        "Action does not apply to any resource(s) in statement",
    ),
    (
        "a bucket action on objects",
        {"Action": "s3:ListBucket"},
        "Action does not apply to any resource(s) in statement",
    ),
]


@pytest.mark.parametrize(
    ("change", "message"), [row[1:] for row in _MALFORMED], ids=[f"2.4-{r[0]}" for r in _MALFORMED]
)
def test_a_malformed_policy_is_not_stored(world: S3World, change: Any, message: str) -> None:
    bucket = world.bucket()
    sent = change if isinstance(change, str) else json.dumps(change)
    if isinstance(change, dict) and "Version" not in change:
        statement = {name: value for name, value in {**_STATEMENT, **change}.items() if value is not None}
        arn = f"arn:aws:s3:::{bucket}"
        sent = document(statement).replace("{objects}", f"{arn}/*").replace("{bucket}", arn)
    assert refusal(world.operator.put_bucket_policy, Bucket=bucket, Policy=sent) == ("MalformedPolicy", 400, message)
    assert refusal(world.operator.get_bucket_policy, Bucket=bucket)[0] == "NoSuchBucketPolicy"


def test_a_policy_over_20_kb_is_too_large(world: S3World) -> None:
    # 2.4: 20 KB.
    bucket = world.bucket()
    statement = _granting({"AWS": world.account}, bucket)
    filler = 20_480 - len(document({**statement, "Sid": ""}))
    exact, over = (document({**statement, "Sid": "x" * length}) for length in (filler, filler + 1))
    world.operator.put_bucket_policy(Bucket=bucket, Policy=exact)
    assert refusal(world.operator.put_bucket_policy, Bucket=bucket, Policy=over)[:2] == ("PolicyTooLarge", 400)


@pytest.mark.parametrize("resource", ["*", "arn:aws:s3:::*", "{bucket}*"])
def test_resources_that_reach_beyond_the_bucket_are_not_derivable(world: S3World, resource: str) -> None:
    bucket = world.bucket()
    statement = _granting({"AWS": _OTHER}, bucket, Resource=resource.replace("{bucket}", f"arn:aws:s3:::{bucket}"))
    assert refusal(world.operator.put_bucket_policy, Bucket=bucket, Policy=document(statement))[1] == 501


def test_a_policy_follows_the_tags_of_its_principals(world: S3World) -> None:
    bucket, caller = _with_object(world), world.user()
    condition = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    _put(world, bucket, _granting({"AWS": caller.arn}, bucket, Condition=condition))
    assert refusal(caller.s3.get_object, Bucket=bucket, Key="k")[:2] == ("AccessDenied", 403)
    world.root(world.account, "iam").tag_user(
        UserName=caller.arn.rpartition("/")[2], Tags=[{"Key": "team", "Value": "red"}]
    )
    assert _read(caller, bucket) == b"content"


def test_buckets_of_one_cloud_lie_in_the_region_they_were_made_in(world: S3World) -> None:
    assert world.operator.get_bucket_location(Bucket=world.bucket())["LocationConstraint"] is None
    abroad = {"LocationConstraint": "eu-west-1"}
    world.operator.create_bucket(Bucket="abroad", CreateBucketConfiguration=abroad)
    assert REGION == "us-east-1"
    assert refusal(world.operator.get_bucket_location, Bucket="abroad")[1] == 501
