"""IAM query call -> action and resource, with the documents it carries checked on the way in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.iam_directory import check_document
from harness.emulator.service import NotDerivableError
from harness.policy import PolicyKind

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPERATIONS = {
    "CreateRole": "role",
    "GetRole": "role",
    "DeleteRole": "role",
    "ListRoles": "role",
    "PutRolePolicy": "role",
    "GetRolePolicy": "role",
    "DeleteRolePolicy": "role",
    "ListRolePolicies": "role",
    "UpdateAssumeRolePolicy": "role",
    "CreateUser": "user",
    "GetUser": "user",
    "DeleteUser": "user",
    "PutUserPolicy": "user",
    "DeleteUserPolicy": "user",
    "ListUserPolicies": "user",
    "CreateAccessKey": "user",
    "DeleteAccessKey": "user",
    "ListAccessKeys": "user",
}
_DOCUMENTS = {
    "CreateRole": ("AssumeRolePolicyDocument", PolicyKind.TRUST),
    "UpdateAssumeRolePolicy": ("PolicyDocument", PolicyKind.TRUST),
    "PutRolePolicy": ("PolicyDocument", PolicyKind.IDENTITY),
    "PutUserPolicy": ("PolicyDocument", PolicyKind.IDENTITY),
}
# Parameters whose effect on decisions is not modelled yet: accepting and forgetting them would be a lie.
_UNKNOWN = ("PermissionsBoundary", "Tags.")


@dataclass(frozen=True, slots=True)
class IamRequest:
    """One IAM call: the operation, the action it needs and the resource it touches."""

    operation: str
    action: str
    resource: str


def read_iam_request(parameters: Mapping[str, str], account: str) -> IamRequest:
    """Return what the call asks for. Raises NotDerivableError for what is not known and for malformed documents."""
    operation = parameters.get("Action", "")
    kind = _OPERATIONS.get(operation)
    if kind is None:
        raise NotDerivableError(f"the operation iam:{operation}")
    for name in parameters:
        if name.startswith(_UNKNOWN):
            raise NotDerivableError(f"the parameter {name} of iam:{operation}")
    if operation in _DOCUMENTS:
        parameter, policy_kind = _DOCUMENTS[operation]
        check_document(parameters.get(parameter, ""), policy_kind)
    name = parameters.get("RoleName" if kind == "role" else "UserName", "*")
    path = parameters.get("Path", "/") if operation.startswith("Create") else "/"
    return IamRequest(operation, f"iam:{operation}", f"arn:aws:iam::{account}:{kind}{path}{name}")
