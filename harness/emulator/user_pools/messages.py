"""The messages Cognito would send to users, with the codes in them, and the check of a code that comes back.

Nothing is sent anywhere. No API shows a message: whoever plays the user's mailbox (a test, the harness's operator)
holds the `UserPools` object of the process and reads it with `UserPools.messages.last`.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.secret import Secret

if TYPE_CHECKING:
    from harness.emulator.clock import Clock
    from harness.emulator.user_pools.directory import User, UserPool

_HOUR = 3600


class Purpose(StrEnum):
    """What a message is for."""

    SIGN_UP = "sign-up"
    PASSWORD = "password"  # noqa: S105  the name of a purpose
    ATTRIBUTE = "attribute"
    INVITATION = "invitation"


# How long the code of a message can be used (unconfirmed.user_pools names the sources of doubt).
_LIFETIMES = {
    Purpose.SIGN_UP: 24 * _HOUR,
    Purpose.PASSWORD: _HOUR,
    Purpose.ATTRIBUTE: 24 * _HOUR,
}


@dataclass(slots=True)
class Message:
    """One message. `code` is the confirmation code, or the temporary password of an invitation.

    `destination` is the address; `failures` counts the wrong codes that were given instead of this one.
    """

    purpose: Purpose
    attribute: str
    destination: str = field(repr=False)
    code: Secret
    expires: float | None
    failures: int = 0


class Messages:
    """The last message of each kind to each user."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last: dict[tuple[str, str, Purpose], Message] = {}

    def last(self, pool_id: str, username: str, purpose: Purpose) -> Message | None:
        """Return the last message for a purpose to a user, whose name is as AdminGetUser shows it, or None."""
        return self._last.get((pool_id, username, purpose))

    def send_code(self, pool: UserPool, user: User, purpose: Purpose, attribute: str, to: str) -> dict[str, str]:
        """Return the CodeDeliveryDetails of a new code, which takes the place of the last one for this purpose."""
        code = Secret(f"{secrets.randbelow(1_000_000):06}")
        expires = self._clock.now() + _LIFETIMES[purpose]
        self._last[pool.id, user.username, purpose] = Message(purpose, attribute, to, code, expires)
        return delivery_details(attribute, to)

    def invite(self, pool: UserPool, user: User, attribute: str, password: Secret) -> None:
        """Send a user the temporary password an administrator's AdminCreateUser gave it."""
        to = user.attributes[attribute]
        message = Message(Purpose.INVITATION, attribute, to, password, None)
        self._last[pool.id, user.username, Purpose.INVITATION] = message

    def take(self, pool: UserPool, user: User, purpose: Purpose, code: str, attribute: str | None = None) -> Message:
        """Return the message that the code belongs to, and forget it: a code is good once.

        Raises ServiceError ExpiredCodeException, CodeMismatchException or, after too many wrong codes,
        LimitExceededException.
        """
        key = pool.id, user.username, purpose
        message = self._last.get(key)
        if message is None or (attribute is not None and message.attribute != attribute):
            raise expired_code()
        if message.expires is not None and self._clock.now() > message.expires:
            raise expired_code()
        if message.failures >= unconfirmed.WRONG_CODES_ALLOWED:
            raise ServiceError("LimitExceededException", unconfirmed.ATTEMPT_LIMIT)
        if not hmac.compare_digest(message.code.reveal().encode(), code.encode()):
            message.failures += 1
            raise mismatched_code()
        del self._last[key]
        return message

    def forget_user(self, pool: UserPool, user: User) -> None:
        """Drop the messages to a user who is deleted."""
        for purpose in Purpose:
            self._last.pop((pool.id, user.username, purpose), None)


def delivery_details(attribute: str, to: str) -> dict[str, str]:
    """Return CodeDeliveryDetails for an e-mail, with the address masked as Cognito masks it."""
    local, _, domain = to.partition("@")
    return {
        "Destination": f"{local[:1]}***@{domain[:1]}***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": attribute,
    }


def delivery_to_nobody() -> dict[str, str]:
    """Return CodeDeliveryDetails that pretend a code was sent, for a user who does not exist."""
    return delivery_details("email", "nobody@example.invalid")


def expired_code() -> ServiceError:
    """Return the error for a code that is not known any more."""
    return ServiceError("ExpiredCodeException", unconfirmed.CODE_EXPIRED)


def mismatched_code() -> ServiceError:
    """Return the error for a wrong code."""
    return ServiceError("CodeMismatchException", unconfirmed.CODE_MISMATCH)
