"""Groups of users: their policies count as those of every member."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.iam.answers import group_shown, paged, user_shown
from harness.emulator.iam.state import Group, check_new_name, check_quota, delete_conflict
from harness.emulator.operations import Operation, accepting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.guards import IamGuards
    from harness.emulator.iam.state import IamState
    from harness.emulator.service import Call

_GROUPS = 300
_GROUPS_PER_USER = 10


class GroupOperations:
    """The operations on groups but for their policies."""

    def __init__(self, state: IamState, guards: IamGuards, clock: Clock) -> None:
        self._state = state
        self._guards = guards
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        one, page, guard = accepting("GroupName"), accepting("Marker MaxItems"), self._guards.owner("group")
        return {
            "CreateGroup": Operation(self._create, one | accepting("Path"), self._guards.creates("group")),
            "GetGroup": Operation(self._get, one | page, guard),
            "DeleteGroup": Operation(self._delete, one, guard),
            "ListGroups": Operation(self._list, page | accepting("PathPrefix"), self._guards.listing("group/")),
            "AddUserToGroup": Operation(self._add, one | accepting("UserName"), guard),
            "RemoveUserFromGroup": Operation(self._remove, one | accepting("UserName"), guard),
        }

    def _create(self, call: Call) -> Mapping[str, Any]:
        name, state = call.params["GroupName"], self._state
        check_new_name(name, state.groups, "Group")
        check_quota(len(state.groups), _GROUPS, "GroupsPerAccount")
        group = Group(account=state.account, name=name, path=call.params.get("Path", "/"), created=self._clock.now())
        state.groups[name] = group
        return {"Group": group_shown(group)}

    def _get(self, call: Call) -> Mapping[str, Any]:
        group = self._group(call)
        members = [user_shown(user, whole=False) for user in self._state.members(group)]
        return {"Group": group_shown(group), **paged("Users", members, call.params)}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        group = self._group(call)
        in_use = {
            "remove users from group": self._state.members(group),
            "delete policies": group.inline,
            "detach all policies": group.attached,
        }
        for first, what in in_use.items():
            if what:
                raise delete_conflict(f"Cannot delete entity, must {first} first.")
        del self._state.groups[group.name]
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        prefix = call.params.get("PathPrefix", "/")
        groups = [self._state.groups[name] for name in sorted(self._state.groups)]
        return paged("Groups", [group_shown(each) for each in groups if each.path.startswith(prefix)], call.params)

    def _add(self, call: Call) -> Mapping[str, Any]:
        group, user = self._group(call), self._state.user(call.params["UserName"])
        if group.name not in user.groups:
            check_quota(len(user.groups), _GROUPS_PER_USER, "GroupsPerUser")
            user.groups.append(group.name)
            self._state.changed()
        return {}

    def _remove(self, call: Call) -> Mapping[str, Any]:
        group, user = self._group(call), self._state.user(call.params["UserName"])
        if group.name in user.groups:
            user.groups.remove(group.name)
            self._state.changed()
        return {}

    def _group(self, call: Call) -> Group:
        return self._state.group(call.params["GroupName"])
