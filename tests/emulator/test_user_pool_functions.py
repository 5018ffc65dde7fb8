"""Triggers that are real functions: invoked by permission, and calling back about the user they run for (4.5, 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cognito import claims_of, listed
from function_services import PASSWORD, REGION, FunctionServices, allow

from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.targets.api import ApiResponse

POST_CONFIRMATION = """
import boto3

def handler(event, context):
    if event["userName"] == "unlucky":
        raise RuntimeError("no tenant for unlucky")
    client = boto3.client("cognito-idp")
    user = {"UserPoolId": event["userPoolId"], "Username": event["userName"]}
    client.admin_update_user_attributes(**user, UserAttributes=[{"Name": "custom:org", "Value": "acme"}])
    status = client.admin_get_user(**user)["UserStatus"]
    client.admin_update_user_attributes(**user, UserAttributes=[{"Name": "nickname", "Value": status}])
    return event
"""
TOKENS = """
def handler(event, context):
    groups = event["request"]["groupConfiguration"]["groupsToOverride"]
    claims = {"custom:org": "from the function", "groups": ",".join(groups)}
    event["response"] = {"claimsOverrideDetails": {"claimsToAddOrOverride": claims}}
    return event
"""


class Pools:
    """An embedded target with two functions, and pools that call them."""

    def __init__(self) -> None:
        self.services = FunctionServices()
        changes = allow(["cognito-idp:AdminUpdateUserAttributes", "cognito-idp:AdminGetUser"], "*")
        role = self.services.role("provisioning", changes)
        self.confirmation = self.services.function("confirmation", POST_CONFIRMATION, role, Timeout=30)
        self.tokens = self.services.function("tokens", TOKENS, role, Timeout=30)

    def new(self, **triggers: str) -> tuple[str, str]:
        """Return the ids of a new pool with the triggers and of its client, which keeps the tenant from its users."""
        org = {"Name": "org", "AttributeDataType": "String", "Mutable": True}
        operate = self.services.operate
        pool = operate("cognito-idp", "CreateUserPool", PoolName="p", Schema=[org], LambdaConfig=triggers)["UserPool"]
        settings = {"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"], "WriteAttributes": ["email"]}
        client = operate("cognito-idp", "CreateUserPoolClient", UserPoolId=pool["Id"], ClientName="c", **settings)
        return pool["Id"], client["UserPoolClient"]["ClientId"]

    def permit(self, function: str, pool_id: str, statement: str) -> None:
        arn = f"arn:aws:cognito-idp:{REGION}:{self.services.account}:userpool/{pool_id}"
        permission = {"Action": "lambda:InvokeFunction", "Principal": "cognito-idp.amazonaws.com", "SourceArn": arn}
        self.services.operate("lambda", "AddPermission", FunctionName=function, StatementId=statement, **permission)

    def public(self, operation: str, **params: Any) -> ApiResponse:
        return self.services.target.send(ApiRequest("cognito-idp", operation, params), None)


@pytest.fixture(scope="module")
def pools() -> Iterator[Pools]:
    made = Pools()
    yield made
    made.services.target.close()


def test_post_confirmation_provisions_the_very_user_being_confirmed(pools: Pools) -> None:
    pool_id, client_id = pools.new(PostConfirmation=pools.confirmation)
    pools.permit("confirmation", pool_id, "provisioning")
    user = {"ClientId": client_id, "Username": "alice", "Password": PASSWORD}

    stolen = pools.public("SignUp", **user, UserAttributes=listed({"custom:org": "victim"}))
    signed_up = pools.public("SignUp", **user)
    pools.services.operate("cognito-idp", "AdminConfirmSignUp", UserPoolId=pool_id, Username="alice")

    claims = claims_of(pools.services.tokens(client_id, "alice")["IdToken"])
    assert (stolen.error_code, stolen.status) == ("NotAuthorizedException", 400)
    assert signed_up.data["UserConfirmed"] is False
    assert (claims["custom:org"], claims["nickname"]) == ("acme", "CONFIRMED")


def test_the_words_of_a_function_that_fails_reach_the_caller_and_the_user_stays_confirmed(pools: Pools) -> None:
    pool_id, client_id = pools.new(PostConfirmation=pools.confirmation)
    pools.permit("confirmation", pool_id, "failing")
    pools.public("SignUp", ClientId=client_id, Username="unlucky", Password=PASSWORD)

    request = ApiRequest("cognito-idp", "AdminConfirmSignUp", {"UserPoolId": pool_id, "Username": "unlucky"})
    answer = pools.services.target.send_as_operator(request)

    assert (answer.error_code, answer.status) == ("UserLambdaValidationException", 400)
    assert answer.message == "PostConfirmation failed with error no tenant for unlucky."
    assert "custom:org" not in claims_of(pools.services.tokens(client_id, "unlucky")["IdToken"])


def test_a_pool_without_permission_or_with_that_of_another_invokes_nothing(pools: Pools) -> None:
    permitted, _ = pools.new(PreTokenGeneration=pools.tokens)
    pool_id, client_id = pools.new(PreTokenGeneration=pools.tokens)
    pools.permit("tokens", permitted, "another-pool")
    named = {"UserPoolId": pool_id, "Username": "alice"}
    pools.services.operate("cognito-idp", "AdminCreateUser", **named, MessageAction="SUPPRESS")
    pools.services.operate("cognito-idp", "AdminSetUserPassword", **named, Password=PASSWORD, Permanent=True)
    sign_in = {
        "ClientId": client_id,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "alice", "PASSWORD": PASSWORD},
    }

    refused = pools.public("InitiateAuth", **sign_in)
    pools.permit("tokens", pool_id, "this-pool")
    claims = claims_of(pools.public("InitiateAuth", **sign_in).data["AuthenticationResult"]["IdToken"])

    assert (refused.error_code, refused.status) == ("UnexpectedLambdaException", 400)
    assert refused.message == "PreTokenGeneration invocation failed due to error AccessDeniedException."
    assert (claims["custom:org"], claims["groups"]) == ("from the function", "")
