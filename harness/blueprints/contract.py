"""The contract of a blueprint: who may do what to whose assets, declared independently of the policies."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  blueprint files are checked by these types at run time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Document = dict[str, Any]

_Tenant = TypeVar("_Tenant")


class Effect(StrEnum):
    """What a technique does when it is allowed."""

    READ = "read"
    WRITE = "write"
    SESSION = "session"


class SignIn(StrEnum):
    """How a persona gets its AWS credentials."""

    IDENTITY_POOL = "identity-pool"  # a password at the user pool, then the enhanced flow of the identity pool
    GUEST = "guest"  # the identity pool alone, without any token
    API = "api"  # a password at the user pool, then a route of the design's API hands out credentials
    WEB_IDENTITY = "web-identity"  # the classic flow: the application itself calls AssumeRoleWithWebIdentity
    IAM_USER = "iam-user"  # access keys of an IAM user of the person's own
    TOKENS = "tokens"  # a password at the user pool alone: the contract gives tokens, and no AWS credentials


class Reach(StrEnum):
    """Whose assets a grant covers."""

    OWN = "own"  # those of the tenants the user belongs to
    SHARED = "shared"  # those that belong to no tenant
    ANY = "any"  # everybody's, shared ones included


@dataclass(frozen=True)
class Persona:
    """A kind of user. One of each is made per tenant, or one in all for staff, who belong to no tenant.

    `groups` and the names and values of `attributes` may hold `{tenant}`, which makes one of each tenant the user
    belongs to; users who `signs_up` do not bring the attributes along, but get them by signing up. `spans` is the
    number of tenants that one user belongs to: the own one and those next in the ring. `role` is the role of the design
    that the sessions have, `custom_role` the one they ask for by CustomRoleArn; a session that asks for a role is
    for the own tenant alone, whatever other tenants the user belongs to. `session_policy` is what the application
    passes where it assumes the role itself (SignIn.WEB_IDENTITY).
    """

    name: str
    sign_in: SignIn
    groups: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    staff: bool = False
    signs_up: bool = False
    spans: int = 1
    role: str = ""
    custom_role: str = ""
    session_policy: Document | None = None

    def tenants_of_session(self, homes: Sequence[_Tenant]) -> tuple[_Tenant, ...]:
        """Return which of the tenants that a user belongs to, the own one first, one session of it is for."""
        return tuple(homes[:1] if self.custom_role else homes)

    @property
    def has_tokens(self) -> bool:
        """Tell whether the persona signs in at the user pool, and so holds tokens."""
        return self.sign_in not in (SignIn.GUEST, SignIn.IAM_USER)


@dataclass(frozen=True)
class Grant:
    """One thing the contract gives: a persona may read or write the assets of one plane within its reach."""

    persona: str
    plane: str
    effect: Effect
    reach: Reach


@dataclass(frozen=True)
class ExpectedLeak:
    """A leak that the blueprint declares with its reason. It is shown, does not fail a run, and must not vanish.

    `victim_persona` is empty for techniques that are aimed at nobody's assets.
    """

    technique: str
    reason: str
    victim_persona: str = ""


@dataclass(frozen=True)
class Contract:
    """Who may do what to whose assets. It is the ground truth."""

    personas: tuple[Persona, ...]
    grants: tuple[Grant, ...]
    expected_leaks: tuple[ExpectedLeak, ...] = ()

    def persona(self, name: str) -> Persona:
        """Return the persona of this name. Raises KeyError when there is none."""
        return {persona.name: persona for persona in self.personas}[name]

    def allows(self, persona: str, plane: str, effect: Effect, reach: Reach) -> bool:
        """Tell whether the persona may do this to every asset of that reach; whoever may reach any, may reach each."""
        if reach is Reach.OWN and self.persona(persona).staff:
            return False
        return any(
            (grant.persona, grant.plane, grant.effect) == (persona, plane, effect) and grant.reach in (reach, Reach.ANY)
            for grant in self.grants
        )

    def expected_leak(self, technique: str, victim_persona: str) -> ExpectedLeak | None:
        """Return the declaration that covers this attack, if there is one."""
        for leak in self.expected_leaks:
            if (leak.technique, leak.victim_persona) == (technique, victim_persona):
                return leak
        return None
