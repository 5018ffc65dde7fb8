"""Becoming somebody by AssumeRoleWithWebIdentity: a call without a signature, which clients make as they like."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ObtainedCall
from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.sessions import web_identity_params
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step

_FLOW = "https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html"
_TRUST = "https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html"


def _identified(pool: str, logins: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps to an OpenID token of an identity pool; without logins, to a guest's."""
    params: dict[str, Any] = {"Logins": dict(logins)} if logins else {}

    def token(answer: Mapping[str, Any]) -> ApiRequest:
        return ApiRequest("cognito-identity", "GetOpenIdToken", {"IdentityId": answer["IdentityId"], **params})

    return (ApiRequest("cognito-identity", "GetId", {"IdentityPoolId": pool, **params}), token)


def _assuming(role: str, policy: str | None = None) -> Callable[[Mapping[str, Any]], ApiRequest]:
    return lambda answer: ApiRequest(
        "sts", "AssumeRoleWithWebIdentity", web_identity_params(role, answer["Token"], policy)
    )


def _as_oneself(aim: Aim, policy: str | None) -> tuple[Step, ...]:
    logins = {aim.deployment.provider: aim.id_token.reveal()}
    return (
        *_identified(aim.deployment.identity_pool, logins),
        _assuming(aim.role_of_tenants, policy),
        lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading),
    )


def _without_session_policy(aim: Aim) -> tuple[Step, ...]:
    return _as_oneself(aim, None)


def _with_a_policy_of_ones_own(aim: Aim) -> tuple[Step, ...]:
    bucket = f"arn:aws:s3:::{aim.asset.store}"
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"]}
    return _as_oneself(aim, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def _named_after_the_victim(aim: Aim) -> tuple[Step, ...]:
    # The session policy is one's own, so that nothing but the name can open what is the victim's.
    logins = {aim.deployment.provider: aim.id_token.reveal()}

    def assuming(answer: Mapping[str, Any]) -> ApiRequest:
        params = web_identity_params(aim.role_of_tenants, answer["Token"], aim.session_policy)
        return ApiRequest("sts", "AssumeRoleWithWebIdentity", {**params, "RoleSessionName": aim.asset.discriminator})

    return (
        *_identified(aim.deployment.identity_pool, logins),
        assuming,
        lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading),
    )


def _as_a_guest(aim: Aim) -> tuple[Step, ...]:
    return (*_identified(aim.deployment.identity_pool, {}), _assuming(aim.role_of_tenants))


def _by_the_outsiders_pool(role_of: Callable[[Aim], str]) -> Callable[[Aim], tuple[Step, ...]]:
    def steps(aim: Aim) -> tuple[Step, ...]:
        logins = {aim.deployment.outsiders_provider: aim.tokens.of_another_pool(aim.caller).reveal()}
        return (*_identified(aim.deployment.outsiders_identity_pool, logins), _assuming(role_of(aim)))

    return steps


_ASSUME = partial(
    Technique,
    effect=Effect.SESSION,
    operation="AssumeRoleWithWebIdentity",
    severity=Severity.BLOCKER,
    callers=Callers.MEMBERS,
)
_OWN_ROLE = partial(
    _ASSUME,
    plane="sts",
    documentation=_FLOW,
    cwe=("CWE-602", "CWE-639"),
    requires=frozenset({Feature.WEB_IDENTITY, Feature.PERSONA_ROLE, Feature.BUCKET}),
    victims=Callers.OWNERS,
    actions=("s3:GetObject",),
)

TECHNIQUES = (
    _OWN_ROLE(
        id="sts.session.web-identity-without-session-policy",
        title="AssumeRoleWithWebIdentity on one's own role, leaving out the session policy",
        catalogue=("sts-web-identity-without-session-policy",),
        steps=_without_session_policy,
    ),
    _OWN_ROLE(
        id="sts.session.web-identity-wider-policy",
        title="AssumeRoleWithWebIdentity on one's own role with a session policy that names the victim's bucket",
        catalogue=("sts-web-identity-wider-policy",),
        steps=_with_a_policy_of_ones_own,
    ),
    _OWN_ROLE(
        id="sts.session.named-after-another",
        title="AssumeRoleWithWebIdentity on one's own role, in a session that is called like the victim's project",
        documentation="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
        catalogue=("sts-role-session-name-static", "s3-bucket-policy-widens"),
        cwe=("CWE-290", "CWE-639"),
        steps=_named_after_the_victim,
    ),
    _ASSUME(
        id="sts.session.web-identity-of-another-pool",
        title="AssumeRoleWithWebIdentity on the role of signed-in users with a token of another identity pool",
        plane="sts",
        documentation=_TRUST,
        catalogue=(
            "sts-trust-without-aud",
            "sts-trust-aud-stringlike-wildcard",
            "sts-trust-user-pool-id-in-aud",
            "sts-role-shared-across-pools",
        ),
        cwe=("CWE-287",),
        requires=frozenset({Feature.IDENTITY_POOL, Feature.PERSONA_ROLE}),
        victim=Victim.NOBODY,
        control=ControlKind.WITNESS,
        operator_steps=_by_the_outsiders_pool(lambda aim: aim.deployment.witness_role),
        steps=_by_the_outsiders_pool(lambda aim: aim.role_of_tenants),
    ),
    _ASSUME(
        id="identity-pool.session.guest-takes-members-role",
        title="AssumeRoleWithWebIdentity on the role of signed-in users with the OpenID token of a guest",
        plane="identity-pool",
        documentation=_TRUST,
        catalogue=("sts-trust-without-amr", "sts-trust-amr-both"),
        cwe=("CWE-306",),
        requires=frozenset({Feature.WEB_IDENTITY, Feature.NO_GUESTS, Feature.PERSONA_ROLE}),
        victim=Victim.NOBODY,
        refusals=(r"Unauthenticated access is not supported",),
        control_steps=_without_session_policy,
        steps=_as_a_guest,
    ),
)
