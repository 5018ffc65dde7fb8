"""Who may call: the principals behind access keys, and the sessions STS has issued."""

from __future__ import annotations

import re
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
_WELL_KNOWN = "test"
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a request speaks for, once its signature is verified.

    `arn` is what IAM prints (`arn:aws:sts::A:assumed-role/ROLE/SESSION` or `arn:aws:iam::A:user/NAME`), `owner_arn`
    the IAM role or user whose identity policies apply, `context` the condition keys of the session itself
    (lower-case names to values), `session_policies` the session policies, None where the session has none.
    `transitive_tags` are the session tags that further role sessions keep.
    `issuer_id` is the unique id of the owner where `user_id` does not begin with it, as that of a federated user.
    """

    arn: str
    owner_arn: str
    user_id: str
    account: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    session_policies: tuple[Policy, ...] | None = None
    issuer_id: str = ""
    transitive_tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner_id(self) -> str:
        """The unique id of the role or user whose identity policies apply."""
        return self.issuer_id or self.user_id.partition(":")[0]

    @property
    def is_role_session(self) -> bool:
        """Whether a role was assumed."""
        return ":assumed-role/" in self.arn

    @property
    def is_federated_user(self) -> bool:
        """Whether the session comes of GetFederationToken."""
        return ":federated-user/" in self.arn

    @property
    def is_user_session(self) -> bool:
        """Whether the session comes of GetSessionToken."""
        return ":assumed-role/" not in self.arn and "aws:tokenissuetime" in self.context

    @property
    def is_root(self) -> bool:
        """Whether this is the root user of its account."""
        return self.arn == f"arn:aws:iam::{self.account}:root"


@dataclass(frozen=True, slots=True)
class IssuedCredentials:
    """An access key with what the verifier needs: the secret, the session token (None for long-term keys), expiry."""

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None
    expiration: float | None
    principal: Principal


def root_of(account: str) -> Principal:
    """Return the root user of an account."""
    arn = f"arn:aws:iam::{account}:root"
    return Principal(arn, arn, account, account)


class CredentialStore:
    """All access keys of one embedded cloud.

    With `well_known_root`, an account number, the access key id `test` with the secret `test` is the root user of that
    account, and any 12 digits with the secret `test` are the root user of the account of that number. This is how
    clients of local clouds are set up; no cloud that judges isolation has such keys.
    """

    def __init__(self, clock: Clock, well_known_root: str | None = None) -> None:
        self._clock = clock
        self._well_known_root = well_known_root
        self._by_access_key: dict[str, IssuedCredentials] = {}

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

    def revoke(self, access_key_id: str) -> None:
        """Forget an access key that IAM has deleted or switched off."""
        self._by_access_key.pop(access_key_id, None)

    def find(self, access_key_id: str) -> IssuedCredentials | None:
        """Return what was issued under the access key id, or None."""
        issued = self._by_access_key.get(access_key_id)
        if issued is None and self._well_known_root is not None:
            issued = self._find_well_known(access_key_id, self._well_known_root)
        return issued

    def forget(self) -> None:
        """Forget every key that was issued."""
        self._by_access_key.clear()

    def _find_well_known(self, access_key_id: str, first_account: str) -> IssuedCredentials | None:
        account = first_account if access_key_id == _WELL_KNOWN else access_key_id
        if not _ACCOUNT.fullmatch(account):
            return None
        return self._keep(IssuedCredentials(access_key_id, Secret(_WELL_KNOWN), None, None, root_of(account)))

    def _keep(self, issued: IssuedCredentials) -> IssuedCredentials:
        self._by_access_key[issued.access_key_id] = issued
        return issued


def _random(length: int) -> str:
    return "".join(secrets.choice(_KEY_ALPHABET) for _ in range(length))
