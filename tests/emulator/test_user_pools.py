from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from identity_services import ACCOUNT, PASSWORD, REGION, IdentityServices, claims_of

from harness.emulator.principals import root_of
from harness.emulator.service import Call, NotDerivableError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doors import Door

ORG = {"Name": "org", "AttributeDataType": "String", "Mutable": True, "StringAttributeConstraints": {"MaxLength": "8"}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


def refusal(services: IdentityServices, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        services.idp(operation, **params)
    return caught.value


class Directory:
    """One pool with a custom attribute, a client and the user alice."""

    def __init__(self, door: Door, **client: Any) -> None:
        self.services = IdentityServices(door)
        self.pool_id = self.services.new_user_pool(Schema=[ORG])
        self.client_id = self.services.new_client(self.pool_id, **client)
        self.services.new_user(self.pool_id, custom__org="acme", email="alice@example.com", email_verified="true")

    def id_claims(self) -> Mapping[str, Any]:
        return claims_of(self.services.sign_in(self.client_id)["IdToken"])

    def initiate(self, flow: str, **parameters: str) -> Mapping[str, Any]:
        return self.services.public_idp(
            "InitiateAuth", ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters
        )

    def refused(self, flow: str, **parameters: str) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            self.initiate(flow, **parameters)
        return caught.value


def test_a_pool_is_described_as_it_was_created(door: Door) -> None:
    services = IdentityServices(door)
    pool_id = services.new_user_pool(Schema=[ORG], UserPoolTags={"run": "1"}, DeletionProtection="INACTIVE")

    pool = services.idp("DescribeUserPool", UserPoolId=pool_id)["UserPool"]

    assert pool["Arn"] == f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool_id}"
    assert pool_id.startswith(f"{REGION}_")
    assert pool["UserPoolTags"] == {"run": "1"}
    custom = {each["Name"]: each for each in pool["SchemaAttributes"]}["custom:org"]
    assert custom["Mutable"] is True
    assert custom["StringAttributeConstraints"] == {"MaxLength": "8"}


def test_a_deleted_pool_is_gone_with_its_clients(door: Door) -> None:
    directory = Directory(door)
    directory.services.idp("DeleteUserPool", UserPoolId=directory.pool_id)

    error = refusal(directory.services, "DescribeUserPool", UserPoolId=directory.pool_id)
    assert error.code == "ResourceNotFoundException"
    assert error.message == f"User pool {directory.pool_id} does not exist."
    assert directory.refused("USER_PASSWORD_AUTH").message == (
        f"User pool client {directory.client_id} does not exist."
    )


def test_a_protected_pool_is_not_deleted(door: Door) -> None:
    services = IdentityServices(door)
    pool_id = services.new_user_pool(DeletionProtection="ACTIVE")

    assert refusal(services, "DeleteUserPool", UserPoolId=pool_id).code == "InvalidParameterException"


def test_lists_are_paged(door: Door) -> None:
    services = IdentityServices(door)
    created = {services.new_user_pool() for _ in range(3)}

    first = services.idp("ListUserPools", MaxResults=2)
    second = services.idp("ListUserPools", MaxResults=2, NextToken=first["NextToken"])

    assert {pool["Id"] for pool in first["UserPools"] + second["UserPools"]} == created
    assert "NextToken" not in second
    assert refusal(services, "ListUserPools", MaxResults=2, NextToken="x").code == "InvalidParameterException"


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("DescribeUserPool", {}),
        ("DeleteUserPool", {}),
        ("CreateUserPoolClient", {"ClientName": "c"}),
        ("ListUserPoolClients", {}),
        ("CreateGroup", {"GroupName": "g"}),
        ("AdminCreateUser", {"Username": "u", "MessageAction": "SUPPRESS"}),
        ("AdminSetUserPassword", {"Username": "u", "Password": PASSWORD}),
        ("AdminAddUserToGroup", {"Username": "u", "GroupName": "g"}),
        ("AdminGetUser", {"Username": "u"}),
        ("AdminDeleteUser", {"Username": "u"}),
        ("AdminUserGlobalSignOut", {"Username": "u"}),
        ("AdminUpdateUserAttributes", {"Username": "u", "UserAttributes": []}),
        ("ListUsers", {}),
        # Not implemented, and still denied to whoever may not: a caller without permission gets a true answer.
        ("CreateIdentityProvider", {"ProviderName": "x", "ProviderType": "OIDC", "ProviderDetails": {}}),
        ("SetUserPoolMfaConfig", {}),
    ],
)
def test_administration_is_authorized_on_the_pool(door: Door, operation: str, params: Mapping[str, Any]) -> None:
    services = IdentityServices(door)
    pool_id = services.new_user_pool(UserPoolTags={"Team": "blue"})
    services.deny(f"cognito-idp:{operation}")

    error = refusal(services, operation, UserPoolId=pool_id, **params)

    assert error.code == "AccessDeniedException"
    (asked,) = services.asked()
    assert asked.action == f"cognito-idp:{operation}"
    assert asked.resource == f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool_id}"
    assert asked.context["aws:resourcetag/team"] == ("blue",)


