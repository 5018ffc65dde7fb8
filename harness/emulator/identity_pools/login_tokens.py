"""Whether an identity pool accepts a login token. Every target fault about tokens takes effect here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.faults import Fault
from harness.emulator.identity_pools.identities import logins_do_not_match
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.token_issuers import COGNITO_ISSUER, TAGS_CLAIM
from harness.emulator.tokens import TokenError, TokenUse, read_unverified
from harness.emulator.unconfirmed import identity_pools as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.state import OidcProvider
    from harness.emulator.identity_pools.settings import CognitoProvider, IdentityPool
    from harness.emulator.token_issuers import TokenIssuers
    from harness.emulator.user_pools.directory import UserPool

_USER_POOL_METHOD = "{provider}:CognitoSignIn:{subject}"
_UNSUPPORTED = "Token is not from a supported provider of this identity pool."


@dataclass(frozen=True, slots=True)
class Login:
    """An accepted login: the user it speaks for, and what the token claims.

    `provider` is the key of Logins; `mapping_key` is the name under which RoleMappings has the provider; `methods` are
    what the login adds to `amr` (aws-semantics 3.4).
    """

    provider: str
    subject: str
    mapping_key: str
    claims: Mapping[str, Any]
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeveloperToken:
    """An accepted token of the service itself, which a developer's own backend has fetched for an identity."""

    identity_id: str
    methods: tuple[str, ...]
    tags: Mapping[str, str]


