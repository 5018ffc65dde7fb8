"""Users and the sessions they really get: the same calls, in the same order, as an application makes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import stamina

from harness.blueprints.contract import SignIn
from harness.deployment import operate
from harness.errors import SignInDisturbedError, SignInRefusedError
from harness.forgery import claims_of
from harness.placeholders import TENANT, filled_in, per_tenant
from harness.registration import client_of_users, register, take_over, users_call
from harness.secret import Secret
from harness.targets.api import AwsCredentials
from harness.targets.http import BearerToken, HttpRequest, as_api_response
from harness.targets.transient import OWN_FAILURES, Disturbance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.population import Caller, Population, User
    from harness.targets.api import ApiResponse
    from harness.targets.target import Target


@dataclass(frozen=True)
class Session:
    """What a signed-in user holds. Guests and IAM users have no tokens; `identity_id` is empty where there is none.

    `credentials` is None for users to whom the contract gives tokens alone.
    """

    caller: Caller
    identity_id: str
    credentials: AwsCredentials | None
    username: str = ""
    id_token: Secret | None = None
    access_token: Secret | None = None
    refresh_token: Secret | None = None


@dataclass(frozen=True)
class SignedIn:
    """Everybody's session, or the refusal in its place, and the population with all that signing in has made known.

    `calls` is how many API calls it took to make each user and sign it in.
    """

    sessions: Mapping[Caller, Session | SignInRefusedError]
    population: Population
    calls: Mapping[Caller, int]


def sign_in_everybody(
    blueprint: Blueprint,
    population: Population,
    deployment: Deployment,
    target: Target,
    *,
    are_registered: bool = False,
) -> SignedIn:
    """Create every user and sign each in. A user who is refused is kept as the error, for the verdict to say.

    Users whom an earlier run has left (`are_registered`) are given the passwords and keys of this one.
    """
    sessions: dict[Caller, Session | SignInRefusedError] = {}
    calls: dict[Caller, int] = {}
    for caller in [user.caller for user in population.users]:
        persona = blueprint.contract.persona(caller.persona)
        before = target.calls
        try:
            user = population.user(caller)
            if are_registered:
                take_over(target, deployment, user)
                session = _enter(target, blueprint, deployment, user)
            else:
                session = sign_in(target, blueprint, deployment, user)
            if persona.signs_up:
                population = population.with_key(caller.tenant, assigned_key(persona, session))
            sessions[caller] = session
        except SignInRefusedError as error:
            sessions[caller] = error
        calls[caller] = target.calls - before
    return SignedIn(sessions, population, calls)


def sign_in(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> Session:
    """Create a user and sign it in. Raises SignInRefusedError, and DeploymentError when the operator's part fails."""
    persona = blueprint.contract.persona(user.caller.persona)
    if persona.has_tokens:
        register(target, blueprint, deployment, user)
    return _enter(target, blueprint, deployment, user)


