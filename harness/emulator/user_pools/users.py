"""The users of a pool, as administrators handle them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from harness.emulator.listing import page
from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.directory import VERIFIABLE, Password, attribute_list
from harness.emulator.user_pools.registration import new_user, pre_sign_up, verify_alias
from harness.emulator.user_pools.search import filter_of
from harness.emulator.user_pools.triggers import NO_CLIENT
from harness.emulator.user_pools.writes import check_alias
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.directory import User, UserPool, UserPoolDirectory
    from harness.emulator.user_pools.messages import Messages
    from harness.emulator.user_pools.triggers import Triggers


class UserOperations:
    """The administrators' operations on users, over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory, messages: Messages, triggers: Triggers) -> None:
        self._clock = clock
        self._directory = directory
        self._messages = messages
        self._triggers = triggers

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name, guarded by `on_pool`."""
        user = accepting("UserPoolId Username")
        creation = accepting(
            "UserAttributes TemporaryPassword MessageAction DesiredDeliveryMediums ForceAliasCreation ValidationData",
            "ClientMetadata",
        )
        listing = accepting("UserPoolId Filter Limit PaginationToken AttributesToGet")
        return {
            "AdminCreateUser": Operation(self._create, user | creation, on_pool),
            "AdminGetUser": Operation(self._get, user, on_pool),
            "AdminDeleteUser": Operation(self._delete, user, on_pool),
            "AdminDisableUser": Operation(self._disable, user, on_pool),
            "AdminEnableUser": Operation(self._enable, user, on_pool),
            "AdminUserGlobalSignOut": Operation(self._sign_out, user, on_pool),
            "ListUsers": Operation(self._list, listing, on_pool),
        }

    def _pool(self, call: Call) -> UserPool:
        return self._directory.pool(call.params["UserPoolId"])

    def _user(self, call: Call) -> User:
        return self._pool(call).user(call.params["Username"])

    def _create(self, call: Call) -> Mapping[str, Any]:
        pool, params = self._pool(call), call.params
        if params.get("MessageAction") == "RESEND":
            return self._invite_again(pool, params)
        password = _temporary_password(pool, params)
        attributes = pool.conforming(params.get("UserAttributes") or ())
        user = new_user(pool, params["Username"], attributes, "FORCE_CHANGE_PASSWORD", password, self._clock.now())
        verified = [name for name in VERIFIABLE if user.attributes.get(f"{name}_verified") == "true"]
        for name, value in user.attributes.items():
            if not (params.get("ForceAliasCreation") and name in verified):
                check_alias(pool, None, name, value, is_verified=name in verified)
        invited_by = None if params.get("MessageAction") == "SUPPRESS" else _invitation_attribute(user, params)
        # What the function answers counts for users who sign up themselves only (service model, AdminCreateUser).
        pre_sign_up(self._triggers, pool, user, "AdminCreateUser", NO_CLIENT, params)
        for name in verified:
            verify_alias(pool, user, name)
        pool.users[user.username] = user
        if invited_by is not None:
            self._messages.invite(pool, user, invited_by, password)
        return {"User": described_user(user, "Attributes")}

    def _invite_again(self, pool: UserPool, params: Mapping[str, Any]) -> Mapping[str, Any]:
        user = pool.user(params["Username"])
        if user.status != "FORCE_CHANGE_PASSWORD":
            message = unconfirmed.INVITATION_NOT_RESENT.format(status=user.status)
            raise ServiceError("UnsupportedUserStateException", message)
        attribute = _invitation_attribute(user, params)
        password = _temporary_password(pool, params)
        user.password, user.modified = Password(password, self._clock.now()), self._clock.now()
        self._messages.invite(pool, user, attribute, password)
        return {"User": described_user(user, "Attributes")}

    def _get(self, call: Call) -> Mapping[str, Any]:
        return described_user(self._user(call), "UserAttributes")

    def _delete(self, call: Call) -> Mapping[str, Any]:
        remove(self._pool(call), self._user(call), self._messages)
        return {}

    def _disable(self, call: Call) -> Mapping[str, Any]:
        user = self._user(call)
        user.enabled, user.modified = False, self._clock.now()
        # Disabling revokes the user's tokens for good; enabling does not bring them back (aws-semantics 4.4).
        user.sign_ins.revoke_all(self._clock.now())
        return {}

    def _enable(self, call: Call) -> Mapping[str, Any]:
        user = self._user(call)
        user.enabled, user.modified = True, self._clock.now()
        return {}

    def _sign_out(self, call: Call) -> Mapping[str, Any]:
        self._user(call).sign_ins.sign_out(self._clock.now())
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        pool, params = self._pool(call), call.params
        wanted = filter_of(params.get("Filter"))
        names = params.get("AttributesToGet")
        for name in names or ():
            if name not in pool.schema:
                raise ServiceError("InvalidParameterException", unconfirmed.LISTED_ATTRIBUTE_UNKNOWN.format(name=name))
        users = [user for user in pool.users.values() if wanted is None or wanted.matches(user)]
        shown, more = page(users, params.get("Limit"), params.get("PaginationToken"))
        described = [described_user(user, "Attributes", names) for user in shown]
        return {"Users": described, **({"PaginationToken": more["NextToken"]} if more else {})}


def remove(pool: UserPool, user: User, messages: Messages) -> None:
    """Delete a user; whoever still holds the object sees that it is gone."""
    user.deleted = True
    messages.forget_user(pool, user)
    del pool.users[user.username]


def described_user(user: User, attributes_member: str, names: list[str] | None = None) -> dict[str, Any]:
    """Return a user as the API shows it to administrators, with all attributes or only the named ones."""
    attributes = {"sub": user.sub, **user.attributes}
    shown = {name: value for name, value in attributes.items() if names is None or name in names}
    return {
        "Username": user.username,
        attributes_member: attribute_list(shown),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }


def _temporary_password(pool: UserPool, params: Mapping[str, Any]) -> Secret:
    # Cognito makes up a password when none is given; "aA1!" satisfies any policy on kinds of characters.
    password = Secret(params.get("TemporaryPassword") or secrets.token_urlsafe(60) + "aA1!")
    pool.settings.password_policy.check(password)
    return password


def _invitation_attribute(user: User, params: Mapping[str, Any]) -> str:
    if params.get("DesiredDeliveryMediums") != ["EMAIL"]:
        # SMS is the default; neither that nor both is possible where no text messages are sent.
        raise NotDerivableError(
            "an invitation by text message; DesiredDeliveryMediums [EMAIL] or MessageAction SUPPRESS"
        )
    if "email" not in user.attributes:
        raise ServiceError("InvalidParameterException", unconfirmed.NOWHERE_TO_INVITE)
    return "email"
