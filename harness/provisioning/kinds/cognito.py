"""User pools, whose users and app clients vanish with them, and identity pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.deployment import operate
from harness.errors import DeploymentError
from harness.provisioning.kinds.kind import Found, ResourceKind, arn, removed
from harness.provisioning.lists import entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.marks import Marks
    from harness.targets.target import Target

_MOST = 60


def _marked_user_pool(name: str, marks: Marks, _: str) -> dict[str, Any]:
    return {"PoolName": name, "UserPoolTags": marks.tags}


def _made_user_pool(answer: Mapping[str, Any]) -> str:
    return str(answer["UserPool"]["Id"])


def _user_pools(target: Target) -> Iterator[Found]:
    for each in entries(target, "cognito-idp", "ListUserPools", "UserPools", MaxResults=_MOST):
        yield Found("user-pool", each["Name"], each["Id"])


def _user_pool_tags(target: Target, pool: str) -> Mapping[str, str]:
    of_pool = {"ResourceArn": arn(target, "cognito-idp", f"userpool/{pool}")}
    tags: Mapping[str, str] = operate(target, "cognito-idp", "ListTagsForResource", **of_pool).get("Tags", {})
    return tags


def _delete_user_pool(target: Target, pool: str) -> None:
    """Delete a user pool, if need be with its domain and although it was protected."""
    named = {"UserPoolId": pool}
    try:
        operate(target, "cognito-idp", "DeleteUserPool", **named)
    except DeploymentError as error:
        if error.code != "InvalidParameterException":
            raise
        described = operate(target, "cognito-idp", "DescribeUserPool", **named)["UserPool"]
        for domain in filter(None, (described.get("Domain"), described.get("CustomDomain"))):
            removed(target, "cognito-idp", "DeleteUserPoolDomain", Domain=domain, **named)
        if described.get("DeletionProtection") == "ACTIVE":
            operate(target, "cognito-idp", "UpdateUserPool", DeletionProtection="INACTIVE", **named)
        operate(target, "cognito-idp", "DeleteUserPool", **named)


def _marked_identity_pool(name: str, marks: Marks, _: str) -> dict[str, Any]:
    return {"IdentityPoolName": name, "IdentityPoolTags": marks.tags}


def _identity_pools(target: Target) -> Iterator[Found]:
    for each in entries(target, "cognito-identity", "ListIdentityPools", "IdentityPools", MaxResults=_MOST):
        yield Found("identity-pool", each["IdentityPoolName"], each["IdentityPoolId"])


def _identity_pool_tags(target: Target, pool: str) -> Mapping[str, str]:
    of_pool = {"ResourceArn": arn(target, "cognito-identity", f"identitypool/{pool}")}
    tags: Mapping[str, str] = operate(target, "cognito-identity", "ListTagsForResource", **of_pool).get("Tags", {})
    return tags


def _delete_identity_pool(target: Target, pool: str) -> None:
    operate(target, "cognito-identity", "DeleteIdentityPool", IdentityPoolId=pool)


USER_POOL = ResourceKind(
    "user-pool",
    "cognito-idp",
    "CreateUserPool",
    _marked_user_pool,
    _user_pools,
    _user_pool_tags,
    _delete_user_pool,
    made_id=_made_user_pool,
)
IDENTITY_POOL = ResourceKind(
    "identity-pool",
    "cognito-identity",
    "CreateIdentityPool",
    _marked_identity_pool,
    _identity_pools,
    _identity_pool_tags,
    _delete_identity_pool,
    made_id=lambda answer: str(answer["IdentityPoolId"]),
)
