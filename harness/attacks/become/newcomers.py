"""Users who live for one attempt: how they come, sign in, get AWS credentials and are forgotten again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.attacks.become.broker import ask
from harness.attacks.obtained import ByOperator, ObtainedCall
from harness.secret import Secret
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Sent, Step

# Any password that every sound policy of a pool accepts; the user is deleted again at once.
PASSWORD = Secret("Newcomer-1-isolation")


def call(operation: str, **params: Any) -> ApiRequest:
    """Return a request to the user pools."""
    return ApiRequest("cognito-idp", operation, params)


def attribute_list(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return attributes as the user pools take them."""
    return [{"Name": name, "Value": value} for name, value in values.items()]


def newcomer_of(aim: Aim) -> str:
    """Return the name of the user who is made for the caller's attempt."""
    return f"newcomer.of.{aim.caller.username}"


def on_newcomer(aim: Aim, operation: str, **params: Any) -> ApiRequest:
    """Return an administrator's request about the newcomer."""
    return call(operation, UserPoolId=aim.deployment.user_pool, Username=newcomer_of(aim), **params)


def hired(aim: Aim, groups: Sequence[str] = (), attributes: Mapping[str, str] | None = None) -> tuple[Step, ...]:
    """Return the steps by which the operator makes the newcomer, as applications make the users they are told of."""
    described = attribute_list({"email": "newcomer@example.com", "email_verified": "true", **(attributes or {})})
    made = on_newcomer(aim, "AdminCreateUser", MessageAction="SUPPRESS", UserAttributes=described)
    known = on_newcomer(aim, "AdminSetUserPassword", Password=PASSWORD.reveal(), Permanent=True)
    joined = (on_newcomer(aim, "AdminAddUserToGroup", GroupName=group) for group in groups)
    return tuple(ByOperator(request) for request in (made, known, *joined))


def like_the_caller(aim: Aim) -> tuple[Step, ...]:
    """Return the steps that make a newcomer who is to the design what the caller is."""
    return hired(aim, aim.own_groups, aim.own_attributes)


def signing_up(aim: Aim, username: str, attributes: Mapping[str, str]) -> ApiRequest:
    """Return the request by which anybody signs up."""
    return call(
        "SignUp",
        ClientId=aim.users_client,
        Username=username,
        Password=PASSWORD.reveal(),
        UserAttributes=attribute_list(attributes),
    )


def signing_in(aim: Aim, username: str, password: Secret = PASSWORD) -> ApiRequest:
    """Return the request for tokens by a password."""
    return call(
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=aim.users_client,
        AuthParameters={"USERNAME": username, "PASSWORD": password.reveal()},
    )


def forget_newcomer(aim: Aim) -> tuple[ApiRequest, ...]:
    """Return what the operator sends for the newcomer to be gone."""
    return (on_newcomer(aim, "AdminDeleteUser"),)


def admitted(aim: Aim, choice: Mapping[str, str] | None = None) -> tuple[Step, ...]:
    """Return the steps from the answer of a sign-in to AWS credentials: at the broker if there is one.

    `choice` is what is added to an exchange at the identity pool.
    """
    kept: dict[str, Secret] = {}

    def identified(answer: Mapping[str, Any]) -> Sent:
        kept["token"] = Secret(answer["AuthenticationResult"]["IdToken"])
        return ask(aim, kept["token"]) if aim.credentials_url else identifying(aim, kept["token"])

    def exchanged(answer: Mapping[str, Any]) -> Sent:
        return exchanging(aim, answer["IdentityId"], kept["token"], choice)

    return (identified,) if aim.credentials_url else (identified, exchanged)


def identifying(aim: Aim, token: Secret) -> ApiRequest:
    """Return the request for the identity that a token stands for."""
    params = {"IdentityPoolId": aim.deployment.identity_pool, "Logins": _logins(aim, token)}
    return ApiRequest("cognito-identity", "GetId", params)


def exchanging(aim: Aim, identity_id: str, token: Secret, choice: Mapping[str, str] | None = None) -> ApiRequest:
    """Return the request for the credentials of an identity."""
    params = {"IdentityId": identity_id, "Logins": _logins(aim, token), **(choice or {})}
    return ApiRequest("cognito-identity", "GetCredentialsForIdentity", params)


def used(aim: Aim) -> Step:
    """Return the step that reads the victim's asset with the credentials in the answer before."""
    return lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading)


def _logins(aim: Aim, token: Secret) -> dict[str, str]:
    return {aim.deployment.provider: token.reveal()}
