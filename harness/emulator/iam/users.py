"""Users themselves, and their access keys, which the signature verifier learns of at once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from harness.emulator.iam.answers import access_key_shown, group_shown, paged, user_shown
from harness.emulator.iam.owner_policies import carried_from_the_start
from harness.emulator.iam.state import (
    AccessKey,
    User,
    check_new_name,
    check_quota,
    delete_conflict,
    no_such_entity,
    unique_id,
)
from harness.emulator.operations import Operation, accepting
from harness.emulator.principals import Principal
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.guards import IamGuards
    from harness.emulator.iam.state import IamState
    from harness.emulator.principals import CredentialStore
    from harness.emulator.service import Call

_USERS = 5000
_KEYS_PER_USER = 2


class UserOperations:
    """The operations on users but for their policies and tags. Each call names a user: see `IamService`."""

    def __init__(self, state: IamState, guards: IamGuards, clock: Clock, credentials: CredentialStore) -> None:
        self._state = state
        self._guards = guards
        self._clock = clock
        self._credentials = credentials

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        one, page, guard = accepting("UserName"), accepting("Marker MaxItems"), self._guards.owner("user")
        create = one | accepting("Path PermissionsBoundary Tags")
        return {
            "CreateUser": Operation(self._create, create, self._guards.creates("user")),
            "GetUser": Operation(self._get, one, guard),
            "DeleteUser": Operation(self._delete, one, guard),
            "ListUsers": Operation(self._list, page | accepting("PathPrefix"), self._guards.listing("user/")),
            "ListGroupsForUser": Operation(self._list_groups, one | page, guard),
            "CreateAccessKey": Operation(self._create_key, one, guard),
            "UpdateAccessKey": Operation(self._update_key, one | accepting("AccessKeyId Status"), guard),
            "DeleteAccessKey": Operation(self._delete_key, one | accepting("AccessKeyId"), guard),
            "ListAccessKeys": Operation(self._list_keys, one | page, guard),
        }

    def _create(self, call: Call) -> Mapping[str, Any]:
        params, state = call.params, self._state
        check_new_name(params["UserName"], state.users, "User")
        check_quota(len(state.users), _USERS, "UsersPerAccount")
        user = User(
            account=state.account,
            name=params["UserName"],
            path=params.get("Path", "/"),
            created=self._clock.now(),
            **carried_from_the_start(state, params),
        )
        state.users[user.name] = user
        state.changed()
        return {"User": user_shown(user, whole=True)}

    def _get(self, call: Call) -> Mapping[str, Any]:
        return {"User": user_shown(self._user(call), whole=True)}

    def _delete(self, call: Call) -> Mapping[str, Any]:
        user = self._user(call)
        in_use = {
            "delete access keys": user.keys,
            "delete policies": user.inline,
            "detach all policies": user.attached,
            "remove users from group": user.groups,
        }
        for first, what in in_use.items():
            if what:
                raise delete_conflict(f"Cannot delete entity, must {first} first.")
        del self._state.users[user.name]
        self._state.changed()
        return {}

    def _list(self, call: Call) -> Mapping[str, Any]:
        prefix = call.params.get("PathPrefix", "/")
        users = [self._state.users[name] for name in sorted(self._state.users)]
        shown = [user_shown(user, whole=False) for user in users if user.path.startswith(prefix)]
        return paged("Users", shown, call.params)

    def _list_groups(self, call: Call) -> Mapping[str, Any]:
        groups = [group_shown(self._state.group(name)) for name in sorted(self._user(call).groups)]
        return paged("Groups", groups, call.params)

    def _create_key(self, call: Call) -> Mapping[str, Any]:
        user = self._user(call)
        check_quota(len(user.keys), _KEYS_PER_USER, "AccessKeysPerUser")
        key = AccessKey(unique_id("AKIA")[:20], Secret(secrets.token_urlsafe(30)), self._clock.now())
        user.keys[key.id] = key
        self._accept(user, key)
        return {"AccessKey": {**access_key_shown(user, key), "SecretAccessKey": key.secret.reveal()}}

    def _update_key(self, call: Call) -> Mapping[str, Any]:
        user, key = self._user_and_key(call)
        key.active = call.params["Status"] == "Active"
        if key.active:
            self._accept(user, key)
        else:
            self._credentials.revoke(key.id)
        return {}

    def _delete_key(self, call: Call) -> Mapping[str, Any]:
        user, key = self._user_and_key(call)
        del user.keys[key.id]
        self._credentials.revoke(key.id)
        return {}

    def _list_keys(self, call: Call) -> Mapping[str, Any]:
        user = self._user(call)
        return paged("AccessKeyMetadata", [access_key_shown(user, key) for key in user.keys.values()], call.params)

    def _accept(self, user: User, key: AccessKey) -> None:
        context = {
            "aws:principalarn": (user.arn,),
            "aws:userid": (user.id,),
            "aws:username": (user.name,),
            "aws:principaltype": ("User",),
        }
        principal = Principal(user.arn, user.arn, user.id, user.account, context)
        self._credentials.register_long_term(key.id, key.secret, principal)

    def _user(self, call: Call) -> User:
        return self._state.user(call.params["UserName"])

    def _user_and_key(self, call: Call) -> tuple[User, AccessKey]:
        user, key_id = self._user(call), call.params["AccessKeyId"]
        if key_id not in user.keys:
            raise no_such_entity(f"The Access Key with id {key_id} cannot be found.")
        return user, user.keys[key_id]
