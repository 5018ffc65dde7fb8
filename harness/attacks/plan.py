"""Which attempts a run makes: the contract crossed with the techniques, before anything is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.assets import PRIVATE
from harness.attacks.technique import ControlKind, Victim
from harness.blueprints.spec import Effect
from harness.population import STAFF, Caller, tenant_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.attacks.technique import Technique
    from harness.blueprints.spec import Blueprint, Contract, ExpectedLeak


class Pairs(StrEnum):
    """Which tenants attack which: each its neighbour (linear in tenants), or everybody everybody."""

    RING = "ring"
    ALL = "all"


class AttemptKind(StrEnum):
    """What an attempt is: an attack, or one of the three ways to show that a refusal means something."""

    ATTACK = "attack"
    OWN = "own"  # control: the caller aims at its own data
    ALLOWED = "allowed"  # control: a caller to whom the contract gives foreign data uses it
    OPERATOR = "operator"  # control: nobody in the design may, so the operator shows that the target can


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One technique in one direction. `victim` is the caller itself in a control on own data, None for nobody."""

    id: str
    blueprint: str
    technique: Technique
    kind: AttemptKind
    attacker: Caller
    victim: Caller | None
    expected_leak: ExpectedLeak | None = None

    def __repr__(self) -> str:
        # Allure builds a test's history from the repr of its parameters, which must not hold addresses.
        return self.id

    @property
    def is_control(self) -> bool:
        """Tell whether the attempt is expected to be allowed."""
        return self.kind is not AttemptKind.ATTACK

    @property
    def boundary(self) -> str:
        """Return the boundary of the contract on which the attempt stands."""
        return boundary(self.attacker.persona, self.technique)

    @property
    def asset_name(self) -> str:
        """Return the name of the asset aimed at; writes have one of their own, so that they disturb nobody."""
        if self.technique.effect is not Effect.WRITE:
            return PRIVATE
        if self.is_control:
            return own_asset_name(self.technique)
        return f"{self.technique.id}/from-{self.attacker.tenant}-{self.attacker.persona}"


def own_asset_name(technique: Technique) -> str:
    """Return the name of the asset with which callers show that the technique works on their own data."""
    return f"{technique.id}/own" if technique.effect is Effect.WRITE else PRIVATE


def boundary(persona: str, technique: Technique) -> str:
    """Return the name of a boundary: who is kept out of what, such as `member: dynamodb.read`."""
    if technique.effect is Effect.SESSION:
        return f"{persona}: {technique.plane}.session"
    return f"{persona}: {technique.plane}.{technique.effect}"


def attacks(blueprint: Blueprint, techniques: Iterable[Technique], tenants: int, pairs: Pairs) -> list[Attempt]:
    """Return every attempt that the contract forbids, in a stable order."""
    found: list[Attempt] = []
    contract = blueprint.contract
    for technique in techniques:
        for attacker in _callers(contract, tenants):
            if attacker.persona not in technique.personas:
                continue
            if _foreign_is_allowed(contract, attacker.persona, technique):
                continue
            found += _attacks_of(blueprint, technique, attacker, tenants, pairs)
    return found


def controls(blueprint: Blueprint, techniques: Iterable[Technique], tenants: int) -> list[Attempt]:
    """Return the attempts that show the techniques at work where the contract allows them."""
    found: list[Attempt] = []
    for technique in techniques:
        if technique.control is ControlKind.OWN:
            found += [
                own_control(blueprint, technique, caller)
                for caller in _callers(blueprint.contract, tenants)
                if is_own_control(blueprint.contract, technique, caller)
            ]
        found += allowed_controls(blueprint, technique, tenants)
        if technique.operator_steps is not None:
            found.append(operator_control(blueprint, technique))
    return found


def is_own_control(contract: Contract, technique: Technique, caller: Caller) -> bool:
    """Tell whether the caller can show the technique at work on what is its own."""
    if caller.persona not in technique.personas or caller.tenant == STAFF:
        return False
    if technique.effect is Effect.SESSION:
        return True
    return contract.allows_own(caller.persona, technique.plane, technique.effect)


def own_control(blueprint: Blueprint, technique: Technique, caller: Caller) -> Attempt:
    """Return the control in which the caller aims the technique at its own data."""
    name = f"{blueprint.name}-{technique.id}-{caller.persona}-own-{caller.tenant}"
    return Attempt(name, blueprint.name, technique, AttemptKind.OWN, caller, caller)


def operator_control(blueprint: Blueprint, technique: Technique) -> Attempt:
    """Return the control in which the operator shows that the target can do what the technique asks for."""
    name = f"{blueprint.name}-{technique.id}-operator-allowed"
    return Attempt(name, blueprint.name, technique, AttemptKind.OPERATOR, Caller("operator", "operator"), None)


