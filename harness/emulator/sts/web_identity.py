"""Web identity tokens: whom a token speaks for, before any trust policy is asked (aws-semantics 5.2, 5.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError
from harness.emulator.token_issuers import COGNITO_ISSUER, COGNITO_PROVIDER, TAGS_CLAIM
from harness.emulator.tokens import TokenError, TokenUse, read_unverified
from harness.emulator.unconfirmed import sts as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.roles import RoleDirectory
    from harness.emulator.token_issuers import TokenIssuers

_SOURCE_IDENTITY_CLAIM = "https://aws.amazon.com/source_identity"
_NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"


@dataclass(frozen=True, slots=True)
class WebIdentity:
    """An accepted token: `provider` is what a Federated principal names, `keys` the condition keys of the token."""

    provider: str
    issuer: str
    subject: str
    audience: str
    keys: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None


class WebIdentityTokens:
    """Verifies the tokens of AssumeRoleWithWebIdentity."""

    def __init__(self, clock: Clock, issuers: TokenIssuers, directory: RoleDirectory) -> None:
        self._clock = clock
        self._issuers = issuers
        self._directory = directory

    def verify(self, token: str, account: str) -> WebIdentity:
        """Return whom the token speaks for, as an account sees it: tokens of user pools need an OIDC provider there.

        Raises ServiceError InvalidIdentityToken or ExpiredTokenException.
        """
        try:
            claims = read_unverified(token).claims
        except TokenError:
            raise _invalid(_NOT_A_JWT) from None
        if not all(isinstance(claims.get(name), str) for name in ("iss", "sub", "aud")):
            raise _invalid(_NOT_A_JWT)
        if claims["iss"] == COGNITO_ISSUER:
            provider = COGNITO_PROVIDER
            verified = self._of_identity_pool(token)
        else:
            provider = self._provider(claims, account)
            verified = self._of_user_pool(claims, token)
        self._check_expiry(verified)
        return _identity(provider, verified)

    def _of_identity_pool(self, token: str) -> dict[str, Any]:
        try:
            return self._issuers.identity_tokens.verified_claims(token)
        except TokenError:
            raise _invalid(unconfirmed.WEB_IDENTITY_SIGNATURE) from None

    def _provider(self, claims: Mapping[str, Any], account: str) -> str:
        """Return the ARN of the account's OIDC provider for the issuer, once it knows the audience."""
        url = claims["iss"].removeprefix("https://")
        provider = self._directory.oidc_provider(f"arn:aws:iam::{account}:oidc-provider/{url}")
        if provider is None:
            raise _invalid(f"No OpenIDConnect provider found in your account for {claims['iss']}")
        if claims["aud"] not in provider.client_ids:
            raise _invalid(unconfirmed.WEB_IDENTITY_AUDIENCE)
        return provider.arn

    def _of_user_pool(self, claims: Mapping[str, Any], token: str) -> dict[str, Any]:
        user_pool = self._issuers.pool(claims["iss"])
        if user_pool is None:
            # An issuer outside this cloud, or a pool that is gone: nobody answers at its address.
            raise ServiceError("IDPCommunicationError", unconfirmed.ISSUER_UNREACHABLE)
        try:
            return user_pool.keys.verified_claims(TokenUse.ID, token)
        except TokenError:
            raise _invalid(unconfirmed.WEB_IDENTITY_SIGNATURE) from None

    def _check_expiry(self, claims: Mapping[str, Any]) -> None:
        now, expires = int(self._clock.now()), claims.get("exp")
        if isinstance(expires, bool) or not isinstance(expires, int | float):
            raise _invalid(_NOT_A_JWT)
        if now >= expires:
            message = unconfirmed.WEB_IDENTITY_EXPIRED.format(now=now, expires=int(expires))
            raise ServiceError("ExpiredTokenException", message)


def _identity(provider: str, claims: Mapping[str, Any]) -> WebIdentity:
    issuer = claims["iss"].removeprefix("https://")
    keys: dict[str, tuple[str, ...]] = {f"{issuer}:aud": (claims["aud"],), f"{issuer}:sub": (claims["sub"],)}
    methods = claims.get("amr")
    if isinstance(methods, list) and methods:
        keys[f"{issuer}:amr"] = tuple(str(method) for method in methods)
    tags, transitive = _tags(claims.get(TAGS_CLAIM))
    source_identity = claims.get(_SOURCE_IDENTITY_CLAIM)
    return WebIdentity(
        provider=provider,
        issuer=COGNITO_PROVIDER if provider == COGNITO_PROVIDER else claims["iss"],
        subject=claims["sub"],
        audience=claims["aud"],
        keys={key.lower(): values for key, values in keys.items()},
        tags=tags,
        transitive=transitive,
        source_identity=source_identity if isinstance(source_identity, str) else None,
    )


def _tags(claim: object) -> tuple[dict[str, str], tuple[str, ...]]:
    if claim is None:
        return {}, ()
    principal_tags = claim.get("principal_tags") if isinstance(claim, dict) else None
    if not isinstance(claim, dict) or not isinstance(principal_tags, dict):
        raise _invalid(unconfirmed.TAGS_CLAIM_MALFORMED)
    tags: dict[str, str] = {}
    for key, values in principal_tags.items():
        if not isinstance(values, list) or len(values) != 1 or not isinstance(values[0], str):
            raise _invalid(unconfirmed.TAGS_CLAIM_MALFORMED)
        tags[key] = values[0]
    transitive = claim.get("transitive_tag_keys") or []
    if not isinstance(transitive, list) or not set(transitive) <= set(tags):
        raise _invalid(unconfirmed.TAGS_CLAIM_MALFORMED)
    return tags, tuple(transitive)


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidIdentityToken", message)
