"""Whose tokens can be verified in an embedded cloud: the user pools of all accounts, and Cognito's identity pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.tokens import PoolKeys, TokenUse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.user_pools.directory import UserPool, UserPoolDirectory
    from harness.secret import Secret

COGNITO_PROVIDER = "cognito-identity.amazonaws.com"
COGNITO_ISSUER = f"https://{COGNITO_PROVIDER}"
TAGS_CLAIM = "https://aws.amazon.com/tags"


class IdentityTokens:
    """The OpenID tokens of identity pools, signed with the service's own key (aws-semantics 3.1)."""

    def __init__(self) -> None:
        self._keys = PoolKeys()

    def sign(self, claims: Mapping[str, Any]) -> Secret:
        """Return the claims as a compact JWT."""
        return self._keys.sign(TokenUse.ID, claims)

    def verified_claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token of the service; expiry is not looked at. Raises TokenError for any other."""
        return self._keys.verified_claims(TokenUse.ID, token)


class TokenIssuers:
    """Finds the issuer of a token, whichever account and Region it belongs to."""

    def __init__(self) -> None:
        self.identity_tokens = IdentityTokens()
        self._directories: list[UserPoolDirectory] = []

    def add(self, directory: UserPoolDirectory) -> None:
        """Take in the user pools of an account in a Region."""
        self._directories.append(directory)

    def clear(self) -> None:
        """Forget every user pool."""
        self._directories.clear()

    def pool(self, issuer: object) -> UserPool | None:
        """Return the user pool whose tokens carry this claim `iss`, or None."""
        found = (directory.by_issuer(issuer) for directory in self._directories)
        return next((pool for pool in found if pool is not None), None)
