"""Where permissions come from: managed policies, groups, boundaries and tags, with IAM's limits (section 6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from embedded_aws import Refusal, allow, deny, document, trusting

from harness.emulator.service import NOT_DERIVABLE

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws

ANYBODY = trusting("*")
READ_ONLY = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
VERSION = "2012-10-17"


@pytest.mark.parametrize("own", [True, False])
def test_6_1_an_attached_policy_counts_until_it_is_detached(aws: EmbeddedAws, own: bool) -> None:  # noqa: FBT001  two cases
    alice = aws.user("alice")
    policy = aws.policy("read", allow("iam:GetUser")) if own else READ_ONLY

    assert not aws.may(alice, "iam", "GetUser")
    aws.iam("AttachUserPolicy", UserName="alice", PolicyArn=policy)
    assert aws.may(alice, "iam", "GetUser")
    assert not aws.may(alice, "iam", "CreateUser", UserName="bob")
    attached = aws.iam("ListAttachedUserPolicies", UserName="alice")["AttachedPolicies"]
    assert attached == [{"PolicyName": policy.rpartition("/")[2], "PolicyArn": policy}]
    assert aws.iam("ListEntitiesForPolicy", PolicyArn=policy)["PolicyUsers"][0]["UserName"] == "alice"
    aws.iam("DetachUserPolicy", UserName="alice", PolicyArn=policy)
    assert not aws.may(alice, "iam", "GetUser")


def test_6_1_the_default_version_of_a_policy_is_the_one_that_counts(aws: EmbeddedAws) -> None:
    alice = aws.user("alice")
    policy = aws.policy("p", allow("iam:GetUser"))
    aws.iam("AttachUserPolicy", UserName="alice", PolicyArn=policy)
    silent = document(allow("s3:ListAllMyBuckets"))

    second = aws.iam("CreatePolicyVersion", PolicyArn=policy, PolicyDocument=silent)["PolicyVersion"]
    assert (second["VersionId"], second["IsDefaultVersion"]) == ("v2", False)
    assert aws.may(alice, "iam", "GetUser")
    aws.iam("SetDefaultPolicyVersion", PolicyArn=policy, VersionId="v2")
    assert not aws.may(alice, "iam", "GetUser")
    shown = aws.iam("GetPolicyVersion", PolicyArn=policy, VersionId="v2")["PolicyVersion"]
    assert (shown["Document"], shown["IsDefaultVersion"]) == (json.loads(silent), True)
    aws.iam("CreatePolicyVersion", PolicyArn=policy, PolicyDocument=document(allow("iam:*")), SetAsDefault=True)
    assert aws.may(alice, "iam", "GetUser")
    assert aws.refused("iam", "DeletePolicyVersion", PolicyArn=policy, VersionId="v3") == Refusal(
        "DeleteConflict", 409, "Cannot delete the default version of a policy."
    )


def test_6_6_a_policy_has_five_versions_and_stays_while_it_is_used(aws: EmbeddedAws) -> None:
    policy = aws.policy("p", allow("iam:GetUser"))
    aws.role("r", ANYBODY, PermissionsBoundary=policy)
    for _ in range(4):
        aws.iam("CreatePolicyVersion", PolicyArn=policy, PolicyDocument=document(allow("*")))

    over = aws.refused("iam", "CreatePolicyVersion", PolicyArn=policy, PolicyDocument=document(allow("*")))

    assert (over.code, over.status) == ("LimitExceeded", 409)
    used = Refusal("DeleteConflict", 409, "Cannot delete a policy attached to entities.")
    assert aws.refused("iam", "DeletePolicy", PolicyArn=policy) == used
    aws.iam("DeleteRolePermissionsBoundary", RoleName="r")
    assert aws.refused("iam", "DeletePolicy", PolicyArn=policy).message.startswith("This policy has more than one")
    for version in ("v2", "v3", "v4", "v5"):
        aws.iam("DeletePolicyVersion", PolicyArn=policy, VersionId=version)
    aws.iam("DeletePolicy", PolicyArn=policy)
    assert aws.refused("iam", "GetPolicy", PolicyArn=policy).code == "NoSuchEntity"


def test_what_does_not_exist_or_belongs_to_another_account_cannot_be_attached(aws: EmbeddedAws) -> None:
    aws.user("alice")
    other = aws.in_account("999999999999")
    created = aws.call(other, "iam", "CreatePolicy", PolicyName="p", PolicyDocument=document(allow("*")))

    for arn in (created["Policy"]["Arn"], "arn:aws:iam::aws:policy/NoSuchPolicy"):
        assert aws.refused("iam", "AttachUserPolicy", UserName="alice", PolicyArn=arn) == Refusal(
            "NoSuchEntity", 404, f"Policy {arn} does not exist or is not attachable."
        )


def test_6_1_a_groups_policies_are_those_of_its_members(aws: EmbeddedAws) -> None:
    alice, bob = aws.user("alice"), aws.user("bob")
    aws.iam("CreateGroup", GroupName="readers", Path="/team/")
    aws.iam("PutGroupPolicy", GroupName="readers", PolicyName="p", PolicyDocument=document(allow("iam:GetUser")))
    aws.iam("AttachGroupPolicy", GroupName="readers", PolicyArn=aws.policy("list", allow("iam:ListUsers")))

    assert not aws.may(alice, "iam", "GetUser")
    aws.iam("AddUserToGroup", GroupName="readers", UserName="alice")
    assert aws.may(alice, "iam", "GetUser")
    assert aws.may(alice, "iam", "ListUsers")
    assert not aws.may(bob, "iam", "GetUser")
    assert [user["UserName"] for user in aws.iam("GetGroup", GroupName="readers")["Users"]] == ["alice"]
    assert [each["GroupName"] for each in aws.iam("ListGroupsForUser", UserName="alice")["Groups"]] == ["readers"]
    assert aws.refused("iam", "DeleteGroup", GroupName="readers").code == "DeleteConflict"
    aws.iam("RemoveUserFromGroup", GroupName="readers", UserName="alice")
    assert not aws.may(alice, "iam", "GetUser")


def test_6_1_a_boundary_limits_what_identity_policies_allow(aws: EmbeddedAws) -> None:
    boundary = aws.policy("boundary", allow("iam:GetUser"))
    alice = aws.user("alice", allow("iam:*"), PermissionsBoundary=boundary)
    session = aws.assume(aws.role("r", ANYBODY, allow("iam:*"), PermissionsBoundary=boundary), alice_of(aws))

    for caller in (alice, session):
        assert aws.may(caller, "iam", "GetUser", UserName="alice")
        refusal = aws.refusal(caller, "iam", "ListUsers")
        assert refusal.message.endswith("because no permissions boundary allows the iam:ListUsers action")
    shown = aws.iam("GetRole", RoleName="r")["Role"]["PermissionsBoundary"]
    assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    aws.iam("DeleteUserPermissionsBoundary", UserName="alice")
    assert aws.may(alice, "iam", "ListUsers")
    aws.iam("PutUserPermissionsBoundary", UserName="alice", PermissionsBoundary=boundary)
    assert not aws.may(alice, "iam", "ListUsers")


def alice_of(aws: EmbeddedAws) -> Any:
    """Return a user who may assume every role that trusts anybody."""
    return aws.user("caller", allow("sts:AssumeRole"))


def test_an_administrator_can_be_held_to_roles_with_a_boundary(aws: EmbeddedAws) -> None:
    boundary = aws.policy("boundary", allow("s3:*"))
    only_bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    admin = aws.user("admin", allow("iam:CreateRole", "iam:PutRolePolicy", "iam:Delete*", **only_bounded))
    aws.role("free", ANYBODY)
    trust = document(ANYBODY)

    def creates(name: str, **params: Any) -> bool:
        return aws.may(admin, "iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust, **params)

    assert creates("bounded", PermissionsBoundary=boundary)
    assert not creates("unbounded")
    assert not creates("otherwise", PermissionsBoundary=READ_ONLY)
    put = {"PolicyName": "p", "PolicyDocument": document(allow("*"))}
    assert aws.may(admin, "iam", "PutRolePolicy", RoleName="bounded", **put)
    assert not aws.may(admin, "iam", "PutRolePolicy", RoleName="free", **put)


def test_an_administrator_can_be_held_to_certain_policies(aws: EmbeddedAws) -> None:
    allowed, other = aws.policy("allowed", allow("s3:*")), aws.policy("other", allow("*"))
    admin = aws.user("admin", allow("iam:AttachRolePolicy", ArnEquals={"iam:PolicyARN": allowed}))
    aws.role("r", ANYBODY)

    assert aws.may(admin, "iam", "AttachRolePolicy", RoleName="r", PolicyArn=allowed)
    assert not aws.may(admin, "iam", "AttachRolePolicy", RoleName="r", PolicyArn=other)


@pytest.mark.parametrize("prefix", ["aws:ResourceTag", "iam:ResourceTag"])
def test_tags_of_roles_and_users_are_condition_keys(aws: EmbeddedAws, prefix: str) -> None:
    same_tenant = {f"{prefix}/Tenant": "${aws:PrincipalTag/tenant}"}
    alice = aws.user("alice", allow("iam:GetRole", StringEquals=same_tenant), Tags=[{"Key": "Tenant", "Value": "a"}])
    aws.role("own", ANYBODY, Tags=[{"Key": "tenant", "Value": "a"}])
    aws.role("foreign", ANYBODY, Tags=[{"Key": "tenant", "Value": "b"}])

    assert aws.may(alice, "iam", "GetRole", RoleName="own")
    assert not aws.may(alice, "iam", "GetRole", RoleName="foreign")
    aws.iam("TagUser", UserName="alice", Tags=[{"Key": "TENANT", "Value": "b"}])
    assert aws.may(alice, "iam", "GetRole", RoleName="foreign")
    aws.iam("UntagUser", UserName="alice", TagKeys=["tenant"])
    assert aws.iam("ListUserTags", UserName="alice")["Tags"] == []
    assert not aws.may(alice, "iam", "GetRole", RoleName="foreign")


def test_tags_of_requests_are_condition_keys(aws: EmbeddedAws) -> None:
    tagged = {"StringEquals": {"aws:RequestTag/tenant": "a"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["tenant"]}}
    admin = aws.user(
        "admin",
        allow("iam:TagRole", **tagged),
        allow("iam:UntagRole", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["colour"]}}),
    )
    aws.role("r", ANYBODY)

    def tags(**wanted: str) -> bool:
        listed = [{"Key": key, "Value": value} for key, value in wanted.items()]
        return aws.may(admin, "iam", "TagRole", RoleName="r", Tags=listed)

    assert tags(tenant="a")
    assert not tags(tenant="b")
    assert not tags(tenant="a", colour="red")
    assert aws.may(admin, "iam", "UntagRole", RoleName="r", TagKeys=["colour"])
    assert not aws.may(admin, "iam", "UntagRole", RoleName="r", TagKeys=["tenant"])
    assert aws.iam("ListRoleTags", RoleName="r")["Tags"] == [{"Key": "tenant", "Value": "a"}]


def test_tags_that_a_service_does_not_hold_make_its_decisions_underivable(aws: EmbeddedAws) -> None:
    by_tag = allow("s3:*", StringEquals={"aws:ResourceTag/tenant": "a"})
    alice = aws.user("alice", by_tag, allow("iam:GetUser"))

    assert aws.refusal(alice, "s3", "ListBuckets").code == NOT_DERIVABLE
    assert aws.may(alice, "iam", "GetUser")
    aws.iam("PutUserPolicy", UserName="alice", PolicyName="deny", PolicyDocument=document(deny("s3:*")))
    assert aws.refusal(alice, "s3", "ListBuckets").code == "AccessDenied"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("no json", "Syntax errors in policy."),
        ("{}", "Syntax errors in policy."),
        (
            json.dumps({"Version": VERSION, "Statement": [{"Effect": "Maybe", "Action": "*", "Resource": "*"}]}),
            "Syntax errors in policy.",
        ),
        (
            json.dumps({"Version": "2011-01-01", "Statement": [allow("*")]}),
            "Policy document must be version 2012-10-17 or greater.",
        ),
        (document({**allow("*"), "Resource": "arn:aws:s3"}), "The policy failed legacy parsing"),
        (document({**allow("*"), "Sid": "a"}, {**allow("*"), "Sid": "a"}), "Statement IDs (SID) in a single policy"),
        (document({"Effect": "Allow", "Resource": "*"}), "Policy statement must contain actions."),
        (document({"Effect": "Allow", "Action": "*"}), "Policy statement must contain resources."),
        (document(allow("GetItem")), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
        (document(allow("*", resource="arn:x:s3:::b")), 'Partition "x" is not valid for resource "arn:x:s3:::b".'),
    ],
)
def test_6_5_a_malformed_document_is_refused_before_it_is_stored(aws: EmbeddedAws, written: str, reason: str) -> None:
    aws.role("r", ANYBODY)

    for operation, params in (
        ("PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": written}),
        ("CreatePolicy", {"PolicyName": "p", "PolicyDocument": written}),
    ):
        refusal = aws.refused("iam", operation, **params)
        assert (refusal.code, refusal.status) == ("MalformedPolicyDocument", 400)
        assert refusal.message.startswith(reason)
    assert aws.iam("ListRolePolicies", RoleName="r")["PolicyNames"] == []


def test_6_5_unknown_actions_and_keys_are_accepted_and_never_match(aws: EmbeddedAws) -> None:
    misspelt = allow("iam:GetUser", StringEquals={"iam:NoSuchKey": "x"})
    alice = aws.user("alice", allow("iam:GetUsr"), misspelt)

    assert not aws.may(alice, "iam", "GetUser")


def test_6_5_characters_outside_the_models_pattern_are_refused(aws: EmbeddedAws) -> None:
    written = json.dumps(json.loads(document(allow("*", resource="arn:aws:s3:::\u20ac"))), ensure_ascii=False)

    assert aws.refused("iam", "CreatePolicy", PolicyName="p", PolicyDocument=written).code == "ValidationError"


def _sized(length: int) -> str:
    """Return a document with exactly so many characters that are not white space."""
    empty = len("".join(document(allow("s3:*", resource="arn:aws:s3:::")).split()))
    return document(allow("s3:*", resource="arn:aws:s3:::" + "x" * (length - empty)))


def test_6_6_a_managed_policy_has_6144_characters(aws: EmbeddedAws) -> None:
    assert aws.iam("CreatePolicy", PolicyName="fits", PolicyDocument=_sized(6144).replace(" ", "   "))
    assert aws.refused("iam", "CreatePolicy", PolicyName="over", PolicyDocument=_sized(6145)) == Refusal(
        "LimitExceeded", 409, "Cannot exceed quota for PolicySize: 6144"
    )


@pytest.mark.parametrize(("kind", "limit"), [("Role", 10_240), ("User", 2_048), ("Group", 5_120)])
def test_6_6_inline_policies_share_a_limit(aws: EmbeddedAws, kind: str, limit: int) -> None:
    owner = {f"{kind}Name": "owner"}
    trust = {"AssumeRolePolicyDocument": document(ANYBODY)} if kind == "Role" else {}
    aws.iam(f"Create{kind}", **owner, **trust)

    aws.iam(f"Put{kind}Policy", **owner, PolicyName="first", PolicyDocument=_sized(limit - 1000))
    aws.iam(f"Put{kind}Policy", **owner, PolicyName="second", PolicyDocument=_sized(1000))
    over = aws.refused("iam", f"Put{kind}Policy", **owner, PolicyName="second", PolicyDocument=_sized(1001))

    message = f"Maximum policy size of {limit} bytes exceeded for {kind.lower()} owner"
    assert over == Refusal("LimitExceeded", 409, message)


def test_6_6_a_trust_policy_has_2048_characters(aws: EmbeddedAws) -> None:
    long = [trusting(f"arn:aws:iam::{number:012}:root") for number in range(100, 130)]

    assert aws.refused("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=document(*long)) == Refusal(
        "LimitExceeded", 409, "Cannot exceed quota for ACLSizePerRole: 2048"
    )


def test_6_6_ten_policies_are_attached_to_a_role(aws: EmbeddedAws) -> None:
    aws.role("r", ANYBODY)
    arns = [aws.policy(f"p{number}", allow("s3:*")) for number in range(11)]
    for arn in arns[:10]:
        aws.iam("AttachRolePolicy", RoleName="r", PolicyArn=arn)

    assert aws.refused("iam", "AttachRolePolicy", RoleName="r", PolicyArn=arns[10]) == Refusal(
        "LimitExceeded", 409, "Cannot exceed quota for PoliciesPerRole: 10"
    )


def test_6_6_an_account_has_a_thousand_roles(aws: EmbeddedAws) -> None:
    state = aws.cloud.account_of(aws.account)
    aws.role("first", ANYBODY)
    stored = state.iam_state.roles["first"]
    state.iam_state.roles.update({f"r{number}": stored for number in range(998)})

    aws.role("last", ANYBODY)
    assert aws.refused("iam", "CreateRole", RoleName="over", AssumeRolePolicyDocument=document(ANYBODY)) == Refusal(
        "LimitExceeded", 409, "Cannot exceed quota for RolesPerAccount: 1000"
    )


def test_6_6_a_role_has_fifty_tags(aws: EmbeddedAws) -> None:
    aws.role("r", ANYBODY, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(50)])

    aws.iam("TagRole", RoleName="r", Tags=[{"Key": "K1", "Value": "other"}])
    assert aws.refused("iam", "TagRole", RoleName="r", Tags=[{"Key": "one", "Value": "more"}]).code == "LimitExceeded"
