"""Users who register themselves, and what confirms them: SignUp, ConfirmSignUp, ResendConfirmationCode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.messages import Purpose, delivery_to_nobody, expired_code
from harness.emulator.user_pools.registration import new_user, pre_sign_up, verify_alias
from harness.emulator.user_pools.triggers import NO_CLIENT, user_attributes
from harness.emulator.user_pools.writes import check_alias, check_creation
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.app_client import AppClient
    from harness.emulator.user_pools.directory import User, UserPool, UserPoolDirectory
    from harness.emulator.user_pools.messages import Messages
    from harness.emulator.user_pools.triggers import Triggers


class SignUpOperations:
    """The operations of users who register themselves, over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory, messages: Messages, triggers: Triggers) -> None:
        self._clock = clock
        self._directory = directory
        self._messages = messages
        self._triggers = triggers

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name; `on_pool` guards the one that administrators sign."""
        named = accepting("ClientId Username SecretHash ClientMetadata")
        return {
            "SignUp": Operation(self._sign_up, named | accepting("Password UserAttributes ValidationData")),
            "ConfirmSignUp": Operation(self._confirm, named | accepting("ConfirmationCode ForceAliasCreation")),
            "ResendConfirmationCode": Operation(self._resend, named),
            "AdminConfirmSignUp": Operation(
                self._admin_confirm, accepting("UserPoolId Username ClientMetadata"), on_pool
            ),
        }

    def _client(self, call: Call) -> tuple[UserPool, AppClient]:
        pool = self._directory.pool_of_client(call.params["ClientId"])
        client = pool.client(call.params["ClientId"])
        client.check_secret_hash(call.params.get("SecretHash"), call.params["Username"])
        return pool, client

    def _sign_up(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool, client = self._client(call)
        if pool.settings.only_administrators_create_users:
            raise ServiceError("NotAuthorizedException", "SignUp is not permitted for this user pool")
        if not params.get("Password"):
            raise NotDerivableError("SignUp without Password")
        password = Secret(params["Password"])
        attributes = check_creation(pool, client, params.get("UserAttributes") or ())
        pool.settings.password_policy.check(password)
        user = new_user(pool, params["Username"], attributes, "UNCONFIRMED", password, self._clock.now())
        for name in pool.missing_attributes(user.attributes):
            raise ServiceError("InvalidParameterException", unconfirmed.ATTRIBUTE_REQUIRED.format(name=name))
        for name, value in user.attributes.items():
            check_alias(pool, None, name, value, is_verified=False)
        answer = pre_sign_up(self._triggers, pool, user, "SignUp", client.id, params)
        for flag, attribute in (("autoVerifyEmail", "email"), ("autoVerifyPhone", "phone_number")):
            if answer[flag]:
                if attribute not in user.attributes:
                    message = unconfirmed.AUTO_VERIFIED_ATTRIBUTE_MISSING.format(name=attribute)
                    raise ServiceError("InvalidLambdaResponseException", message)
                verify_alias(pool, user, attribute)
        pool.users[user.username] = user
        result: dict[str, Any] = {"UserConfirmed": answer["autoConfirmUser"], "UserSub": user.sub}
        if answer["autoConfirmUser"]:
            self._confirmed(pool, user, client.id, params.get("ClientMetadata"))
            return result
        delivered = self._send(pool, user)
        return result if delivered is None else {**result, "CodeDeliveryDetails": delivered}

    def _send(self, pool: UserPool, user: User) -> dict[str, str] | None:
        """Send the code that confirms a user, unless there is no address that the pool would verify."""
        address = user.attributes.get("email")
        if "email" not in pool.settings.auto_verified or address is None:
            return None
        return self._messages.send_code(pool, user, Purpose.SIGN_UP, "email", address)

    def _confirm(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        pool, client = self._client(call)
        user = pool.find_user(params["Username"])
        if user is None:
            if client.hides_missing_users:
                raise expired_code()
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        _check_unconfirmed(user)
        message = self._messages.take(pool, user, Purpose.SIGN_UP, params["ConfirmationCode"])
        if user.attributes.get(message.attribute) == message.destination:
            if not params.get("ForceAliasCreation"):
                check_alias(pool, user, message.attribute, message.destination, is_verified=True)
            verify_alias(pool, user, message.attribute)
        self._confirmed(pool, user, client.id, params.get("ClientMetadata"))
        return {}

    def _admin_confirm(self, call: Call) -> Mapping[str, Any]:
        pool = self._directory.pool(call.params["UserPoolId"])
        user = pool.user(call.params["Username"])
        _check_unconfirmed(user)
        self._confirmed(pool, user, NO_CLIENT, call.params.get("ClientMetadata"))
        return {}

    def _confirmed(self, pool: UserPool, user: User, client_id: str, metadata: Mapping[str, str] | None) -> None:
        """Confirm the user and only then call the post confirmation trigger, whose failure does not undo it."""
        user.status, user.modified = "CONFIRMED", self._clock.now()
        post_confirmation(self._triggers, pool, user, "ConfirmSignUp", client_id, metadata)

    def _resend(self, call: Call) -> Mapping[str, Any]:
        pool, client = self._client(call)
        user = pool.find_user(call.params["Username"])
        if user is None:
            if client.hides_missing_users:
                return {"CodeDeliveryDetails": delivery_to_nobody()}
            raise ServiceError("UserNotFoundException", unconfirmed.USER_NOT_FOUND)
        if user.status != "UNCONFIRMED":
            raise ServiceError("InvalidParameterException", unconfirmed.USER_ALREADY_CONFIRMED)
        delivered = self._send(pool, user)
        if delivered is None:
            raise ServiceError("InvalidParameterException", unconfirmed.NOTHING_TO_VERIFY)
        return {"CodeDeliveryDetails": delivered}


def post_confirmation(
    triggers: Triggers,
    pool: UserPool,
    user: User,
    source: str,
    client_id: str,
    metadata: Mapping[str, str] | None,
) -> None:
    """Call the post confirmation trigger about a user who is confirmed already (aws-semantics 4.5)."""
    request: dict[str, Any] = {"userAttributes": user_attributes(user)}
    if metadata:
        request["clientMetadata"] = dict(metadata)
    triggers.call(pool, "PostConfirmation", f"PostConfirmation_{source}", client_id, user.username, request)


def _check_unconfirmed(user: User) -> None:
    if user.status != "UNCONFIRMED":
        message = unconfirmed.USER_CANNOT_BE_CONFIRMED.format(status=user.status)
        raise ServiceError("NotAuthorizedException", message)
