"""Who may call: the principals behind access keys, and the sessions STS has issued."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.policy import Policy

_KEY_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request speaks for, once its signature is verified.

    `arn` is what IAM prints (`arn:aws:sts::A:assumed-role/ROLE/SESSION` or `arn:aws:iam::A:user/NAME`), `owner_arn`
    the IAM role or user whose identity policies apply, `context` the condition keys of the session itself
    (lower-case names to values), `session_policies` the session policies, None where the session has none.
    """

    arn: str
    owner_arn: str
    user_id: str
    account: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    session_policies: tuple[Policy, ...] | None = None


@dataclass(frozen=True, slots=True)
class IssuedCredentials:
    """An access key with what the verifier needs: the secret, the session token (None for long-term keys), expiry."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None
    expiration: float | None
    principal: Principal


class CredentialStore:
    """All access keys of one embedded cloud."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_access_key: dict[str, IssuedCredentials] = {}
        self._user_keys: dict[str, str] = {}

    def issue_session(self, principal: Principal, duration: int) -> IssuedCredentials:
        """Return new temporary credentials for the principal, good for `duration` seconds."""
        return self._keep(
            IssuedCredentials(
                access_key_id="ASIA" + _random(16),
                secret_access_key=Secret(secrets.token_urlsafe(30)),
                session_token=Secret("IQoJb3JpZ2lu" + secrets.token_urlsafe(180)),
                expiration=self._clock.now() + duration,
                principal=principal,
            )
        )

    def issue_long_term(self, principal: Principal) -> IssuedCredentials:
        """Return a new long-term access key of the account's root user."""
        return self._keep(
            IssuedCredentials("AKIA" + _random(16), Secret(secrets.token_urlsafe(30)), None, None, principal)
        )

    def register_long_term(self, access_key_id: str, secret: Secret, principal: Principal) -> None:
        """Accept an access key that IAM has made for a user."""
        self._keep(IssuedCredentials(access_key_id, secret, None, None, principal))
        self._user_keys[access_key_id] = principal.account

    def revoke_long_term_except(self, account: str, current: set[str]) -> None:
        """Forget the access keys of the account's users that its IAM no longer lists."""
        gone = [key for key, owner in self._user_keys.items() if owner == account and key not in current]
        for access_key_id in gone:
            self._by_access_key.pop(access_key_id, None)
            del self._user_keys[access_key_id]

    def find(self, access_key_id: str) -> IssuedCredentials | None:
        """Return what was issued under the access key id, or None."""
        return self._by_access_key.get(access_key_id)

    def _keep(self, issued: IssuedCredentials) -> IssuedCredentials:
        self._by_access_key[issued.access_key_id] = issued
        return issued


def _random(length: int) -> str:
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(length))
