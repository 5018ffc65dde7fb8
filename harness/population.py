"""Tenants, users and the markers in their data, all from one seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from faker import Faker

from harness.secret import Secret

if TYPE_CHECKING:
    from harness.blueprints.spec import Contract

STAFF = "staff"
_MINIMUM_TENANTS = 2


@dataclass(frozen=True, order=True, slots=True)
class Caller:
    """Who acts or owns: a tenant id (`t1`, or `staff` for users of no tenant) and a persona of the contract."""

    tenant: str
    persona: str

    def __str__(self) -> str:
        return f"{self.tenant} ({self.persona})"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant: the id that stands in test ids, and a name for people to read."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A user to be made. Guests have neither user name nor password: they are devices that never signed in."""

    caller: Caller
    username: str
    password: Secret | None


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody who takes part in a run. `run_secret` keeps markers and passwords of two runs apart."""

    seed: int
    run_secret: Secret
    tenants: tuple[Tenant, ...]
    users: tuple[User, ...]

    def tenant_name(self, tenant_id: str) -> str:
        """Return the name people read; staff are called by their id."""
        return next((tenant.name for tenant in self.tenants if tenant.id == tenant_id), tenant_id)

    def marker(self, owner: Caller, asset: str) -> str:
        """Return the canary of one asset: random to everybody who does not hold the run's secret."""
        return "canary-" + self.derive("marker", owner.tenant, owner.persona, asset)[:40]

    def derive(self, *parts: str) -> str:
        """Return 64 hexadecimal digits that depend on the seed, the run's secret and the parts."""
        text = "\x1f".join((str(self.seed), self.run_secret.reveal(), *parts))
        return hashlib.sha256(text.encode()).hexdigest()


def tenant_ids(count: int) -> tuple[str, ...]:
    """Return `t1`, `t2`, ... for that many tenants. Raises ValueError for fewer than two: isolation needs two."""
    if count < _MINIMUM_TENANTS:
        raise ValueError(f"isolation needs at least two tenants, not {count}")
    return tuple(f"t{number}" for number in range(1, count + 1))


def populate(contract: Contract, *, seed: int, tenants: int, run_secret: Secret) -> Population:
    """Return the population of a run: one user of every persona per tenant, and one of every staff persona.

    Names depend on the seed alone; passwords and markers on the seed and the run's secret.
    """
    fake = Faker("en_US")
    fake.seed_instance(seed)
    made = tuple(Tenant(tenant_id, fake.unique.company()) for tenant_id in tenant_ids(tenants))
    homes = [(tenant.id, persona) for tenant in made for persona in contract.personas if not persona.staff]
    homes += [(STAFF, persona) for persona in contract.personas if persona.staff]
    drafted = Population(seed, run_secret, made, ())
    users = []
    for home, persona in homes:
        caller = Caller(home, persona.name)
        # The caller makes user names unique; Faker makes them look like the real thing.
        username = f"{fake.user_name()}.{home}-{persona.name}"
        password = Secret("Aa1!" + drafted.derive("password", username)[:24])
        users.append(User(caller, username, password))
    return Population(seed, run_secret, made, tuple(users))
