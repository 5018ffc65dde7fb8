"""The groups of a user pool and who is in them (aws-semantics 4.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.emulator.listing import page
from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.directory import Group
from harness.emulator.user_pools.users import described_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.directory import User, UserPool, UserPoolDirectory

_GROUPS_PER_POOL = 10_000


class GroupOperations:
    """The group operations over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory) -> None:
        self._clock = clock
        self._directory = directory

    def operations(self, on_pool: Callable[[Mapping[str, Any]], Guarded]) -> dict[str, Operation]:
        """Return the operations by name, guarded by `on_pool`."""
        pool, paged = accepting("UserPoolId"), accepting("Limit NextToken")
        group, user = pool | accepting("GroupName"), pool | accepting("Username")
        settings = accepting("Description RoleArn Precedence")
        return {
            "CreateGroup": Operation(self._create, group | settings, on_pool),
            "GetGroup": Operation(self._get, group, on_pool),
            "UpdateGroup": Operation(self._update, group | settings, on_pool),
            "DeleteGroup": Operation(self._delete, group, on_pool),
            "ListGroups": Operation(self._list, pool | paged, on_pool),
            "ListUsersInGroup": Operation(self._list_users, group | paged, on_pool),
            "AdminAddUserToGroup": Operation(self._add_user, user | group, on_pool),
            "AdminRemoveUserFromGroup": Operation(self._remove_user, user | group, on_pool),
            "AdminListGroupsForUser": Operation(self._list_of_user, user | paged, on_pool),
        }

    def _pool(self, call: Call) -> UserPool:
        return self._directory.pool(call.params["UserPoolId"])

    def _member(self, call: Call) -> tuple[User, Group]:
        pool = self._pool(call)
        return pool.user(call.params["Username"]), pool.group(call.params["GroupName"])

    def _create(self, call: Call) -> Mapping[str, Any]:
        pool, params = self._pool(call), call.params
        name = params["GroupName"]
        if name in pool.groups:
            raise ServiceError("GroupExistsException", unconfirmed.GROUP_EXISTS)
        if len(pool.groups) >= _GROUPS_PER_POOL:
            raise ServiceError("LimitExceededException", unconfirmed.GROUPS_PER_POOL_EXCEEDED)
        now = self._clock.now()
        pool.groups[name] = Group(
            name, now, now, params.get("Description"), params.get("RoleArn"), params.get("Precedence")
        )
        return {"Group": _described(pool, pool.groups[name])}

    def _get(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call)
        return {"Group": _described(pool, pool.group(call.params["GroupName"]))}

    def _update(self, call: Call) -> Mapping[str, Any]:
        pool, params = self._pool(call), call.params
        group = pool.group(params["GroupName"])
        members = {"description": "Description", "role_arn": "RoleArn", "precedence": "Precedence"}
        changed = {field: params[member] for field, member in members.items() if params.get(member) is not None}
        if not unconfirmed.UPDATE_GROUP_KEEPS_WHAT_IT_LEAVES_OUT:
            changed = dict.fromkeys(members) | changed
        pool.groups[group.name] = replace(group, modified=self._clock.now(), **changed)
        return {"Group": _described(pool, pool.groups[group.name])}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call)
        group = pool.group(call.params["GroupName"])
        if any(group.name in user.groups for user in pool.users.values()):
            # The guide says that only empty groups can be deleted, the API's own page says nothing of it.
            raise NotDerivableError("DeleteGroup of a group that has members")
        del pool.groups[group.name]
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call)
        groups = [_described(pool, group) for group in pool.groups.values()]
        shown, more = page(groups, call.params.get("Limit"), call.params.get("NextToken"))
        return {"Groups": shown, **more}

    def _list_users(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call)
        group = pool.group(call.params["GroupName"])
        users = [described_user(user, "Attributes") for user in pool.users.values() if group.name in user.groups]
        shown, more = page(users, call.params.get("Limit"), call.params.get("NextToken"))
        return {"Users": shown, **more}

    def _add_user(self, call: Call) -> Mapping[str, Any]:
        user, group = self._member(call)
        if group.name in user.groups:
            return {}
        if len(user.groups) >= unconfirmed.GROUPS_PER_USER:
            raise ServiceError("LimitExceededException", unconfirmed.GROUPS_PER_USER_EXCEEDED)
        user.groups.append(group.name)
        return {}

    def _remove_user(self, call: Call) -> Mapping[str, Any]:
        user, group = self._member(call)
        if group.name in user.groups:
            user.groups.remove(group.name)
        return {}

    def _list_of_user(self, call: Call) -> Mapping[str, Any]:
        pool = self._pool(call)
        groups = [_described(pool, pool.groups[name]) for name in pool.user(call.params["Username"]).groups]
        shown, more = page(groups, call.params.get("Limit"), call.params.get("NextToken"))
        return {"Groups": shown, **more}


def _described(pool: UserPool, group: Group) -> dict[str, Any]:
    optional = {"Description": group.description, "RoleArn": group.role_arn, "Precedence": group.precedence}
    return {
        "GroupName": group.name,
        "UserPoolId": pool.id,
        **{name: value for name, value in optional.items() if value is not None},
        "CreationDate": group.created,
        "LastModifiedDate": group.modified,
    }
