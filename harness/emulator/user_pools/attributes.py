"""What users and administrators do with attributes after a user was created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.directory import VERIFIABLE
from harness.emulator.user_pools.messages import Purpose
from harness.emulator.user_pools.registration import verify_alias
from harness.emulator.user_pools.writes import (
    check_administered_deletion,
    check_administered_update,
    check_alias,
    check_deletion,
    check_update,
    delete,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.directory import User, UserPoolDirectory
    from harness.emulator.user_pools.messages import Messages
    from harness.emulator.user_pools.sessions import Sessions


class AttributeOperations:
    """The operations on attributes over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory, messages: Messages, sessions: Sessions) -> None:
        self._clock = clock
        self._directory = directory
        self._messages = messages
        self._sessions = sessions

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name; `on_pool` guards those that administrators sign."""
        administered = accepting("UserPoolId Username")
        # ClientMetadata of these reaches the custom message trigger only, which no pool here can have.
        return {
            "UpdateUserAttributes": Operation(self._update, accepting("AccessToken UserAttributes ClientMetadata")),
            "DeleteUserAttributes": Operation(self._delete, accepting("AccessToken UserAttributeNames")),
            "GetUserAttributeVerificationCode": Operation(
                self._send_code, accepting("AccessToken AttributeName ClientMetadata")
            ),
            "VerifyUserAttribute": Operation(self._verify, accepting("AccessToken AttributeName Code")),
            "AdminUpdateUserAttributes": Operation(
                self._admin_update, administered | accepting("UserAttributes ClientMetadata"), on_pool
            ),
            "AdminDeleteUserAttributes": Operation(
                self._admin_delete, administered | accepting("UserAttributeNames"), on_pool
            ),
        }

    def _update(self, call: Call) -> Mapping[str, Any]:
        bearer = self._sessions.bearer(call.params["AccessToken"])
        changed = check_update(bearer.pool, bearer.client, call.params["UserAttributes"])
        sent = write(bearer.pool, bearer.user, changed, self._messages, by_administrator=False)
        self._touch(bearer.user)
        return {"CodeDeliveryDetailsList": sent}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        bearer = self._sessions.bearer(call.params["AccessToken"])
        check_deletion(bearer.pool, bearer.client, call.params["UserAttributeNames"])
        delete(bearer.user, call.params["UserAttributeNames"])
        self._touch(bearer.user)
        return {}

    def _admin_update(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        user = pool.user(call.params["Username"])
        changed = check_administered_update(pool, call.params["UserAttributes"])
        write(pool, user, changed, self._messages, by_administrator=True)
        self._touch(user)
        return {}

    def _admin_delete(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        user = pool.user(call.params["Username"])
        check_administered_deletion(pool, call.params["UserAttributeNames"])
        delete(user, call.params["UserAttributeNames"])
        self._touch(user)
        return {}

    def _send_code(self, call: Call) -> Mapping[str, Any]:
        bearer = self._sessions.bearer(call.params["AccessToken"])
        name = _verifiable(call.params["AttributeName"])
        value = bearer.user.pending.get(name, bearer.user.attributes.get(name))
        if value is None:
            raise ServiceError("InvalidParameterException", unconfirmed.ATTRIBUTE_WITHOUT_VALUE.format(name=name))
        return {
            "CodeDeliveryDetails": self._messages.send_code(bearer.pool, bearer.user, Purpose.ATTRIBUTE, name, value)
        }

    def _verify(self, call: Call) -> Mapping[str, Any]:
        bearer = self._sessions.bearer(call.params["AccessToken"])
        pool, user = bearer.pool, bearer.user
        name = _verifiable(call.params["AttributeName"])
        message = self._messages.take(pool, user, Purpose.ATTRIBUTE, call.params["Code"], name)
        check_alias(pool, user, name, message.destination, is_verified=True)
        if user.pending.get(name) == message.destination:
            user.attributes[name] = user.pending.pop(name)
        if user.attributes.get(name) != message.destination:
            # The address was changed again after this code was sent to the one before it.
            raise ServiceError("ExpiredCodeException", unconfirmed.CODE_EXPIRED)
        verify_alias(pool, user, name)
        self._touch(user)
        return {}

    def _touch(self, user: User) -> None:
        user.modified = self._clock.now()


def _verifiable(name: str) -> str:
    if name not in VERIFIABLE:
        raise ServiceError("InvalidParameterException", unconfirmed.ATTRIBUTE_NOT_VERIFIABLE.format(name=name))
    if name == "phone_number":
        raise NotDerivableError("the verification of a phone number, because no text messages are sent")
    return name
