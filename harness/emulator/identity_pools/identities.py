"""The identities of identity pools: whose they are, how logins are linked to them, and how two become one.

Rules and evidence: aws-semantics 3.1. Which of two merged identities stays is an assumption, noted in `unconfirmed`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.emulator.faults import Fault
from harness.emulator.service import NotDerivableError, ServiceError
from harness.emulator.unconfirmed import identity_pools as unconfirmed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from harness.emulator.clock import Clock
    from harness.emulator.identity_pools.login_tokens import Login
    from harness.emulator.identity_pools.settings import IdentityPool

_LINKED_LOGINS = 20


@dataclass(slots=True)
class Identity:
    """One identity: the subjects per provider that it belongs to, none for a guest.

    Only a developer provider can have several subjects. A disabled identity belongs to nobody any more: it lost its
    last login, or was merged into another, `merged_into`.
    """

    id: str
    pool_id: str
    created: float
    modified: float
    logins: dict[str, list[str]] = field(default_factory=dict)
    disabled: bool = False
    merged_into: Identity | None = None


class Identities:
    """The identities of all pools of one account in one Region."""

    def __init__(self, region: str, clock: Clock, faults: Collection[Fault]) -> None:
        self._region = region
        self._clock = clock
        self._faults = faults
        self._identities: dict[str, Identity] = {}
        self._owners: dict[tuple[str, str, str], Identity] = {}

    def new(self, pool: IdentityPool) -> Identity:
        """Return a new identity, a guest's until a login is linked to it."""
        now = self._clock.now()
        identity = Identity(f"{self._region}:{uuid.uuid4()}", pool.id, now, now)
        self._identities[identity.id] = identity
        return identity

    def of_login(self, pool_id: str, provider: str, subject: str) -> Identity | None:
        """Return the identity a login belongs to in a pool, or None."""
        return self._owners.get((pool_id, provider, subject))

    def holds(self, identity_id: object) -> bool:
        """Tell whether there is such an identity."""
        return identity_id in self._identities

    def named(self, identity_id: str) -> Identity:
        """Return the identity; raises ServiceError ResourceNotFoundException."""
        if identity_id not in self._identities:
            raise ServiceError("ResourceNotFoundException", f"Identity '{identity_id}' not found.")
        return self._identities[identity_id]

    def in_pool(self, pool: IdentityPool) -> list[Identity]:
        """Return the identities of a pool, oldest first."""
        return [each for each in self._identities.values() if each.pool_id == pool.id]

    def delete(self, identity: Identity) -> None:
        """Remove an identity with its logins."""
        del self._identities[identity.id]
        self._owners = {key: each for key, each in self._owners.items() if each is not identity}

    def forget_pool(self, pool: IdentityPool) -> None:
        """Remove everything that belongs to a deleted pool."""
        self._identities = {key: each for key, each in self._identities.items() if each.pool_id != pool.id}
        self._owners = {key: each for key, each in self._owners.items() if each.pool_id != pool.id}

    def check_guest(self, identity: Identity) -> None:
        """Return when the identity may be used without a login; raises ServiceError NotAuthorizedException."""
        if (identity.logins or identity.disabled) and Fault.SKIP_IDENTITY_OWNERSHIP not in self._faults:
            raise ServiceError("NotAuthorizedException", f"Access to Identity '{identity.id}' is forbidden.")

    def for_logins(self, pool: IdentityPool, logins: Sequence[Login]) -> Identity:
        """Return the identity the logins belong to, linking those seen for the first time and merging several.

        Raises ServiceError ResourceConflictException when that would link two logins of one public provider.
        """
        owners = self._owners_of(pool, logins)
        identity = owners[0] if owners else self.new(pool)
        return self._united(pool, identity, logins)

    def opened(self, pool: IdentityPool, identity: Identity, logins: Sequence[Login]) -> Identity:
        """Return the identity that a request which names one and brings logins may use.

        That is the named one, or the one it was merged into. A guest's identity is linked to its first logins.
        Raises ServiceError NotAuthorizedException when the identity belongs to other logins alone, and
        ResourceConflictException as `for_logins` does.
        """
        if Fault.SKIP_IDENTITY_OWNERSHIP in self._faults:
            return identity
        while identity.merged_into is not None:
            identity = identity.merged_into
        mine = any(owner is identity for owner in self._owners_of(pool, logins))
        if identity.disabled or (identity.logins and not mine):
            raise logins_do_not_match()
        return self._united(pool, identity, logins)

    def link(self, identity: Identity, provider: str, subject: str) -> None:
        """Make a login one of the identity's."""
        subjects = identity.logins.setdefault(provider, [])
        if subject not in subjects:
            if sum(map(len, identity.logins.values())) >= _LINKED_LOGINS:
                raise NotDerivableError("an identity with more than 20 logins")
            subjects.append(subject)
            identity.modified = self._clock.now()
        self._owners[identity.pool_id, provider, subject] = identity

    def unlink(self, identity: Identity, provider: str, subject: str) -> None:
        """Take a login from the identity; without any it is disabled, and the login is new when it is seen again."""
        identity.logins[provider].remove(subject)
        del self._owners[identity.pool_id, provider, subject]
        identity.logins = {name: subjects for name, subjects in identity.logins.items() if subjects}
        identity.disabled = not identity.logins
        identity.modified = self._clock.now()

    def merge(self, source: Identity, into: Identity, several: Collection[str] = ()) -> None:
        """Give the logins of one identity to another and disable the first.

        Raises ServiceError ResourceConflictException where both have a login of a provider that is not among `several`.
        """
        for provider, subjects in source.logins.items():
            if provider not in several and set(into.logins.get(provider, subjects)) != set(subjects):
                raise ServiceError("ResourceConflictException", unconfirmed.LOGIN_CONFLICT)
        moved = {provider: list(subjects) for provider, subjects in source.logins.items()}
        source.logins, source.disabled, source.modified = {}, True, self._clock.now()
        source.merged_into = into
        for provider, subjects in moved.items():
            for subject in subjects:
                self.link(into, provider, subject)

    def _owners_of(self, pool: IdentityPool, logins: Sequence[Login]) -> list[Identity]:
        owners = {
            owner.id: owner
            for login in logins
            if (owner := self.of_login(pool.id, login.provider, login.subject)) is not None
        }
        return sorted(owners.values(), key=lambda owner: owner.created)

    def _united(self, pool: IdentityPool, identity: Identity, logins: Sequence[Login]) -> Identity:
        several = {pool.developer_provider} if pool.developer_provider else set()
        for login in logins:
            held = identity.logins.get(login.provider, [login.subject])
            if login.subject not in held and login.provider not in several:
                raise ServiceError("ResourceConflictException", unconfirmed.LOGIN_CONFLICT)
        for owner in self._owners_of(pool, logins):
            if owner is not identity:
                self.merge(owner, identity, several)
        for login in logins:
            self.link(identity, login.provider, login.subject)
        return identity


def logins_do_not_match() -> ServiceError:
    """Return the error for logins that are not those of the identity (aws-semantics 3.7)."""
    return ServiceError(
        "NotAuthorizedException",
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
    )
