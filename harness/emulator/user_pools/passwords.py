"""Passwords that are forgotten, changed, set and reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.directory import Password
from harness.emulator.user_pools.messages import Purpose, delivery_to_nobody, expired_code
from harness.emulator.user_pools.sign_up import post_confirmation
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.directory import User, UserPool, UserPoolDirectory
    from harness.emulator.user_pools.messages import Messages
    from harness.emulator.user_pools.sessions import Sessions
    from harness.emulator.user_pools.triggers import Triggers

# Without AccountRecoverySetting text messages are preferred to e-mail (service model, CreateUserPool).
_LEGACY_RECOVERY = ("verified_phone_number", "verified_email")
_CONFIRMED_ENOUGH = frozenset({"CONFIRMED", "RESET_REQUIRED"})


class PasswordOperations:
    """The operations on passwords over one directory."""

    def __init__(
        self,
        clock: Clock,
        directory: UserPoolDirectory,
        messages: Messages,
        sessions: Sessions,
        triggers: Triggers,
    ) -> None:
        self._clock = clock
        self._directory = directory
        self._messages = messages
        self._sessions = sessions
        self._triggers = triggers

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name; `on_pool` guards those that administrators sign."""
        named = accepting("ClientId Username SecretHash ClientMetadata")
        administered = accepting("UserPoolId Username")
        return {
            "ForgotPassword": Operation(self._forgot, named),
            "ConfirmForgotPassword": Operation(self._confirm_forgot, named | accepting("ConfirmationCode Password")),
            "ChangePassword": Operation(self._change, accepting("AccessToken PreviousPassword ProposedPassword")),
            "AdminSetUserPassword": Operation(self._set, administered | accepting("Password Permanent"), on_pool),
            "AdminResetUserPassword": Operation(self._reset, administered | accepting("ClientMetadata"), on_pool),
        }

    def _named(self, call: Call) -> tuple[UserPool, AppClient, User | None]:
        pool = self._directory.pool_of_client(call.params["ClientId"])
        client = pool.client(call.params["ClientId"])
        client.check_secret_hash(call.params.get("SecretHash"), call.params["Username"])
        user = pool.find_user(call.params["Username"])
        if user is None and not client.hides_missing_users:
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        return pool, client, user

    def _forgot(self, call: Call) -> Mapping[str, Any]:
        pool, _, user = self._named(call)
        if user is None:
            return {"CodeDeliveryDetails": delivery_to_nobody()}
        if not user.enabled:
            raise ServiceError("NotAuthorizedException", unconfirmed.USER_DISABLED)
        if user.status == "FORCE_CHANGE_PASSWORD":
            raise ServiceError("NotAuthorizedException", unconfirmed.PASSWORD_NOT_RESETTABLE)
        return {"CodeDeliveryDetails": self._send_reset_code(pool, user)}

    def _send_reset_code(self, pool: UserPool, user: User) -> dict[str, str]:
        for mechanism in pool.settings.recovery or _LEGACY_RECOVERY:
            attribute = mechanism.removeprefix("verified_")
            if mechanism == "admin_only":
                raise ServiceError("NotAuthorizedException", unconfirmed.RECOVERY_BY_ADMIN_ONLY)
            if user.attributes.get(f"{attribute}_verified") != "true" or attribute not in user.attributes:
                continue
            if attribute == "phone_number":
                raise NotDerivableError("a password reset by text message")
            return self._messages.send_code(pool, user, Purpose.PASSWORD, attribute, user.attributes[attribute])
        raise ServiceError("InvalidParameterException", unconfirmed.NOTHING_VERIFIED_TO_RESET_BY)

    def _confirm_forgot(self, call: Call) -> Mapping[str, Any]:
        pool, client, user = self._named(call)
        if user is None:
            raise expired_code()
        password = Secret(call.params["Password"])
        pool.settings.password_policy.check(password)
        if user.status not in _CONFIRMED_ENOUGH:
            raise ServiceError("NotAuthorizedException", unconfirmed.PASSWORD_NOT_RESETTABLE)
        self._messages.take(pool, user, Purpose.PASSWORD, call.params["ConfirmationCode"])
        self._put(user, password, "CONFIRMED")
        metadata = call.params.get("ClientMetadata")
        post_confirmation(self._triggers, pool, user, "ConfirmForgotPassword", client.id, metadata)
        return {}

    def _change(self, call: Call) -> Mapping[str, Any]:
        bearer = self._sessions.bearer(call.params["AccessToken"])
        previous = call.params.get("PreviousPassword")
        if previous is None:
            raise NotDerivableError("ChangePassword without PreviousPassword")
        if bearer.user.password is None:
            raise ServiceError("PasswordResetRequiredException", unconfirmed.PASSWORD_RESET_REQUIRED)
        if not bearer.user.password.matches(previous):
            raise ServiceError("NotAuthorizedException", unconfirmed.WRONG_PASSWORD)
        password = Secret(call.params["ProposedPassword"])
        bearer.pool.settings.password_policy.check(password)
        self._put(bearer.user, password, bearer.user.status)
        return {}

    def _administered(self, call: Call) -> tuple[UserPool, User]:
        pool = self._directory.pool(call.params["UserPoolId"])
        return pool, pool.user(call.params["Username"])

    def _set(self, call: Call) -> Mapping[str, Any]:
        pool, user = self._administered(call)
        password = Secret(call.params["Password"])
        pool.settings.password_policy.check(password)
        self._put(user, password, "CONFIRMED" if call.params.get("Permanent") else "FORCE_CHANGE_PASSWORD")
        return {}

    def _reset(self, call: Call) -> Mapping[str, Any]:
        pool, user = self._administered(call)
        if user.status not in _CONFIRMED_ENOUGH:
            raise ServiceError("NotAuthorizedException", unconfirmed.PASSWORD_NOT_RESETTABLE)
        self._send_reset_code(pool, user)
        user.password, user.status, user.modified = None, "RESET_REQUIRED", self._clock.now()
        return {}

    def _put(self, user: User, password: Secret, status: str) -> None:
        now = self._clock.now()
        user.password, user.status, user.modified = Password(password, now), status, now
