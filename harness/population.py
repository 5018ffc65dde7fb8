"""Tenants, users and the markers in their data, all from one seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from faker import Faker

from harness.blueprints.contract import SignIn
from harness.blueprints.spec import TenantKeys
from harness.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint

# Homes of callers that are no tenant's: users who belong to none, and the owner of what belongs to nobody.
STAFF = "staff"
SHARED = "shared"
_MINIMUM_TENANTS = 2
# What real names bring along: users and organisations are called so in turn.
_USERNAME_ENDS = ("", "+news", ".müller", ".東京", "_o'neil")
_ORGANISATION_ENDS = ("", " & Söhne", " #2", "/EU", " 株式会社")
# Keys that people choose: one is the beginning of the next.
_CHOSEN_KEY_ENDS = ("", "2", "-2", "-beta")
# Behind the key of any tenant it makes a key that is nobody's.
NOBODYS_ENDING = "22"


@dataclass(frozen=True, order=True, slots=True)
class Caller:
    """Who acts or owns: a tenant id (`t1`, or `staff` for users of no tenant) and a persona of the contract."""

    tenant: str
    persona: str

    def __str__(self) -> str:
        return f"{self.tenant} ({self.persona})"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant: the id that stands in test ids, the key by which the design knows it, and a name for people to read.

    `chosen` tells that somebody has chosen the key for this tenant: in a design that assigns keys the operator gives it
    in place of the design, and IAM users are called after it.
    """

    id: str
    key: str
    name: str
    chosen: bool = False

    @property
    def handle(self) -> str:
        """Return how the labels of its users begin: the key that somebody has chosen, the id otherwise."""
        return self.key if self.chosen else self.id


@dataclass(frozen=True, slots=True)
class User:
    """A user to be made, and the tenants it belongs to, the own one first.

    Guests have neither user name nor password: they are devices that never signed in.
    """

    caller: Caller
    tenants: tuple[Tenant, ...]
    username: str
    email: str
    password: Secret | None

    @property
    def label(self) -> str:
        """Return how documents call the user (`{user}`): by its own tenant and its persona."""
        return user_label(self.tenants[0].handle if self.tenants else self.caller.tenant, self.caller.persona)


@dataclass(frozen=True)
class Population:
    """Everybody who takes part in a run. `run_secret` keeps markers and passwords of two runs apart.

    `may_share_keys` tells of tenants whose keys a design may not tell apart; elsewhere all tenants call alike what is
    theirs.
    """

    seed: int
    run_secret: Secret
    tenants: tuple[Tenant, ...]
    users: tuple[User, ...]
    may_share_keys: bool = False

    def with_key(self, tenant_id: str, key: str) -> Population:
        """Return the population once the key of a tenant has become known."""
        known = {tenant.id: replace(tenant, key=key) for tenant in self.tenants if tenant.id == tenant_id}
        tenants = tuple(known.get(tenant.id, tenant) for tenant in self.tenants)
        users = tuple(
            replace(user, tenants=tuple(known.get(tenant.id, tenant) for tenant in user.tenants)) for user in self.users
        )
        return replace(self, tenants=tenants, users=users)

    def tenant(self, tenant_id: str) -> Tenant | None:
        """Return the tenant of this id, None for the homes of those who belong to none."""
        return next((tenant for tenant in self.tenants if tenant.id == tenant_id), None)

    def tenant_name(self, tenant_id: str) -> str:
        """Return the name people read; staff are called by their id."""
        tenant = self.tenant(tenant_id)
        return tenant_id if tenant is None else tenant.name

    def user(self, caller: Caller) -> User:
        """Return the user behind a caller. Raises KeyError when there is none."""
        return self._by_caller[caller]

    @cached_property
    def _by_caller(self) -> dict[Caller, User]:
        return {user.caller: user for user in self.users}

    def folder(self, owner: Caller) -> str:
        """Return what the names of an owner's assets begin with, inside whatever it shares with others."""
        return f"{owner.tenant}-{owner.persona}" if self.may_share_keys else owner.persona

    def marker(self, owner: Caller, asset: str) -> str:
        """Return the canary of one asset: random to everybody who does not hold the run's secret."""
        return "canary-" + self.derive("marker", owner.tenant, owner.persona, asset)[:40]

    def derive(self, *parts: str) -> str:
        """Return 64 hexadecimal digits that depend on the seed, the run's secret and the parts."""
        return _derived(str(self.seed), self.run_secret.reveal(), *parts)


def user_label(tenant: str, persona: str) -> str:
    """Return how documents call a user: by its tenant's id, or the key that was chosen for it, and its persona."""
    return f"{tenant}-{persona}"


