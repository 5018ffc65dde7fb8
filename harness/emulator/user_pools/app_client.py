"""One app client: what a sign-in through it may do, and which attributes it reads and writes."""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.user_pools.schema import SchemaAttribute
    from harness.secret import Secret

# Attributes that say that another one was verified: no user writes them, whatever WriteAttributes holds.
_VERIFIED_FLAGS = frozenset({"email_verified", "phone_number_verified"})


@dataclass(frozen=True, slots=True)
class AppClient:
    """One app client: which sign-in flows it may use, which attributes its tokens show, and for how long they hold.

    `read_attributes` and `write_attributes` are None where the request left them out or empty. `rotation_grace` is
    how many seconds a replaced refresh token still works, None when refresh tokens are not replaced.
    """

    id: str
    name: str
    secret: Secret | None
    explicit_auth_flows: tuple[str, ...]
    read_attributes: tuple[str, ...] | None
    write_attributes: tuple[str, ...] | None
    id_token_seconds: int
    access_token_seconds: int
    refresh_token_seconds: int
    auth_session_minutes: int
    hides_missing_users: bool
    revokes_tokens: bool
    rotation_grace: int | None
    described: Mapping[str, Any]

    def may_read(self, attribute: str) -> bool:
        """Whether tokens and GetUser show the attribute."""
        if attribute == "sub":
            return False  # the claim `sub` is always there and does not come from the attributes
        if self.read_attributes is None:
            return unconfirmed.OMITTED_READ_ATTRIBUTES_READ_ALL or not attribute.startswith("custom:")
        return attribute in self.read_attributes

    def may_write(self, attribute: SchemaAttribute) -> bool:
        """Whether the signed-in user may write the attribute through this client (aws-semantics 4.3)."""
        if attribute.developer_only or attribute.name in _VERIFIED_FLAGS:
            return False
        return attribute.required or self.write_attributes is None or attribute.name in self.write_attributes

    def check_secret_hash(self, given: str | None, *usernames: str) -> None:
        """Return when the call proves that it knows the client's secret, if there is one.

        The proof is the HMAC of the user's name and the client's id; any of the `usernames` may be the one that was
        used. Raises ServiceError NotAuthorizedException.
        """
        if self.secret is None:
            if given is not None:
                raise ServiceError("NotAuthorizedException", unconfirmed.SECRET_HASH_UNWANTED.format(client=self.id))
            return
        if given is None:
            raise ServiceError("NotAuthorizedException", unconfirmed.SECRET_HASH_MISSING.format(client=self.id))
        key = self.secret.reveal().encode()
        for username in usernames:
            expected = base64.b64encode(hmac.digest(key, f"{username}{self.id}".encode(), "sha256")).decode()
            if hmac.compare_digest(expected.encode(), given.encode()):
                return
        raise ServiceError("NotAuthorizedException", unconfirmed.SECRET_HASH_WRONG.format(client=self.id))

    def check_secret(self, given: str | None, code: str) -> None:
        """Return when the call names the client's secret itself, if there is one; raises ServiceError with the code."""
        if self.secret is None and given is None:
            return
        if self.secret is None or given is None or not _same(self.secret.reveal(), given):
            raise ServiceError(code, unconfirmed.CLIENT_SECRET_WRONG.format(client=self.id))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
