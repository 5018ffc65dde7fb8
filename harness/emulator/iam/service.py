"""The service IAM of one account: calls are authorized, stored, and followed by whoever decides or verifies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.emulator.iam.aliases import AliasOperations
from harness.emulator.iam.groups import GroupOperations
from harness.emulator.iam.guards import IamGuards
from harness.emulator.iam.managed_policies import ManagedPolicies
from harness.emulator.iam.owner_policies import OwnerPolicies
from harness.emulator.iam.providers import OidcProviderOperations
from harness.emulator.iam.roles import RoleOperations
from harness.emulator.iam.users import UserOperations
from harness.emulator.operations import OperationTable
from harness.emulator.parameters import decoded_query
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.emulator.signatures.sigv4 import unsigned
from harness.emulator.unconfirmed import iam as unconfirmed
from harness.emulator.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.iam.documents import PrincipalIds
    from harness.emulator.iam.state import IamState
    from harness.emulator.principals import CredentialStore, Principal
    from harness.emulator.service import Authorizer

# Without a UserName these mean the user who calls.
_ABOUT_THE_CALLER = frozenset({"GetUser", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "ListAccessKeys"})


class IamService:
    """The service iam (aws-semantics section 6). Unique ids of principals in any account come from `principals`."""

    def __init__(
        self,
        state: IamState,
        clock: Clock,
        credentials: CredentialStore,
        principals: PrincipalIds,
        authorize: Authorizer,
    ) -> None:
        guards = IamGuards(state)
        operations = {
            **RoleOperations(state, guards, clock, principals).operations(),
            **UserOperations(state, guards, clock, credentials).operations(),
            **GroupOperations(state, guards, clock).operations(),
            **ManagedPolicies(state, guards, clock).operations(),
            **OidcProviderOperations(state, guards, clock).operations(),
            **AliasOperations(state).operations(),
        }
        for kind in ("role", "user", "group"):
            operations.update(OwnerPolicies(state, guards, kind).operations())
        self._table = OperationTable("iam", operations, authorize)

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of a call whose parameters may still have the form of the query protocol.

        Raises the ServiceError that IAM would answer, or NotDerivableError for what is not known.
        """
        if call.principal is None:
            raise unsigned(Protocol.QUERY)
        if call.principal.is_user_session:
            # So IAM treats the credentials of GetFederationToken and, without MFA, of GetSessionToken.
            raise ServiceError(unconfirmed.IAM_REFUSES_SESSIONS_CODE, unconfirmed.IAM_REFUSES_SESSIONS, 403)
        params = decoded_query("iam", call)
        if call.operation in _ABOUT_THE_CALLER and "UserName" not in params:
            params["UserName"] = _name_of(call.principal)
        return self._table.handle(Call(call.operation, params, call.principal))


def _name_of(caller: Principal) -> str:
    if ":user/" in caller.arn:
        return caller.arn.rpartition("/")[2]
    if caller.arn.endswith(":root"):
        raise NotDerivableError("calls about the root user itself")
    raise ServiceError("ValidationError", unconfirmed.NOT_A_USER)
