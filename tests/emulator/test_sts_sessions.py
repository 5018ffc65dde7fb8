"""AssumeRole and its like through real clients: accounts, session policies, tags, source identity (section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from embedded_aws import Refusal, allow, deny, document, keys_of, trusting

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws, Statement

    from harness.targets.api import AwsCredentials

OTHER = "999999999999"
ASSUME = allow("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
IAM_READ = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"


def _alice(aws: EmbeddedAws) -> AwsCredentials:
    return aws.user("alice", ASSUME)


def _arn(aws: EmbeddedAws, name: str = "alice") -> str:
    return f"arn:aws:iam::{aws.account}:user/{name}"


def _denied(aws: EmbeddedAws, role: str, action: str = "sts:AssumeRole") -> Refusal:
    who = f"User: {_arn(aws)} is not authorized to perform: {action} on resource: {role}"
    return Refusal("AccessDenied", 403, who)


def _session(aws: EmbeddedAws, caller: AwsCredentials, role: str, **params: Any) -> Any:
    return aws.call(caller, "sts", "AssumeRole", RoleArn=role, **{"RoleSessionName": "session", **params})


def _refusal(aws: EmbeddedAws, caller: AwsCredentials, role: str, **params: Any) -> Refusal:
    return aws.refusal(caller, "sts", "AssumeRole", RoleArn=role, **{"RoleSessionName": "session", **params})


def _tag(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def test_5_2_the_trust_policy_must_allow_and_names_of_roles_cannot_be_probed(aws: EmbeddedAws) -> None:
    alice = _alice(aws)
    own = aws.role("own", trusting(_arn(aws)), Path="/team/")
    other = aws.role("other", trusting(aws.target.operator_arn))
    missing = f"arn:aws:iam::{aws.account}:role/missing"

    answer = _session(aws, alice, own)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/own/session"
    for role in (other, missing):
        assert _refusal(aws, alice, role) == _denied(aws, role)


def test_5_2_an_account_as_principal_leaves_it_to_the_callers_policies(aws: EmbeddedAws) -> None:
    alice, bob = _alice(aws), aws.user("bob")
    root, named = f"arn:aws:iam::{aws.account}:root", f"{_arn(aws)} {_arn(aws, 'bob')}"
    delegated, direct = aws.role("delegated", trusting(root)), aws.role("direct", trusting(named))

    assert _session(aws, alice, delegated)
    assert _refusal(aws, bob, delegated).code == "AccessDenied"
    assert _session(aws, bob, direct)
    aws.iam("PutUserPolicy", UserName="bob", PolicyName="deny", PolicyDocument=document(deny("sts:AssumeRole")))
    assert _refusal(aws, bob, direct).code == "AccessDenied"


def test_6_1_across_accounts_both_sides_must_allow_and_the_session_is_the_roles(aws: EmbeddedAws) -> None:
    alice, bob = _alice(aws), aws.user("bob")
    other = aws.in_account(OTHER)
    trust = document(trusting(f"{_arn(aws)} {_arn(aws, 'bob')}"))
    created = aws.call(other, "iam", "CreateRole", RoleName="cross", AssumeRolePolicyDocument=trust)
    aws.call(other, "iam", "PutRolePolicy", RoleName="cross", PolicyName="p", PolicyDocument=document(allow("iam:*")))
    role = created["Role"]["Arn"]

    session = aws.assume(role, alice)
    assert aws.call(session, "sts", "GetCallerIdentity")["Account"] == OTHER
    assert [each["RoleName"] for each in aws.call(session, "iam", "ListRoles")["Roles"]] == ["cross"]
    assert _refusal(aws, bob, role).code == "AccessDenied"
    distrustful = document(trusting(f"arn:aws:iam::{OTHER}:root"))
    aws.call(other, "iam", "UpdateAssumeRolePolicy", RoleName="cross", PolicyDocument=distrustful)
    assert _refusal(aws, alice, role) == _denied(aws, role)


@pytest.mark.parametrize(
    ("condition", "right", "wrong"),
    [
        ({"sts:ExternalId": "secret-1"}, {"ExternalId": "secret-1"}, {"ExternalId": "other"}),
        ({"sts:ExternalId": "secret-1"}, {"ExternalId": "secret-1"}, {}),
        ({"sts:RoleSessionName": "${aws:username}"}, {"RoleSessionName": "alice"}, {"RoleSessionName": "bob"}),
        ({"sts:SourceIdentity": "alice"}, {"SourceIdentity": "alice"}, {"SourceIdentity": "bob"}),
        ({"aws:RequestTag/org": "a"}, {"Tags": _tag(org="a")}, {"Tags": _tag(org="b")}),
        ({"aws:RequestTag/org": "a"}, {"Tags": _tag(ORG="a")}, {"Tags": _tag(ORG="b")}),
        ({"aws:PrincipalArn": "arn:aws:iam::*:user/alice"}, {}, None),
    ],
)
def test_5_2_the_trust_policy_can_ask_for_what_the_request_gives(
    aws: EmbeddedAws, condition: dict[str, str], right: dict[str, Any], wrong: dict[str, Any] | None
) -> None:
    alice = _alice(aws)
    trust = trusting(_arn(aws), "sts:TagSession", "sts:SetSourceIdentity", condition={"StringLike": condition})
    role = aws.role("r", trust)

    assert _session(aws, alice, role, **right)
    if wrong is not None:
        assert _refusal(aws, alice, role, **wrong).code == "AccessDenied"


@pytest.mark.parametrize(
    ("action", "params"),
    [("sts:TagSession", {"Tags": _tag(org="a")}), ("sts:SetSourceIdentity", {"SourceIdentity": "alice"})],
)
def test_5_2_tags_and_source_identity_need_an_action_of_their_own(
    aws: EmbeddedAws, action: str, params: dict[str, Any]
) -> None:
    alice = _alice(aws)
    silent, allowing = aws.role("silent", trusting(_arn(aws))), aws.role("allowing", trusting(_arn(aws), action))

    assert _refusal(aws, alice, silent, **params) == _denied(aws, silent, action)
    assert _session(aws, alice, allowing, **params)


def test_5_2_session_policies_limit_and_never_add(aws: EmbeddedAws) -> None:
    alice = _alice(aws)
    role = aws.role("r", trusting(_arn(aws)), allow("iam:ListRoles", "iam:ListUsers"))
    inline = document(allow("iam:ListRoles", "iam:ListGroups"))
    own = aws.policy("groups", allow("iam:ListGroups", "iam:ListUsers"))

    def allowed(**params: Any) -> set[str]:
        session = aws.assume(role, alice, **params)
        return {each for each in ("ListRoles", "ListUsers", "ListGroups") if aws.may(session, "iam", each)}

    assert allowed() == {"ListRoles", "ListUsers"}
    assert allowed(Policy=inline) == {"ListRoles"}
    assert allowed(PolicyArns=[{"arn": own}]) == {"ListUsers"}
    assert allowed(Policy=inline, PolicyArns=[{"arn": own}]) == {"ListRoles", "ListUsers"}
    assert allowed(PolicyArns=[{"arn": IAM_READ}]) == {"ListRoles", "ListUsers"}
    session = aws.assume(role, alice, Policy=inline)
    message = aws.refusal(session, "iam", "ListUsers").message
    assert message.endswith("because no session policy allows the iam:ListUsers action")


def test_5_1_session_policies_have_limits(aws: EmbeddedAws) -> None:
    alice = _alice(aws)
    role = aws.role("r", trusting(_arn(aws), "sts:TagSession"))

    def sized(length: int) -> str:
        empty = len(document(allow("s3:*", resource="arn:aws:s3:::")))
        return document(allow("s3:*", resource="arn:aws:s3:::" + "x" * (length - empty)))

    assert _session(aws, alice, role, Policy=sized(2048))["PackedPolicySize"] == 100
    over = _refusal(aws, alice, role, Policy=sized(2049))
    assert (over.code, over.status) == ("ValidationError", 400)
    assert _refusal(aws, alice, role, Policy="").code == "ValidationError"
    assert _refusal(aws, alice, role, Policy="{").code == "MalformedPolicyDocument"
    packed = _refusal(aws, alice, role, Policy=sized(2000), Tags=_tag(org="x" * 205))
    assert packed == Refusal("PackedPolicyTooLarge", 400, "Packed policy consumes 108% of allotted space")
    many = _tag(**{f"key{number:02}": "x" * 250 for number in range(10)})
    assert _refusal(aws, alice, role, Tags=many) == Refusal(
        "PackedPolicyTooLarge", 400, "Packed size of session tags consumes 125% of allotted space."
    )
    assert _refusal(aws, alice, role, PolicyArns=[{"arn": IAM_READ}] * 11).code == "ValidationError"
    foreign = f"arn:aws:iam::{OTHER}:policy/p"
    assert _refusal(aws, alice, role, PolicyArns=[{"arn": foreign}]).code == "ValidationError"


@pytest.mark.parametrize(
    "params",
    [
        {"RoleSessionName": "x"},
        {"RoleSessionName": "x" * 65},
        {"RoleSessionName": "a b"},
        {"SourceIdentity": "x"},
        {"ExternalId": "x"},
        {"DurationSeconds": 899},
        {"DurationSeconds": 43_201},
        {"DurationSeconds": 3601},
        {"Tags": _tag(org="x" * 257)},
        {"Tags": _tag(**{f"k{number}": "v" for number in range(51)})},
        {"Tags": _tag(org="*")},
        {"Tags": _tag(org="a"), "TransitiveTagKeys": ["tenant"]},
    ],
)
def test_5_1_parameters_keep_to_their_limits(aws: EmbeddedAws, params: dict[str, Any]) -> None:
    alice = _alice(aws)
    role = aws.role("r", trusting(_arn(aws), "sts:TagSession"))

    assert _session(aws, alice, role)
    refusal = _refusal(aws, alice, role, **params)
    assert (refusal.code, refusal.status) == ("ValidationError", 400)


def _chain(aws: EmbeddedAws, *statements: Statement) -> tuple[AwsCredentials, str, str]:
    """Return alice and two roles: she may assume the first, and the first the second."""
    alice = _alice(aws)
    first = aws.role("first", trusting(_arn(aws), "sts:TagSession", "sts:SetSourceIdentity"), ASSUME)
    trust = trusting(first, "sts:TagSession", "sts:SetSourceIdentity")
    return alice, first, aws.role("second", trust, *statements, MaxSessionDuration=43_200)


def test_5_2_only_transitive_tags_and_source_identity_survive_chaining(aws: EmbeddedAws) -> None:
    alice, first, second = _chain(aws)

    session = aws.assume(
        first, alice, Tags=_tag(org="a", colour="red"), TransitiveTagKeys=["org"], SourceIdentity="alice"
    )
    chained = _session(aws, session, second)
    keys = aws.context_of(keys_of(chained["Credentials"]))

    assert chained["SourceIdentity"] == "alice"
    assert keys["aws:principaltag/org"] == ("a",)
    assert "aws:principaltag/colour" not in keys
    assert keys["aws:sourceidentity"] == ("alice",)
    again = aws.context_of(
        aws.assume(aws.role("third", trusting(second, "sts:SetSourceIdentity")), _with_assume(aws, chained))
    )
    assert (again["aws:principaltag/org"], again["aws:sourceidentity"]) == (("a",), ("alice",))


def _with_assume(aws: EmbeddedAws, answer: Any) -> AwsCredentials:
    """Return the credentials in an answer, once their role may assume further ones."""
    aws.iam("PutRolePolicy", RoleName="second", PolicyName="p", PolicyDocument=document(ASSUME))
    return keys_of(answer["Credentials"])


def test_5_2_a_transitive_tag_and_a_source_identity_cannot_be_overridden(aws: EmbeddedAws) -> None:
    alice, first, second = _chain(aws)
    session = aws.assume(first, alice, Tags=_tag(org="a"), TransitiveTagKeys=["org"], SourceIdentity="alice")

    assert _session(aws, session, second, Tags=_tag(colour="red"), SourceIdentity="alice")
    assert _refusal(aws, session, second, Tags=_tag(Org="b")).status == 400
    assert _refusal(aws, session, second, SourceIdentity="bob").code == "AccessDenied"


def test_5_1_a_chained_session_lasts_an_hour_at_most(aws: EmbeddedAws) -> None:
    alice, first, second = _chain(aws)
    session = aws.assume(first, alice)

    assert _session(aws, session, second, DurationSeconds=3600)
    assert _refusal(aws, session, second, DurationSeconds=3601) == Refusal(
        "ValidationError",
        400,
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    )
    assert _refusal(aws, alice, first, DurationSeconds=3601).message == (
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    )


def test_5_2_a_session_policy_without_sts_stops_chaining(aws: EmbeddedAws) -> None:
    alice, first, second = _chain(aws)
    narrow = aws.assume(first, alice, Policy=document(allow("s3:*")))
    wide = aws.assume(first, alice, Policy=document(allow("sts:AssumeRole")))
    other = aws.role("by-account", trusting(f"arn:aws:iam::{aws.account}:root"))

    assert _session(aws, wide, other)
    assert _refusal(aws, narrow, other).code == "AccessDenied"
    assert _refusal(aws, narrow, second).code == "AccessDenied"


def test_3_3_session_tags_override_tags_of_the_role_in_any_letter_case(aws: EmbeddedAws) -> None:
    alice = _alice(aws)
    own = allow("iam:GetRole", StringEquals={"aws:ResourceTag/org": "${aws:PrincipalTag/org}"})
    role = aws.role("r", trusting(_arn(aws), "sts:TagSession"), own, Tags=_tag(Org="a"))
    aws.role("of-a", trusting("*"), Tags=_tag(org="a"))
    aws.role("of-b", trusting("*"), Tags=_tag(org="b"))

    def readable(**params: Any) -> list[str]:
        session = aws.assume(role, alice, **params)
        return [name for name in ("of-a", "of-b") if aws.may(session, "iam", "GetRole", RoleName=name)]

    assert readable() == ["of-a"]
    assert readable(Tags=_tag(ORG="b")) == ["of-b"]


def test_sessions_issued_before_a_moment_can_be_revoked(aws: EmbeddedAws) -> None:
    alice = _alice(aws)
    role = aws.role("r", trusting(_arn(aws)), allow("iam:ListRoles"))
    before = aws.assume(role, alice)
    aws.cloud.clock.advance(60)
    moment = aws.context_of(aws.assume(role, alice))["aws:tokenissuetime"][0]
    older = {"DateLessThan": {"aws:TokenIssueTime": moment}}
    aws.iam("PutRolePolicy", RoleName="r", PolicyName="revoke", PolicyDocument=document(deny("*", **older)))

    assert not aws.may(before, "iam", "ListRoles")
    assert aws.may(aws.assume(role, alice), "iam", "ListRoles")


def test_a_root_user_assumes_no_roles(aws: EmbeddedAws) -> None:
    role = aws.role("r", trusting(f"arn:aws:iam::{aws.account}:root"))

    assert _refusal(aws, aws.in_account(aws.account), role) == Refusal(
        "AccessDenied", 403, "Roles may not be assumed by root accounts."
    )


def test_get_session_token_is_the_user_itself_and_cannot_call_iam(aws: EmbeddedAws) -> None:
    alice = aws.user("alice", ASSUME, allow("dynamodb:ListTables"))
    role = aws.role("r", trusting(_arn(aws)))

    session = keys_of(aws.call(alice, "sts", "GetSessionToken")["Credentials"])

    assert aws.call(session, "sts", "GetCallerIdentity")["Arn"] == _arn(aws)
    assert aws.may(session, "dynamodb", "ListTables")
    assert _session(aws, session, role)
    assert aws.refusal(session, "iam", "GetUser").code == "InvalidClientTokenId"
    for operation, params in (("GetSessionToken", {}), ("GetFederationToken", {"Name": "ann"})):
        refusal = aws.refusal(session, "sts", operation, **params)
        assert refusal == Refusal("AccessDenied", 403, f"Cannot call {operation} with session credentials")


def test_6_1_a_federated_user_has_what_its_session_policy_passes_on(aws: EmbeddedAws) -> None:
    broker = aws.user("broker", allow("sts:GetFederationToken", "sts:TagSession", "dynamodb:*"))
    passing = document(allow("dynamodb:ListTables", "s3:*"))

    answer = aws.call(broker, "sts", "GetFederationToken", Name="ann", Policy=passing, Tags=_tag(org="a"))
    ann = keys_of(answer["Credentials"])
    bare = keys_of(aws.call(broker, "sts", "GetFederationToken", Name="ann")["Credentials"])

    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{aws.account}:ann",
        "Arn": f"arn:aws:sts::{aws.account}:federated-user/ann",
    }
    assert aws.context_of(ann)["aws:principaltag/org"] == ("a",)
    assert aws.may(ann, "dynamodb", "ListTables")
    assert not aws.may(ann, "s3", "ListBuckets")
    assert not aws.may(ann, "dynamodb", "DescribeLimits")
    assert not aws.may(bare, "dynamodb", "ListTables")
    assert aws.call(ann, "sts", "GetCallerIdentity")["UserId"] == f"{aws.account}:ann"
    assert _refusal(aws, ann, aws.role("r", trusting("*"))).code == "AccessDenied"


def test_a_federation_token_needs_permission_on_the_federated_user(aws: EmbeddedAws) -> None:
    only_ann = f"arn:aws:sts::{aws.account}:federated-user/ann"
    broker = aws.user("broker", allow("sts:GetFederationToken", resource=only_ann))

    assert aws.may(broker, "sts", "GetFederationToken", Name="ann")
    assert not aws.may(broker, "sts", "GetFederationToken", Name="bob")
    assert not aws.may(broker, "sts", "GetFederationToken", Name="ann", Tags=_tag(org="a"))


def test_5_3_get_caller_identity_needs_no_permission_even_under_a_deny(aws: EmbeddedAws) -> None:
    denied = aws.user("alice", deny("*"), Path="/team/")

    answer = aws.call(denied, "sts", "GetCallerIdentity")

    assert answer["Arn"] == f"arn:aws:iam::{aws.account}:user/team/alice"
    assert answer["UserId"].startswith("AIDA")


def test_an_access_key_tells_its_account(aws: EmbeddedAws) -> None:
    alice, key = aws.user("alice", allow("sts:GetAccessKeyInfo")), aws.in_account(OTHER).access_key_id.reveal()

    assert aws.call(alice, "sts", "GetAccessKeyInfo", AccessKeyId=key)["Account"] == OTHER
