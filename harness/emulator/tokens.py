"""The JWTs of a user pool: its key pairs, the claims Cognito writes, and reading a token back.

Whether an identity pool accepts a token is decided in `login_tokens`.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import uuid
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.user_directory import AppClient, User, UserPool

ALGORITHM = "RS256"
_KEY_BITS = 2048
_COMPACT_PARTS = 3


class TokenError(Exception):
    """The token cannot be read, or its signature is not that of the key. The text never holds the token."""


class TokenUse(StrEnum):
    """The kinds of JWT a user pool issues; the value is the claim `token_use`."""

    ID = "id"
    ACCESS = "access"


class PoolKeys:
    """The RS256 key pairs of one user pool, one per kind of token, made when first needed (aws-semantics 4.1)."""

    def __init__(self) -> None:
        self._keys: dict[TokenUse, RSAKey] = {}
        self._lock = Lock()

    def key(self, use: TokenUse) -> RSAKey:
        """Return the key pair for tokens of this kind."""
        with self._lock:
            if use not in self._keys:
                kid = base64.b64encode(secrets.token_bytes(32)).decode()
                self._keys[use] = RSAKey.generate_key(_KEY_BITS, {"kid": kid, "alg": ALGORITHM, "use": "sig"})
            return self._keys[use]

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as the pool's `/.well-known/jwks.json` shows them."""
        return {"keys": [self.key(use).as_dict(private=False) for use in TokenUse]}

    def sign(self, use: TokenUse, claims: Mapping[str, Any]) -> Secret:
        """Return the claims as a compact JWT signed with the key of this kind."""
        key = self.key(use)
        header = {"kid": key.kid, "alg": ALGORITHM}
        return Secret(jwt.encode(header, dict(claims), key, algorithms=[ALGORITHM], default_type=None))

    def verified_claims(self, use: TokenUse, token: str) -> dict[str, Any]:
        """Return the claims of a token signed with the key of this kind; expiry is not looked at.

        Raises TokenError when header, algorithm, key id or signature are not those of the key.
        """
        key = self.key(use)
        if read_unverified(token).header.get("kid") != key.kid:
            raise TokenError("the token names another key")
        try:
            return _json_object(jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload)
        except (JoseError, ValueError) as error:
            # `from None`: joserfc's messages may quote parts of the token.
            raise TokenError(f"the signature does not verify: {type(error).__name__}") from None


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """What a token says about itself."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


def read_unverified(token: str) -> UnverifiedToken:
    """Return header and claims without looking at the signature; raises TokenError when it is no compact JWT."""
    parts = token.split(".")
    if len(parts) != _COMPACT_PARTS:
        raise TokenError("not a compact JWT")
    try:
        header, claims = (_json_object(_base64url(part)) for part in parts[:2])
    except ValueError:
        raise TokenError("not a compact JWT") from None
    return UnverifiedToken(header, claims)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in of a user through one client: what stays the same over its refreshes."""

    auth_time: int
    origin_jti: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The ID token and the access token of one sign-in or refresh."""

    id_token: Secret
    access_token: Secret
    expires_in: int


def issue_tokens(pool: UserPool, client: AppClient, user: User, sign_in: SignIn, now: float) -> TokenPair:
    """Return the tokens Cognito issues to the user through the client (aws-semantics 4.1, 4.2)."""
    issued_at = int(now)
    common: dict[str, Any] = {"sub": user.sub, "iss": pool.issuer}
    groups = pool.groups_of(user)
    if groups:
        common["cognito:groups"] = [group.name for group in groups]
    timing = {
        "origin_jti": sign_in.origin_jti,
        "event_id": str(uuid.uuid4()),
        "auth_time": sign_in.auth_time,
        "iat": issued_at,
    }
    id_claims = {
        **common,
        **_attribute_claims(client, user),
        **_role_claims(pool, user),
        "cognito:username": user.username,
        "aud": client.id,
        "token_use": TokenUse.ID.value,
        **timing,
        "exp": issued_at + client.id_token_seconds,
        "jti": str(uuid.uuid4()),
    }
    access_claims = {
        **common,
        "client_id": client.id,
        "username": user.username,
        "scope": "aws.cognito.signin.user.admin",
        "token_use": TokenUse.ACCESS.value,
        **timing,
        "exp": issued_at + client.access_token_seconds,
        "jti": str(uuid.uuid4()),
    }
    return TokenPair(
        pool.keys.sign(TokenUse.ID, id_claims),
        pool.keys.sign(TokenUse.ACCESS, access_claims),
        client.access_token_seconds,
    )


def _attribute_claims(client: AppClient, user: User) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    for name, value in user.attributes.items():
        if client.may_read(name):
            # The two verified flags are the only attributes that are not strings in the token.
            claims[name] = value == "true" if name.endswith("_verified") and ":" not in name else value
    return claims


def _role_claims(pool: UserPool, user: User) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    roles = pool.roles_of(user)
    if roles.arns:
        claims["cognito:roles"] = list(roles.arns)
    if roles.preferred is not None:
        claims["cognito:preferred_role"] = roles.preferred
    return claims


def _base64url(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  callers treat it as any other unreadable token
    return value
