"""The sessions of users: the tokens a sign-in and a refresh give out, and whether one that comes back is still good.

Revocation is that of aws-semantics 4.4. A token stays readable for whoever only checks its signature; what is refused
here is its use with the service itself.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError
from harness.emulator.tokens import TokenError, TokenUse, read_unverified
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.token_claims import (
    USER_SCOPE,
    Customization,
    Issue,
    SignIn,
    access_claims,
    customization,
    group_configuration,
    id_claims,
)
from harness.emulator.user_pools.triggers import still_there, user_attributes
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.directory import User, UserPool, UserPoolDirectory
    from harness.emulator.user_pools.triggers import Triggers


@dataclass(frozen=True, slots=True)
class _Refreshable:
    """What a refresh token stands for. `replaced` is when rotation put another one in its place."""

    client_id: str
    user: User
    sign_in: SignIn
    expires: float
    replaced: float | None = None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who an access token speaks for, and through which app client."""

    pool: UserPool
    client: AppClient
    user: User


class Sessions:
    """All sessions of the users of one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory, triggers: Triggers) -> None:
        self._clock = clock
        self._directory = directory
        self._triggers = triggers
        self._refreshable: dict[Secret, _Refreshable] = {}

    def begin(
        self, pool: UserPool, client: AppClient, user: User, source: str, metadata: Mapping[str, str] | None
    ) -> dict[str, Any]:
        """Return AuthenticationResult of a new sign-in. `source` is the last word of the token trigger's source."""
        now = self._clock.now()
        sign_in = SignIn(int(now), str(uuid.uuid4()))
        result = self._tokens(pool, client, user, sign_in, source, metadata)
        user.sign_ins.live.add(sign_in.origin_jti)
        expires = now + client.refresh_token_seconds
        result["RefreshToken"] = self._new_refresh_token(_Refreshable(client.id, user, sign_in, expires))
        return result

    def owner(self, token: str) -> User | None:
        """Return the user a refresh token was given to, or None when there is no such token."""
        refreshable = self._refreshable.get(Secret(token))
        return None if refreshable is None else refreshable.user

    def refresh(
        self, pool: UserPool, client: AppClient, token: str, metadata: Mapping[str, str] | None
    ) -> dict[str, Any]:
        """Return AuthenticationResult for a refresh token, with a new one in it when the client rotates them.

        Raises ServiceError NotAuthorizedException, RefreshTokenReuseException, or what the token trigger brings about.
        """
        refreshable = self._usable(client, token)
        result = self._tokens(pool, client, refreshable.user, refreshable.sign_in, "RefreshTokens", metadata)
        # The trigger may have signed the user out, or may have used the same token itself.
        refreshable = self._usable(client, token)
        if client.rotation_grace is not None:
            result["RefreshToken"] = self._new_refresh_token(replace(refreshable, replaced=None))
            replaced = self._clock.now() if refreshable.replaced is None else refreshable.replaced
            self._refreshable[Secret(token)] = replace(refreshable, replaced=replaced)
        return result

    def revoke(self, client: AppClient, token: str) -> None:
        """Revoke a refresh token of the client and the access tokens that came from it; other sign-ins live on.

        A token that is unknown, expired or revoked already is no error. Raises ServiceError UnauthorizedException for
        another client's token, UnsupportedTokenTypeException for a token of another kind.
        """
        refreshable = self._refreshable.get(Secret(token))
        if refreshable is None:
            if token.count(".") == 2:  # noqa: PLR2004  a signed JWT has two dots, an encrypted one has four
                raise ServiceError("UnsupportedTokenTypeException", unconfirmed.TOKEN_TYPE_NOT_REVOCABLE)
            return
        if refreshable.client_id != client.id:
            raise ServiceError("UnauthorizedException", unconfirmed.REFRESH_TOKEN_OF_ANOTHER_CLIENT)
        refreshable.user.sign_ins.revoke(refreshable.sign_in.origin_jti)

    def bearer(self, token: str) -> Bearer:
        """Return who the access token speaks for.

        Raises ServiceError NotAuthorizedException when it is forged, expired, revoked or without the scope for users,
        UserNotFoundException when the user is gone.
        """
        try:
            pool = self._directory.by_issuer(read_unverified(token).claims.get("iss"))
            claims = pool.keys.verified_claims(TokenUse.ACCESS, token) if pool is not None else {}
        except TokenError:
            pool, claims = None, {}
        if pool is None:
            raise ServiceError("NotAuthorizedException", unconfirmed.ACCESS_TOKEN_INVALID)
        if claims["exp"] <= self._clock.now():
            raise ServiceError("NotAuthorizedException", unconfirmed.ACCESS_TOKEN_EXPIRED)
        user = pool.user_by_sub(claims["sub"])
        if user is None:
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        if user.sign_ins.revoked(claims) or not user.enabled:
            raise ServiceError("NotAuthorizedException", "Access Token has been revoked")
        if USER_SCOPE not in claims.get("scope", "").split():
            raise ServiceError("NotAuthorizedException", unconfirmed.ACCESS_TOKEN_WITHOUT_SCOPE)
        return Bearer(pool, pool.client(claims["client_id"]), user)

    def _usable(self, client: AppClient, token: str) -> _Refreshable:
        refreshable = self._refreshable.get(Secret(token))
        if refreshable is None or refreshable.client_id != client.id or refreshable.user.deleted:
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_INVALID)
        now, user = self._clock.now(), refreshable.user
        if now > refreshable.expires:
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_EXPIRED)
        if not user.enabled:
            raise ServiceError("NotAuthorizedException", unconfirmed.USER_DISABLED)
        if user.sign_ins.revoked({"origin_jti": refreshable.sign_in.origin_jti}):
            raise ServiceError("NotAuthorizedException", unconfirmed.REFRESH_TOKEN_REVOKED)
        if refreshable.replaced is not None and now > refreshable.replaced + (client.rotation_grace or 0):
            raise ServiceError("RefreshTokenReuseException", unconfirmed.REFRESH_TOKEN_REUSED)
        return refreshable

    def _tokens(
        self,
        pool: UserPool,
        client: AppClient,
        user: User,
        sign_in: SignIn,
        source: str,
        metadata: Mapping[str, str] | None,
    ) -> dict[str, Any]:
        asked = self._customized(pool, client, user, source, metadata)
        issue = Issue(int(self._clock.now()), str(uuid.uuid4()))
        access_token = pool.keys.sign(TokenUse.ACCESS, access_claims(pool, client, user, sign_in, issue, asked))
        id_token = pool.keys.sign(TokenUse.ID, id_claims(pool, client, user, sign_in, issue, asked))
        return {
            "AccessToken": access_token.reveal(),
            "ExpiresIn": client.access_token_seconds,
            "TokenType": "Bearer",
            "IdToken": id_token.reveal(),
        }

    def _customized(
        self, pool: UserPool, client: AppClient, user: User, source: str, metadata: Mapping[str, str] | None
    ) -> Customization:
        version = pool.settings.token_event_version
        request: dict[str, Any] = {
            "userAttributes": user_attributes(user),
            "groupConfiguration": group_configuration(pool, user).shown(),
        }
        offered = {"claimsOverrideDetails": None}
        if version > 1:
            request["scopes"] = [USER_SCOPE]
            offered = {"claimsAndScopeOverrideDetails": None}
        if metadata:
            request["clientMetadata"] = dict(metadata)
        response = self._triggers.call(
            pool, "PreTokenGeneration", f"TokenGeneration_{source}", client.id, user.username, request, offered
        )
        still_there(user)
        return customization(response, version)

    def _new_refresh_token(self, refreshable: _Refreshable) -> str:
        token = _refresh_token()
        self._refreshable[token] = refreshable
        return token.reveal()


def _refresh_token() -> Secret:
    """Return a token that looks like Cognito's, an encrypted JWT nobody but the service can read."""
    header = base64.urlsafe_b64encode(b'{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}').rstrip(b"=").decode()
    return Secret(".".join([header, *(secrets.token_urlsafe(length) for length in (256, 12, 400, 16))]))
