"""How IAM shows what it stores: members of the API, pages of lists, times and documents as its answers write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from harness.emulator.global_keys import timestamp
from harness.emulator.service import ServiceError
from harness.emulator.unconfirmed import iam as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.emulator.iam.state import AccessKey, Group, ManagedPolicy, Owner, Role, User

_DEFAULT_ITEMS = 100


def paged(member: str, items: Sequence[Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of a list under the name of its member; raises ServiceError for a marker nobody gave out."""
    marker = params.get("Marker", "0")
    if not marker.isdecimal():
        raise ServiceError("ValidationError", unconfirmed.IAM_MARKER_INVALID)
    start = int(marker)
    end = start + int(params.get("MaxItems") or _DEFAULT_ITEMS)
    more = {"IsTruncated": True, "Marker": str(end)} if end < len(items) else {"IsTruncated": False}
    return {member: list(items[start:end]), **more}


def encoded(document: str) -> str:
    """Return a policy document as IAM shows it, percent-encoded."""
    return quote(document, safe="")


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as the API lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def role_shown(role: Role, trust: str, *, whole: bool) -> dict[str, Any]:
    """Return a role as GetRole shows it, or as ListRoles does, which leaves out tags and boundary."""
    shown = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": timestamp(role.created),
        "AssumeRolePolicyDocument": encoded(trust),
        "MaxSessionDuration": role.max_session_duration,
    }
    if role.description is not None:
        shown["Description"] = role.description
    return {**shown, **_tags_and_boundary(role)} if whole else shown


def user_shown(user: User, *, whole: bool) -> dict[str, Any]:
    """Return a user as GetUser shows it, or as lists do, which leave out tags and boundary."""
    shown = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": timestamp(user.created),
    }
    return {**shown, **_tags_and_boundary(user)} if whole else shown


def group_shown(group: Group) -> dict[str, Any]:
    """Return a group as the API shows it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": timestamp(group.created),
    }


def policy_shown(policy: ManagedPolicy, attached: int, bounding: int, *, whole: bool) -> dict[str, Any]:
    """Return a managed policy with how many owners it is attached to and how many it bounds."""
    shown: dict[str, Any] = {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default,
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounding,
        "IsAttachable": True,
        "CreateDate": timestamp(policy.created),
        "UpdateDate": timestamp(policy.updated),
    }
    if whole and policy.description is not None:
        shown["Description"] = policy.description
    return {**shown, "Tags": tag_list(policy.tags)} if whole and policy.tags else shown


def access_key_shown(user: User, key: AccessKey) -> dict[str, Any]:
    """Return an access key without its secret."""
    return {
        "UserName": user.name,
        "AccessKeyId": key.id,
        "Status": "Active" if key.active else "Inactive",
        "CreateDate": timestamp(key.created),
    }


def _tags_and_boundary(owner: Owner) -> dict[str, Any]:
    shown: dict[str, Any] = {"Tags": tag_list(owner.tags)} if owner.tags else {}
    if owner.boundary is not None:
        shown["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": owner.boundary,
        }
    return shown