def allowed_controls(blueprint: Blueprint, technique: Technique, tenants: int) -> list[Attempt]:
    """Return the attempts by staff to whom the contract gives what the technique takes."""
    found = []
    contract = blueprint.contract
    for persona in contract.personas:
        attacker = Caller(STAFF, persona.name)
        if not persona.staff:
            continue
        if technique.effect is Effect.SESSION:
            # The role that a technique asks for is given to staff alone, through the group that carries it.
            if technique.control is ControlKind.WITNESS and technique.operator_steps is None:
                name = f"{blueprint.name}-{technique.id}-{persona.name}-allowed-{STAFF}"
                found.append(Attempt(name, blueprint.name, technique, AttemptKind.ALLOWED, attacker, None))
        elif persona.name in technique.personas and contract.allows_foreign(
            persona.name, technique.plane, technique.effect
        ):
            found += [
                _allowed(blueprint, technique, attacker, victim) for victim in _victims(contract, technique, tenants)
            ]
    return found


def declared_boundaries(blueprint: Blueprint, techniques: Iterable[Technique]) -> tuple[tuple[str, str], ...]:
    """Return every boundary that the contract draws, as (blueprint, boundary), for the techniques given."""
    names = {
        boundary(persona.name, technique)
        for technique in techniques
        for persona in blueprint.contract.personas
        if persona.name in technique.personas
        and not _foreign_is_allowed(blueprint.contract, persona.name, technique)
        and not (technique.effect is Effect.SESSION and persona.staff)
    }
    return tuple((blueprint.name, name) for name in sorted(names))


def _allowed(blueprint: Blueprint, technique: Technique, attacker: Caller, victim: Caller) -> Attempt:
    name = (
        f"{blueprint.name}-{technique.id}-{attacker.persona}-allowed-on-{victim.persona}"
        f"-{attacker.tenant}-to-{victim.tenant}"
    )
    return Attempt(name, blueprint.name, technique, AttemptKind.ALLOWED, attacker, victim)


def _foreign_is_allowed(contract: Contract, persona: str, technique: Technique) -> bool:
    return technique.effect is not Effect.SESSION and contract.allows_foreign(
        persona, technique.plane, technique.effect
    )


def _attacks_of(
    blueprint: Blueprint, technique: Technique, attacker: Caller, tenants: int, pairs: Pairs
) -> Iterator[Attempt]:
    if technique.victim is Victim.NOBODY:
        name = f"{blueprint.name}-{technique.id}-{attacker.persona}-{attacker.tenant}-to-nobody"
        yield Attempt(name, blueprint.name, technique, AttemptKind.ATTACK, attacker, None)
        return
    neighbours = set(_neighbours(attacker.tenant, tenants, pairs))
    for victim in _victims(blueprint.contract, technique, tenants):
        if victim.tenant not in neighbours:
            continue
        name = (
            f"{blueprint.name}-{technique.id}-{attacker.persona}-on-{victim.persona}"
            f"-{attacker.tenant}-to-{victim.tenant}"
        )
        expected = blueprint.contract.expected_leak(technique.id, victim.persona)
        yield Attempt(name, blueprint.name, technique, AttemptKind.ATTACK, attacker, victim, expected)


def _neighbours(tenant: str, tenants: int, pairs: Pairs) -> tuple[str, ...]:
    everybody = tenant_ids(tenants)
    if tenant == STAFF or pairs is Pairs.ALL:
        return tuple(other for other in everybody if other != tenant)
    return (everybody[(everybody.index(tenant) + 1) % tenants],)


def _callers(contract: Contract, tenants: int) -> list[Caller]:
    callers = [
        Caller(tenant, persona.name)
        for tenant in tenant_ids(tenants)
        for persona in contract.personas
        if not persona.staff
    ]
    return callers + [Caller(STAFF, persona.name) for persona in contract.personas if persona.staff]


def _victims(contract: Contract, technique: Technique, tenants: int) -> list[Caller]:
    return [
        caller
        for caller in _callers(contract, tenants)
        if caller.tenant != STAFF and caller.persona in technique.victim_personas
    ]


def asset_names(planned: Iterable[Attempt]) -> dict[Caller, dict[str, set[str]]]:
    """Return per owner and plane the names of the assets that the attempts are aimed at, `private` always."""
    names: dict[Caller, dict[str, set[str]]] = {}
    for attempt in planned:
        owners = {attempt.attacker, attempt.victim or attempt.attacker} - {Caller("operator", "operator")}
        for owner in owners:
            by_plane = names.setdefault(owner, {"dynamodb": {PRIVATE}, "s3": {PRIVATE}})
            if attempt.technique.effect is not Effect.WRITE or owner.tenant == STAFF:
                continue
            # Behind every attack on a foreign asset stands the caller's control on its own one.
            by_plane[attempt.technique.plane].add(own_asset_name(attempt.technique))
            if owner == attempt.victim:
                by_plane[attempt.technique.plane].add(attempt.asset_name)
    return names
