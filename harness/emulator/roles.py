"""What STS needs to know of IAM: roles and users, behind a protocol that whoever stores them implements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

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


@dataclass(frozen=True, slots=True)
class StoredUser:
    """An IAM user: what it may do, and its tags. `boundary` is None without one."""

    arn: str
    user_id: str
    name: str
    identity_policies: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class RoleDirectory(Protocol):
    """Finds roles and users by ARN."""

    def role(self, arn: str) -> StoredRole | None:
        """Return the role with this ARN, path included, or None."""

    def user(self, arn: str) -> StoredUser | None:
        """Return the IAM user with this ARN, or None."""