def _enter(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> Session:
    enter = _SIGN_IN[blueprint.contract.persona(user.caller.persona).sign_in]
    try:
        return enter(target, blueprint, deployment, user)
    except SignInRefusedError:
        if not target.settling_seconds:
            raise
    # What lets the user in may not be seen everywhere yet.
    patient = stamina.RetryingCaller(attempts=None, timeout=2 * target.settling_seconds)
    return patient.on(SignInRefusedError)(enter, target, blueprint, deployment, user)


def assigned_key(persona: Persona, session: Session) -> str:
    """Return the key of the organisation that a user has founded, which only the token tells.

    Raises SignInRefusedError when the token tells none.
    """
    claim = next(name for name, value in persona.attributes.items() if value == TENANT)
    key = claims_of(session.id_token).get(claim) if session.id_token is not None else None
    if not key:
        raise SignInRefusedError(f"{session.caller} signed up, and no trigger has given it the claim {claim}")
    return str(key)


def tokens_for(target: Target, client_id: str, user: User) -> Mapping[str, Any]:
    """Return the AuthenticationResult of a user of the population. Raises SignInRefusedError."""
    return tokens_by_password(target, client_id, user.username, user.password or Secret(""))


def tokens_by_password(target: Target, client_id: str, username: str, password: Secret) -> Mapping[str, Any]:
    """Return the AuthenticationResult of a password sign-in. Raises SignInRefusedError."""
    answer = users_call(
        target,
        "cognito-idp",
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=client_id,
        AuthParameters={"USERNAME": username, "PASSWORD": password.reveal()},
    )
    if "AuthenticationResult" not in answer:
        raise SignInRefusedError(f"{username} was asked for {answer.get('ChallengeName')} in place of a session")
    result: Mapping[str, Any] = answer["AuthenticationResult"]
    return result


def credentials_from(answer: Mapping[str, Any]) -> AwsCredentials | None:
    """Return the credentials in an answer of Cognito, of STS or of a broker, None where there are none."""
    found = _said_by_function(answer).get("Credentials")
    if not found:
        return None
    # Cognito says SecretKey where STS says SecretAccessKey (aws-semantics 3.1).
    secret = found.get("SecretKey") or found.get("SecretAccessKey")
    return AwsCredentials(Secret(found["AccessKeyId"]), Secret(secret), Secret(found["SessionToken"]))


def _said_by_function(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the JSON body of what an invoked function answered; answers of anything else as they are."""
    if "Payload" not in answer:
        return answer
    try:
        said = json.loads(json.loads(answer["Payload"])["body"])
    except (ValueError, KeyError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}


def _by_identity_pool(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> Session:
    session = _with_tokens(target, blueprint, deployment, user)
    params: dict[str, Any] = {"Logins": _logins(deployment, session)}
    persona = blueprint.contract.persona(user.caller.persona)
    if persona.custom_role:
        (role,) = per_tenant(persona.custom_role, user.tenants[:1])
        params["CustomRoleArn"] = deployment.roles[role]
    return replace(session, credentials=_exchange(target, user.caller, session.identity_id, params))


def _with_tokens(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> Session:
    tokens = tokens_for(target, client_of_users(blueprint, deployment), user)
    session = Session(
        user.caller,
        "",
        None,
        username=user.username,
        id_token=Secret(tokens["IdToken"]),
        access_token=Secret(tokens["AccessToken"]),
        refresh_token=Secret(tokens["RefreshToken"]),
    )
    if blueprint.user_pool is None or not (deployment.identity_pool and blueprint.user_pool.identity_providers):
        return session
    logins = _logins(deployment, session)
    identity = users_call(target, "cognito-identity", "GetId", IdentityPoolId=deployment.identity_pool, Logins=logins)
    return replace(session, identity_id=identity["IdentityId"])


def _logins(deployment: Deployment, session: Session) -> dict[str, str]:
    if session.id_token is None:
        raise SignInRefusedError(f"{session.caller} has no ID token")
    return {deployment.provider: session.id_token.reveal()}


def _as_guest(target: Target, _: Blueprint, deployment: Deployment, user: User) -> Session:
    identity = users_call(target, "cognito-identity", "GetId", IdentityPoolId=deployment.identity_pool)
    credentials = _exchange(target, user.caller, identity["IdentityId"], {})
    return Session(user.caller, identity["IdentityId"], credentials)


def _by_api(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> Session:
    session = _with_tokens(target, blueprint, deployment, user)
    if blueprint.api is None or session.id_token is None:
        raise SignInRefusedError(f"{user.caller} has no API or no token to get credentials with")
    request = HttpRequest("GET", deployment.api_url + blueprint.api.credentials_path)
    answer = _answered_by_broker(target, request, BearerToken(session.id_token))
    credentials = credentials_from(answer.data) if answer.succeeded else None
    if credentials is None:
        raise SignInRefusedError(f"the broker answered {user.caller} with {answer.error_code}: {answer.message}")
    # A backend that says who its users are gives them identities that no token of theirs leads to.
    identity_id = session.identity_id or str(answer.data.get("IdentityId", ""))
    return replace(session, identity_id=identity_id, credentials=credentials)


def _answered_by_broker(target: Target, request: HttpRequest, caller: BearerToken) -> ApiResponse:
    """Return what a broker answers, asked again when the answer got lost: another session of the same user will do.

    An error of its own time and again is its answer. Raises SignInDisturbedError when there is none.
    """
    failures = 0

    def once() -> ApiResponse:
        nonlocal failures
        answer = as_api_response(target.send_http(request, caller))
        disturbance = target.disturbance_of(answer)
        if disturbance is Disturbance.UNKNOWN:
            failures += 1
        if disturbance is None or (answer.status and failures >= OWN_FAILURES):
            return answer
        raise SignInDisturbedError(f"the broker did not answer: {answer.error_code}: {answer.message}")

    return stamina.RetryingCaller(attempts=OWN_FAILURES, wait_jitter=0.5).on(SignInDisturbedError)(once)


def _by_web_identity(target: Target, blueprint: Blueprint, deployment: Deployment, user: User) -> Session:
    session = _with_tokens(target, blueprint, deployment, user)
    persona = blueprint.contract.persona(user.caller.persona)
    logins = _logins(deployment, session)
    open_id = users_call(target, "cognito-identity", "GetOpenIdToken", IdentityId=session.identity_id, Logins=logins)[
        "Token"
    ]
    policy = session_policy_of(persona, user, deployment)
    params = web_identity_params(deployment.roles[persona.role], open_id, policy)
    answer = users_call(target, "sts", "AssumeRoleWithWebIdentity", **params)
    return replace(session, credentials=credentials_from(answer))


def web_identity_params(role: str, token: str, policy: str | None) -> dict[str, Any]:
    """Return the parameters of AssumeRoleWithWebIdentity; None leaves the session policy out."""
    params = {"RoleArn": role, "RoleSessionName": "isolation-harness", "WebIdentityToken": token}
    return params if policy is None else {**params, "Policy": policy}


def session_policy_of(persona: Persona, user: User, deployment: Deployment) -> str | None:
    """Return the session policy with which the application assumes the role of a user, None where it passes none."""
    if persona.session_policy is None:
        return None
    return filled_in(persona.session_policy, deployment, user.tenants)


def _as_iam_user(target: Target, _: Blueprint, deployment: Deployment, user: User) -> Session:
    name = deployment.iam_users[user.label]
    key = operate(target, "iam", "CreateAccessKey", UserName=name)["AccessKey"]
    credentials = AwsCredentials(Secret(key["AccessKeyId"]), Secret(key["SecretAccessKey"]))
    return Session(user.caller, "", credentials, username=name)


def _exchange(target: Target, caller: Caller, identity_id: str, params: Mapping[str, Any]) -> AwsCredentials:
    answer = users_call(target, "cognito-identity", "GetCredentialsForIdentity", IdentityId=identity_id, **params)
    credentials = credentials_from(answer)
    if credentials is None:
        raise SignInRefusedError(f"{caller} got no credentials from the identity pool")
    return credentials


_SIGN_IN: Mapping[SignIn, Callable[[Target, Blueprint, Deployment, User], Session]] = {
    SignIn.IDENTITY_POOL: _by_identity_pool,
    SignIn.GUEST: _as_guest,
    SignIn.API: _by_api,
    SignIn.WEB_IDENTITY: _by_web_identity,
    SignIn.IAM_USER: _as_iam_user,
    SignIn.TOKENS: _with_tokens,
}
