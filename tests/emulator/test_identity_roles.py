"""Which role GetCredentialsForIdentity gives, and how it refuses, through real clients (sections 3.2, 3.3, 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito_aws import CognitoAws
from embedded_aws import Refusal, allow, deny, keys_of

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws

BAD_CONFIGURATION = Refusal(
    "InvalidIdentityPoolConfigurationException",
    400,
    "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
)
EXCHANGE = "GetCredentialsForIdentity"


class Roles(CognitoAws):
    """The pools with a default role, a guest role and the group roles `one` and `two`."""

    def __init__(self, aws: EmbeddedAws) -> None:
        super().__init__(aws)
        self.arns = {name: aws.role(name, self.trust()) for name in ("default", "one", "two")}
        self.arns["guest"] = aws.role("guest", self.trust(amr="unauthenticated"))
        self.map(None)

    def map(self, mapping: dict[str, Any] | None) -> None:
        mappings = {} if mapping is None else {"RoleMappings": {f"{self.provider}:{self.client}": mapping}}
        roles = {"authenticated": self.arns["default"], "unauthenticated": self.arns["guest"]}
        self.do("SetIdentityPoolRoles", Roles=roles, **mappings)

    def join(self, group: str, precedence: int) -> None:
        named = {"UserPoolId": self.user_pool, "GroupName": group}
        self.aws.do("cognito-idp", "CreateGroup", **named, RoleArn=self.arns[group], Precedence=precedence)
        self.aws.do("cognito-idp", "AdminAddUserToGroup", **named, Username="alice")

    def role_of(self, **params: Any) -> str:
        logins = self.logins()
        answer = self.public(EXCHANGE, IdentityId=self.get_id(logins), Logins=logins, **params)
        arn: str = self.aws.call(keys_of(answer["Credentials"]), "sts", "GetCallerIdentity")["Arn"]
        return arn.split("/")[1]

    def refusal(self, **params: Any) -> Refusal:
        logins = self.logins()
        return self.refused(EXCHANGE, IdentityId=self.get_id(logins), Logins=logins, **params)


@pytest.fixture
def roles(aws: EmbeddedAws) -> Roles:
    return Roles(aws)


def _token(resolution: str) -> dict[str, Any]:
    return {"Type": "Token", "AmbiguousRoleResolution": resolution}


def _rules(resolution: str, *rules: tuple[str, str, str, str]) -> dict[str, Any]:
    listed = [dict(zip(("Claim", "MatchType", "Value", "RoleARN"), rule, strict=True)) for rule in rules]
    return {"Type": "Rules", "AmbiguousRoleResolution": resolution, "RulesConfiguration": {"Rules": listed}}


def test_3_2_without_a_mapping_everybody_has_the_default_role(roles: Roles) -> None:
    roles.join("one", 1)

    assert roles.role_of() == "default"
    assert roles.refusal(CustomRoleArn=roles.arns["one"]) == Refusal(
        "InvalidParameterException", 400, "Only SAML providers and providers with RoleMappings support custom role ARN."
    )


def test_3_2_a_token_mapping_takes_the_preferred_role_or_a_listed_one(roles: Roles) -> None:
    roles.map(_token("Deny"))
    roles.join("one", 1)
    roles.join("two", 2)

    assert roles.role_of() == "one"
    assert roles.role_of(CustomRoleArn=roles.arns["two"]) == "two"
    assert roles.refusal(CustomRoleArn=roles.arns["default"]).code == "NotAuthorizedException"


@pytest.mark.parametrize("groups", [(), (("one", 1), ("two", 1))])
def test_3_2_without_a_preferred_role_the_resolution_decides(roles: Roles, groups: tuple[tuple[str, int], ...]) -> None:
    for group, precedence in groups:
        roles.join(group, precedence)

    roles.map(_token("AuthenticatedRole"))
    assert roles.role_of() == "default"
    roles.map(_token("Deny"))
    refusal = roles.refusal()
    assert (refusal.code, refusal.status) == ("NotAuthorizedException", 400)
    assert refusal.message.startswith("The ambiguous role mapping rules for: ")
    assert refusal.message.endswith(" denied this request.")


@pytest.mark.parametrize(
    ("match", "value", "role"),
    [
        ("Equals", "alice", "one"),
        ("Equals", "ali", "default"),
        ("StartsWith", "ali", "one"),
        ("Contains", "lic", "one"),
        ("NotEqual", "bob", "one"),
        ("NotEqual", "alice", "default"),
    ],
)
def test_3_2_rules_compare_claims(roles: Roles, match: str, value: str, role: str) -> None:
    roles.map(_rules("AuthenticatedRole", ("cognito:username", match, value, roles.arns["one"])))

    assert roles.role_of() == role


def test_3_2_the_first_matching_rule_wins_and_a_missing_claim_skips_not_equal(roles: Roles) -> None:
    absent = ("custom:tenant", "NotEqual", "a", roles.arns["one"])
    username = "cognito:username"
    first = (username, "StartsWith", "a", roles.arns["two"])
    second = (username, "Equals", "alice", roles.arns["one"])
    roles.map(_rules("Deny", absent, first, second))

    assert roles.role_of() == "two"
    assert roles.role_of(CustomRoleArn=roles.arns["one"]) == "one"
    assert roles.refusal(CustomRoleArn=roles.arns["default"]).code == "NotAuthorizedException"
    roles.map(_rules("Deny", absent))
    assert roles.refusal().message.startswith("The ambiguous role mapping rules for: ")


def test_3_2_a_mapping_has_a_resolution_and_25_rules_at_most(roles: Roles) -> None:
    rule = ("cognito:username", "Equals", "nobody", roles.arns["one"])
    key = f"{roles.provider}:{roles.client}"

    roles.map(_rules("Deny", *[rule] * 25))
    for mapping in (_rules("Deny", *[rule] * 26), {"Type": "Token"}):
        request = {"IdentityPoolId": roles.pool, "Roles": {}, "RoleMappings": {key: mapping}}
        refusal = roles.aws.refused("cognito-identity", "SetIdentityPoolRoles", **request)
        assert (refusal.code, refusal.status) == ("InvalidParameterException", 400)


def test_3_3_tags_need_the_trust_policys_leave_or_the_exchange_fails(roles: Roles) -> None:
    roles.do("SetPrincipalTagAttributeMap", IdentityProviderName=roles.provider, PrincipalTags={"user": "sub"})

    assert roles.refusal() == BAD_CONFIGURATION
    roles.arns["default"] = roles.aws.role("tagging", roles.trust("sts:TagSession"))
    roles.map(None)
    assert roles.role_of() == "tagging"


def test_3_7_a_role_that_is_missing_or_does_not_trust_the_pool_is_a_bad_configuration(roles: Roles) -> None:
    roles.arns["default"] = roles.aws.role("distrustful", roles.trust(amr="unauthenticated"))
    roles.map(None)
    assert roles.refusal() == BAD_CONFIGURATION
    roles.set_roles(unauthenticated=roles.arns["guest"])
    assert roles.refusal() == BAD_CONFIGURATION
    guest = roles.get_id()
    roles.set_roles(authenticated=roles.arns["one"])
    assert roles.refused(EXCHANGE, IdentityId=guest) == BAD_CONFIGURATION


def test_3_7_setting_a_role_needs_permission_to_pass_it_to_cognito(roles: Roles) -> None:
    to_cognito = {"StringEquals": {"iam:PassedToService": "cognito-identity.amazonaws.com"}}
    admin = roles.aws.user(
        "admin", allow("cognito-identity:*"), allow("iam:PassRole", resource=roles.arns["one"], **to_cognito)
    )
    request = {"IdentityPoolId": roles.pool, "Roles": {"authenticated": roles.arns["one"]}}

    roles.aws.call(admin, "cognito-identity", "SetIdentityPoolRoles", **request)
    request["Roles"] = {"authenticated": roles.arns["two"]}
    assert roles.aws.refusal(admin, "cognito-identity", "SetIdentityPoolRoles", **request) == Refusal(
        "NotAuthorizedException", 400, "Access to Role 'two' is forbidden."
    )


def test_roles_may_be_passed_by_their_tags(roles: Roles) -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/for": "users"}}
    admin = roles.aws.user("admin", allow("cognito-identity:*"), allow("iam:PassRole", **tagged))
    roles.aws.iam("TagRole", RoleName="one", Tags=[{"Key": "for", "Value": "users"}])

    def sets(name: str) -> str | None:
        request = {"IdentityPoolId": roles.pool, "Roles": {"authenticated": roles.arns[name]}}
        answer = roles.aws.send(admin, "cognito-identity", "SetIdentityPoolRoles", **request)
        return answer.error_code

    assert sets("one") is None
    assert sets("two") == "NotAuthorizedException"


def test_3_4_the_identity_is_the_key_by_which_users_of_a_role_differ(roles: Roles) -> None:
    own = {"StringEquals": {"cognito-identity.amazonaws.com:sub": roles.get_id(roles.logins())}}
    denied = deny("dynamodb:*", StringEquals={"aws:FederatedProvider": "graph.facebook.com"})
    roles.arns["default"] = roles.aws.role("keyed", roles.trust(), allow("dynamodb:ListTables", **own), denied)
    roles.map(None)

    def lists(user: str) -> bool:
        logins = roles.logins(user)
        answer = roles.public(EXCHANGE, IdentityId=roles.get_id(logins), Logins=logins)
        return roles.aws.may(keys_of(answer["Credentials"]), "dynamodb", "ListTables")

    assert lists("alice")
    assert not lists("bob")
