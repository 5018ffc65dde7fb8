"""Roles themselves: their trust policies and how long their sessions may last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.iam.answers import paged, role_shown
from harness.emulator.iam.documents import shown_trust, stored_trust
from harness.emulator.iam.owner_policies import carried_from_the_start
from harness.emulator.iam.state import Role, check_new_name, check_quota, delete_conflict
from harness.emulator.operations import Operation, accepting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.documents import PrincipalIds
    from harness.emulator.iam.guards import IamGuards
    from harness.emulator.iam.state import IamState
    from harness.emulator.service import Call

_ROLES = 1000
_DEFAULT_SESSION = 3600


class RoleOperations:
    """The operations on roles but for their policies and tags."""

    def __init__(self, state: IamState, guards: IamGuards, clock: Clock, principals: PrincipalIds) -> None:
        self._state = state
        self._guards = guards
        self._clock = clock
        self._principals = principals

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        one, guard = accepting("RoleName"), self._guards.owner("role")
        settings = accepting("Description MaxSessionDuration")
        create = one | settings | accepting("Path AssumeRolePolicyDocument PermissionsBoundary Tags")
        return {
            "CreateRole": Operation(self._create, create, self._guards.creates("role")),
            "GetRole": Operation(self._get, one, guard),
            "DeleteRole": Operation(self._delete, one, guard),
            "ListRoles": Operation(self._list, accepting("PathPrefix Marker MaxItems"), self._guards.listing("role/")),
            "UpdateRole": Operation(self._update, one | settings, guard),
            "UpdateRoleDescription": Operation(self._describe, one | accepting("Description"), guard),
            "UpdateAssumeRolePolicy": Operation(self._update_trust, one | accepting("PolicyDocument"), guard),
        }

    def _create(self, call: Call) -> Mapping[str, Any]:
        params, state = call.params, self._state
        check_new_name(params["RoleName"], state.roles, "Role")
        check_quota(len(state.roles), _ROLES, "RolesPerAccount")
        role = Role(
            account=state.account,
            name=params["RoleName"],
            path=params.get("Path", "/"),
            created=self._clock.now(),
            **carried_from_the_start(state, params),
            trust=stored_trust(params["AssumeRolePolicyDocument"], self._principals),
            description=params.get("Description"),
            max_session_duration=params.get("MaxSessionDuration", _DEFAULT_SESSION),
        )
        state.roles[role.name] = role
        state.changed()
        return {"Role": self._shown(role, whole=True)}

    def _get(self, call: Call) -> Mapping[str, Any]:
        return {"Role": self._shown(self._role(call), whole=True)}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        role = self._role(call)
        if role.inline:
            raise delete_conflict("Cannot delete entity, must delete policies first.")
        if role.attached:
            raise delete_conflict("Cannot delete entity, must detach all policies first.")
        del self._state.roles[role.name]
        self._state.changed()
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        prefix = call.params.get("PathPrefix", "/")
        roles = [self._state.roles[name] for name in sorted(self._state.roles)]
        page = paged("Roles", [role for role in roles if role.path.startswith(prefix)], call.params)
        return {**page, "Roles": [self._shown(role, whole=False) for role in page["Roles"]]}

    def _update(self, call: Call) -> Mapping[str, Any]:
        role = self._role(call)
        role.description = call.params.get("Description", role.description)
        # Left out, it goes back to an hour: so says the model of UpdateRole.
        role.max_session_duration = call.params.get("MaxSessionDuration", _DEFAULT_SESSION)
        self._state.changed()
        return {}

    def _describe(self, call: Call) -> Mapping[str, Any]:
        role = self._role(call)
        role.description = call.params["Description"]
        return {"Role": self._shown(role, whole=True)}

    def _update_trust(self, call: Call) -> Mapping[str, Any]:
        role = self._role(call)
        role.trust = stored_trust(call.params["PolicyDocument"], self._principals)
        self._state.changed()
        return {}

    def _role(self, call: Call) -> Role:
        return self._state.role(call.params["RoleName"])

    def _shown(self, role: Role, *, whole: bool) -> dict[str, Any]:
        return role_shown(role, shown_trust(role.trust, self._principals), whole=whole)