class LoginTokens:
    """Verifies the tokens in Logins against the user pools of this cloud."""

    def __init__(
        self,
        clock: Clock,
        issuers: TokenIssuers,
        oidc_provider: Callable[[str], OidcProvider | None],
        faults: Collection[Fault],
    ) -> None:
        self._clock = clock
        self._issuers = issuers
        self._oidc_provider = oidc_provider
        self._faults = faults

    def verify(self, pool: IdentityPool, provider: str, token: str) -> Login:
        """Return the login the token stands for.

        Raises ServiceError NotAuthorizedException with the texts of aws-semantics 3.7.
        """
        providers = pool.providers(self._oidc_provider)
        entries = [entry for entry in providers if entry.name == provider]
        if not entries and Fault.SKIP_TOKEN_ISSUER not in self._faults:
            raise ServiceError("NotAuthorizedException", _UNSUPPORTED)
        try:
            claims = read_unverified(token).claims
        except TokenError:
            raise ServiceError("NotAuthorizedException", unconfirmed.LOGIN_TOKEN_MALFORMED) from None
        self._check_required(claims)
        user_pool = self._issuing_pool(claims, provider)
        self._check_signature(user_pool, claims, token)
        self._check_expiry(claims)
        entry = self._check_audience(providers, entries, user_pool, claims)
        if entry is not None and entry.server_side_token_check:
            _check_user(user_pool, claims)
        mapping_key = entry.mapping_key if entry is not None else provider
        form = unconfirmed.OIDC_METHOD if entry is not None and entry.oidc_provider else _USER_POOL_METHOD
        method = form.format(provider=provider, subject=claims["sub"])
        return Login(provider, claims["sub"], mapping_key, claims, (provider, method))

    def verify_developer_token(self, pool: IdentityPool, token: str) -> DeveloperToken:
        """Return what a token under the login `cognito-identity.amazonaws.com` says.

        Raises ServiceError NotAuthorizedException for one that is not the service's own, or not for this pool.
        """
        try:
            claims = read_unverified(token).claims
            if claims.get("iss") != COGNITO_ISSUER:
                raise _invalid("Not a Cognito token.")
            if Fault.SKIP_TOKEN_SIGNATURE not in self._faults:
                claims = self._issuers.identity_tokens.verified_claims(token)
        except TokenError:
            raise _invalid("Not a Cognito token.") from None
        self._check_required(claims)
        self._check_expiry(claims)
        methods = claims.get("amr")
        if claims.get("aud") != pool.id and Fault.SKIP_TOKEN_AUDIENCE not in self._faults:
            raise logins_do_not_match()
        if not isinstance(methods, list) or "authenticated" not in methods:
            raise NotDerivableError("a guest's own OpenID token as a login")
        tags = (claims.get(TAGS_CLAIM) or {}).get("principal_tags") or {}
        return DeveloperToken(
            claims["sub"],
            tuple(method for method in methods if method != "authenticated"),
            {key: values[0] for key, values in tags.items()},
        )

    def _check_required(self, claims: Mapping[str, Any]) -> None:
        required: dict[str, type | tuple[type, ...]] = {"iss": str, "sub": str, "exp": (int, float), "aud": str}
        if Fault.SKIP_TOKEN_AUDIENCE in self._faults:
            del required["aud"]
        if Fault.SKIP_TOKEN_EXPIRY in self._faults:
            del required["exp"]
        for name, kind in required.items():
            if isinstance(claims.get(name), bool) or not isinstance(claims.get(name), kind):
                raise _invalid(f"Missing a required claim: {name}")

    def _issuing_pool(self, claims: Mapping[str, Any], provider: str) -> UserPool:
        if Fault.SKIP_TOKEN_ISSUER not in self._faults and claims["iss"] != f"https://{provider}":
            raise _invalid("Issuer doesn't match providerName")
        user_pool = self._issuers.pool(claims["iss"])
        if user_pool is None:
            # Registered, but since deleted; or, under the fault, no pool of this cloud: there are no keys to ask.
            raise _invalid("Couldn't verify signed token.")
        return user_pool

    def _check_signature(self, user_pool: UserPool, claims: Mapping[str, Any], token: str) -> None:
        if Fault.SKIP_TOKEN_SIGNATURE in self._faults:
            return
        key_id = read_unverified(token).header.get("kid")
        if Fault.ACCEPT_UNKNOWN_KEY_ID in self._faults and not user_pool.keys.knows(key_id):
            return
        confuses_keys = Fault.ACCEPT_PUBLIC_KEY_AS_SECRET in self._faults
        if confuses_keys and user_pool.keys.is_signed_with_public_key(TokenUse.ID, token):
            return
        takes_access_tokens = Fault.SKIP_TOKEN_AUDIENCE in self._faults
        is_access_token = claims.get("token_use") == TokenUse.ACCESS.value
        use = TokenUse.ACCESS if takes_access_tokens and is_access_token else TokenUse.ID
        try:
            user_pool.keys.verified_claims(use, token)
        except TokenError:
            raise _invalid("Couldn't verify signed token.") from None

    def _check_expiry(self, claims: Mapping[str, Any]) -> None:
        if Fault.SKIP_TOKEN_EXPIRY in self._faults:
            return
        now = int(self._clock.now())
        if now >= claims["exp"]:
            raise _invalid(f"Token expired: {now} >= {int(claims['exp'])}")

    def _check_audience(
        self,
        providers: tuple[CognitoProvider, ...],
        entries: list[CognitoProvider],
        user_pool: UserPool,
        claims: Mapping[str, Any],
    ) -> CognitoProvider | None:
        """Return the provider entry the token is for; None only under a fault, when the pool has none that fits."""
        audience = claims.get("aud")
        entry = next((entry for entry in entries if entry.client_id == audience), None)
        if entry is not None:
            return entry
        skipped = Fault.SKIP_TOKEN_AUDIENCE in self._faults
        if not skipped and Fault.SKIP_TOKEN_ISSUER in self._faults:
            # An issuer that is not registered has no list of clients to compare with: any client of its own passes.
            registered = {each.client_id for each in providers if f"https://{each.name}" == claims["iss"]}
            skipped = audience in (registered or user_pool.clients)
        if not skipped:
            raise ServiceError("NotAuthorizedException", _UNSUPPORTED)
        return entries[0] if entries else None


def _check_user(user_pool: UserPool, claims: Mapping[str, Any]) -> None:
    user = user_pool.user_by_sub(claims["sub"])
    if user is not None:
        revoked = unconfirmed.SERVER_SIDE_CHECK_SEES_REVOKED_TOKENS and user.sign_ins.revoked(claims)
        disabled = unconfirmed.SERVER_SIDE_CHECK_SEES_DISABLED_USERS and not user.enabled
        if not (user.sign_ins.signed_out(claims) or revoked or disabled):
            return
    raise ServiceError("NotAuthorizedException", unconfirmed.SERVER_SIDE_CHECK_FAILED)


def _invalid(reason: str) -> ServiceError:
    return ServiceError("NotAuthorizedException", f"Invalid login token. {reason}")
