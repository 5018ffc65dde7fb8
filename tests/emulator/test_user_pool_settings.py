"""Pools, clients and users as administrators set, update, list and tag them (aws-semantics 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import ACCOUNT, ORG, PASSWORD, Cognito, listed, not_derivable, refused

from harness.emulator.cloud import EmbeddedCloud
from harness.emulator.service import Call

if TYPE_CHECKING:
    from doors import Door

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


@pytest.fixture
def cognito(door: Door) -> Cognito:
    return Cognito(door)


# --- Pools and clients ------------------------------------------------------------------------------------------------


def test_an_update_of_a_pool_puts_back_what_it_leaves_out(door: Door) -> None:
    cognito = Cognito(
        door,
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        Policies={"PasswordPolicy": {"MinimumLength": 20}},
        DeletionProtection="ACTIVE",
        Schema=[ORG],
        UsernameConfiguration={"CaseSensitive": False},
    )
    cognito.admin("update_user_pool")

    pool = cognito.admin("describe_user_pool")["UserPool"]
    assert pool["DeletionProtection"] == "INACTIVE"
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert "custom:org" in {each["Name"] for each in pool["SchemaAttributes"]}
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert cognito.sign_up()["UserSub"]


def test_an_update_of_a_pool_takes_effect_on_the_next_call(cognito: Cognito) -> None:
    cognito.admin("update_user_pool", PoolName="other", AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})

    with refused("NotAuthorizedException", "SignUp is not permitted for this user pool"):
        cognito.sign_up()
    assert cognito.admin("describe_user_pool")["UserPool"]["Name"] == "other"


def test_the_words_of_messages_are_kept_and_shown(door: Door) -> None:
    template = {"DefaultEmailOption": "CONFIRM_WITH_CODE", "EmailMessage": "Your code is {####}"}
    cognito = Cognito(
        door,
        EmailVerificationSubject="Welcome",
        VerificationMessageTemplate=template,
        MfaConfiguration="OFF",
        EmailConfiguration={"EmailSendingAccount": "COGNITO_DEFAULT"},
        app={"AllowedOAuthFlowsUserPoolClient": False, "CallbackURLs": []},
    )

    pool = cognito.admin("describe_user_pool")["UserPool"]
    assert (pool["EmailVerificationSubject"], pool["VerificationMessageTemplate"]) == ("Welcome", template)


@pytest.mark.parametrize(
    "settings",
    [
        {"MfaConfiguration": "OPTIONAL"},
        {"SmsConfiguration": {"SnsCallerArn": ROLE + "sms"}},
        {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}},
        {"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}},
        {"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False}},
        {"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}},
        {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}},
    ],
    ids=lambda settings: str(next(iter(settings))),
)
def test_settings_that_are_not_implemented_are_refused_as_unknown(
    door: Door, cognito: Cognito, settings: dict[str, Any]
) -> None:
    with not_derivable():
        cognito.admin("update_user_pool", **settings)
    with not_derivable():
        Cognito(door, **settings)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("set_user_pool_mfa_config", {}),
        ("admin_set_user_mfa_preference", {"Username": "alice"}),
        ("create_identity_provider", {"ProviderName": "x", "ProviderType": "OIDC", "ProviderDetails": {}}),
        ("create_user_pool_domain", {"Domain": "x"}),
        ("create_resource_server", {"Identifier": "x", "Name": "x"}),
        ("create_user_import_job", {"JobName": "x", "CloudWatchLogsRoleArn": ROLE + "x"}),
        ("admin_list_devices", {"Username": "alice"}),
        ("admin_list_user_auth_events", {"Username": "alice"}),
    ],
)
def test_operations_that_are_not_implemented_are_refused_as_unknown(
    cognito: Cognito, operation: str, params: dict[str, Any]
) -> None:
    with not_derivable():
        cognito.admin(operation, **params)


@pytest.mark.parametrize(
    "settings",
    [
        {"AllowedOAuthFlowsUserPoolClient": True},
        {"CallbackURLs": ["https://example.com"]},
        {"SupportedIdentityProviders": ["Google"]},
        {"ExplicitAuthFlows": ["USER_PASSWORD_AUTH"]},
    ],
    ids=lambda settings: str(next(iter(settings))),
)
def test_client_settings_that_are_not_implemented_are_refused_in_updates_too(
    cognito: Cognito, settings: dict[str, Any]
) -> None:
    with not_derivable():
        cognito.admin("update_user_pool_client", ClientId=cognito.client_id, **settings)


def test_an_update_keeps_the_clients_name_id_and_secret(cognito: Cognito) -> None:
    made = cognito.admin("create_user_pool_client", ClientName="s", GenerateSecret=True)["UserPoolClient"]

    updated = cognito.admin("update_user_pool_client", ClientId=made["ClientId"])["UserPoolClient"]

    for name in ("ClientId", "ClientName", "ClientSecret", "CreationDate"):
        assert updated[name] == made[name]
    with refused("ResourceNotFoundException", "User pool client none does not exist."):
        cognito.admin("update_user_pool_client", ClientId="none")


def test_verification_before_an_update_needs_a_pool_that_verifies(cognito: Cognito) -> None:
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}

    with refused("InvalidParameterException"):
        cognito.admin("update_user_pool", UserAttributeUpdateSettings=settings)


def test_only_administrators_recover_accounts_or_others_do(door: Door) -> None:
    mechanisms = [{"Name": "admin_only", "Priority": 1}, {"Name": "verified_email", "Priority": 2}]

    with refused("InvalidParameterException"):
        Cognito(door, AccountRecoverySetting={"RecoveryMechanisms": mechanisms})


def test_pools_are_tagged_and_the_tags_are_condition_keys(cognito: Cognito) -> None:
    asked: list[Any] = []
    cognito.pools._table._authorize = lambda *check: asked.append(check)
    arn = cognito.admin("describe_user_pool")["UserPool"]["Arn"]

    cognito.client.tag_resource(ResourceArn=arn, Tags={"Team": "blue", "Stage": "dev"})
    cognito.client.untag_resource(ResourceArn=arn, TagKeys=["Stage"])

    assert cognito.client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"Team": "blue"}
    tagging, untagging, reading = (check[1:] for check in asked[1:])
    keys = {"aws:requesttag/team": ("blue",), "aws:requesttag/stage": ("dev",), "aws:tagkeys": ("Team", "Stage")}
    assert tagging == ("cognito-idp:TagResource", arn, keys)
    held = {"aws:resourcetag/team": ("blue",), "aws:resourcetag/stage": ("dev",)}
    assert untagging == ("cognito-idp:UntagResource", arn, {**held, "aws:tagkeys": ("Stage",)})
    assert reading == ("cognito-idp:ListTagsForResource", arn, {"aws:resourcetag/team": ("blue",)})
    with refused("ResourceNotFoundException"):
        cognito.client.list_tags_for_resource(ResourceArn=arn + "x")


# --- Users ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["alice", "bob", "Carol"]),
        ('email = "alice@example.com"', ["alice"]),
        ('email ^= "b"', ["bob"]),
        ('"email"^="b"', ["bob"]),
        ('username = "carol"', []),
        ('username = "Carol"', ["Carol"]),
        ('status = "Disabled"', ["bob"]),
        ('status = "Enabled"', ["alice", "Carol"]),
        ('cognito:user_status = "confirmed"', ["alice", "bob"]),
        ('cognito:user_status = "FORCE_CHANGE_PASSWORD"', ["Carol"]),
        ('given_name = "a \\"b\\""', ["alice"]),
    ],
)
def test_users_are_searched_by_one_standard_attribute(door: Door, text: str, found: list[str]) -> None:
    cognito = Cognito(door)
    cognito.create_user("alice", email="alice@example.com", given_name='a "b"')
    cognito.create_user("bob", email="bob@example.com")
    cognito.admin("admin_disable_user", Username="bob")
    cognito.admin("admin_create_user", Username="Carol", MessageAction="SUPPRESS")

    users = cognito.admin("list_users", Filter=text)["Users"]

    assert [user["Username"] for user in users] == found


@pytest.mark.parametrize("text", ['custom:org = "acme"', "email", 'email > "a"', 'email = "a" email = "b"'])
def test_other_searches_are_refused(door: Door, text: str) -> None:
    with refused("InvalidParameterException"):
        Cognito(door, Schema=[ORG]).admin("list_users", Filter=text)


def test_users_are_listed_page_by_page_with_the_attributes_asked_for(cognito: Cognito) -> None:
    for name in ("alice", "bob"):
        cognito.create_user(name, email=f"{name}@example.com", name=name)

    first = cognito.admin("list_users", Limit=1, AttributesToGet=["email"])
    second = cognito.admin("list_users", Limit=1, PaginationToken=first["PaginationToken"])

    assert first["Users"][0]["Attributes"] == listed({"email": "alice@example.com"})
    assert [user["Username"] for user in second["Users"]] == ["bob"]
    assert "PaginationToken" not in second
    with refused("InvalidParameterException"):
        cognito.admin("list_users", AttributesToGet=["custom:none"])


def test_a_sub_names_a_user_where_it_is_the_username_and_is_refused_as_unknown_elsewhere(
    door: Door, cognito: Cognito
) -> None:
    cognito.create_user()
    with not_derivable():
        cognito.admin("admin_get_user", Username=cognito.attributes()["sub"])

    by_mail = Cognito(door, UsernameAttributes=["email"])
    by_mail.create_user("alice@example.com")
    sub = by_mail.attributes("alice@example.com")["sub"]
    assert by_mail.admin("admin_get_user", Username=sub)["Username"] == sub


# --- Whose pool a call is about ---------------------------------------------------------------------------------------


def test_a_call_belongs_where_its_pool_its_client_or_its_token_does(door: Door, cognito: Cognito) -> None:
    cognito.create_user()
    tokens = cognito.sign_in()
    other = Cognito(door)

    named: list[dict[str, Any]] = [
        {"UserPoolId": cognito.pool_id},
        {"ClientId": cognito.client_id, "Token": tokens["RefreshToken"]},
        {"AccessToken": tokens["AccessToken"]},
    ]
    for params in named:
        assert cognito.pools.owns(params)
        assert not other.pools.owns(params)
    for strange in ({}, {"AccessToken": 1}, {"AccessToken": "x"}, {"ClientId": None}):
        assert not cognito.pools.owns(strange)


def test_unsigned_calls_with_a_token_reach_the_account_whose_pool_issued_it() -> None:
    cloud = EmbeddedCloud("eu-west-1")
    tokens = {}
    for account in (cloud.account, "999999999999"):
        pools = cloud.account_of(account).region("eu-west-1").user_pools
        root = cloud.root_credentials(account)
        principal = root.principal

        def administer(operation: str, *, pools: Any = pools, principal: Any = principal, **params: Any) -> Any:
            return pools.handle(Call(operation, params, principal))

        pool_id = administer("CreateUserPool", PoolName="p")["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH"]
        client = administer("CreateUserPoolClient", UserPoolId=pool_id, ClientName="c", ExplicitAuthFlows=flows)
        client_id = client["UserPoolClient"]["ClientId"]
        administer("AdminCreateUser", UserPoolId=pool_id, Username="alice", MessageAction="SUPPRESS")
        administer("AdminSetUserPassword", UserPoolId=pool_id, Username="alice", Password=PASSWORD, Permanent=True)
        given = {"USERNAME": "alice", "PASSWORD": PASSWORD}
        params = {"ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": given}
        tokens[account] = pools.handle(Call("InitiateAuth", params, None))["AuthenticationResult"]["AccessToken"]

    for account, token in tokens.items():
        meant = cloud.services_meant_by("cognito-idp", {"AccessToken": token}, "eu-west-1")
        assert meant is cloud.account_of(account).region("eu-west-1")
    cloud.close()
