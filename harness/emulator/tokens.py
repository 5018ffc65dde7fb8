"""The JWTs of a user pool: its key pairs, and reading a token back.

What stands in a token is written in `token_claims`; whether an identity pool accepts one is decided in `login_tokens`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import secrets
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

    def knows(self, key_id: object) -> bool:
        """Tell whether a key of the pool has this id."""
        return any(self.key(use).kid == key_id for use in TokenUse)

    def is_signed_with_public_key(self, use: TokenUse, token: str) -> bool:
        """Tell whether a token is HS256 with the public key of this kind, as PEM, for its secret."""
        if read_unverified(token).header.get("alg") != "HS256":
            return False
        body, _, signature = token.rpartition(".")
        # By hand: the library rightly refuses to take a public key for a secret.
        expected = hmac.digest(self.key(use).as_pem(private=False), body.encode(), "sha256")
        return hmac.compare_digest(base64.urlsafe_b64encode(expected).rstrip(b"="), signature.encode())

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
