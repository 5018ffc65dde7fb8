"""Roles, users and managed policies of IAM, and what attacks may have hung on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.errors import DeploymentError
from harness.marks import IAM_PATH
from harness.provisioning.kinds.kind import Found, ResourceKind, as_dict, by_name, removed
from harness.provisioning.lists import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.marks import Marks
    from harness.targets.target import Target

_IN_USE = "DeleteConflict"
# What a user may have that keeps it from being deleted and that applications seldom give: the list, its member, the
# call that takes each away, and the members by which the call names it.
_KEEPSAKES = (
    ("ListMFADevices", "MFADevices", "DeactivateMFADevice", ("UserName", "SerialNumber")),
    ("ListSigningCertificates", "Certificates", "DeleteSigningCertificate", ("UserName", "CertificateId")),
    ("ListSSHPublicKeys", "SSHPublicKeys", "DeleteSSHPublicKey", ("UserName", "SSHPublicKeyId")),
)
_ATTACHED = (
    ("PolicyRoles", "DetachRolePolicy", "RoleName"),
    ("PolicyUsers", "DetachUserPolicy", "UserName"),
    ("PolicyGroups", "DetachGroupPolicy", "GroupName"),
)


def _policy_arn(target: Target, name: str) -> str:
    return f"arn:aws:iam::{target.account}:policy{IAM_PATH}{name}"


def _owner_kind(noun: str, kind: str, delete: Callable[[Target, str], None]) -> ResourceKind:
    """Return the kind of roles or of users."""
    member = f"{noun}Name"

    def marked(name: str, marks: Marks, _: str) -> dict[str, Any]:
        boundary = {"PermissionsBoundary": marks.boundary} if marks.boundary else {}
        return {member: name, "Path": IAM_PATH, "Tags": marks.tag_list, **boundary}

    def listed(target: Target) -> Iterator[Found]:
        for each in entries(target, "iam", f"List{noun}s", f"{noun}s"):
            yield Found(kind, each[member], each[member], each["Path"])

    def tags(target: Target, name: str) -> dict[str, str]:
        return as_dict(list(entries(target, "iam", f"List{noun}Tags", "Tags", **{member: name})))

    return ResourceKind(kind, "iam", f"Create{noun}", marked, listed, tags, delete, by_name)


def _delete_role(target: Target, role: str) -> None:
    _strip(target, "Role", role)
    try:
        operate(target, "iam", "DeleteRole", RoleName=role)
    except DeploymentError as error:
        if error.code != _IN_USE:
            raise
        for profile in list(entries(target, "iam", "ListInstanceProfilesForRole", "InstanceProfiles", RoleName=role)):
            named = {"InstanceProfileName": profile["InstanceProfileName"], "RoleName": role}
            removed(target, "iam", "RemoveRoleFromInstanceProfile", **named)
        operate(target, "iam", "DeleteRole", RoleName=role)


def _delete_user(target: Target, user: str) -> None:
    _strip(target, "User", user)
    for key in list(entries(target, "iam", "ListAccessKeys", "AccessKeyMetadata", UserName=user)):
        removed(target, "iam", "DeleteAccessKey", UserName=user, AccessKeyId=key["AccessKeyId"])
    for group in list(entries(target, "iam", "ListGroupsForUser", "Groups", UserName=user)):
        removed(target, "iam", "RemoveUserFromGroup", UserName=user, GroupName=group["GroupName"])
    try:
        operate(target, "iam", "DeleteUser", UserName=user)
    except DeploymentError as error:
        if error.code != _IN_USE:
            raise
        _take_keepsakes(target, user)
        operate(target, "iam", "DeleteUser", UserName=user)


def _take_keepsakes(target: Target, user: str) -> None:
    removed(target, "iam", "DeleteLoginProfile", UserName=user)
    for listing, member, removal, named in _KEEPSAKES:
        for kept in list(entries(target, "iam", listing, member, UserName=user)):
            removed(target, "iam", removal, **{name: kept[name] for name in named})
    credentials = operate(target, "iam", "ListServiceSpecificCredentials", UserName=user)
    for kept in credentials.get("ServiceSpecificCredentials", ()):
        credential = {"UserName": user, "ServiceSpecificCredentialId": kept["ServiceSpecificCredentialId"]}
        removed(target, "iam", "DeleteServiceSpecificCredential", **credential)


def _strip(target: Target, noun: str, name: str) -> None:
    """Take every policy from a role or a user."""
    owner = {f"{noun}Name": name}
    for policy in list(entries(target, "iam", f"List{noun}Policies", "PolicyNames", **owner)):
        removed(target, "iam", f"Delete{noun}Policy", **owner, PolicyName=policy)
    for policy in list(entries(target, "iam", f"ListAttached{noun}Policies", "AttachedPolicies", **owner)):
        removed(target, "iam", f"Detach{noun}Policy", **owner, PolicyArn=policy["PolicyArn"])


def _marked_policy(name: str, marks: Marks, _: str) -> dict[str, Any]:
    return {"PolicyName": name, "Path": IAM_PATH, "Tags": marks.tag_list}


def _policies(target: Target) -> Iterator[Found]:
    for each in entries(target, "iam", "ListPolicies", "Policies", Scope="Local"):
        yield Found("policy", each["PolicyName"], each["Arn"], each["Path"])


def _policy_tags(target: Target, arn: str) -> dict[str, str]:
    return as_dict(list(entries(target, "iam", "ListPolicyTags", "Tags", PolicyArn=arn)))


def _delete_policy(target: Target, arn: str) -> None:
    """Delete a managed policy with its versions, and detach it; whoever has it as a boundary keeps it in being."""
    for version in list(entries(target, "iam", "ListPolicyVersions", "Versions", PolicyArn=arn)):
        if not version["IsDefaultVersion"]:
            removed(target, "iam", "DeletePolicyVersion", PolicyArn=arn, VersionId=version["VersionId"])
    try:
        operate(target, "iam", "DeletePolicy", PolicyArn=arn)
    except DeploymentError as error:
        if error.code != _IN_USE:
            raise
        using = {"PolicyArn": arn, "PolicyUsageFilter": "PermissionsPolicy"}
        for member, removal, named in _ATTACHED:
            for owner in list(entries(target, "iam", "ListEntitiesForPolicy", member, **using)):
                removed(target, "iam", removal, PolicyArn=arn, **{named: owner[named]})
        operate(target, "iam", "DeletePolicy", PolicyArn=arn)


ROLE = _owner_kind("Role", "role", _delete_role)
IAM_USER = _owner_kind("User", "iam-user", _delete_user)
POLICY = ResourceKind(
    "policy", "iam", "CreatePolicy", _marked_policy, _policies, _policy_tags, _delete_policy, _policy_arn
)
