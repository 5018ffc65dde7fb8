"""Groups and users of a user pool, as administrators handle them."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any

from harness.emulator import unconfirmed
from harness.emulator.listing import page
from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.user_directory import Group, User, attribute_list
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_directory import UserPool, UserPoolDirectory


class UserOperations:
    """The group and user operations over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory) -> None:
        self._clock = clock
        self._directory = directory

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name, guarded by `on_pool`."""
        group, user = accepting("UserPoolId GroupName"), accepting("UserPoolId Username")
        return {
            "CreateGroup": Operation(self._create_group, group | accepting("Description RoleArn Precedence"), on_pool),
            "GetGroup": Operation(self._get_group, group, on_pool),
            "DeleteGroup": Operation(self._delete_group, group, on_pool),
            "AdminCreateUser": Operation(
                self._create_user,
                user | accepting("UserAttributes TemporaryPassword MessageAction ClientMetadata"),
                on_pool,
            ),
            "AdminSetUserPassword": Operation(self._set_password, user | accepting("Password Permanent"), on_pool),
            "AdminAddUserToGroup": Operation(self._add_to_group, user | group, on_pool),
            "AdminRemoveUserFromGroup": Operation(self._remove_from_group, user | group, on_pool),
            "AdminListGroupsForUser": Operation(self._list_groups, user | accepting("Limit NextToken"), on_pool),
            "AdminGetUser": Operation(self._get_user, user, on_pool),
            "AdminDeleteUser": Operation(self._delete_user, user, on_pool),
            "AdminDisableUser": Operation(self._disable_user, user, on_pool),
            "AdminEnableUser": Operation(self._enable_user, user, on_pool),
            "AdminUserGlobalSignOut": Operation(self._sign_out_user, user, on_pool),
        }

    def _pool(self, call: Call) -> UserPool:
        return self._directory.pool(call.params["UserPoolId"])

    def _user(self, call: Call) -> User:
        return self._pool(call).user(call.params["Username"])

    def _create_group(self, call: Call) -> Mapping[str, Any]:
        pool, params = self._pool(call), call.params
        name = params["GroupName"]
        if name in pool.groups:
            raise ServiceError("GroupExistsException", unconfirmed.GROUP_EXISTS)
        group = Group(
            name, self._clock.now(), params.get("Description"), params.get("RoleArn"), params.get("Precedence")
        )
        pool.groups[name] = group
        return {"Group": _described_group(pool, group)}

    def _get_group(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call)
        return {"Group": _described_group(pool, pool.group(call.params["GroupName"]))}

    def _delete_group(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call)
        group = pool.group(call.params["GroupName"])
        if any(group.name in user.groups for user in pool.users.values()):
            # The guide says that only empty groups can be deleted, the API's own page says nothing of it.
            raise NotDerivableError("DeleteGroup of a group that has members")
        del pool.groups[group.name]
        return {}

    def _create_user(self, call: Call) -> Mapping[str, Any]:
        pool, params = self._pool(call), call.params
        if params.get("MessageAction") != "SUPPRESS":
            raise NotDerivableError("AdminCreateUser without MessageAction SUPPRESS, because no messages are sent")
        key = pool.user_key(params["Username"])
        if key in pool.users:
            raise ServiceError("UsernameExistsException", unconfirmed.USER_EXISTS)
        attributes = pool.conforming(params.get("UserAttributes") or ())
        given = params.get("TemporaryPassword")
        # Cognito makes up a password when none is given; "aA1!" satisfies any policy on kinds of characters.
        password = Secret(given or secrets.token_urlsafe(60) + "aA1!")
        pool.password_policy.check(password)
        now = self._clock.now()
        user = User(
            username=key,
            sub=str(uuid.uuid4()),
            created=now,
            modified=now,
            status="FORCE_CHANGE_PASSWORD",
            password=password,
            password_set=now,
            attributes=attributes,
        )
        pool.users[key] = user
        return {"User": _described_user(user, "Attributes")}

    def _set_password(self, call: Call) -> Mapping[str, Any]:
        pool, user = self._pool(call), self._user(call)
        password = Secret(call.params["Password"])
        pool.password_policy.check(password)
        now = self._clock.now()
        user.password, user.password_set, user.modified = password, now, now
        user.status = "CONFIRMED" if call.params.get("Permanent") else "FORCE_CHANGE_PASSWORD"
        return {}

    def _add_to_group(self, call: Call) -> Mapping[str, Any]:
        user, group = self._user(call), self._pool(call).group(call.params["GroupName"])
        if group.name in user.groups:
            return {}
        if len(user.groups) >= unconfirmed.GROUPS_PER_USER:
            raise ServiceError("LimitExceededException", unconfirmed.GROUPS_PER_USER_EXCEEDED)
        user.groups.append(group.name)
        return {}

    def _remove_from_group(self, call: Call) -> Mapping[str, Any]:
        user, group = self._user(call), self._pool(call).group(call.params["GroupName"])
        if group.name in user.groups:
            user.groups.remove(group.name)
        return {}

    def _list_groups(self, call: Call) -> Mapping[str, Any]:
        pool, user = self._pool(call), self._user(call)
        groups = [_described_group(pool, pool.groups[name]) for name in user.groups]
        shown, more = page(groups, call.params.get("Limit"), call.params.get("NextToken"))
        return {"Groups": shown, **more}

    def _get_user(self, call: Call) -> Mapping[str, Any]:
        return _described_user(self._user(call), "UserAttributes")

    def _delete_user(self, call: Call) -> Mapping[str, Any]:
        user = self._user(call)
        user.deleted = True
        del self._pool(call).users[user.username]
        return {}

    def _disable_user(self, call: Call) -> Mapping[str, Any]:
        user = self._user(call)
        user.enabled = False
        # Disabling revokes the user's tokens for good; enabling does not bring them back (aws-semantics 4.4).
        user.sign_out_everywhere()
        return {}

    def _enable_user(self, call: Call) -> Mapping[str, Any]:
        self._user(call).enabled = True
        return {}

    def _sign_out_user(self, call: Call) -> Mapping[str, Any]:
        self._user(call).sign_out_everywhere()
        return {}


def _described_group(pool: UserPool, group: Group) -> dict[str, Any]:
    optional = {"Description": group.description, "RoleArn": group.role_arn, "Precedence": group.precedence}
    return {
        "GroupName": group.name,
        "UserPoolId": pool.id,
        **{name: value for name, value in optional.items() if value is not None},
        "CreationDate": group.created,
        "LastModifiedDate": group.created,
    }


def _described_user(user: User, attributes_member: str) -> dict[str, Any]:
    return {
        "Username": user.username,
        attributes_member: attribute_list({"sub": user.sub, **user.attributes}),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }
