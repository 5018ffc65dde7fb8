"""What signed-in users do with their own account and their own sessions (aws-semantics 4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Operation, accepting
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import user_pools as unconfirmed
from harness.emulator.user_pools.directory import attribute_list
from harness.emulator.user_pools.users import remove

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.service import Call
    from harness.emulator.user_pools.directory import UserPoolDirectory
    from harness.emulator.user_pools.messages import Messages
    from harness.emulator.user_pools.sessions import Sessions


class SelfServiceOperations:
    """The operations of signed-in users on themselves, over one directory."""

    def __init__(self, clock: Clock, directory: UserPoolDirectory, messages: Messages, sessions: Sessions) -> None:
        self._clock = clock
        self._directory = directory
        self._messages = messages
        self._sessions = sessions

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name; none of them is signed."""
        token = accepting("AccessToken")
        return {
            "GetUser": Operation(self._get_user, token),
            "DeleteUser": Operation(self._delete_user, token),
            "GlobalSignOut": Operation(self._sign_out, token),
            "RevokeToken": Operation(self._revoke, accepting("Token ClientId ClientSecret")),
        }

    def _get_user(self, call: Call) -> Mapping[str, Any]:
        bearer = self._sessions.bearer(call.params["AccessToken"])
        shown = {name: value for name, value in bearer.user.attributes.items() if bearer.client.may_read(name)}
        return {
            "Username": bearer.user.username,
            "UserAttributes": attribute_list({"sub": bearer.user.sub, **shown}),
        }

    def _delete_user(self, call: Call) -> Mapping[str, Any]:
        bearer = self._sessions.bearer(call.params["AccessToken"])
        remove(bearer.pool, bearer.user, self._messages)
        return {}

    def _sign_out(self, call: Call) -> Mapping[str, Any]:
        self._sessions.bearer(call.params["AccessToken"]).user.sign_ins.sign_out(self._clock.now())
        return {}

    def _revoke(self, call: Call) -> Mapping[str, Any]:
        client = self._directory.pool_of_client(call.params["ClientId"]).client(call.params["ClientId"])
        client.check_secret(call.params.get("ClientSecret"), "UnauthorizedException")
        if not client.revokes_tokens:
            raise ServiceError("UnsupportedOperationException", unconfirmed.REVOCATION_NOT_ENABLED)
        self._sessions.revoke(client, call.params["Token"])
        return {}
