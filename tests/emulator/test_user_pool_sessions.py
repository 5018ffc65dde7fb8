"""What tokens say, how long they hold and what ends them: aws-semantics 4.1 and 4.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import FLOWS, ORG, PASSWORD, Cognito, claims_of, not_derivable, refused
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pycognito.aws_srp import AWSSRP

from harness.emulator.tokens import read_unverified

if TYPE_CHECKING:
    from doors import Door

LEVEL = {"Name": "level", "AttributeDataType": "Number", "Mutable": True}
REVOKED = "Access Token has been revoked"
ROTATING = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}


@pytest.fixture
def cognito(door: Door) -> Cognito:
    made = Cognito(door)
    made.create_user()
    return made


def rotating(door: Door, grace: int = 0) -> Cognito:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
    made = Cognito(door, app={"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"], "RefreshTokenRotation": rotation})
    made.create_user()
    return made


def rotated(cognito: Cognito, token: str) -> dict[str, str]:
    answer = cognito.client.get_tokens_from_refresh_token(RefreshToken=token, ClientId=cognito.client_id)
    result: dict[str, str] = answer["AuthenticationResult"]
    return result


def signs_nobody(cognito: Cognito, tokens: dict[str, str], message: str = REVOKED) -> None:
    with refused("NotAuthorizedException", message):
        cognito.client.get_user(AccessToken=tokens["AccessToken"])


def test_the_two_tokens_carry_the_claims_of_their_kind(cognito: Cognito) -> None:
    tokens = cognito.sign_in()
    id_claims, access_claims = claims_of(tokens["IdToken"]), claims_of(tokens["AccessToken"])

    common = {"sub", "iss", "token_use", "auth_time", "iat", "exp", "jti", "origin_jti", "event_id"}
    assert set(id_claims) == common | {"aud", "cognito:username"}
    assert set(access_claims) == common | {"client_id", "username", "scope"}
    assert access_claims["scope"] == "aws.cognito.signin.user.admin"
    assert id_claims["iss"] == f"https://cognito-idp.eu-west-1.amazonaws.com/{cognito.pool_id}"
    for shared in ("sub", "origin_jti", "event_id", "auth_time"):
        assert id_claims[shared] == access_claims[shared]
    assert id_claims["jti"] != access_claims["jti"]
    assert (id_claims["token_use"], access_claims["token_use"]) == ("id", "access")


def test_keys_and_discovery_are_published_as_documents(cognito: Cognito) -> None:
    tokens = cognito.sign_in()
    published = {key["kid"] for key in cognito.pools.jwks(cognito.pool_id)["keys"]}
    discovery = cognito.pools.openid_configuration(cognito.pool_id)

    kids = {read_unverified(tokens[kind]).header["kid"] for kind in ("IdToken", "AccessToken")}
    assert len(kids) == 2
    assert kids == published
    assert discovery["issuer"] == claims_of(tokens["IdToken"])["iss"]
    assert discovery["jwks_uri"] == discovery["issuer"] + "/.well-known/jwks.json"


def test_lifetimes_are_one_hour_and_thirty_days_by_default(cognito: Cognito) -> None:
    tokens = cognito.sign_in()

    for kind in ("IdToken", "AccessToken"):
        assert claims_of(tokens[kind])["exp"] - claims_of(tokens[kind])["iat"] == 3600
    with cognito.clock.shifted(30 * 86_400 - 60):
        assert cognito.refresh(tokens["RefreshToken"])
    with cognito.clock.shifted(30 * 86_400 + 60), refused("NotAuthorizedException", "Refresh Token has expired"):
        cognito.refresh(tokens["RefreshToken"])


def test_revoking_a_refresh_token_ends_its_access_tokens_and_no_other_sign_in(cognito: Cognito) -> None:
    revoked, other = cognito.sign_in(), cognito.sign_in()
    refreshed = cognito.refresh(revoked["RefreshToken"])

    cognito.client.revoke_token(Token=revoked["RefreshToken"], ClientId=cognito.client_id)
    cognito.client.revoke_token(Token=revoked["RefreshToken"], ClientId=cognito.client_id)

    for tokens in (revoked, refreshed):
        signs_nobody(cognito, tokens)
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        cognito.refresh(revoked["RefreshToken"])
    assert cognito.client.get_user(AccessToken=other["AccessToken"])["Username"] == "alice"
    assert cognito.refresh(other["RefreshToken"])


def test_a_refresh_token_is_revoked_by_its_own_client_only(cognito: Cognito) -> None:
    token, own = cognito.sign_in()["RefreshToken"], cognito.client_id

    with refused("UnauthorizedException"):
        cognito.client.revoke_token(Token=token, ClientId=cognito.new_client())
    with refused("UnsupportedTokenTypeException"):
        cognito.client.revoke_token(Token=cognito.sign_in()["AccessToken"], ClientId=own)

    assert cognito.refresh(token)


def test_without_token_revocation_nothing_ties_a_token_to_its_sign_in(door: Door) -> None:
    cognito = Cognito(door, app={"EnableTokenRevocation": False})
    cognito.create_user()
    tokens = cognito.sign_in()

    assert not {"jti", "origin_jti"} & (set(claims_of(tokens["IdToken"])) | set(claims_of(tokens["AccessToken"])))
    with refused("UnsupportedOperationException"):
        cognito.client.revoke_token(Token=tokens["RefreshToken"], ClientId=cognito.client_id)
    assert cognito.refresh(tokens["RefreshToken"])


def test_a_global_sign_out_reaches_tokens_without_origin_too(door: Door) -> None:
    cognito = Cognito(door, app={"EnableTokenRevocation": False})
    cognito.create_user()
    tokens = cognito.sign_in()

    cognito.client.global_sign_out(AccessToken=tokens["AccessToken"])

    signs_nobody(cognito, tokens)
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        cognito.refresh(tokens["RefreshToken"])
    with cognito.clock.shifted(2):
        assert cognito.client.get_user(AccessToken=cognito.sign_in()["AccessToken"])


@pytest.mark.parametrize("who", ["user", "administrator"])
def test_a_global_sign_out_ends_access_and_refresh_tokens_but_not_later_sign_ins(cognito: Cognito, who: str) -> None:
    one, other = cognito.sign_in(), cognito.sign_in()

    if who == "user":
        cognito.client.global_sign_out(AccessToken=one["AccessToken"])
    else:
        cognito.admin("admin_user_global_sign_out", Username="alice")

    for tokens in (one, other):
        signs_nobody(cognito, tokens)
        with refused("NotAuthorizedException", "Refresh Token has been revoked"):
            cognito.refresh(tokens["RefreshToken"])
    assert cognito.client.get_user(AccessToken=cognito.sign_in()["AccessToken"])["Username"] == "alice"


def test_what_revocation_cannot_reach_still_verifies_offline(cognito: Cognito) -> None:
    tokens = cognito.sign_in()
    cognito.client.global_sign_out(AccessToken=tokens["AccessToken"])
    published = KeySet([RSAKey.import_key(key) for key in cognito.pools.jwks(cognito.pool_id)["keys"]])

    for kind in ("IdToken", "AccessToken"):
        assert jwt.decode(tokens[kind], published, algorithms=["RS256"]).claims["sub"] == cognito.attributes()["sub"]


def test_a_deleted_user_is_gone_and_a_new_one_of_the_same_name_is_another(cognito: Cognito) -> None:
    tokens = cognito.sign_in()
    cognito.admin("admin_delete_user", Username="alice")
    cognito.create_user()

    with refused("NotAuthorizedException", "Invalid Refresh Token"):
        cognito.refresh(tokens["RefreshToken"])
    with refused("UserNotFoundException", "User does not exist."):
        cognito.client.get_user(AccessToken=tokens["AccessToken"])
    assert claims_of(cognito.sign_in()["IdToken"])["sub"] != claims_of(tokens["IdToken"])["sub"]


def test_forged_and_expired_access_tokens_speak_for_nobody(door: Door, cognito: Cognito) -> None:
    token = cognito.sign_in()["AccessToken"]
    other = Cognito(door)
    other.create_user()

    for forged in (token.rpartition(".")[0] + ".", token[:-8] + "AAAAAAAA", "x", other.sign_in()["AccessToken"]):
        with refused("NotAuthorizedException", "Invalid Access Token"):
            cognito.client.get_user(AccessToken=forged)
    with cognito.clock.shifted(3601), refused("NotAuthorizedException", "Access Token has expired"):
        cognito.client.get_user(AccessToken=token)


def test_tokens_and_get_user_show_what_the_client_reads_as_text(door: Door) -> None:
    cognito = Cognito(door, Schema=[ORG, LEVEL])
    cognito.create_user(custom__org="acme", custom__level="7", email="alice@example.com", email_verified="true")
    wide = claims_of(cognito.sign_in()["IdToken"])
    cognito.client_id = cognito.new_client(ReadAttributes=["email", "email_verified", "custom:level"])

    narrow = cognito.sign_in()
    claims = claims_of(narrow["IdToken"])
    assert (claims["email"], claims["email_verified"], claims["custom:level"]) == ("alice@example.com", True, "7")
    assert "custom:org" not in claims
    shown = cognito.client.get_user(AccessToken=narrow["AccessToken"])["UserAttributes"]
    assert {each["Name"] for each in shown} == {"sub", "email", "email_verified", "custom:level"}
    assert wide["custom:org"] == "acme"  # unconfirmed: a client without ReadAttributes reads custom attributes, too


def test_a_disabled_users_refresh_token_is_refused(cognito: Cognito) -> None:
    tokens = cognito.sign_in()
    cognito.admin("admin_disable_user", Username="alice")

    with refused("NotAuthorizedException", "User is disabled."):
        cognito.refresh(tokens["RefreshToken"])
    signs_nobody(cognito, tokens)
    cognito.admin("admin_enable_user", Username="alice")
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        cognito.refresh(tokens["RefreshToken"])


def test_users_delete_themselves_and_their_tokens_are_worth_nothing_then(cognito: Cognito) -> None:
    tokens = cognito.sign_in()

    cognito.client.delete_user(AccessToken=tokens["AccessToken"])

    with refused("UserNotFoundException"):
        cognito.client.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException", "Invalid Refresh Token"):
        cognito.refresh(tokens["RefreshToken"])
    with refused("UserNotFoundException", "User does not exist."):
        cognito.sign_in()


@pytest.mark.parametrize("kind", ["IdToken", "RefreshToken"])
def test_only_access_tokens_speak_for_a_user(cognito: Cognito, kind: str) -> None:
    with refused("NotAuthorizedException", "Invalid Access Token"):
        cognito.client.global_sign_out(AccessToken=cognito.sign_in()[kind])


def test_a_refresh_token_works_through_its_own_operation_as_well(cognito: Cognito) -> None:
    tokens = cognito.sign_in()

    refreshed = rotated(cognito, tokens["RefreshToken"])

    assert "RefreshToken" not in refreshed
    assert claims_of(refreshed["IdToken"])["origin_jti"] == claims_of(tokens["IdToken"])["origin_jti"]
    assert cognito.refresh(tokens["RefreshToken"])


def test_a_rotated_refresh_token_gives_way_to_the_next(door: Door) -> None:
    cognito = rotating(door)
    first = cognito.sign_in()
    second = rotated(cognito, first["RefreshToken"])

    with cognito.clock.shifted(1):
        with refused("RefreshTokenReuseException"):
            rotated(cognito, first["RefreshToken"])
        third = rotated(cognito, second["RefreshToken"])

    assert len({tokens["RefreshToken"] for tokens in (first, second, third)}) == 3
    assert claims_of(third["IdToken"])["origin_jti"] == claims_of(first["IdToken"])["origin_jti"]


def test_a_rotated_refresh_token_works_on_for_the_grace_period_and_expires_with_the_first(door: Door) -> None:
    cognito = rotating(door, grace=10)
    first = cognito.sign_in()
    second = rotated(cognito, first["RefreshToken"])

    with cognito.clock.shifted(9):
        assert rotated(cognito, first["RefreshToken"])
    with cognito.clock.shifted(12), refused("RefreshTokenReuseException"):
        rotated(cognito, first["RefreshToken"])
    with cognito.clock.shifted(30 * 86_400 + 5), refused("NotAuthorizedException", "Refresh Token has expired"):
        rotated(cognito, second["RefreshToken"])


def test_rotation_and_the_refresh_flow_exclude_each_other(door: Door) -> None:
    cognito = rotating(door)
    token = cognito.sign_in()["RefreshToken"]

    with refused("InvalidParameterException", "REFRESH_TOKEN_AUTH flow not enabled for this client"):
        cognito.refresh(token)
    with refused("InvalidParameterException"):
        cognito.new_client(ExplicitAuthFlows=FLOWS, RefreshTokenRotation=ROTATING)
    default = cognito.admin("create_user_pool_client", ClientName="d", RefreshTokenRotation=ROTATING)["UserPoolClient"]
    assert "ALLOW_REFRESH_TOKEN_AUTH" not in default["ExplicitAuthFlows"]


def with_secret(cognito: Cognito) -> dict[str, Any]:
    made = cognito.admin("create_user_pool_client", ClientName="s", GenerateSecret=True, ExplicitAuthFlows=FLOWS)
    cognito.client_id = made["UserPoolClient"]["ClientId"]
    client: dict[str, Any] = made["UserPoolClient"]
    return client


def test_a_client_secret_is_asked_for_in_every_flow(cognito: Cognito) -> None:
    client = with_secret(cognito)
    missing = f"Client {cognito.client_id} is configured with secret but SECRET_HASH was not received"
    described = cognito.admin("describe_user_pool_client", ClientId=cognito.client_id)["UserPoolClient"]
    client_object = cognito.pools.directory.pools[cognito.pool_id].clients[cognito.client_id]

    with refused("NotAuthorizedException", missing):
        cognito.sign_in()
    with refused("NotAuthorizedException", missing):
        cognito.sign_up("bob")
    with refused("NotAuthorizedException", missing):
        cognito.client.forgot_password(ClientId=cognito.client_id, Username="alice")
    with refused("NotAuthorizedException", f"SecretHash does not match for the client: {cognito.client_id}"):
        cognito.initiate(USERNAME="alice", PASSWORD=PASSWORD, SECRET_HASH="bm8=")
    assert described["ClientSecret"] == client["ClientSecret"]
    assert client["ClientSecret"] not in repr(client_object)


def test_a_client_without_secret_takes_no_hash(cognito: Cognito) -> None:
    with refused("NotAuthorizedException"):
        cognito.initiate(USERNAME="alice", PASSWORD=PASSWORD, SECRET_HASH="bm8=")


def test_tokens_of_a_client_with_a_secret_are_refreshed_and_revoked_with_it_only(cognito: Cognito) -> None:
    client = with_secret(cognito)
    proof = AWSSRP.get_secret_hash("alice", cognito.client_id, client["ClientSecret"])
    token = cognito.initiate(USERNAME="alice", PASSWORD=PASSWORD, SECRET_HASH=proof)["AuthenticationResult"][
        "RefreshToken"
    ]
    named = {"ClientId": cognito.client_id, "ClientSecret": client["ClientSecret"]}

    with refused("NotAuthorizedException"):
        cognito.refresh(token)
    with refused("NotAuthorizedException"):
        rotated(cognito, token)
    for wrong in ({}, {"ClientSecret": "x" * 51}):
        with refused("UnauthorizedException"):
            cognito.client.revoke_token(Token=token, **{"ClientId": cognito.client_id, **wrong})
    assert cognito.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=token, SECRET_HASH=proof)["AuthenticationResult"]
    assert cognito.client.get_tokens_from_refresh_token(RefreshToken=token, **named)["AuthenticationResult"]
    cognito.client.revoke_token(Token=token, **named)
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        cognito.client.get_tokens_from_refresh_token(RefreshToken=token, **named)


@pytest.mark.parametrize("flow", ["CUSTOM_AUTH", "USER_AUTH"])
def test_flows_that_are_not_implemented_are_refused_as_unknown_where_they_are_enabled(
    cognito: Cognito, flow: str
) -> None:
    with refused("InvalidParameterException", f"{flow} flow not enabled for this client"):
        cognito.initiate(flow, USERNAME="alice")
    cognito.client_id = cognito.new_client(ExplicitAuthFlows=[f"ALLOW_{flow}"])
    with not_derivable():
        cognito.initiate(flow, USERNAME="alice")


@pytest.mark.parametrize("flow", ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"])
def test_administrators_use_their_flow_where_the_client_enables_it(cognito: Cognito, flow: str) -> None:
    given = {"AuthFlow": flow, "AuthParameters": {"USERNAME": "alice", "PASSWORD": PASSWORD}}
    admins = cognito.new_client(ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])

    tokens = cognito.admin("admin_initiate_auth", ClientId=admins, **given)["AuthenticationResult"]
    refreshed = cognito.admin(
        "admin_initiate_auth",
        ClientId=admins,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )

    assert claims_of(refreshed["AuthenticationResult"]["IdToken"])["cognito:username"] == "alice"
    with refused("InvalidParameterException", "Auth flow not enabled for this client"):
        cognito.admin("admin_initiate_auth", ClientId=cognito.client_id, **given)
    with refused("InvalidParameterException", "Initiate Auth method not supported."):
        cognito.initiate(flow, USERNAME="alice", PASSWORD=PASSWORD)


def test_an_administrator_answers_a_challenge_for_the_user(cognito: Cognito) -> None:
    cognito.admin("admin_set_user_password", Username="alice", Password="Temporary-1", Permanent=False)
    challenge = cognito.initiate(USERNAME="alice", PASSWORD="Temporary-1")
    answer: dict[str, Any] = {
        "ClientId": cognito.client_id,
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": challenge["Session"],
        "ChallengeResponses": {"USERNAME": "alice", "NEW_PASSWORD": PASSWORD},
    }

    assert cognito.admin("admin_respond_to_auth_challenge", **answer)["AuthenticationResult"]
    with refused("NotAuthorizedException", "Invalid session for the user."):
        cognito.admin("admin_respond_to_auth_challenge", **answer)


def test_a_challenge_that_was_never_made_tells_nothing_about_the_user(cognito: Cognito) -> None:
    for username in ("alice", "nobody"):
        with refused("NotAuthorizedException", "Invalid session for the user."):
            cognito.client.respond_to_auth_challenge(
                ClientId=cognito.client_id,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                Session="s" * 40,
                ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": PASSWORD},
            )


def test_a_password_set_meanwhile_ends_an_open_challenge(cognito: Cognito) -> None:
    cognito.admin("admin_set_user_password", Username="alice", Password="Temporary-1", Permanent=False)
    session = cognito.initiate(USERNAME="alice", PASSWORD="Temporary-1")["Session"]
    cognito.admin("admin_set_user_password", Username="alice", Password=PASSWORD, Permanent=True)

    with refused("NotAuthorizedException", "Invalid session for the user."):
        cognito.client.respond_to_auth_challenge(
            ClientId=cognito.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses={"USERNAME": "alice", "NEW_PASSWORD": "Stolen-Horse-1"},
        )
