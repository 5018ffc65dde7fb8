"""The Security Token Service: who may assume which role, and the sessions that come of it (aws-semantics section 5)."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness.emulator import unconfirmed
from harness.emulator.faults import Fault
from harness.emulator.operations import Operation, OperationTable, accepting, request_tags
from harness.emulator.parameters import decoded_query
from harness.emulator.principals import Principal
from harness.emulator.roles import RoleDirectory, StoredRole, StoredUser
from harness.emulator.service import Call, NotDerivableError, ServiceError
from harness.policy import (
    MalformedPolicyDocument,
    Outcome,
    PolicyKind,
    PolicySet,
    Request,
    UnderivableKeyError,
    decide,
    parse_policy,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from harness.emulator.clock import Clock
    from harness.emulator.principals import CredentialStore, IssuedCredentials
    from harness.policy import Policy

__all__ = ["RoleDirectory", "SecurityTokenService", "StoredRole", "StoredUser"]

_DEFAULT_DURATION = 3600
_CHAINED_DURATION = 3600
_COGNITO_DURATION = 3600
_COGNITO_SESSION_NAME = "CognitoIdentityCredentials"
_COGNITO = "cognito-identity.amazonaws.com"
# Keys that AWS sets on every request and that have no meaning without a network or an MFA device.
_UNDERIVABLE = frozenset(
    {
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:referer",
        "aws:sourceip",
        "aws:useragent",
    }
)


def _engine_decides(policies: PolicySet, request: Request) -> bool:
    try:
        return decide(policies, request) is Outcome.ALLOW
    except UnderivableKeyError as error:
        raise NotDerivableError(f"the condition key {error.key} for {request.action}") from None


class SecurityTokenService:
    """The service sts of one embedded cloud.

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
        decides: Callable[[PolicySet, Request], bool] = _engine_decides,
    ) -> None:
        self._clock = clock
        self._region = region
        self._account = account
        self._store = store
        self._roles = roles
        self._faults = faults
        self._decides = decides
        operations = {
            "GetCallerIdentity": Operation(_get_caller_identity, accepting()),
            "AssumeRole": Operation(
                self._assume_role, accepting("RoleArn RoleSessionName DurationSeconds Policy Tags ExternalId")
            ),
        }
        self._table = OperationTable("sts", operations)

    def handle(self, call: Call) -> Mapping[str, Any]:
        """Return the result of one API call; its parameters may still have the form of the query protocol.

        Raises the ServiceError that STS would answer, or NotDerivableError for an operation or parameter that is
        not implemented.
        """
        return self._table.handle(Call(call.operation, decoded_query("sts", call), call.principal))

    def assume_with_cognito(
        self,
        role_arn: str,
        identity_id: str,
        pool_id: str,
        amr: tuple[str, ...],
        session_policies: tuple[Policy, ...] | None,
        tags: Mapping[str, str] = MappingProxyType({}),
    ) -> IssuedCredentials:
        """Return one-hour credentials of the role for an identity, as the enhanced flow of an identity pool asks.

        The trust policy decides as for AssumeRoleWithWebIdentity by cognito-identity.amazonaws.com, and for
        sts:TagSession when there are tags (aws-semantics 3.3). Raises ServiceError AccessDenied when it does not
        allow, or when there is no such role.
        """
        token_keys = {f"{_COGNITO}:aud": (pool_id,), f"{_COGNITO}:sub": (identity_id,), f"{_COGNITO}:amr": amr}
        role = self._roles.role(role_arn)
        context = {**token_keys, "sts:rolesessionname": (_COGNITO_SESSION_NAME,), **request_tags(tags)}
        for action in ("sts:AssumeRoleWithWebIdentity", *(("sts:TagSession",) if tags else ())):
            if role is None or not self._trusts(role, None, _COGNITO, action, context):
                raise ServiceError("AccessDenied", f"Not authorized to perform {action}", 403)
        if role is None:  # pragma: no cover  the loop above has raised; this tells the type checker
            raise AssertionError
        provider = {"aws:federatedprovider": (unconfirmed.FEDERATED_PROVIDER,)}
        session_keys = {**token_keys, **provider, **_principal_tags(tags)}
        principal = self._session(role, _COGNITO_SESSION_NAME, session_keys, session_policies)
        return self._store.issue_session(principal, _COGNITO_DURATION)

    def trusts_service(self, role_arn: str, service: str, context: Mapping[str, tuple[str, ...]]) -> bool:
        """Tell whether an AWS service, such as lambda.amazonaws.com, may assume the role; `context` as it says."""
        role = self._roles.role(role_arn)
        return role is not None and self._trusts(role, None, service, "sts:AssumeRole", context)

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
        if role is None or not self._trusts(role, None, service, "sts:AssumeRole", context):
            return None
        return self._store.issue_session(self._session(role, session_name, session_keys, None), duration)

    def _assume_role(self, call: Call) -> Mapping[str, Any]:
        caller, params = _signed(call), call.params
        if caller.arn.endswith(":root"):
            raise ServiceError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
        tags = _tags(params.get("Tags") or ())
        role = self._permitted_role(caller, params, tags)
        duration = params.get("DurationSeconds") or _DEFAULT_DURATION
        _check_duration(duration, role, chained=":assumed-role/" in caller.arn)
        session_policies = _session_policies(params.get("Policy"))
        name = params["RoleSessionName"]
        principal = self._session(role, name, _principal_tags(tags), session_policies)
        issued = self._store.issue_session(principal, duration)
        token = issued.session_token
        result: dict[str, Any] = {
            "Credentials": {
                "AccessKeyId": issued.access_key_id,
                "SecretAccessKey": issued.secret_access_key.reveal(),
                "SessionToken": token.reveal() if token is not None else None,
                "Expiration": _timestamp(issued.expiration or 0),
            },
            "AssumedRoleUser": {"AssumedRoleId": f"{role.role_id}:{name}", "Arn": principal.arn},
        }
        if params.get("Policy"):
            result["PackedPolicySize"] = unconfirmed.packed_policy_size(params["Policy"])
        return result

    def _permitted_role(self, caller: Principal, params: Mapping[str, Any], tags: Mapping[str, str]) -> StoredRole:
        """Return the role once trust policy and caller's policies allow to assume it, and to tag the session."""
        role = self._roles.role(params["RoleArn"])
        context = {"sts:rolesessionname": (params["RoleSessionName"],), **request_tags(tags)}
        if params.get("ExternalId") is not None:
            context["sts:externalid"] = (params["ExternalId"],)
        for action in ("sts:AssumeRole", *(("sts:TagSession",) if tags else ())):
            if role is None or not self._trusts(role, caller, caller.arn, action, context):
                # A role that does not exist reads the same, so that names cannot be probed (aws-semantics 5.3).
                message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {params['RoleArn']}"
                raise ServiceError("AccessDenied", message, 403)
        if role is None:  # pragma: no cover  the loop above has raised; this tells the type checker
            raise AssertionError
        return role

    def _trusts(
        self,
        role: StoredRole,
        caller: Principal | None,
        principal: str,
        action: str,
        context: Mapping[str, tuple[str, ...]],
    ) -> bool:
        if Fault.SKIP_TRUST_POLICY in self._faults:
            return True
        owner = self._owner(caller)
        policies = PolicySet(
            identity=owner.identity_policies if owner is not None else (),
            boundary=owner.boundary if owner is not None else None,
            session=caller.session_policies if caller is not None else None,
            resource=(role.trust,),
        )
        request = Request(
            principal=principal,
            action=action,
            resource=role.arn,
            context={**(caller.context if caller is not None else {}), **self._request_keys(role), **context},
            resource_account=self._account,
            underivable=_UNDERIVABLE,
        )
        return self._decides(policies, request)

    def _owner(self, caller: Principal | None) -> StoredRole | StoredUser | None:
        if caller is None:
            return None
        return self._roles.role(caller.owner_arn) or self._roles.user(caller.owner_arn)

    def _request_keys(self, role: StoredRole) -> dict[str, tuple[str, ...]]:
        now = self._clock.now()
        keys: dict[str, tuple[str, ...]] = {
            "aws:currenttime": (_timestamp(now),),
            "aws:epochtime": (str(int(now)),),
            "aws:requestedregion": (self._region,),
            "aws:resourceaccount": (self._account,),
            "aws:securetransport": ("true",),
        }
        for key, value in role.tags.items():
            keys[f"aws:resourcetag/{key.lower()}"] = (value,)
            keys[f"iam:resourcetag/{key.lower()}"] = (value,)
        return keys

    def _session(
        self,
        role: StoredRole,
        session_name: str,
        session_keys: Mapping[str, tuple[str, ...]],
        session_policies: tuple[Policy, ...] | None,
    ) -> Principal:
        user_id = f"{role.role_id}:{session_name}"
        # Session tags override tags of the role; tags and token keys of the session before are not inherited.
        return Principal(
            arn=f"arn:aws:sts::{self._account}:assumed-role/{role.name}/{session_name}",
            owner_arn=role.arn,
            user_id=user_id,
            account=self._account,
            context={
                "aws:principalaccount": (self._account,),
                "aws:principalarn": (role.arn,),
                "aws:principaltype": ("AssumedRole",),
                "aws:tokenissuetime": (_timestamp(self._clock.now()),),
                "aws:userid": (user_id,),
                **_principal_tags(role.tags),
                **session_keys,
            },
            session_policies=session_policies,
        )


