"""Authorizers that read a token themselves: JWT authorizers of HTTP APIs, Cognito authorizers of REST APIs.

Both look at signature, issuer, audience, lifetime and scopes only. Neither asks the user pool whether the user is
still there, enabled or signed in (aws-semantics 4.4 and section 8).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from harness.emulator.apis.apis import ApiKind
from harness.emulator.apis.identity import identity_values
from harness.emulator.apis.refusals import bearer_refusal, missing_bearer, refusal, unauthorized
from harness.emulator.apis.route_calls import Authorized
from harness.emulator.tokens import TokenError, TokenUse, read_unverified
from harness.emulator.unconfirmed import apis as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.apis.apis import Authorizer
    from harness.emulator.apis.route_calls import RouteCall
    from harness.emulator.token_issuers import TokenIssuers
    from harness.emulator.user_pools.directory import UserPool


class TokenAuthorizers:
    """Decides about tokens of the user pools of one embedded cloud."""

    def __init__(self, issuers: TokenIssuers) -> None:
        self._issuers = issuers

    def by_jwt(self, authorizer: Authorizer, call: RouteCall) -> Authorized:
        """Return the claims of the token, as a JWT authorizer accepts it; raises ApiRefusal 401 or 403 otherwise."""
        scopes = call.match.route.scopes
        sources = identity_values(authorizer.identity_sources, call)
        if sources is None:
            raise missing_bearer()
        claims = self._claims(_bearer(sources[0]), (authorizer.issuer,))
        fault = "the token is not valid" if claims is None else _fault(claims, authorizer, call.now)
        if claims is None or fault is not None:
            raise bearer_refusal(401, "Unauthorized", scopes, "invalid_token", fault or "")
        granted = _scopes(claims)
        if scopes and not set(scopes) & set(granted):
            raise bearer_refusal(403, "Forbidden", scopes, "insufficient_scope", unconfirmed.JWT_SCOPE_MISSING)
        return Authorized(claims=claims, scopes=tuple(scope for scope in scopes if scope in granted) or None)

    def by_cognito(self, authorizer: Authorizer, call: RouteCall) -> Authorized:
        """Return the claims of the token, as a Cognito authorizer accepts it; raises ApiRefusal 401 otherwise.

        Without scopes on the method it is an ID token, with scopes an access token that has one of them.
        """
        sources = identity_values(authorizer.identity_sources, call)
        if sources is None:
            raise unauthorized(ApiKind.REST)
        issuers = tuple(_issuer(arn) for arn in authorizer.user_pool_arns)
        claims = self._claims(_bearer(sources[0]), issuers)
        scopes = call.match.route.scopes
        expected = TokenUse.ACCESS if scopes else TokenUse.ID
        if claims is None or claims.get("token_use") != expected.value:
            raise unauthorized(ApiKind.REST)
        if _expired(claims, call.now):
            raise refusal(ApiKind.REST, 401, unconfirmed.COGNITO_TOKEN_EXPIRED)
        if scopes and not set(scopes) & set(_scopes(claims)):
            raise unauthorized(ApiKind.REST)
        return Authorized(claims=claims)

    def _claims(self, token: str, issuers: tuple[str, ...]) -> Mapping[str, Any] | None:
        """Return the claims of a token that one of the issuers has signed; None for any other."""
        try:
            issuer = read_unverified(token).claims.get("iss")
            pool = self._issuers.pool(issuer) if isinstance(issuer, str) and issuer in issuers else None
            return None if pool is None else _verified(pool, token)
        except TokenError:
            return None


def claim_texts(claims: Mapping[str, Any], kind: ApiKind) -> dict[str, str]:
    """Return the claims as events have them: all as text (unconfirmed.CLAIMS_IN_EVENTS)."""
    return {name: _claim_text(name, value, kind) for name, value in claims.items()}


def _claim_text(name: str, value: Any, kind: ApiKind) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        items = [str(item) for item in value]
        return f"[{' '.join(items)}]" if kind is ApiKind.HTTP else ",".join(items)
    if kind is ApiKind.REST and name in ("exp", "iat") and isinstance(value, int):
        return time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(value))
    return str(value)


def _verified(pool: UserPool, token: str) -> Mapping[str, Any]:
    try:
        return pool.keys.verified_claims(TokenUse.ID, token)
    except TokenError:
        return pool.keys.verified_claims(TokenUse.ACCESS, token)


def _fault(claims: Mapping[str, Any], authorizer: Authorizer, now: float) -> str | None:
    """Return what a JWT authorizer has against a token that is signed as it should be."""
    if _expired(claims, now):
        return "the token has expired"
    for name in ("nbf", "iat"):
        if name in claims and not (_is_number(claims[name]) and claims[name] <= now):
            return f"the token has an invalid {name} claim"
    # `aud` where there is one; the access tokens of user pools have `client_id` instead.
    named = claims.get("aud", claims.get("client_id"))
    audience = named if isinstance(named, list) else [named]
    return None if set(authorizer.audience) & {str(each) for each in audience} else _WRONG_AUDIENCE


_WRONG_AUDIENCE = "the token does not have a valid audience"


def _expired(claims: Mapping[str, Any], now: float) -> bool:
    return not _is_number(claims.get("exp")) or bool(now >= claims["exp"])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _scopes(claims: Mapping[str, Any]) -> tuple[str, ...]:
    granted = claims.get("scope", claims.get("scp", ""))
    return tuple(granted.split()) if isinstance(granted, str) else tuple(str(each) for each in granted)


def _bearer(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value


def _issuer(pool_arn: str) -> str:
    return f"https://cognito-idp.{pool_arn.split(':')[3]}.amazonaws.com/{pool_arn.rpartition('/')[2]}"
