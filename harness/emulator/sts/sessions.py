"""The sessions STS issues, with the condition keys they carry, and how its answers show them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness.emulator.global_keys import timestamp
from harness.emulator.principals import Principal
from harness.emulator.roles import principal_tag_keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.principals import IssuedCredentials
    from harness.emulator.roles import StoredRole
    from harness.policy import Policy


def role_session(
    role: StoredRole,
    name: str,
    now: float,
    *,
    policies: tuple[Policy, ...] | None = None,
    tags: Mapping[str, str] = MappingProxyType({}),
    handed_down: Mapping[str, str] = MappingProxyType({}),
    source_identity: str | None = None,
    keys: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Principal:
    """Return the session of a role: it belongs to the role's account, and its ARN has lost the role's path.

    Session tags override tags of the role. `keys` are those of the token, or the service, the session comes from.
    """
    user_id = f"{role.role_id}:{name}"
    return Principal(
        arn=f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{name}",
        owner_arn=role.arn,
        user_id=user_id,
        account=role.account,
        context={
            "aws:principalaccount": (role.account,),
            "aws:principalarn": (role.arn,),
            "aws:principaltype": ("AssumedRole",),
            "aws:tokenissuetime": (timestamp(now),),
            "aws:userid": (user_id,),
            **principal_tag_keys({**_lower(role.tags), **_lower(tags)}),
            **({"aws:sourceidentity": (source_identity,)} if source_identity is not None else {}),
            **keys,
        },
        session_policies=policies,
        transitive_tags=dict(handed_down),
    )


def user_session(user: Principal, now: float) -> Principal:
    """Return a session of GetSessionToken: the user or root user itself, without MFA."""
    return Principal(
        arn=user.arn,
        owner_arn=user.owner_arn,
        user_id=user.user_id,
        account=user.account,
        context={**user.context, **_of_temporary_credentials(now)},
    )


def federated_session(
    user: Principal, name: str, now: float, *, policies: tuple[Policy, ...] | None, tags: Mapping[str, str]
) -> Principal:
    """Return a session of GetFederationToken: without session policies it has no permissions of its own."""
    arn = f"arn:aws:sts::{user.account}:federated-user/{name}"
    user_id = f"{user.account}:{name}"
    return Principal(
        arn=arn,
        owner_arn=user.owner_arn,
        user_id=user_id,
        account=user.account,
        context={
            "aws:principalarn": (arn,),
            "aws:principaltype": ("FederatedUser",),
            "aws:userid": (user_id,),
            **principal_tag_keys(tags),
            **_of_temporary_credentials(now),
        },
        session_policies=policies or (),
        issuer_id=user.user_id,
        transitive_tags={},
    )


def credentials_shown(issued: IssuedCredentials) -> dict[str, str | None]:
    """Return the member Credentials of an answer."""
    token = issued.session_token
    return {
        "AccessKeyId": issued.access_key_id,
        "SecretAccessKey": issued.secret_access_key.reveal(),
        "SessionToken": token.reveal() if token is not None else None,
        "Expiration": timestamp(issued.expiration or 0),
    }


def assumed_role_shown(issued: IssuedCredentials, packed_size: int | None) -> dict[str, Any]:
    """Return what the answers about assumed roles have in common."""
    principal = issued.principal
    shown: dict[str, Any] = {
        "Credentials": credentials_shown(issued),
        "AssumedRoleUser": {"AssumedRoleId": principal.user_id, "Arn": principal.arn},
    }
    if packed_size is not None:
        shown["PackedPolicySize"] = packed_size
    if "aws:sourceidentity" in principal.context:
        shown["SourceIdentity"] = principal.context["aws:sourceidentity"][0]
    return shown


def _of_temporary_credentials(now: float) -> dict[str, tuple[str, ...]]:
    return {"aws:tokenissuetime": (timestamp(now),), "aws:multifactorauthpresent": ("false",)}


def _lower(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in tags.items()}
