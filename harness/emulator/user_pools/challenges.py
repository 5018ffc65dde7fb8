"""Sign-ins that wait for an answer: the exchange of a proof, and the choice of a new password.

Each is found by a string that only the service can have made, is good for one answer, and for the client and the user
it was given to.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.secret import Secret

if TYPE_CHECKING:
    from harness.emulator.clock import Clock
    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.directory import Password, User
    from harness.emulator.user_pools.srp import Exchange


@dataclass(frozen=True, slots=True)
class ProofAwaited:
    """An SRP exchange; `user` is None for a name nobody has, when the client hides that."""

    client_id: str
    user: User | None
    exchange: Exchange
    expires: float


@dataclass(frozen=True, slots=True)
class PasswordAwaited:
    """A sign-in with a temporary password."""

    client_id: str
    user: User
    temporary: Password | None
    expires: float


class Challenges:
    """The sign-ins of one directory that wait for an answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._proofs: dict[Secret, ProofAwaited] = {}
        self._passwords: dict[Secret, PasswordAwaited] = {}

    def await_proof(self, client: AppClient, user: User | None, exchange: Exchange) -> str:
        """Return SECRET_BLOCK, by which the answer is found."""
        block = base64.b64encode(exchange.secret_block).decode()
        self._proofs[Secret(block)] = ProofAwaited(client.id, user, exchange, self._expiry(client))
        return block

    def take_proof(self, client: AppClient, block: str) -> ProofAwaited:
        """Return the exchange, which nobody can answer again; raises ServiceError NotAuthorizedException."""
        awaited = self._proofs.pop(Secret(block), None)
        if awaited is None or awaited.client_id != client.id or self._clock.now() > awaited.expires:
            raise ServiceError("NotAuthorizedException", unconfirmed.WRONG_PASSWORD)
        return awaited

    def await_password(self, client: AppClient, user: User) -> str:
        """Return Session, by which the answer is found."""
        session = secrets.token_urlsafe(120)
        self._passwords[Secret(session)] = PasswordAwaited(client.id, user, user.password, self._expiry(client))
        return session

    def password_awaited(self, client: AppClient, session: str, user: User | None) -> User:
        """Return the user who may choose a password; raises ServiceError NotAuthorizedException.

        A password that was set meanwhile ends the wait.
        """
        awaited = self._passwords.get(Secret(session))
        if awaited is None or awaited.client_id != client.id or awaited.user is not user:
            raise ServiceError("NotAuthorizedException", unconfirmed.CHALLENGE_SESSION_INVALID)
        if awaited.user.deleted or awaited.user.password is not awaited.temporary:
            raise ServiceError("NotAuthorizedException", unconfirmed.CHALLENGE_SESSION_INVALID)
        if self._clock.now() > awaited.expires:
            raise ServiceError("NotAuthorizedException", unconfirmed.CHALLENGE_SESSION_EXPIRED)
        return awaited.user

    def answered(self, session: str) -> None:
        """Let the session not be used again."""
        del self._passwords[Secret(session)]

    def _expiry(self, client: AppClient) -> float:
        return self._clock.now() + client.auth_session_minutes * 60
