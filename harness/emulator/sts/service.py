"""The Security Token Service: who may assume which role, and the sessions that come of it (aws-semantics section 5)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness.emulator.operations import Operation, OperationTable, accepting
from harness.emulator.parameters import decoded_query
from harness.emulator.service import Call, ServiceError
from harness.emulator.sts.parameters import (
    SessionTags,
    check_duration,
    check_tags,
    session_policies,
    session_tags,
    source_identity,
)
from harness.emulator.sts.sessions import (
    assumed_role_shown,
    role_session,
)
from harness.emulator.sts.trust import RoleTrust, engine_decides
from harness.emulator.sts.users import UserSessions, refuse_sessions, signed
from harness.emulator.sts.web_identity import WebIdentity, WebIdentityTokens
from harness.emulator.token_issuers import COGNITO_PROVIDER, TokenIssuers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.faults import Fault
    from harness.emulator.principals import CredentialStore, IssuedCredentials, Principal
    from harness.emulator.roles import RoleDirectory, StoredRole
    from harness.emulator.service import Authorizer
    from harness.policy import Policy, PolicySet, Request

_DEFAULT_DURATION = 3600
_COGNITO_DURATION = 3600
_COGNITO_SESSION_NAME = "CognitoIdentityCredentials"


class SecurityTokenService:
    """The service sts of one account in one Region; sessions belong to the account of their role.

    `faults` is asked on every call, so it may change between calls. `decides` answers whether policies allow a
    request; give another to keep the decisions, or to enforce differently.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        region: str,
        account: str,
        store: CredentialStore,
        roles: RoleDirectory,
        faults: Collection[Fault],
        decides: Callable[[PolicySet, Request], bool] = engine_decides,
        issuers: TokenIssuers | None = None,
        authorize: Authorizer | None = None,
    ) -> None:
        self._clock = clock
        self._account = account
        self._store = store
        self._roles = roles
        self._authorize = authorize
        self._trust = RoleTrust(clock, region, roles, faults, decides)
        self._tokens = WebIdentityTokens(clock, issuers or TokenIssuers(), roles)
        self._table = OperationTable("sts", self._operations(), authorize)

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of one API call; its parameters may still have the form of the query protocol.

        Raises the ServiceError that STS would answer, or NotDerivableError for an operation or parameter that is
        not implemented.
        """
        refuse_sessions(call)
        return self._table.handle(Call(call.operation, decoded_query("sts", call), call.principal))

    def assume_with_cognito(
        self,
        role_arn: str,
        identity_id: str,
        pool_id: str,
        amr: tuple[str, ...],
        policies: tuple[Policy, ...] | None,
        tags: Mapping[str, str] = MappingProxyType({}),
    ) -> IssuedCredentials:
        """Return one-hour credentials of the role for an identity, as the enhanced flow of an identity pool asks.

        The trust policy decides as for AssumeRoleWithWebIdentity by cognito-identity.amazonaws.com, and for
        sts:TagSession when there are tags (aws-semantics 3.3). Raises ServiceError AccessDenied when it does not
        allow, or when there is no such role.
        """
        keys = {
            f"{COGNITO_PROVIDER}:aud": (pool_id,),
            f"{COGNITO_PROVIDER}:sub": (identity_id,),
            f"{COGNITO_PROVIDER}:amr": amr,
        }
        identity = WebIdentity(COGNITO_PROVIDER, COGNITO_PROVIDER, identity_id, pool_id, keys, tags)
        role = self._trusting_role(role_arn, identity, _COGNITO_SESSION_NAME)
        return self._issue_to(identity, role, _COGNITO_SESSION_NAME, policies, _COGNITO_DURATION)

    def _operations(self) -> dict[str, Operation]:
        session = "DurationSeconds Policy PolicyArns"
        return {
            "GetCallerIdentity": Operation(_get_caller_identity, accepting()),
            "AssumeRole": Operation(
                self._assume_role,
                accepting("RoleArn RoleSessionName ExternalId SourceIdentity Tags TransitiveTagKeys", session),
            ),
            "AssumeRoleWithWebIdentity": Operation(
                self._assume_role_with_web_identity, accepting("RoleArn RoleSessionName WebIdentityToken", session)
            ),
            **UserSessions(self._clock, self._account, self._store, self._roles, self._authorize).operations(),
        }

    def trusts_service(self, role_arn: str, service: str, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Tell whether an AWS service, such as lambda.amazonaws.com, may assume the role; `context` as it says."""
        role = self._roles.role(role_arn)
        return role is not None and self._trust.lets_outsider(service, role, "sts:AssumeRole", context)

    def assume_for_service(
        self,
        role_arn: str,
        session_name: str,
        service: str,
        *,
        context: Mapping[str, tuple[str, ...]],
        session_keys: Mapping[str, tuple[str, ...]],
        duration: int,
    ) -> IssuedCredentials | None:
        """Return credentials of a role that an AWS service assumes for something it runs; None if it may not.

        `context` holds the condition keys of the exchange, `session_keys` those that every call of the session carries.
        """
        role = self._roles.role(role_arn)
        if role is None or not self.trusts_service(role_arn, service, context):
            return None
        return self._store.issue_session(
            role_session(role, session_name, self._clock.now(), keys=session_keys), duration
        )

    def _assume_role(self, call: Call) -> Mapping[str, Any]:
        caller, params = signed(call), call.params
        if caller.is_root:
            raise ServiceError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
        if caller.is_federated_user:
            raise _denied(caller, "sts:AssumeRole", params["RoleArn"])
        tags = session_tags(params, caller.transitive_tags)
        identity = source_identity(params, caller)
        role = self._permitted_role(caller, params, tags, identity)
        duration = params.get("DurationSeconds") or _DEFAULT_DURATION
        check_duration(duration, role, chained=caller.is_role_session)
        policies = session_policies(params, tags, role.account, self._roles)
        session = role_session(
            role,
            params["RoleSessionName"],
            self._clock.now(),
            policies=policies.policies,
            tags=tags.all,
            handed_down=tags.handed_down,
            source_identity=identity,
        )
        return assumed_role_shown(self._store.issue_session(session, duration), policies.packed_size)

    def _permitted_role(
        self, caller: Principal, params: Mapping[str, Any], tags: SessionTags, identity: str | None
    ) -> StoredRole:
        """Return the role once trust policy and caller's policies allow to assume it, and to tag the session."""
        role = self._roles.role(params["RoleArn"])
        context = {"sts:rolesessionname": (params["RoleSessionName"],), **tags.request_keys()}
        if params.get("ExternalId") is not None:
            context["sts:externalid"] = (params["ExternalId"],)
        if identity is not None:
            context["sts:sourceidentity"] = (identity,)
        actions = {"sts:AssumeRole": True, "sts:TagSession": tags.requested, "sts:SetSourceIdentity": identity}
        for action in (action for action, needed in actions.items() if needed):
            # A role that does not exist reads the same, so that names cannot be probed (aws-semantics 5.3).
            if role is None or not self._trust.lets_caller(caller, role, action, context):
                raise _denied(caller, action, params["RoleArn"])
        if role is None:  # pragma: no cover  the loop above has raised; this tells the type checker
            raise AssertionError
        return role

    def _assume_role_with_web_identity(self, call: Call) -> Mapping[str, Any]:
        params = call.params
        account = params["RoleArn"].split(":")[4] if params["RoleArn"].count(":") > 4 else ""  # noqa: PLR2004  the account field
        identity = self._tokens.verify(params["WebIdentityToken"], account)
        check_tags(identity.tags, len(identity.tags))
        role = self._trusting_role(params["RoleArn"], identity, params["RoleSessionName"])
        duration = params.get("DurationSeconds") or _DEFAULT_DURATION
        check_duration(duration, role, chained=False)
        tags = SessionTags(identity.tags, identity.transitive)
        policies = session_policies(params, tags, role.account, self._roles)
        issued = self._issue_to(identity, role, params["RoleSessionName"], policies.policies, duration)
        return {
            **assumed_role_shown(issued, policies.packed_size),
            "SubjectFromWebIdentityToken": identity.subject,
            "Audience": identity.audience,
            "Provider": identity.issuer,
        }

    def _trusting_role(self, role_arn: str, identity: WebIdentity, session_name: str) -> StoredRole:
        """Return the role once its trust policy lets the bearer of the token assume it, and tag the session."""
        role = self._roles.role(role_arn)
        tags = SessionTags(identity.tags, identity.transitive)
        context = {**identity.keys, "sts:rolesessionname": (session_name,), **tags.request_keys()}
        if identity.source_identity is not None:
            context["sts:sourceidentity"] = (identity.source_identity,)
        actions = {
            "sts:AssumeRoleWithWebIdentity": True,
            "sts:TagSession": identity.tags,
            "sts:SetSourceIdentity": identity.source_identity,
        }
        for action in (action for action, needed in actions.items() if needed):
            if role is None or not self._trust.lets_outsider(identity.provider, role, action, context):
                raise ServiceError("AccessDenied", f"Not authorized to perform {action}", 403)
        if role is None:  # pragma: no cover  the loop above has raised; this tells the type checker
            raise AssertionError
        return role

    def _issue_to(
        self,
        identity: WebIdentity,
        role: StoredRole,
        session_name: str,
        policies: tuple[Policy, ...] | None,
        duration: int,
    ) -> IssuedCredentials:
        tags = SessionTags(identity.tags, identity.transitive)
        session = role_session(
            role,
            session_name,
            self._clock.now(),
            policies=policies,
            tags=tags.all,
            handed_down=tags.handed_down,
            source_identity=identity.source_identity,
            keys={**identity.keys, "aws:federatedprovider": (identity.provider,)},
        )
        return self._store.issue_session(session, duration)


def _get_caller_identity(call: Call) -> Mapping[str, Any]:
    caller = signed(call)
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def _denied(caller: Principal, action: str, role_arn: str) -> ServiceError:
    message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {role_arn}"
    return ServiceError("AccessDenied", message, 403)
