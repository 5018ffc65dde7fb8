"""IAM query call -> action and resource, with the documents it carries checked on the way in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.emulator.iam_directory import check_document
from harness.emulator.service import NotDerivableError
from harness.policy import PolicyKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
# Parameters whose effect on decisions is not modelled yet: accepting and forgetting them would be a lie.
_UNKNOWN = ("PermissionsBoundary", "Tags.")


@dataclass(frozen=True, slots=True)
class IamRequest:
    """One IAM call: the operation, the action it needs and the resource it touches."""

    operation: str
    action: str
    resource: str


def read_iam_request(
    parameters: Mapping[str, str], account: str, path_of: Callable[[str, str], str | None]
) -> IamRequest:
    """Return what the call asks for; `path_of` finds the path of a stored "role" or "user" by its name.

    Raises NotDerivableError for what is not known, ServiceError for malformed documents.
    """
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
    if operation == "ListRoles":
        return IamRequest(operation, "iam:ListRoles", f"arn:aws:iam::{account}:role/")
    owner = parameters.get(f"{kind.capitalize()}Name", "")
    if not _NAME.fullmatch(owner):
        # Without a user name IAM means the caller.
        raise NotDerivableError(f"iam:{operation} without the name of a {kind} in letters, digits and _+=,.@-")
    creates = operation == f"Create{kind.capitalize()}"
    path: str | None = parameters.get("Path") if creates else path_of(kind, owner)
    return IamRequest(operation, f"iam:{operation}", f"arn:aws:iam::{account}:{kind}{path or '/'}{owner}")
