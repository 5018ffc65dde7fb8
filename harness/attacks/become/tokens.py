"""Becoming somebody with a token that Cognito should not accept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness import forgery
from harness.attacks.technique import Callers, Feature, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.targets.api import ApiRequest
from harness.targets.target import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step
    from harness.secret import Secret

_VERIFYING = "https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html"

_GROUP_CLAIMS = ("cognito:groups", "cognito:roles", "cognito:preferred_role")


def _exchange(aim: Aim, identity_id: str, provider: str, token: Secret) -> ApiRequest:
    params = {"IdentityId": identity_id, "Logins": {provider: token.reveal()}, **aim.role_choice}
    return ApiRequest("cognito-identity", "GetCredentialsForIdentity", params)


def _as_victim(forge: Callable[[Aim], Secret]) -> Callable[[Aim], tuple[Step, ...]]:
    """Return steps that ask for the victim's identity with a token forged in the victim's name."""
    return lambda aim: (_exchange(aim, aim.victim.identity_id, aim.deployment.provider, forge(aim)),)


def _as_oneself(token_of: Callable[[Aim], Secret]) -> Callable[[Aim], tuple[Step, ...]]:
    """Return steps that ask for one's own identity with a token that should not be good for it."""
    return lambda aim: (_exchange(aim, aim.caller.identity_id, aim.deployment.provider, token_of(aim)),)


def _as_anybody(provider_of: Callable[[Aim], str]) -> Callable[[Aim], tuple[Step, ...]]:
    """Return steps that bring a foreign pool's token and take whatever identity the identity pool makes of it."""

    def steps(aim: Aim) -> tuple[Step, ...]:
        provider, token = provider_of(aim), aim.tokens.of_another_pool(aim.caller)
        logins = {provider: token.reveal()}
        params = {"IdentityPoolId": aim.deployment.identity_pool, "Logins": logins}

        def with_that_identity(answer: Mapping[str, Any]) -> ApiRequest:
            return _exchange(aim, answer["IdentityId"], provider, token)

        return (ApiRequest("cognito-identity", "GetId", params), with_that_identity)

    return steps


def _deciding_claims(aim: Aim) -> dict[str, Any]:
    """Return the claims by which the victim's identity gets what it gets."""
    claims = forgery.claims_of(aim.victim.id_token) if aim.victim.id_token is not None else {}
    groups = {name: claims[name] for name in _GROUP_CLAIMS if name in claims}
    return {**groups, **aim.victims_attributes}


def _with_deciding_claims(aim: Aim) -> tuple[Step, ...]:
    claims = _deciding_claims(aim)
    forged = forgery.tampered(aim.id_token, **claims)
    request = _exchange(aim, aim.caller.identity_id, aim.deployment.provider, forged)
    if aim.role_choice and claims.get("cognito:roles"):
        # Who has to choose a role chooses one of those that now stand in the token.
        request = replace(request, params={**request.params, "CustomRoleArn": claims["cognito:roles"][0]})
    return (request,)


def _genuine(aim: Aim) -> tuple[Step, ...]:
    return (_exchange(aim, aim.caller.identity_id, aim.deployment.provider, aim.id_token),)


_TOKEN = partial(
    Technique,
    plane="token",
    effect=Effect.SESSION,
    operation="GetCredentialsForIdentity",
    severity=Severity.BLOCKER,
    documentation=_VERIFYING,
    cwe=("CWE-347",),
    callers=Callers.MEMBERS,
    victims=Callers.MEMBERS,
    control_steps=_genuine,
    refusals=(r"Invalid login token\.",),
    requires=frozenset({Feature.ENHANCED_FLOW}),
)
_OWN = partial(_TOKEN, victim=Victim.NOBODY, severity=Severity.CRITICAL)

TECHNIQUES = (
    _TOKEN(
        id="token.session.unsigned",
        title="a token in the victim's name with the algorithm none",
        catalogue=("tok-alg-none",),
        steps=_as_victim(lambda aim: forgery.unsigned(aim.id_token, **aim.victims_claims)),
    ),
    _TOKEN(
        id="token.session.foreign-key",
        title="a token in the victim's name signed with a key of one's own",
        catalogue=("tok-wrong-issuer-attacker-pool", "tok-signature-stripped-or-tampered"),
        steps=_as_victim(lambda aim: forgery.signed_with_foreign_key(aim.id_token, **aim.victims_claims)),
    ),
    _TOKEN(
        id="token.session.tampered",
        title="one's own token rewritten to the victim's name under the old signature",
        catalogue=("tok-signature-stripped-or-tampered",),
        steps=_as_victim(lambda aim: forgery.tampered(aim.id_token, **aim.victims_claims)),
    ),
    _TOKEN(
        id="token.session.public-key-as-secret",
        title="a token in the victim's name as HS256 with the user pool's public key for its secret",
        catalogue=("tok-hs256-public-key-confusion",),
        steps=_as_victim(
            lambda aim: forgery.signed_with_secret(
                aim.id_token, aim.tokens.public_key(aim.caller), **aim.victims_claims
            )
        ),
    ),
    _TOKEN(
        id="token.session.unknown-key-id",
        title="a token in the victim's name signed with a key of one's own under a key id that nobody knows",
        catalogue=("tok-unknown-kid-or-jwks-refresh-fail-open",),
        steps=_as_victim(lambda aim: forgery.signed_under_unknown_key_id(aim.id_token, **aim.victims_claims)),
    ),
    _TOKEN(
        id="token.session.tampered-claims",
        title="one's own token with the victim's tenant, groups and roles written into it",
        catalogue=("tok-signature-stripped-or-tampered",),
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.DECIDING_CLAIMS}),
        steps=_with_deciding_claims,
    ),
    _OWN(
        id="token.session.expired",
        title="one's own token after it has expired",
        catalogue=("tok-expired",),
        cwe=("CWE-613",),
        needs=frozenset({Capability.TIME_TRAVEL}),
        refusals=(r"Invalid login token\. Token expired",),
        steps=_as_oneself(lambda aim: aim.tokens.expired(aim.caller)),
    ),
    _OWN(
        id="token.session.access-token",
        title="one's own access token in place of the ID token",
        catalogue=("tok-access-token-as-id-token",),
        steps=_as_oneself(lambda aim: aim.access_token),
    ),
    _OWN(
        id="token.session.other-app-client",
        title="one's own token from an app client the identity pool does not know",
        requires=frozenset({Feature.ENHANCED_FLOW, Feature.SECOND_APP_CLIENT}),
        catalogue=("tok-wrong-audience-other-client", "x-second-app-client-or-environment"),
        refusals=(r"Invalid login token\.", r"Token is not from a supported provider"),
        steps=_as_oneself(lambda aim: aim.tokens.of_another_app_client(aim.caller)),
    ),
    _OWN(
        id="token.session.other-pool",
        title="a token of another user pool, under that pool's name",
        catalogue=("idp-other-user-pool-as-provider",),
        operation="GetId",
        refusals=(r"Token is not from a supported provider",),
        steps=_as_anybody(lambda aim: aim.deployment.outsiders_provider),
    ),
    _OWN(
        id="token.session.other-pool-in-disguise",
        title="a token of another user pool, under the design's own pool's name",
        catalogue=("tok-wrong-issuer-attacker-pool",),
        operation="GetId",
        refusals=(r"Invalid login token\.", r"Token is not from a supported provider"),
        steps=_as_anybody(lambda aim: aim.deployment.provider),
    ),
)
