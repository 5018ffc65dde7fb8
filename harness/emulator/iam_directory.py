"""IAM roles and users as the policy engine needs them: read from moto's store, compiled once per change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.sts import StoredRole, StoredUser
from harness.policy import MalformedPolicyDocument, PolicyKind, parse_policy

if TYPE_CHECKING:
    from harness.emulator.moto_adapter import MotoAdapter
    from harness.policy import Policy

# Condition keys that AWS defines for these services but whose values this emulator does not hold.
_KEYS_NOT_HELD = re.compile(
    r"(?:aws:ResourceTag/|s3:ExistingObjectTag/|s3:RequestObjectTag|aws:ResourceOrg)", re.IGNORECASE
)

_ACCOUNT_FIELD = 4


class IamDirectory:
    """What STS and the authorizer look up. `invalidate` must follow every change of IAM."""

    def __init__(self, moto: MotoAdapter, account: str) -> None:
        self._moto = moto
        self._account = account
        self._roles: dict[str, StoredRole] = {}
        self._users: dict[str, StoredUser] = {}
        self.generation = 0

    def invalidate(self) -> None:
        """Forget compiled policies, because a role, a user or one of their policies changed."""
        self._roles.clear()
        self._users.clear()
        self.generation += 1

    def role(self, arn: str) -> StoredRole | None:
        """Return the role with this ARN, path included, or None."""
        if arn not in self._roles:
            state = self._moto.iam_state()
            for role in state.roles.values():
                if role.arn == arn:
                    self._roles[arn] = self._compile_role(role)
        return self._roles.get(arn)

    def user(self, arn: str) -> StoredUser | None:
        """Return the IAM user with this ARN, or None."""
        if arn not in self._users:
            for user in self._moto.iam_state().users.values():
                if user.arn == arn:
                    self._users[arn] = self._compile_user(user)
        return self._users.get(arn)

    def path_of(self, kind: str, name: str) -> str | None:
        """Return the path of the "role" or "user" with this name, or None if there is none."""
        state = self._moto.iam_state()
        stored = state.roles.values() if kind == "role" else state.users.values()
        return next((str(owner.path) for owner in stored if owner.name == name), None)

    def _compile_role(self, role: Any) -> StoredRole:
        return StoredRole(
            arn=role.arn,
            role_id=role.id,
            name=role.name,
            trust=parse_policy(role.assume_role_policy_document, kind=PolicyKind.TRUST, name=f"{role.name}/trust"),
            identity_policies=_identity_policies(role.name, role.policies),
            boundary=None,
            max_session_duration=int(role.max_session_duration or 3600),
            tags={},
        )

    def _compile_user(self, user: Any) -> StoredUser:
        return StoredUser(
            arn=user.arn,
            user_id=user.id,
            name=user.name,
            identity_policies=_identity_policies(user.name, user.policies),
            boundary=None,
            tags={},
        )


class Directories:
    """The IAM of every account of one embedded cloud, as one: whoever owns an ARN is asked about it."""

    def __init__(self) -> None:
        self._by_account: dict[str, IamDirectory] = {}
        self._before = 0

    def add(self, account: str, directory: IamDirectory) -> None:
        """Take in the IAM of an account."""
        self._by_account[account] = directory

    def clear(self) -> None:
        """Forget every account."""
        self._before = self.generation + 1
        self._by_account.clear()

    @property
    def generation(self) -> int:
        """A number that changes whenever IAM changes in any account."""
        return self._before + sum(directory.generation for directory in self._by_account.values())

    def role(self, arn: str) -> StoredRole | None:
        """Return the role with this ARN, path included, or None."""
        directory = self._by_account.get(_account_in(arn))
        return None if directory is None else directory.role(arn)

    def user(self, arn: str) -> StoredUser | None:
        """Return the IAM user with this ARN, or None."""
        directory = self._by_account.get(_account_in(arn))
        return None if directory is None else directory.user(arn)


def _account_in(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > _ACCOUNT_FIELD else ""


def _identity_policies(owner: str, documents: dict[str, str]) -> tuple[Policy, ...]:
    return tuple(
        parse_policy(document, kind=PolicyKind.IDENTITY, name=f"{owner}/{name}")
        for name, document in sorted(documents.items())
    )


def check_document(document: str, kind: PolicyKind) -> None:
    """Refuse a policy document that IAM would refuse, or that conditions on something this emulator does not hold."""
    try:
        parse_policy(document, kind=kind)
    except MalformedPolicyDocument as error:
        raise ServiceError("MalformedPolicyDocument", str(error)) from None
    if found := _KEYS_NOT_HELD.search(document):
        raise NotDerivableError(f"the condition key {found[0]}")
