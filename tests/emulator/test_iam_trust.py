"""Trust policies as IAM stores them: principals become unique ids (sections 5.2 and 6.5), and OIDC providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from embedded_aws import Refusal, allow, document, trusting

if TYPE_CHECKING:
    from embedded_aws import EmbeddedAws

OTHER = "999999999999"


@pytest.mark.parametrize("principal", ["arn:aws:iam::{account}:role/none", "arn:aws:iam::{account}:user/none"])
def test_6_5_a_principal_that_does_not_exist_is_refused(aws: EmbeddedAws, principal: str) -> None:
    named = principal.format(account=aws.account)

    refusal = aws.refused("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=document(trusting(named)))

    assert refusal == Refusal("MalformedPolicyDocument", 400, f'Invalid principal in policy: "AWS":"{named}"')


@pytest.mark.parametrize("principal", ["arn:aws:iam::{account}:role/*", "arn:aws:iam::{account}:user/a?", "alice"])
def test_6_2_wildcards_and_plain_names_are_no_principals(aws: EmbeddedAws, principal: str) -> None:
    named = document(trusting(principal.format(account=aws.account)))

    assert aws.refused("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=named).code == (
        "MalformedPolicyDocument"
    )


def _remade(aws: EmbeddedAws) -> Any:
    aws.iam("DeleteUserPolicy", UserName="broker", PolicyName="p")
    for key in aws.iam("ListAccessKeys", UserName="broker")["AccessKeyMetadata"]:
        aws.iam("DeleteAccessKey", UserName="broker", AccessKeyId=key["AccessKeyId"])
    aws.iam("DeleteUser", UserName="broker")
    return aws.user("broker", allow("sts:AssumeRole"))


def test_5_2_a_principal_made_again_under_its_name_is_not_trusted(aws: EmbeddedAws) -> None:
    broker = aws.user("broker", allow("sts:AssumeRole"))
    arn = f"arn:aws:iam::{aws.account}:user/broker"
    role = aws.role("r", {**trusting("*"), "Principal": {"AWS": [arn]}})
    params = {"RoleArn": role, "RoleSessionName": "session"}

    assert aws.may(broker, "sts", "AssumeRole", **params)
    assert aws.iam("GetRole", RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
        "AWS": [arn]
    }
    again = _remade(aws)
    assert not aws.may(again, "sts", "AssumeRole", **params)
    shown = aws.iam("GetRole", RoleName="r")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert shown["AWS"][0].startswith("AIDA")
    stale = document({**trusting("*"), "Principal": shown})
    refusal = aws.refused("iam", "UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=stale)
    assert refusal.message.startswith('Invalid principal in policy: "AWS":"AIDA')
    aws.iam("UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=document(trusting(arn)))
    assert aws.may(again, "sts", "AssumeRole", **params)


def test_5_2_sessions_of_a_role_made_again_are_neither_trusted_nor_permitted(aws: EmbeddedAws) -> None:
    caller = aws.user("caller", allow("sts:AssumeRole"))
    aws.role("first", trusting("*"), allow("*"))
    first = f"arn:aws:iam::{aws.account}:role/first"
    session = aws.assume(first, caller)
    second = aws.role("second", trusting(first))

    assert aws.may(session, "sts", "AssumeRole", RoleArn=second, RoleSessionName="session")
    aws.iam("DeleteRolePolicy", RoleName="first", PolicyName="p")
    aws.iam("DeleteRole", RoleName="first")
    assert not aws.may(session, "iam", "ListRoles")
    aws.role("first", trusting("*"), allow("*"))
    aws.iam("UpdateAssumeRolePolicy", RoleName="second", PolicyDocument=document(trusting(first)))
    assert not aws.may(session, "iam", "ListRoles")
    assert not aws.may(session, "sts", "AssumeRole", RoleArn=second, RoleSessionName="session")


def test_6_5_principals_of_other_accounts_are_looked_up_there(aws: EmbeddedAws) -> None:
    other = aws.in_account(OTHER)
    named = f"arn:aws:iam::{OTHER}:user/alice"
    trust = document(trusting(named))

    assert aws.refused("iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust).code == (
        "MalformedPolicyDocument"
    )
    aws.call(other, "iam", "CreateUser", UserName="alice")
    assert aws.iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust)


def test_federated_and_service_principals_need_not_exist(aws: EmbeddedAws) -> None:
    for number, principal in enumerate(
        [
            {"Federated": "cognito-identity.amazonaws.com"},
            {"Federated": f"arn:aws:iam::{aws.account}:oidc-provider/issuer.example"},
            {"Service": "lambda.amazonaws.com"},
        ]
    ):
        aws.role(f"r{number}", {**trusting("*"), "Principal": principal})


def test_oidc_providers_are_made_changed_and_deleted(aws: EmbeddedAws) -> None:
    url = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aaaaaaaaa"
    created = aws.iam("CreateOpenIDConnectProvider", Url=url, ClientIDList=["one"])
    arn = created["OpenIDConnectProviderArn"]
    of = {"OpenIDConnectProviderArn": arn}

    assert arn == f"arn:aws:iam::{aws.account}:oidc-provider/{url.removeprefix('https://')}"
    assert aws.refused("iam", "CreateOpenIDConnectProvider", Url=url) == Refusal(
        "EntityAlreadyExists", 409, f"Provider with url {url} already exists."
    )
    aws.iam("AddClientIDToOpenIDConnectProvider", **of, ClientID="two")
    aws.iam("RemoveClientIDFromOpenIDConnectProvider", **of, ClientID="one")
    aws.iam("UpdateOpenIDConnectProviderThumbprint", **of, ThumbprintList=["a" * 40])
    aws.iam("TagOpenIDConnectProvider", **of, Tags=[{"Key": "tenant", "Value": "a"}])
    shown = aws.iam("GetOpenIDConnectProvider", **of)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (
        url.removeprefix("https://"),
        ["two"],
        ["a" * 40],
    )
    assert aws.iam("ListOpenIDConnectProviderTags", **of)["Tags"] == [{"Key": "tenant", "Value": "a"}]
    aws.iam("UntagOpenIDConnectProvider", **of, TagKeys=["tenant"])
    assert aws.iam("ListOpenIDConnectProviders")["OpenIDConnectProviderList"] == [{"Arn": arn}]
    aws.iam("DeleteOpenIDConnectProvider", **of)
    assert aws.refused("iam", "GetOpenIDConnectProvider", **of).code == "NoSuchEntity"


def test_an_oidc_provider_needs_an_https_address(aws: EmbeddedAws) -> None:
    assert aws.refused("iam", "CreateOpenIDConnectProvider", Url="http://issuer.example").code == "ValidationError"


def test_update_role_changes_how_long_sessions_may_last(aws: EmbeddedAws) -> None:
    aws.role("r", trusting("*"))

    aws.iam("UpdateRole", RoleName="r", MaxSessionDuration=7200, Description="longer")
    assert aws.iam("GetRole", RoleName="r")["Role"]["MaxSessionDuration"] == 7200
    aws.iam("UpdateRole", RoleName="r")
    role = aws.iam("GetRole", RoleName="r")["Role"]
    assert (role["MaxSessionDuration"], role["Description"]) == (3600, "longer")