def test_creating_and_listing_pools_is_authorized_on_everything(door: Door) -> None:
    services = IdentityServices(door)
    services.new_user_pool(UserPoolTags={"Team": "blue"})
    (created,) = services.asked()
    services.idp("ListUserPools", MaxResults=1)
    (listed,) = services.asked()

    assert (created.action, created.resource) == ("cognito-idp:CreateUserPool", "*")
    assert created.context["aws:requesttag/team"] == ("blue",)
    assert created.context["aws:tagkeys"] == ("Team",)
    assert (listed.action, listed.resource) == ("cognito-idp:ListUserPools", "*")


def test_administration_needs_a_signature_and_public_calls_do_not(door: Door) -> None:
    directory = Directory(door)

    with pytest.raises(ServiceError) as caught:
        directory.services.public_idp("AdminGetUser", UserPoolId=directory.pool_id, Username="alice")
    directory.services.sign_in(directory.client_id)

    assert caught.value.code == "MissingAuthenticationTokenException"
    assert not directory.services.asked()


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("CreateUserPool", {"PoolName": "p", "AutoVerifiedAttributes": ["phone_number"]}),
        (
            "CreateUserPool",
            {"PoolName": "p", "LambdaConfig": {"CustomMessage": f"arn:aws:lambda:{REGION}:{ACCOUNT}:f"}},
        ),
        (
            "CreateUserPool",
            {"PoolName": "p", "LambdaConfig": {"UserMigration": f"arn:aws:lambda:{REGION}:{ACCOUNT}:f"}},
        ),
        ("CreateUserPool", {"PoolName": "p", "MfaConfiguration": "ON"}),
        ("CreateUserPool", {"PoolName": "p", "Policies": {"PasswordPolicy": {"PasswordHistorySize": 3}}}),
        ("CreateUserPool", {"PoolName": "p", "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True}}),
        ("AssociateSoftwareToken", {"AccessToken": "t"}),
    ],
)
def test_what_is_not_implemented_is_refused_and_not_ignored(
    door: Door, operation: str, params: Mapping[str, Any]
) -> None:
    assert isinstance(refusal(IdentityServices(door), operation, **params), NotDerivableError)


@pytest.mark.parametrize(
    "params",
    [
        {"SupportedIdentityProviders": ["Google"]},
        {"ExplicitAuthFlows": ["USER_PASSWORD_AUTH"]},
        {"AllowedOAuthFlowsUserPoolClient": True},
        {"CallbackURLs": ["https://example.com"]},
    ],
)
def test_client_settings_that_are_not_implemented_are_refused(door: Door, params: Mapping[str, Any]) -> None:
    services = IdentityServices(door)
    pool_id = services.new_user_pool()

    error = refusal(services, "CreateUserPoolClient", UserPoolId=pool_id, ClientName="c", **params)
    assert isinstance(error, NotDerivableError)


def test_an_invitation_that_would_be_sent_is_refused(door: Door) -> None:
    services = IdentityServices(door)
    pool_id = services.new_user_pool()

    error = refusal(services, "AdminCreateUser", UserPoolId=pool_id, Username="u")
    assert isinstance(error, NotDerivableError)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"PoolName": "a/b"},
            (
                r"1 validation error detected: Value 'a/b' at 'poolName' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [\w\s+=,.@-]+"
            ),
        ),
        (
            {},
            (
                "1 validation error detected: Value null at 'poolName' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ),
        (
            {"PoolName": "", "DeletionProtection": "x"},
            (
                "3 validation errors detected: Value '' at 'poolName' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1; Value '' at 'poolName' failed to satisfy "
                r"constraint: Member must satisfy regular expression pattern: [\w\s+=,.@-]+; "
                "Value 'x' at 'deletionProtection' failed to satisfy constraint: "
                "Member must satisfy enum value set: [ACTIVE, INACTIVE]"
            ),
        ),
    ],
)
def test_parameters_are_held_to_the_model(door: Door, params: Mapping[str, Any], message: str) -> None:
    error = refusal(IdentityServices(door), "CreateUserPool", **params)

    assert error.code == "InvalidParameterException"
    assert error.message == message


