"""What STS and the authorizer need to know of IAM, behind a protocol that whoever stores it implements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.emulator.iam_state import OidcProvider
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


def owner_of(directory: Owners, principal: Principal) -> StoredRole | StoredUser | None:
    """Return the role or user whose policies apply to the principal.

    None when it is gone. IAM knows principals by their unique ids: a role or user made again under the name of a
    deleted one is another, and what was issued before has no permissions left (aws-semantics 5.2).
    """
    owner = directory.role(principal.owner_arn) or directory.user(principal.owner_arn)
    return owner if owner is not None and owner.unique_id == principal.owner_id else None


def principal_keys(principal: Principal, owner: StoredRole | StoredUser | None) -> dict[str, tuple[str, ...]]:
    """Return the condition keys about the principal itself: those of its session, over the tags its user has now."""
    tags = owner.tags if isinstance(owner, StoredUser) else {}
    return {**principal_tag_keys(tags), **principal.context}


def principal_tag_keys(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return tags as the condition keys aws:PrincipalTag/KEY, whose names are the same in any letter case."""
    return {f"aws:principaltag/{key.lower()}": (value,) for key, value in tags.items()}
