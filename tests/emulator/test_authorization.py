"""The one place that asks the policy engine: what is allowed, denied, and refused as unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.emulator.authorization import Authorizer, Decision, DecisionLog, Enforcement, ScopedAuthorizer
from harness.emulator.authorization_check import AuthorizationCheck
from harness.emulator.clock import Clock
from harness.emulator.principals import Principal
from harness.emulator.roles import StoredRole, StoredUser
from harness.emulator.service import NotDerivableError, ServiceError
from harness.policy import PolicyKind, PolicySet, Request, parse_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCOUNT = "123456789012"
_ROLE_ARN = f"arn:aws:iam::{_ACCOUNT}:role/team/tenant"
_USER_ARN = f"arn:aws:iam::{_ACCOUNT}:user/alice"
_TABLE = f"arn:aws:dynamodb:us-east-1:{_ACCOUNT}:table/items"
_ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


class _Directory:
    """One role and one user with the same statements."""

    def __init__(self, *statements: Mapping[str, Any]) -> None:
        policies = (_policy(*statements),)
        trust = parse_policy({"Version": "2012-10-17", "Statement": [_TRUST]}, kind=PolicyKind.TRUST, name="trust")
        self.generation = 0
        self._role = StoredRole(_ROLE_ARN, "AROATENANT", "tenant", trust, policies)
        self._user = StoredUser(_USER_ARN, "AIDAALICE", "alice", policies)

    def role(self, arn: str) -> StoredRole | None:
        return self._role if arn == _ROLE_ARN else None

    def user(self, arn: str) -> StoredUser | None:
        return self._user if arn == _USER_ARN else None


def _policy(*statements: Mapping[str, Any]) -> Any:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)}, kind=PolicyKind.IDENTITY, name="p")


def _authorizer(*statements: Mapping[str, Any], log: DecisionLog | None = None) -> ScopedAuthorizer:
    directory: Any = _Directory(*statements)
    return Authorizer(directory, Clock(), log or DecisionLog()).within(_ACCOUNT, "us-east-1")


def _session(**context: str) -> Principal:
    keys = {name.replace("__", ":").replace("_", "/"): (value,) for name, value in context.items()}
    arn = f"arn:aws:sts::{_ACCOUNT}:assumed-role/tenant/session"
    return Principal(arn, _ROLE_ARN, "AROATENANT:session", _ACCOUNT, {"aws:principalarn": (_ROLE_ARN,), **keys})


_USER = Principal(_USER_ARN, _USER_ARN, "AIDAALICE", _ACCOUNT)


@pytest.mark.parametrize("principal", [_session(), _USER])
def test_a_principal_may_do_what_its_owner_may(principal: Principal) -> None:
    log = DecisionLog()
    authorizer = _authorizer({**_ALLOW, "Action": "dynamodb:GetItem"}, log=log)
    with log.recording("call"):
        authorizer(principal, "dynamodb:GetItem", _TABLE)
        with pytest.raises(ServiceError):
            authorizer(principal, "dynamodb:Scan", _TABLE)
    assert [decision.allowed for decision in log.of("call")] == [True, False]


@pytest.mark.parametrize(
    "principal",
    [
        Principal(_session().arn, _ROLE_ARN, "AROAOTHER:session", _ACCOUNT),
        Principal(_USER_ARN, _USER_ARN, "AIDAOTHER", _ACCOUNT),
        Principal(_session().arn, f"{_ROLE_ARN}-deleted", "AROATENANT:session", _ACCOUNT),
    ],
)
def test_a_principal_of_another_or_no_owner_may_nothing(principal: Principal) -> None:
    with pytest.raises(ServiceError):
        _authorizer(_ALLOW)(principal, "dynamodb:GetItem", _TABLE)


def test_only_the_accounts_own_root_is_root() -> None:
    root = Principal(f"arn:aws:iam::{_ACCOUNT}:root", "", "", _ACCOUNT)
    impostors = [
        Principal(f"arn:aws:iam::{_ACCOUNT}:user/x:root", "", "", _ACCOUNT),
        Principal("arn:aws:iam::210987654321:root", "", "", _ACCOUNT),
    ]
    authorizer = _authorizer({**_ALLOW, "Action": "none:None"})
    authorizer(root, "s3:GetObject", "arn:aws:s3:::b/k")
    for impostor in impostors:
        with pytest.raises(ServiceError):
            authorizer(impostor, "s3:GetObject", "arn:aws:s3:::b/k")


@pytest.mark.parametrize(
    ("action", "resource", "code", "status", "shown"),
    [
        ("dynamodb:GetItem", _TABLE, "AccessDeniedException", 400, _TABLE),
        ("cognito-idp:ListUsers", "arn:pool", "AccessDeniedException", 400, "arn:pool"),
        ("cognito-identity:ListIdentities", "arn:pool", "AccessDeniedException", 400, "arn:pool"),
        ("s3:GetObject", "arn:aws:s3:::b/k", "AccessDenied", 403, '"arn:aws:s3:::b/k"'),
        ("iam:GetRole", _ROLE_ARN, "AccessDenied", 403, _ROLE_ARN),
    ],
)
@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ({**_ALLOW, "Action": "none:None"}, "because no identity-based policy allows the {} action"),
        ({**_ALLOW, "Effect": "Deny"}, "with an explicit deny in an identity-based policy"),
    ],
)
def test_a_denial_names_who_what_and_why(
    action: str, resource: str, code: str, status: int, shown: str, statement: Mapping[str, Any], reason: str
) -> None:
    with pytest.raises(ServiceError) as denial:
        _authorizer(statement)(_USER, action, resource)
    assert (denial.value.code, denial.value.status) == (code, status)
    assert denial.value.message == (
        f"User: {_USER_ARN} is not authorized to perform: {action} on resource: {shown} {reason.format(action)}"
    )


def test_a_session_policy_that_is_silent_is_named() -> None:
    silent = (_policy({**_ALLOW, "Action": "s3:GetObject"}),)
    session = Principal(_session().arn, _ROLE_ARN, "AROATENANT:session", _ACCOUNT, session_policies=silent)
    with pytest.raises(ServiceError, match="because no session policy allows the dynamodb:GetItem action"):
        _authorizer(_ALLOW)(session, "dynamodb:GetItem", _TABLE)


def test_nobody_is_denied_in_few_words() -> None:
    with pytest.raises(ServiceError) as denial:
        _authorizer(_ALLOW)(None, "s3:GetObject", "arn:aws:s3:::b/k")
    assert (denial.value.code, denial.value.message, denial.value.status) == ("AccessDenied", "Access Denied", 403)


def _when(operator: str, key: str, value: str) -> dict[str, Any]:
    return {**_ALLOW, "Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    "key",
    ["aws:SourceIp", "aws:UserAgent", "aws:Referer", "aws:SourceVpce", "aws:PrincipalOrgID", "aws:MultiFactorAuthAge"],
)
@pytest.mark.parametrize("operator", ["StringLike", "StringNotLike", "StringLikeIfExists", "Null"])
def test_what_depends_on_a_key_that_is_not_here_is_refused_as_unknown(key: str, operator: str) -> None:
    value = "true" if operator == "Null" else "x"
    with pytest.raises(NotDerivableError):
        _authorizer(_when(operator, key, value))(_USER, "s3:GetObject", "arn:aws:s3:::b/k")


def test_an_unknown_key_that_changes_nothing_is_no_hindrance() -> None:
    log = DecisionLog()
    with log.recording("call"):
        _authorizer(_ALLOW, _when("StringLike", "aws:UserAgent", "x"), log=log)(
            _USER, "s3:GetObject", "arn:aws:s3:::b/k"
        )
    assert log.of("call")[0].allowed


def test_an_underivable_key_of_a_check_is_never_absent() -> None:
    checks = [AuthorizationCheck("dynamodb:GetItem", _TABLE, {}, frozenset({"dynamodb:leadingkeys"}))]
    for operator in ("ForAllValues:StringEquals", "StringNotEquals", "StringEqualsIfExists"):
        with pytest.raises(NotDerivableError):
            _authorizer(_when(operator, "dynamodb:LeadingKeys", "own")).require_all(_USER, checks)


def test_a_key_that_no_service_defines_is_absent() -> None:
    check = AuthorizationCheck("dynamodb:GetItem", _TABLE, {"dynamodb:leadingkeys": ("foreign",)})
    _authorizer(_when("ForAllValues:StringEquals", "dynamodb:LeadingKey", "own")).require_all(_USER, [check])
    with pytest.raises(ServiceError, match="not authorized"):
        _authorizer(_when("ForAllValues:StringEquals", "dynamodb:LeadingKeys", "own")).require_all(_USER, [check])


def test_mfa_is_absent_for_long_term_keys_and_unknown_for_sessions() -> None:
    authorizer = _authorizer(_when("BoolIfExists", "aws:MultiFactorAuthPresent", "true"))
    authorizer(_USER, "s3:GetObject", "arn:aws:s3:::b/k")
    with pytest.raises(NotDerivableError):
        authorizer(_session(), "s3:GetObject", "arn:aws:s3:::b/k")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:SecureTransport", "true"),
        ("aws:ViaAWSService", "false"),
        ("aws:RequestedRegion", "us-east-1"),
        ("aws:ResourceAccount", _ACCOUNT),
        ("aws:PrincipalAccount", _ACCOUNT),
        ("aws:PrincipalTag/tenant", "red"),
        ("aws:PrincipalArn", _ROLE_ARN),
        ("s3:prefix", "own/"),
    ],
)
def test_the_context_holds_the_keys_of_caller_request_and_environment(key: str, value: str) -> None:
    principal = _session(aws__principaltag_tenant="red")
    authorizer = _authorizer(_when("StringEquals", key, value))
    authorizer(principal, "s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": ("own/",)})
    with pytest.raises(ServiceError):
        _authorizer(_when("StringEquals", key, "other"))(
            principal, "s3:ListBucket", "arn:aws:s3:::b", {"s3:prefix": ("own/",)}
        )


def test_time_in_conditions_is_the_emulators() -> None:
    clock = Clock()
    directory: Any = _Directory(_when("DateGreaterThan", "aws:CurrentTime", "2100-01-01T00:00:00Z"))
    authorizer = Authorizer(directory, clock, DecisionLog()).within(_ACCOUNT, "us-east-1")
    with pytest.raises(ServiceError):
        authorizer(_USER, "s3:GetObject", "arn:aws:s3:::b/k")
    with clock.shifted(100 * 365 * 86_400):
        authorizer(_USER, "s3:GetObject", "arn:aws:s3:::b/k")


def test_all_checks_of_a_call_must_be_allowed() -> None:
    authorizer = _authorizer({**_ALLOW, "Resource": _TABLE})
    own, other = (AuthorizationCheck("dynamodb:BatchGetItem", arn) for arn in (_TABLE, f"{_TABLE}-other"))
    authorizer.require_all(_USER, [own, own])
    for checks in ([own, other], [other, own]):
        with pytest.raises(ServiceError, match="items-other"):
            authorizer.require_all(_USER, checks)


def test_enforcement_can_be_switched_for_everybody_but_the_exempt() -> None:
    authorizer = _authorizer({**_ALLOW, "Action": "s3:GetObject"})
    authorizer.authorizer.exempt_arns.add(_USER_ARN)
    authorizer.authorizer.enforcement = Enforcement.DENY_ALL
    with pytest.raises(ServiceError, match="no identity-based policy allows the s3:GetObject action"):
        authorizer(_session(), "s3:GetObject", "arn:aws:s3:::b/k")
    authorizer(_USER, "s3:GetObject", "arn:aws:s3:::b/k")
    authorizer.authorizer.enforcement = Enforcement.ALLOW_ALL
    authorizer(_session(), "s3:PutObject", "arn:aws:s3:::b/k")
    with pytest.raises(ServiceError):
        authorizer(_USER, "s3:PutObject", "arn:aws:s3:::b/k")
    with pytest.raises(ServiceError):
        authorizer(None, "s3:GetObject", "arn:aws:s3:::b/k")


def test_decisions_can_be_explained_afterwards_and_are_forgotten_in_the_end() -> None:
    decision = Decision(
        PolicySet(identity=(_policy({**_ALLOW, "Action": "none:None"}),)),
        Request(_USER_ARN, "s3:GetObject", "arn:aws:s3:::b/k"),
        allowed=False,
    )
    log = DecisionLog()
    with log.recording("first"):
        log.note(decision)
    assert log.of("first")[0].explanation().sentence == (
        "because no identity-based policy allows the s3:GetObject action"
    )
    for number in range(4096):
        with log.recording(str(number)):
            pass
    assert log.of("first") == ()