def test_a_value_of_the_wrong_type_is_refused(door: Door) -> None:
    assert refusal(IdentityServices(door), "CreateUserPool", PoolName=1).code == "SerializationException"
    assert refusal(IdentityServices(door), "ListUserPools", MaxResults=True).code == "SerializationException"


def test_sensitive_values_are_left_out_of_validation_errors(door: Door) -> None:
    services = IdentityServices(door)
    password = "secret passphrase with spaces"

    error = refusal(services, "AdminSetUserPassword", UserPoolId="r_x", Username="u", Password=password)

    assert "at 'password' failed to satisfy constraint" in error.message
    assert password not in error.message


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ({"Name": "custom:none", "Value": "x"}, "Type for attribute {custom:none} could not be determined"),
        ({"Name": "custom:org", "Value": "123456789"}, "custom:org: "),
        ({"Name": "email_verified", "Value": "yes"}, "email_verified: "),
        ({"Name": "birthdate", "Value": "1.1.70"}, "birthdate: "),
        ({"Name": "updated_at", "Value": "today"}, "updated_at: "),
        ({"Name": "sub", "Value": "chosen"}, "sub"),
    ],
)
def test_attributes_must_conform_to_the_schema(door: Door, attribute: Mapping[str, str], words: str) -> None:
    services = IdentityServices(door)
    pool_id = services.new_user_pool(Schema=[ORG])

    error = refusal(
        services,
        "AdminCreateUser",
        UserPoolId=pool_id,
        Username="u",
        MessageAction="SUPPRESS",
        UserAttributes=[attribute],
    )

    assert error.code == "InvalidParameterException"
    assert words in error.message


@pytest.mark.parametrize(
    "schema",
    [
        [{**ORG, "StringAttributeConstraints": {"MaxLength": "x"}}],
        [ORG, ORG],
        [{**ORG, "Required": True}],
        [{"Name": "email", "AttributeDataType": "Number"}],
    ],
)
def test_a_schema_that_cognito_refuses_is_refused(door: Door, schema: list[Mapping[str, Any]]) -> None:
    error = refusal(IdentityServices(door), "CreateUserPool", PoolName="p", Schema=schema)
    assert error.code == "InvalidParameterException"
    assert not isinstance(error, NotDerivableError)


def test_what_is_missing_is_named_in_cognitos_words(door: Door) -> None:
    directory = Directory(door)
    services, pool = directory.services, directory.pool_id
    services.new_group(pool, "g")

    expected = [
        ("AdminGetUser", {"Username": "bob"}, "UserNotFoundException", "User does not exist."),
        ("GetGroup", {"GroupName": "h"}, "ResourceNotFoundException", "Group not found."),
        (
            "AdminAddUserToGroup",
            {"Username": "alice", "GroupName": "h"},
            "ResourceNotFoundException",
            "Group not found.",
        ),
        ("CreateGroup", {"GroupName": "g"}, "GroupExistsException", "A group with the name already exists."),
        (
            "AdminCreateUser",
            {"Username": "alice", "MessageAction": "SUPPRESS"},
            "UsernameExistsException",
            "User account already exists",
        ),
        (
            "DescribeUserPoolClient",
            {"ClientId": "c"},
            "ResourceNotFoundException",
            "User pool client c does not exist.",
        ),
    ]
    for operation, params, code, message in expected:
        error = refusal(services, operation, UserPoolId=pool, **params)
        assert (error.code, error.message) == (code, message)


