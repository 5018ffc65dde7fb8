"""What STS does for IAM users rather than roles: session tokens, federation tokens, the account of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Guarded, Operation, accepting
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.sts.parameters import SessionTags, session_policies, session_tags
from harness.emulator.sts.sessions import credentials_shown, federated_session, user_session
from harness.emulator.unconfirmed import sts as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.principals import CredentialStore, Principal
    from harness.emulator.roles import RoleDirectory
    from harness.emulator.service import Authorizer, Call

_USER_DURATION = 43_200
_ROOT_DURATION = 3600
_FOR_USERS_ALONE = frozenset({"GetSessionToken", "GetFederationToken"})


class UserSessions:
    """Sessions of IAM users themselves, and of the federated users they vouch for."""

    def __init__(
        self, clock: Clock, account: str, store: CredentialStore, roles: RoleDirectory, authorize: Authorizer | None
    ) -> None:
        self._clock = clock
        self._account = account
        self._store = store
        self._roles = roles
        self._authorize = authorize

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        return {
            "GetAccessKeyInfo": Operation(self._get_access_key_info, accepting("AccessKeyId"), _on_anything),
            "GetSessionToken": Operation(self._get_session_token, accepting("DurationSeconds")),
            "GetFederationToken": Operation(
                self._get_federation_token,
                accepting("Name Tags DurationSeconds Policy PolicyArns"),
                self._on_federated_user,
            ),
        }

    def _get_session_token(self, call: Call) -> Mapping[str, Any]:
        caller = signed(call)
        duration = call.params.get("DurationSeconds") or _USER_DURATION
        if caller.is_root:
            duration = min(duration, _ROOT_DURATION)
        issued = self._store.issue_session(user_session(caller, self._clock.now()), duration)
        return {"Credentials": credentials_shown(issued)}

    def _get_federation_token(self, call: Call) -> Mapping[str, Any]:
        caller, params = signed(call), call.params
        if caller.is_root:
            raise NotDerivableError("GetFederationToken by a root user")
        tags = session_tags(params, {})
        if tags.requested and self._authorize is not None:
            guarded = self._on_federated_user(params)
            self._authorize(caller, "sts:TagSession", guarded.resource, guarded.context)
        policies = session_policies(params, tags, caller.account, self._roles)
        session = federated_session(
            caller, params["Name"], self._clock.now(), policies=policies.policies, tags=tags.all
        )
        issued = self._store.issue_session(session, params.get("DurationSeconds") or _USER_DURATION)
        packed = {"PackedPolicySize": policies.packed_size} if policies.packed_size is not None else {}
        return {
            "Credentials": credentials_shown(issued),
            "FederatedUser": {"FederatedUserId": session.user_id, "Arn": session.arn},
            **packed,
        }

    def _on_federated_user(self, params: Mapping[str, Any]) -> Guarded:
        arn = f"arn:aws:sts::{self._account}:federated-user/{params['Name']}"
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
        return Guarded(arn, SessionTags(tags).request_keys())

    def _get_access_key_info(self, call: Call) -> Mapping[str, Any]:
        issued = self._store.find(call.params["AccessKeyId"])
        if issued is None:
            raise NotDerivableError("the account of an access key that this cloud did not issue, or has revoked")
        return {"Account": issued.principal.account}


def refuse_sessions(call: Call) -> None:
    """Raise ServiceError AccessDenied for a call that only long-term keys can make and a session tries."""
    caller = call.principal
    if call.operation in _FOR_USERS_ALONE and caller is not None and "aws:tokenissuetime" in caller.context:
        message = unconfirmed.NO_SESSION_CREDENTIALS.format(operation=call.operation)
        raise ServiceError("AccessDenied", message, 403)


def signed(call: Call) -> Principal:
    """Return who calls; raises ServiceError MissingAuthenticationToken for an unsigned call."""
    if call.principal is None:
        raise ServiceError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    return call.principal


def _on_anything(_params: Mapping[str, Any]) -> Guarded:
    return Guarded("*")
