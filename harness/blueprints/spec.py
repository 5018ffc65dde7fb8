"""The types of a blueprint: an isolation design as pure data, with its contract and its weaknesses beside it.

Documents inside a blueprint may name what only exists once it is deployed: `@{table.NAME.arn}`, `@{bucket.NAME.arn}`,
`@{bucket.NAME.name}`, `@{identity_pool.id}`, `@{role.NAME.arn}` and `@{account}` are filled in by the deployment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Document = dict[str, Any]


class Effect(StrEnum):
    """What a technique does when it is allowed."""

    READ = "read"
    WRITE = "write"
    SESSION = "session"


class SignIn(StrEnum):
    """How a persona gets its session."""

    USER_POOL = "user-pool"
    GUEST = "guest"


class Reach(StrEnum):
    """Whose assets a grant covers."""

    OWN = "own"
    ANY = "any"


@dataclass(frozen=True)
class Persona:
    """A kind of user. One of each is made per tenant, or one in all for staff, who belong to no tenant."""

    name: str
    sign_in: SignIn
    groups: tuple[str, ...] = ()
    staff: bool = False


@dataclass(frozen=True)
class Grant:
    """One thing the contract gives: a persona may read or write assets of one plane, its own or anybody's."""

    persona: str
    plane: str
    effect: Effect
    reach: Reach


@dataclass(frozen=True)
class ExpectedLeak:
    """A leak that the blueprint declares with its reason. It is shown, does not fail a run, and must not vanish."""

    technique: str
    victim_persona: str
    reason: str


@dataclass(frozen=True)
class Contract:
    """Who may do what to whose assets, declared independently of the policies. It is the ground truth."""

    personas: tuple[Persona, ...]
    grants: tuple[Grant, ...]
    expected_leaks: tuple[ExpectedLeak, ...] = ()

    def persona(self, name: str) -> Persona:
        """Return the persona of this name. Raises KeyError when there is none."""
        return {persona.name: persona for persona in self.personas}[name]

    def allows_foreign(self, persona: str, plane: str, effect: Effect) -> bool:
        """Tell whether the persona may do this to assets that belong to somebody else."""
        return any(
            grant.persona == persona and grant.plane == plane and grant.effect == effect and grant.reach is Reach.ANY
            for grant in self.grants
        )

    def allows_own(self, persona: str, plane: str, effect: Effect) -> bool:
        """Tell whether the persona may do this to assets of its own."""
        return not self.persona(persona).staff and any(
            grant.persona == persona and grant.plane == plane and grant.effect == effect for grant in self.grants
        )

    def expected_leak(self, technique: str, victim_persona: str) -> ExpectedLeak | None:
        """Return the declaration that covers this attack, if there is one."""
        for leak in self.expected_leaks:
            if (leak.technique, leak.victim_persona) == (technique, victim_persona):
                return leak
        return None


@dataclass(frozen=True)
class AppClientSpec:
    """An app client of the user pool. `identity_provider` registers it with the identity pool."""

    name: str
    identity_provider: bool
    id_token_minutes: int = 60


@dataclass(frozen=True)
class GroupSpec:
    """A user-pool group with the role and the precedence it gives."""

    name: str
    role: str
    precedence: int


@dataclass(frozen=True)
class RoleSpec:
    """An IAM role: its trust policy and its inline policies by name."""

    name: str
    trust: Document
    policies: Mapping[str, Document]


@dataclass(frozen=True)
class IdentityPoolSpec:
    """An identity pool: who gets credentials for which role.

    `trusts_outsiders` registers a foreign user pool as a provider; no sound blueprint does.
    """

    authenticated_role: str
    unauthenticated_role: str | None
    roles_from_token: bool
    ambiguous_role_resolution: str = "AuthenticatedRole"
    allow_classic_flow: bool = False
    trusts_outsiders: bool = False


@dataclass(frozen=True)
class Weakness:
    """A named hole: a change of the blueprint's data, and the techniques that must then leak.

    `change` maps a sound blueprint to the weakened one; attacks never see it.
    """

    id: str
    title: str
    change: Callable[[Blueprint], Blueprint]
    leaks: tuple[str, ...]


@dataclass(frozen=True)
class Blueprint:
    """An isolation design. The table's key is PK (string) and SK (string); objects live in one bucket."""

    name: str
    title: str
    source: str
    app_clients: tuple[AppClientSpec, ...]
    groups: tuple[GroupSpec, ...]
    roles: tuple[RoleSpec, ...]
    identity_pool: IdentityPoolSpec
    table: str
    bucket: str
    contract: Contract
    weaknesses: tuple[Weakness, ...] = field(default=(), compare=False)

    def weakness(self, weakness_id: str) -> Weakness:
        """Return the weakness of this id. Raises KeyError when the blueprint has none."""
        return {weakness.id: weakness for weakness in self.weaknesses}[weakness_id]
