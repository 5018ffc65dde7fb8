"""Calls of identity pools on the wire, and what their sessions have in common (aws-semantics 3.1 to 3.7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.awsrequest import AWSRequest
from cognito_aws import CognitoAws
from embedded_aws import Refusal, allow, keys_of
from identity_services import claims_of

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from doors import Door
    from embedded_aws import EmbeddedAws

_NEWER, _OLDER = "AWSCognitoIdentityService", "com.amazonaws.cognito.identity.model.AWSCognitoIdentityService"
_NO_GUESTS = "Unauthenticated access is not supported for this identity pool."


@pytest.fixture
def cognito(aws: EmbeddedAws) -> CognitoAws:
    return CognitoAws(aws)


def _get_id(door: Door, cognito: CognitoAws, service: str = _NEWER) -> AWSResponse:
    """Send GetId for a guest as a client does that is no AWS SDK."""
    headers = {"X-Amz-Target": f"{service}.GetId", "Content-Type": "application/x-amz-json-1.1"}
    body = json.dumps({"IdentityPoolId": cognito.pool})
    request = AWSRequest("POST", "https://cognito-identity.us-east-1.amazonaws.com/", headers=headers, data=body)
    return door.send(cognito.aws.cloud, request.prepare())


@pytest.mark.parametrize("service", [_NEWER, _OLDER])
def test_3_1_public_calls_need_no_signature_under_either_name_of_the_service(
    door: Door, cognito: CognitoAws, service: str
) -> None:
    answer = _get_id(door, cognito, service)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-amz-json-1.1")
    assert json.loads(answer.text)["IdentityId"].startswith("us-east-1:")


def test_3_7_an_error_has_its_code_in_the_body_and_in_a_header(door: Door, cognito: CognitoAws) -> None:
    cognito.update(AllowUnauthenticatedIdentities=False)

    answer = _get_id(door, cognito)

    assert answer.status_code == 400
    assert json.loads(answer.text) == {"__type": "NotAuthorizedException", "message": _NO_GUESTS}
    assert answer.headers["x-amzn-ErrorType"] == "NotAuthorizedException:"
    assert answer.headers["x-amzn-ErrorMessage"] == _NO_GUESTS


def test_3_1_at_most_ten_logins_are_sent(cognito: CognitoAws) -> None:
    token = cognito.tokens()["IdToken"]
    logins = {f"login.provider-{number}.example": token for number in range(11)}

    refusal = cognito.refused("GetId", IdentityPoolId=cognito.pool, Logins=logins)

    words = "at 'logins' failed to satisfy constraint: Member must have length less than or equal to 10"
    assert refusal.message.endswith(words)
    assert token not in refusal.message


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        ("the access token", "Invalid login token. Missing a required claim: aud"),
        ("no signature", "Invalid login token. Couldn't verify signed token."),
        ("another pool's", "Invalid login token. Issuer doesn't match providerName"),
        ("another client's", "Token is not from a supported provider of this identity pool."),
    ],
)
def test_3_7_a_token_that_does_not_fit_is_refused_in_cognitos_words(
    cognito: CognitoAws, spoiled: str, message: str
) -> None:
    sound = cognito.tokens()
    assert cognito.get_id({cognito.provider: sound["IdToken"]})
    if spoiled == "another pool's":
        token = cognito.tokens(client=cognito.new_user_pool()[1])["IdToken"]
    elif spoiled == "another client's":
        flows = ["ALLOW_USER_PASSWORD_AUTH"]
        params = {"UserPoolId": cognito.user_pool, "ClientName": "other", "ExplicitAuthFlows": flows}
        client = cognito.aws.do("cognito-idp", "CreateUserPoolClient", **params)["UserPoolClient"]["ClientId"]
        token = cognito.tokens(client=client)["IdToken"]
    else:
        token = sound["AccessToken"] if spoiled == "the access token" else sound["IdToken"].rpartition(".")[0] + "."

    refusal = cognito.refused("GetId", IdentityPoolId=cognito.pool, Logins={cognito.provider: token})

    assert refusal == Refusal("NotAuthorizedException", 400, message)


def test_3_7_an_expired_token_is_told_both_times(cognito: CognitoAws) -> None:
    token = cognito.tokens()["IdToken"]

    with cognito.aws.cloud.clock.shifted(3601):
        refusal = cognito.refused("GetId", IdentityPoolId=cognito.pool, Logins={cognito.provider: token})

    assert (refusal.code, refusal.status) == ("NotAuthorizedException", 400)
    now, _, expiry = refusal.message.removeprefix("Invalid login token. Token expired: ").partition(" >= ")
    assert int(now) >= int(expiry) == claims_of(token)["exp"]


class Tenants(CognitoAws):
    """Users whose attribute `nickname` is a session tag, and a role that may list what its tenant may."""

    def __init__(self, aws: EmbeddedAws) -> None:
        super().__init__(aws)
        tags = {"PrincipalTags": {"tenant": "nickname"}, "UseDefaults": False}
        self.do("SetPrincipalTagAttributeMap", IdentityProviderName=self.provider, **tags)
        own: dict[str, Any] = {"StringEquals": {"aws:PrincipalTag/tenant": "acme"}}
        self.set_roles(
            authenticated=aws.role("tenant", self.trust("sts:TagSession"), allow("dynamodb:ListTables", **own))
        )

    def move(self, user: str, tenant: str) -> None:
        attributes = [{"Name": "nickname", "Value": tenant}]
        named = {"UserPoolId": self.user_pool, "Username": user}
        self.aws.do("cognito-idp", "AdminUpdateUserAttributes", **named, UserAttributes=attributes)

    def session_of(self, logins: dict[str, str]) -> Any:
        answer = self.public("GetCredentialsForIdentity", IdentityId=self.get_id(logins), Logins=logins)
        return keys_of(answer["Credentials"])


def test_3_3_a_changed_attribute_needs_a_new_token_and_a_new_exchange(aws: EmbeddedAws) -> None:
    tenants = Tenants(aws)
    tenants.move("alice", "acme")
    logins = tenants.logins()
    session = tenants.session_of(logins)
    assert aws.may(session, "dynamodb", "ListTables")

    tenants.move("alice", "other")

    assert aws.may(session, "dynamodb", "ListTables")
    assert aws.may(tenants.session_of(logins), "dynamodb", "ListTables")
    assert not aws.may(tenants.session_of(tenants.logins()), "dynamodb", "ListTables")


def test_3_4_users_of_one_role_have_the_same_arn_and_user_id(aws: EmbeddedAws) -> None:
    tenants = Tenants(aws)
    for user in ("alice", "bob"):
        tenants.move(user, "acme")
    sessions = [tenants.session_of(tenants.logins(user)) for user in ("alice", "bob")]

    (arn,) = {aws.call(session, "sts", "GetCallerIdentity")["Arn"] for session in sessions}
    (user_id,) = {aws.call(session, "sts", "GetCallerIdentity")["UserId"] for session in sessions}

    assert arn == f"arn:aws:sts::{aws.account}:assumed-role/tenant/CognitoIdentityCredentials"
    assert user_id == f"{aws.iam('GetRole', RoleName='tenant')['Role']['RoleId']}:CognitoIdentityCredentials"
    contexts = [aws.context_of(session) for session in sessions]
    for context in contexts:
        assert context["aws:userid"] == (user_id,)
        assert context["aws:principalarn"] == (f"arn:aws:iam::{aws.account}:role/tenant",)
        assert context["aws:principaltype"] == ("AssumedRole",)
        assert "aws:username" not in context
    key = "cognito-identity.amazonaws.com:sub"
    assert contexts[0][key] != contexts[1][key]