def tenant_ids(count: int) -> tuple[str, ...]:
    """Return `t1`, `t2`, ... for that many tenants. Raises ValueError for fewer than two: isolation needs two."""
    if count < _MINIMUM_TENANTS:
        raise ValueError(f"isolation needs at least two tenants, not {count}")
    return tuple(f"t{number}" for number in range(1, count + 1))


def homes_of(persona: Persona, home: str, tenants: int) -> tuple[str, ...]:
    """Return the ids of the tenants that a user of the persona belongs to, the own one first; none for staff."""
    if persona.staff:
        return ()
    everybody = tenant_ids(tenants)
    start = everybody.index(home)
    return tuple(everybody[(start + step) % tenants] for step in range(persona.spans))


def populate(blueprint: Blueprint, *, seed: int, tenants: int, run_secret: Secret) -> Population:
    """Return the population of a run: one user of every persona per tenant, and one of every staff persona.

    Names and the keys of tenants depend on the seed alone; passwords and markers on the seed and the run's secret.
    """
    fake = Faker("en_US")
    fake.seed_instance(seed)
    ids = tenant_ids(tenants)
    keys = _keys(blueprint.tenant_keys, seed, ids, fake)
    names = [fake.unique.company() + _ORGANISATION_ENDS[number % len(_ORGANISATION_ENDS)] for number in range(tenants)]
    made = {tenant_id: Tenant(tenant_id, key, name) for tenant_id, key, name in zip(ids, keys, names, strict=True)}
    personas = blueprint.contract.personas
    homes = [(tenant_id, persona) for tenant_id in ids for persona in personas if not persona.staff]
    homes += [(STAFF, persona) for persona in personas if persona.staff]
    users = tuple(
        _user(
            Caller(home, persona.name),
            persona,
            tuple(made[tenant_id] for tenant_id in homes_of(persona, home, tenants)),
            # The caller makes user names unique; Faker makes them look like the real thing.
            f"{fake.user_name()}.{home}-{persona.name}",
            number,
            (str(seed), run_secret.reveal()),
        )
        for number, (home, persona) in enumerate(homes)
    )
    return Population(seed, run_secret, tuple(made.values()), users)


def populate_with(tenants: Iterable[Tenant], persona: Persona, *, seed: int, run_secret: Secret) -> Population:
    """Return a population of these very tenants, whatever their keys, with one user of the persona in each."""
    everybody = tuple(tenants)
    users = tuple(
        _user(
            Caller(tenant.id, persona.name),
            persona,
            (tenant,),
            f"{tenant.id}-{persona.name}",
            number,
            (str(seed), run_secret.reveal()),
        )
        for number, tenant in enumerate(everybody)
    )
    return Population(seed, run_secret, everybody, users, may_share_keys=True)


def chosen_key(seed: int) -> str:
    """Return a key such as people choose: a family name in lower case, at most eight letters long."""
    fake = Faker("en_US")
    fake.seed_instance(seed)
    while True:
        key = _letters_of(fake)[:8]
        # A letter that other alphabets have as well, so that look-alikes can be made of it.
        if set("aeo") & set(key):
            return key


def _user(
    caller: Caller, persona: Persona, tenants: tuple[Tenant, ...], plain: str, number: int, secrets: tuple[str, str]
) -> User:
    username = plain + _USERNAME_ENDS[number % len(_USERNAME_ENDS)]
    password = "Aa1!" + _derived(*secrets, "password", username)[:24]
    return User(
        caller=caller,
        tenants=tenants,
        username=username,
        email=f"{plain}+isolation@example.com",
        password=None if persona.sign_in is SignIn.GUEST else Secret(password),
    )


def _keys(kind: TenantKeys, seed: int, ids: tuple[str, ...], fake: Faker) -> list[str]:
    if kind is TenantKeys.ASSIGNED:
        return [f"not-yet-assigned-{tenant_id}" for tenant_id in ids]
    if kind is TenantKeys.UUID:
        return [str(UUID(_derived(str(seed), "key", tenant_id)[:32], version=4)) for tenant_id in ids]
    keys: list[str] = []
    while len(keys) < len(ids):
        base = _letters_of(fake)[:12]
        keys += [base + end for end in _CHOSEN_KEY_ENDS]
    return keys[: len(ids)]


def _letters_of(fake: Faker) -> str:
    # Letters alone, so that a key can stand in the name of a bucket.
    return "".join(filter(str.isalpha, fake.unique.last_name().lower()))


def _derived(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
