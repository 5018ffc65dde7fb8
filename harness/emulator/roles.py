"""What STS and the authorizer need to know of IAM, behind a protocol that whoever stores it implements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from harness.policy import PolicySet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.iam.state import OidcProvider
    from harness.emulator.principals import Principal
    from harness.policy import Policy


@dataclass(frozen=True, slots=True)
class StoredRole:
    """A role: its trust policy, what its sessions may do at most, and its tags. `boundary` is None without one."""

    arn: str
    role_id: str
    name: str
    trust: Policy
    identity_policies: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] | None = None
    max_session_duration: int = 3600
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account the role belongs to, which its sessions belong to as well."""
        return self.arn.split(":")[4]

    @property
    def unique_id(self) -> str:
        """The id that tells the role from others that had its name before."""
        return self.role_id


@dataclass(frozen=True, slots=True)
class StoredUser:
    """An IAM user: what it may do, and its tags. `boundary` is None without one."""

    arn: str
    user_id: str
    name: str
    identity_policies: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def unique_id(self) -> str:
        """The id that tells the user from others that had its name before."""
        return self.user_id


class Owners(Protocol):
    """Finds roles and users of any account by ARN."""

    def role(self, arn: str) -> StoredRole | None:
        """Return the role with this ARN, path included, or None."""

    def user(self, arn: str) -> StoredUser | None:
        """Return the IAM user with this ARN, or None."""


class RoleDirectory(Owners, Protocol):
    """Finds managed policies and OIDC providers of any account too."""

    def session_policy(self, arn: str) -> Policy | None:
        """Return a managed policy as a session policy, or None when it does not exist."""

    def oidc_provider(self, arn: str) -> OidcProvider | None:
        """Return the OIDC provider with this ARN, or None."""


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """A principal as IAM knows it at this moment: what its policies are, and by which names policies can mean it.

    `keys` are the condition keys about the principal itself. A federated user also has the ARN of its `issuer`.
    """

    arn: str
    issuer: str
    keys: Mapping[str, tuple[str, ...]]
    policies: PolicySet


def known_caller(directory: Owners, principal: Principal) -> KnownCaller:
    """Return what IAM knows of the principal.

    IAM knows principals by their unique ids (aws-semantics 5.2): a role or user made again under the name of a deleted
    one is another. What was issued before has no permissions left, and no policy means it by the old ARN.
    """
    owner = directory.role(principal.owner_arn) or directory.user(principal.owner_arn)
    if owner is not None and owner.unique_id != principal.owner_id:
        owner = None
    policies = PolicySet(
        identity=() if owner is None else owner.identity_policies,
        boundary=None if owner is None else owner.boundary,
        session=principal.session_policies,
    )
    tags = owner.tags if isinstance(owner, StoredUser) else {}
    keys = {**principal_tag_keys(tags), **principal.context}
    if owner is not None or principal.is_root:
        issuer = principal.owner_arn if principal.is_federated_user else ""
        return KnownCaller(principal.arn, issuer, keys, policies)
    gone = f"arn:aws:iam::{principal.account}:role/{principal.owner_id}"
    session = f"arn:aws:sts::{principal.account}:assumed-role/{principal.owner_id}/session"
    return KnownCaller(session, "", {**keys, "aws:principalarn": (gone,)}, policies)


def principal_tag_keys(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return tags as the condition keys aws:PrincipalTag/KEY, whose names are the same in any letter case."""
    return {f"aws:principaltag/{key.lower()}": (value,) for key, value in tags.items()}


def role_tag_keys(role: StoredRole) -> dict[str, tuple[str, ...]]:
    """Return the tags of a role as the condition keys of a request that is about the role."""
    return {
        f"{prefix}/{key.lower()}": (value,)
        for prefix in ("aws:resourcetag", "iam:resourcetag")
        for key, value in role.tags.items()
    }
