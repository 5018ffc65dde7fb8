"""Which sign-ins of a user still count, and how those that do not have ended (aws-semantics 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class _Ended:
    """Sign-ins that have ended in one way: by origin_jti, and all up to a time."""

    origins: set[str] = field(default_factory=set)
    until: float | None = None

    def holds(self, claims: Mapping[str, Any]) -> bool:
        if "origin_jti" in claims:
            return claims["origin_jti"] in self.origins
        # Clients without token revocation write no origin_jti; only the time of the sign-in is there to go by.
        signed_in = claims.get("auth_time")
        return self.until is not None and isinstance(signed_in, int) and signed_in <= self.until


@dataclass(slots=True)
class SignIns:
    """The sign-ins of a user, known by their origin_jti, and which of them still count (aws-semantics 4.4)."""

    live: set[str] = field(default_factory=set)
    _revoked: _Ended = field(default_factory=_Ended)
    _signed_out: _Ended = field(default_factory=_Ended)

    def sign_out(self, now: float) -> None:
        """End every sign-in so far, as a global sign-out does."""
        self._signed_out.origins |= self.live
        self._signed_out.until = now
        self.revoke_all(now)

    def revoke_all(self, now: float) -> None:
        """Revoke the tokens of every sign-in so far."""
        self._revoked.origins |= self.live
        self._revoked.until = now
        self.live.clear()

    def revoke(self, origin_jti: str) -> None:
        """Revoke the tokens of one sign-in."""
        self.live.discard(origin_jti)
        self._revoked.origins.add(origin_jti)

    def revoked(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the service refuses the token with these claims, because its sign-in has ended."""
        return self._revoked.holds(claims)

    def signed_out(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether the token with these claims comes from before a global sign-out."""
        return self._signed_out.holds(claims)