def test_clients_are_described_and_deleted(door: Door) -> None:
    directory = Directory(
        door, ReadAttributes=["custom:org"], IdTokenValidity=10, TokenValidityUnits={"IdToken": "minutes"}
    )
    services, names = directory.services, {"UserPoolId": directory.pool_id, "ClientId": directory.client_id}

    client = services.idp("DescribeUserPoolClient", **names)["UserPoolClient"]
    listed = services.idp("ListUserPoolClients", UserPoolId=directory.pool_id, MaxResults=10)["UserPoolClients"]
    services.idp("DeleteUserPoolClient", **names)

    assert client["ReadAttributes"] == ["custom:org"]
    assert client["IdTokenValidity"] == 10
    assert "WriteAttributes" not in client
    assert [each["ClientId"] for each in listed] == [directory.client_id]
    assert refusal(services, "DescribeUserPoolClient", **names).code == "ResourceNotFoundException"


def test_client_attributes_and_lifetimes_must_exist(door: Door) -> None:
    directory = Directory(door)
    for params, message in (
        ({"ReadAttributes": ["custom:x"]}, "Invalid read attributes specified while creating a client"),
        ({"WriteAttributes": ["custom:x"]}, "Invalid write attributes specified while creating a client"),
        ({"IdTokenValidity": 4, "TokenValidityUnits": {"IdToken": "minutes"}}, "Invalid range for token validity."),
        ({"AccessTokenValidity": 25}, "Invalid range for token validity."),
    ):
        error = refusal(
            directory.services, "CreateUserPoolClient", UserPoolId=directory.pool_id, ClientName="c", **params
        )
        assert (error.code, error.message) == ("InvalidParameterException", message)


def test_token_lifetimes_follow_the_client(door: Door) -> None:
    directory = Directory(
        door,
        IdTokenValidity=5,
        AccessTokenValidity=2,
        TokenValidityUnits={"IdToken": "minutes", "AccessToken": "hours"},
    )

    tokens = directory.services.sign_in(directory.client_id)

    lifetimes = {
        kind: claims_of(tokens[kind])["exp"] - claims_of(tokens[kind])["iat"] for kind in ("IdToken", "AccessToken")
    }
    assert lifetimes == {"IdToken": 300, "AccessToken": 7200}
    assert tokens["ExpiresIn"] == 7200


def test_a_wrong_password_and_a_missing_user_are_told_apart_only_by_legacy_clients(door: Door) -> None:
    legacy, hiding = Directory(door), Directory(door, PreventUserExistenceErrors="ENABLED")

    for directory in (legacy, hiding):
        wrong = directory.refused("USER_PASSWORD_AUTH", USERNAME="alice", PASSWORD="wrong")
        assert (wrong.code, wrong.message) == ("NotAuthorizedException", "Incorrect username or password.")
    nobody = {"USERNAME": "nobody", "PASSWORD": "x"}
    assert legacy.refused("USER_PASSWORD_AUTH", **nobody).code == "UserNotFoundException"
    assert hiding.refused("USER_PASSWORD_AUTH", **nobody).message == "Incorrect username or password."


def test_half_of_a_surrogate_pair_is_a_wrong_password(door: Door) -> None:
    wrong = Directory(door).refused("USER_PASSWORD_AUTH", USERNAME="alice", PASSWORD="\ud800")
    assert (wrong.code, wrong.message) == ("NotAuthorizedException", "Incorrect username or password.")


def test_user_names_are_case_sensitive_unless_the_pool_says_otherwise(door: Door) -> None:
    assert Directory(door).refused("USER_PASSWORD_AUTH", USERNAME="ALICE", PASSWORD=PASSWORD).code == (
        "UserNotFoundException"
    )
    services = IdentityServices(door)
    pool_id = services.new_user_pool(UsernameConfiguration={"CaseSensitive": False})
    services.new_user(pool_id, "Alice")

    tokens = services.sign_in(services.new_client(pool_id), "ALICE")
    assert claims_of(tokens["AccessToken"])["username"] == "alice"


@pytest.mark.parametrize(
    ("flow", "parameters", "code", "message"),
    [
        ("USER_SRP_AUTH", {}, "InvalidParameterException", "USER_SRP_AUTH flow not enabled for this client"),
        ("ADMIN_USER_PASSWORD_AUTH", {}, "InvalidParameterException", "Initiate Auth method not supported."),
        ("USER_PASSWORD_AUTH", {}, "InvalidParameterException", "Missing required parameter USERNAME"),
        (
            "USER_PASSWORD_AUTH",
            {"USERNAME": "alice"},
            "InvalidParameterException",
            "Missing required parameter PASSWORD",
        ),
        ("REFRESH_TOKEN_AUTH", {"REFRESH_TOKEN": "x"}, "NotAuthorizedException", "Invalid Refresh Token"),
    ],
)
def test_sign_in_that_cannot_work_is_refused_in_cognitos_words(
    door: Door, flow: str, parameters: Mapping[str, str], code: str, message: str
) -> None:
    error = Directory(door).refused(flow, **parameters)
    assert (error.code, error.message) == (code, message)


