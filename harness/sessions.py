"""Users and the sessions they really get: the same calls, in the same order, as an application makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.blueprints.spec import SignIn
from harness.deployment import operate
from harness.errors import SignInRefusedError
from harness.secret import Secret
from harness.targets.api import ApiRequest, AwsCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.population import Caller, Population, User
    from harness.targets.target import Target


@dataclass(frozen=True)
class Session:
    """What a signed-in user holds. Guests have no tokens; `username` is empty for them."""

    caller: Caller
    identity_id: str
    credentials: AwsCredentials
    username: str = ""
    id_token: Secret | None = None
    access_token: Secret | None = None


def _create_user(target: Target, pool: str, user: User, groups: tuple[str, ...]) -> None:
    """Make a confirmed user with a permanent password, in the given groups."""
    operate(target, "cognito-idp", "AdminCreateUser", UserPoolId=pool, Username=user.username, MessageAction="SUPPRESS")
    if user.password is not None:
        operate(
            target,
            "cognito-idp",
            "AdminSetUserPassword",
            UserPoolId=pool,
            Username=user.username,
            Password=user.password.reveal(),
            Permanent=True,
        )
    for group in groups:
        operate(
            target,
            "cognito-idp",
            "AdminAddUserToGroup",
            UserPoolId=pool,
            Username=user.username,
            GroupName=group,
        )


def sign_in_everybody(
    blueprint: Blueprint, population: Population, deployment: Deployment, target: Target
) -> dict[Caller, Session | SignInRefusedError]:
    """Create every user and sign each in. A user who is refused is kept as the error, for the verdict to say."""
    sessions: dict[Caller, Session | SignInRefusedError] = {}
    for user in population.users:
        persona = blueprint.contract.persona(user.caller.persona)
        try:
            if persona.sign_in is SignIn.GUEST:
                sessions[user.caller] = _guest_session(target, deployment, user.caller)
            else:
                _create_user(target, deployment.user_pool, user, persona.groups)
                # A namesake in a pool that has nothing to do with the design: attackers bring its tokens.
                _create_user(target, deployment.outsiders_pool, user, ())
                client = next(c.name for c in blueprint.app_clients if c.identity_provider)
                sessions[user.caller] = _member_session(target, deployment, user, deployment.app_clients[client])
        except SignInRefusedError as error:
            sessions[user.caller] = error
    return sessions


def tokens_for(target: Target, client_id: str, user: User) -> Mapping[str, Any]:
    """Return the AuthenticationResult of a password sign-in. Raises SignInRefusedError."""
    password = "" if user.password is None else user.password.reveal()
    answer = _sign_in_call(
        target,
        "cognito-idp",
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=client_id,
        AuthParameters={"USERNAME": user.username, "PASSWORD": password},
    )
    if "AuthenticationResult" not in answer:
        raise SignInRefusedError(f"{user.caller} was asked for {answer.get('ChallengeName')} in place of a session")
    result: Mapping[str, Any] = answer["AuthenticationResult"]
    return result


def credentials_from(answer: Mapping[str, Any]) -> AwsCredentials | None:
    """Return the credentials in an answer of Cognito or STS, None where there are none."""
    found = answer.get("Credentials")
    if not found:
        return None
    # Cognito says SecretKey where STS says SecretAccessKey (aws-semantics 3.1).
    secret = found.get("SecretKey") or found.get("SecretAccessKey")
    return AwsCredentials(Secret(found["AccessKeyId"]), Secret(secret), Secret(found["SessionToken"]))


def _member_session(target: Target, deployment: Deployment, user: User, client_id: str) -> Session:
    tokens = tokens_for(target, client_id, user)
    logins = {deployment.provider: tokens["IdToken"]}
    identity = _sign_in_call(
        target, "cognito-identity", "GetId", IdentityPoolId=deployment.identity_pool, Logins=logins
    )
    return _exchange(
        target,
        user.caller,
        identity["IdentityId"],
        logins,
        username=user.username,
        id_token=Secret(tokens["IdToken"]),
        access_token=Secret(tokens["AccessToken"]),
    )


def _guest_session(target: Target, deployment: Deployment, caller: Caller) -> Session:
    identity = _sign_in_call(target, "cognito-identity", "GetId", IdentityPoolId=deployment.identity_pool)
    return _exchange(target, caller, identity["IdentityId"], {})


def _exchange(target: Target, caller: Caller, identity_id: str, logins: Mapping[str, str], **tokens: Any) -> Session:
    params: dict[str, Any] = {"IdentityId": identity_id}
    if logins:
        params["Logins"] = dict(logins)
    answer = _sign_in_call(target, "cognito-identity", "GetCredentialsForIdentity", **params)
    credentials = credentials_from(answer)
    if credentials is None:
        raise SignInRefusedError(f"{caller} got no credentials from the identity pool")
    return Session(caller, identity_id, credentials, **tokens)


def _sign_in_call(target: Target, service: str, operation: str, **params: Any) -> Mapping[str, Any]:
    response = target.send(ApiRequest(service, operation, params), None)
    if not response.succeeded:
        raise SignInRefusedError(f"{operation} refused the sign-in with {response.error_code}: {response.message}")
    return response.data
