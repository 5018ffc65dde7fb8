"""IAM as the policy engine needs it: roles, users and managed policies of every account, compiled once per change."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from harness.emulator.iam.documents import shown_trust
from harness.emulator.roles import StoredRole, StoredUser
from harness.policy import Policy, PolicyKind, parse_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.emulator.iam.state import IamState, OidcProvider, Owner, Role, User

_ACCOUNT_FIELD = 4
_COMPILED_DOCUMENTS = 8192


class Directories:
    """The IAM of all accounts of one embedded cloud: whichever account an ARN names is asked about it."""

    def __init__(self, states: dict[str, IamState] | None = None, before: int = 0) -> None:
        """`states` are those of accounts known already, and `before` what their generations are added to."""
        self._states: dict[str, IamState] = {} if states is None else states
        self._before = before
        self._compiled_at = 0
        self._roles: dict[str, StoredRole | None] = {}
        self._users: dict[str, StoredUser | None] = {}

    def add(self, state: IamState) -> None:
        """Take in the IAM of an account."""
        self._states[state.account] = state

    def clear(self) -> None:
        """Forget every account."""
        self._before = self.generation + 1
        self._states.clear()

    @property
    def generation(self) -> int:
        """A number that changes whenever IAM changes in any account."""
        return self._before + sum(state.generation for state in self._states.values())

    def role(self, arn: str) -> StoredRole | None:
        """Return the role with this ARN, path included, or None."""
        self._forget_what_changed()
        if arn not in self._roles:
            role = self._stored_role(arn)
            self._roles[arn] = None if role is None else self._compiled_role(role)
        return self._roles[arn]

    def user(self, arn: str) -> StoredUser | None:
        """Return the IAM user with this ARN, or None."""
        self._forget_what_changed()
        if arn not in self._users:
            user = self._stored_user(arn)
            self._users[arn] = None if user is None else self._compiled_user(user)
        return self._users[arn]

    def session_policy(self, arn: str) -> Policy | None:
        """Return a managed policy, of an account or of AWS, as a session policy; None when it does not exist."""
        state = self._states.get(_account_in(arn)) or next(iter(self._states.values()), None)
        policy = None if state is None else state.find_policy(arn)
        return None if policy is None else _compiled(policy.document, PolicyKind.SESSION, arn)

    def oidc_provider(self, arn: str) -> OidcProvider | None:
        """Return the OIDC provider with this ARN, or None."""
        state = self._states.get(_account_in(arn))
        return None if state is None else state.providers.get(arn)

    def id_of(self, arn: str) -> str | None:
        """Return the unique id of the role or user that has this ARN now, or None."""
        owner = self._stored_role(arn) or self._stored_user(arn)
        return None if owner is None else owner.id

    def arn_of(self, entity_id: str) -> str | None:
        """Return the ARN of the role or user with this unique id, or None when it is gone."""
        return next((owner.arn for owner in self._principals() if owner.id == entity_id), None)

    def _principals(self) -> Iterator[Owner]:
        for state in self._states.values():
            yield from state.roles.values()
            yield from state.users.values()

    def _stored_role(self, arn: str) -> Role | None:
        state = self._states.get(_account_in(arn))
        role = None if state is None else state.roles.get(arn.rpartition("/")[2])
        return role if role is not None and role.arn == arn else None

    def _stored_user(self, arn: str) -> User | None:
        state = self._states.get(_account_in(arn))
        user = None if state is None else state.users.get(arn.rpartition("/")[2])
        return user if user is not None and user.arn == arn else None

    def _forget_what_changed(self) -> None:
        if self._compiled_at != self.generation:
            self._roles.clear()
            self._users.clear()
            self._compiled_at = self.generation

    def _compiled_role(self, role: Role) -> StoredRole:
        return StoredRole(
            arn=role.arn,
            role_id=role.id,
            name=role.name,
            trust=_compiled(shown_trust(role.trust, self), PolicyKind.TRUST, f"{role.name}/trust"),
            identity_policies=self._identity_policies(role),
            boundary=self._boundary(role),
            max_session_duration=role.max_session_duration,
            tags=dict(role.tags),
        )

    def _compiled_user(self, user: User) -> StoredUser:
        groups = [self._states[user.account].groups[name] for name in user.groups]
        policies = tuple(policy for owner in (user, *groups) for policy in self._identity_policies(owner))
        return StoredUser(
            arn=user.arn,
            user_id=user.id,
            name=user.name,
            identity_policies=policies,
            boundary=self._boundary(user),
            tags=dict(user.tags),
        )

    def _identity_policies(self, owner: Owner) -> tuple[Policy, ...]:
        inline = (
            _compiled(document, PolicyKind.IDENTITY, f"{owner.name}/{name}")
            for name, document in sorted(owner.inline.items())
        )
        state = self._states[owner.account]
        attached = (_compiled(state.policy(arn).document, PolicyKind.IDENTITY, arn) for arn in owner.attached)
        return (*inline, *attached)

    def _boundary(self, owner: Owner) -> tuple[Policy, ...] | None:
        if owner.boundary is None:
            return None
        document = self._states[owner.account].policy(owner.boundary).document
        return (_compiled(document, PolicyKind.BOUNDARY, owner.boundary),)


@lru_cache(maxsize=_COMPILED_DOCUMENTS)
def _compiled(document: str, kind: PolicyKind, name: str) -> Policy:
    return parse_policy(document, kind=kind, name=name)


def _account_in(arn: str) -> str:
    parts = arn.split(":")
    return parts[_ACCOUNT_FIELD] if len(parts) > _ACCOUNT_FIELD else ""