def test_a_flow_that_is_enabled_but_not_implemented_is_refused_as_unknown(door: Door) -> None:
    directory = Directory(door, ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH"])

    assert isinstance(directory.refused("CUSTOM_AUTH"), NotDerivableError)
    device = {"USERNAME": "alice", "PASSWORD": PASSWORD, "DEVICE_KEY": "x"}
    assert isinstance(directory.refused("USER_PASSWORD_AUTH", **device), NotDerivableError)
    assert directory.refused("REFRESH_TOKEN_AUTH", REFRESH_TOKEN="x").message == (
        "REFRESH_TOKEN_AUTH flow not enabled for this client"
    )


def test_administrators_sign_users_in_with_a_flow_of_their_own(door: Door) -> None:
    directory = Directory(door, ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
    given = {
        "UserPoolId": directory.pool_id,
        "ClientId": directory.client_id,
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "alice", "PASSWORD": PASSWORD},
    }

    tokens = directory.services.idp("AdminInitiateAuth", **given)["AuthenticationResult"]
    other = directory.services.new_client(directory.pool_id)

    assert claims_of(tokens["IdToken"])["cognito:username"] == "alice"
    refused = refusal(directory.services, "AdminInitiateAuth", **{**given, "ClientId": other})
    assert refused.message == "Auth flow not enabled for this client"


def test_a_refresh_keeps_the_sign_in_and_gives_no_new_refresh_token(door: Door) -> None:
    directory = Directory(door)
    tokens = directory.services.sign_in(directory.client_id)
    with directory.services.clock.shifted(7200):
        refreshed = directory.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])

    old, new = claims_of(tokens["IdToken"]), claims_of(refreshed["AuthenticationResult"]["IdToken"])
    assert "RefreshToken" not in refreshed["AuthenticationResult"]
    assert (new["auth_time"], new["origin_jti"], new["sub"]) == (old["auth_time"], old["origin_jti"], old["sub"])
    assert new["jti"] != old["jti"]
    assert new["iat"] - old["iat"] == pytest.approx(7200, abs=5)


