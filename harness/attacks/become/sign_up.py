"""Becoming somebody by signing up: as a stranger, as a member, or under a name that looks like somebody's."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.become.look_alikes import in_other_letters
from harness.attacks.become.newcomers import (
    PASSWORD,
    admitted,
    call,
    newcomer_of,
    signing_in,
    signing_up,
    used,
)
from harness.attacks.obtained import ByOperator
from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.sessions import web_identity_params
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step

_ATTRIBUTES = "https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html"
_SIGNING_UP = "https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html"
_NEWCOMERS_EMAIL = {"email": "newcomer@example.com"}
_OUTSIDER = "newcomer.outside"


def _signed_up(aim: Aim, username: str, attributes: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps by which somebody new signs up and gets AWS credentials."""
    confirming = call("AdminConfirmSignUp", UserPoolId=aim.deployment.user_pool, Username=username)
    return (
        signing_up(aim, username, attributes),
        # In place of the link in the newcomer's own mail, where there has to be one.
        lambda answer: signing_in(aim, username) if answer["UserConfirmed"] else ByOperator(confirming),
        lambda _: signing_in(aim, username),
        *admitted(aim),
    )


def _as_newcomer(aim: Aim, attributes: Mapping[str, str]) -> tuple[Step, ...]:
    return _signed_up(aim, newcomer_of(aim), {**_NEWCOMERS_EMAIL, **attributes})


def _unconfirmed(aim: Aim) -> tuple[Step, ...]:
    """Return the steps of somebody who signs up with the victim's address, and cannot read the victim's mail."""
    signed_up = signing_up(aim, newcomer_of(aim), {"email": aim.victims_email})
    return (signed_up, lambda _: signing_in(aim, newcomer_of(aim)), *admitted(aim), used(aim))


def _in_capitals(aim: Aim) -> str:
    return aim.victim.username.upper()


def _in_other_letters(aim: Aim) -> str:
    return in_other_letters(aim.victim.username)


def _forget(name_of: Callable[[Aim], str]) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    """Return what deletes whoever has signed up; the operator, who knows no app client, has done so elsewhere."""
    return lambda aim: (
        (call("AdminDeleteUser", UserPoolId=aim.deployment.user_pool, Username=name_of(aim)),)
        if aim.users_client
        else ()
    )


def _outside(aim: Aim) -> tuple[Step, ...]:
    """Return the steps by which anybody signs up at a pool that lets everybody in, and gets a session for it."""
    pool, client = aim.deployment.outsiders_pool, aim.deployment.outsiders_client
    # Another name each time: where answers get lost, the one before may still be there.
    outsider = f"{_OUTSIDER}.{secrets.token_hex(4)}"
    named = {"UserPoolId": pool, "Username": outsider}
    logins: dict[str, str] = {}

    def identified(answer: Mapping[str, Any]) -> ApiRequest:
        logins[aim.deployment.outsiders_provider] = answer["AuthenticationResult"]["IdToken"]
        params = {"IdentityPoolId": aim.deployment.outsiders_identity_pool, "Logins": logins}
        return ApiRequest("cognito-identity", "GetId", params)

    def token(answer: Mapping[str, Any]) -> ApiRequest:
        params = {"IdentityId": answer["IdentityId"], "Logins": logins}
        return ApiRequest("cognito-identity", "GetOpenIdToken", params)

    def assumed(answer: Mapping[str, Any]) -> ApiRequest:
        params = web_identity_params(aim.deployment.witness_role, answer["Token"], None)
        return ApiRequest("sts", "AssumeRoleWithWebIdentity", params)

    password = PASSWORD.reveal()
    return (
        call("SignUp", ClientId=client, Username=outsider, Password=password, UserAttributes=[]),
        ByOperator(call("AdminConfirmSignUp", **named)),
        lambda _: call(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=client,
            AuthParameters={"USERNAME": outsider, "PASSWORD": password},
        ),
        identified,
        token,
        assumed,
        ByOperator(call("AdminDeleteUser", **named)),
    )


_SIGN_UP = partial(
    Technique,
    plane="user-pool",
    effect=Effect.SESSION,
    operation="SignUp",
    severity=Severity.BLOCKER,
    documentation=_SIGNING_UP,
    cwe=("CWE-287",),
    callers=Callers.MEMBERS,
    victims=Callers.OWNING_MEMBERS,
    actions=("dynamodb:GetItem", "s3:GetObject"),
    refusals=(r"SignUp is not permitted", r"unauthorized attribute", r"(?i)already exists", r"(?i)not confirmed"),
    clean_up=_forget(newcomer_of),
)
_LOOKS_LIKE = partial(
    _SIGN_UP,
    documentation=_ATTRIBUTES,
    catalogue=("up-username-email-case-collision",),
    cwe=("CWE-178", "CWE-180"),
    control=ControlKind.WITNESS,
    operator_steps=_outside,
)

TECHNIQUES = (
    _SIGN_UP(
        id="user-pool.session.claim-at-sign-up",
        title="signing up with the victim's tenant in the claim",
        documentation=_ATTRIBUTES,
        catalogue=("up-tenant-attr-set-at-signup",),
        cwe=("CWE-639", "CWE-915"),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.TENANT_CLAIM, Feature.SIGN_UP}),
        first_step_decides=True,
        steps=lambda aim: (*_as_newcomer(aim, aim.victims_attributes), used(aim)),
        control_steps=lambda aim: _as_newcomer(aim, {}),
    ),
    _SIGN_UP(
        id="user-pool.session.stranger",
        title="signing up where administrators alone make users",
        catalogue=("up-self-signup-into-trusted-pool",),
        requires=frozenset({Feature.TOKEN_SESSIONS, Feature.NO_SIGN_UP}),
        victim=Victim.NOBODY,
        control=ControlKind.WITNESS,
        operator_steps=_outside,
        steps=lambda aim: _as_newcomer(aim, {}),
    ),
    _SIGN_UP(
        id="user-pool.session.unread-mail",
        title="signing up with the victim's e-mail address, and signing in without its confirmation",
        catalogue=("up-presignup-autoconfirm",),
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        control=ControlKind.WITNESS,
        operator_steps=_outside,
        steps=_unconfirmed,
    ),
    _LOOKS_LIKE(
        id="user-pool.session.name-in-capitals",
        title="signing up under the victim's name in capital letters",
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        steps=lambda aim: (*_signed_up(aim, _in_capitals(aim), _NEWCOMERS_EMAIL), used(aim)),
        clean_up=_forget(_in_capitals),
    ),
    _LOOKS_LIKE(
        id="user-pool.session.name-in-other-letters",
        title="signing up under a name that Unicode's normalisation makes the victim's",
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        steps=lambda aim: (*_signed_up(aim, _in_other_letters(aim), _NEWCOMERS_EMAIL), used(aim)),
        clean_up=_forget(_in_other_letters),
    ),
)