def _get_caller_identity(call: Call) -> Mapping[str, Any]:
    caller = _signed(call)
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def _signed(call: Call) -> Principal:
    if call.principal is None:
        raise ServiceError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    return call.principal


def _check_duration(duration: int, role: StoredRole, *, chained: bool) -> None:
    if chained and duration > _CHAINED_DURATION:
        raise ServiceError(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    if duration > role.max_session_duration:
        raise ServiceError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )


def _session_policies(document: str | None) -> tuple[Policy, ...] | None:
    if document is None:
        return None
    if len(document) > unconfirmed.SESSION_POLICY_LIMIT:
        raise ServiceError("ValidationError", unconfirmed.SESSION_POLICY_TOO_LONG)
    try:
        return (parse_policy(document, kind=PolicyKind.SESSION, name="session policy"),)
    except MalformedPolicyDocument as error:
        raise ServiceError("MalformedPolicyDocument", error.reason) from None


def _principal_tags(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"aws:principaltag/{key.lower()}": (value,) for key, value in tags.items()}


def _tags(requested: Collection[Mapping[str, str]]) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in requested}
    if len({key.lower() for key in tags}) < len(requested):
        raise ServiceError("InvalidParameterValue", unconfirmed.TAG_KEYS_REPEATED)
    return tags


def _timestamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