def test_a_refresh_token_expires_and_belongs_to_one_client(door: Door) -> None:
    directory = Directory(door, RefreshTokenValidity=1)
    token = directory.services.sign_in(directory.client_id)["RefreshToken"]

    with directory.services.clock.shifted(86_401):
        expired = directory.refused("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)
    directory.client_id = directory.services.new_client(directory.pool_id)
    foreign = directory.refused("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token)

    assert expired.message == "Refresh Token has expired"
    assert foreign.message == "Invalid Refresh Token"


class Invited:
    """A pool that requires a name, and a user with a temporary password."""

    def __init__(self, door: Door, **client: Any) -> None:
        self.services = IdentityServices(door)
        required = {"Name": "name", "AttributeDataType": "String", "Required": True}
        self.pool_id = self.services.new_user_pool(Schema=[ORG, required])
        self.client_id = self.services.new_client(self.pool_id, **client)
        self.services.idp(
            "AdminCreateUser",
            UserPoolId=self.pool_id,
            Username="alice",
            MessageAction="SUPPRESS",
            TemporaryPassword="Temporary-1",
        )

    def challenge(self) -> Mapping[str, Any]:
        return self.services.public_idp(
            "InitiateAuth",
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": "Temporary-1"},
        )

    def respond(self, session: str, **responses: str) -> Mapping[str, Any]:
        given = {"USERNAME": "alice", "NEW_PASSWORD": PASSWORD, "userAttributes.name": "Alice"}
        named = {name.replace("__", "."): value for name, value in responses.items()}
        return self.services.public_idp(
            "RespondToAuthChallenge",
            ClientId=self.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses={name: value for name, value in {**given, **named}.items() if value},
        )


def test_a_temporary_password_leads_to_a_challenge_that_sets_the_real_one(door: Door) -> None:
    invited = Invited(door)
    challenge = invited.challenge()

    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert "AuthenticationResult" not in challenge
    assert json.loads(challenge["ChallengeParameters"]["requiredAttributes"]) == ["userAttributes.name"]
    tokens = invited.respond(challenge["Session"])["AuthenticationResult"]
    assert claims_of(tokens["IdToken"])["name"] == "Alice"
    user = invited.services.idp("AdminGetUser", UserPoolId=invited.pool_id, Username="alice")
    assert user["UserStatus"] == "CONFIRMED"
    assert invited.services.sign_in(invited.client_id)
    with pytest.raises(ServiceError, match="Incorrect username or password"):
        invited.challenge()


def test_a_challenge_is_answered_once_in_time_and_with_everything_required(door: Door) -> None:
    invited = Invited(door, AuthSessionValidity=3)
    session = invited.challenge()["Session"]

    with pytest.raises(ServiceError, match="name: The attribute is required"):
        invited.respond(session, userAttributes__name="")
    with pytest.raises(ServiceError, match="Password not long enough"):
        invited.respond(session, NEW_PASSWORD="Aa1!")
    with invited.services.clock.shifted(181), pytest.raises(ServiceError, match="session is expired"):
        invited.respond(session)
    with pytest.raises(ServiceError, match="Invalid session for the user"):
        invited.respond("x" * 20)
    invited.respond(session)
    with pytest.raises(ServiceError, match="Invalid session for the user"):
        invited.respond(session)


def test_a_challenge_writes_only_what_the_client_may_write(door: Door) -> None:
    limited, open_client = Invited(door, WriteAttributes=["email"]), Invited(door)

    with pytest.raises(ServiceError, match="A client attempted to write unauthorized attribute"):
        limited.respond(limited.challenge()["Session"], **{"userAttributes.custom:org": "x"})
    written = open_client.respond(open_client.challenge()["Session"], **{"userAttributes.custom:org": "x"})
    assert claims_of(written["AuthenticationResult"]["IdToken"])["custom:org"] == "x"


def test_a_temporary_password_expires(door: Door) -> None:
    invited = Invited(door)

    with (
        invited.services.clock.shifted(8 * 86_400),
        pytest.raises(ServiceError, match="Temporary password has expired"),
    ):
        invited.challenge()


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Aa1!", "Password not long enough"),
        ("lower-case-1", "Password must have uppercase characters"),
        ("UPPER-CASE-1", "Password must have lowercase characters"),
        ("No-Number-x", "Password must have numeric characters"),
        ("NoSymbol123", "Password must have symbol characters"),
    ],
)
def test_passwords_are_held_to_the_policy(door: Door, password: str, reason: str) -> None:
    directory = Directory(door)

    error = refusal(
        directory.services, "AdminSetUserPassword", UserPoolId=directory.pool_id, Username="alice", Password=password
    )

    assert (error.code, error.message) == (
        "InvalidPasswordException",
        f"Password did not conform with policy: {reason}",
    )
    relaxed = directory.services.new_user_pool(Policies={"PasswordPolicy": {"MinimumLength": 6}})
    directory.services.idp(
        "AdminCreateUser",
        UserPoolId=relaxed,
        Username="u",
        MessageAction="SUPPRESS",
        TemporaryPassword="simple",
    )


def test_no_password_or_token_shows_in_what_is_kept(door: Door) -> None:
    directory = Directory(door)
    tokens = directory.services.sign_in(directory.client_id)

    kept = repr(directory.services.user_pools.directory.pools) + repr(vars(directory.services.user_pools))
    sign_in = directory.services.user_pools._table._operations["InitiateAuth"].perform.__self__  # type: ignore[attr-defined]
    kept += repr(vars(sign_in))

    assert PASSWORD not in kept
    assert not any(tokens[kind] in kept for kind in ("IdToken", "AccessToken", "RefreshToken"))


def test_a_call_never_changes_the_parameters_it_was_given(door: Door) -> None:
    services = IdentityServices(door)
    params: dict[str, Any] = {"PoolName": "p", "Schema": [dict(ORG)], "UserPoolTags": {"a": "b"}}
    before = json.dumps(params)

    services.user_pools.handle(Call("CreateUserPool", params, root_of(ACCOUNT)))

    assert json.dumps(params) == before
