"""Which attempts a run makes: the contract crossed with the techniques, before anything is deployed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.assets import PRIVATE, PUBLIC
from harness.attacks.features import features_of, is_among, owns, role_of, roles_given
from harness.attacks.technique import Callers, ControlKind, Victim
from harness.blueprints.contract import Effect, Reach
from harness.population import SHARED, STAFF, Caller, homes_of, tenant_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.attacks.technique import Technique
    from harness.blueprints.contract import Contract, ExpectedLeak, Persona
    from harness.blueprints.spec import Blueprint


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
        if self.kind is AttemptKind.OWN:
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


_OPERATOR = Caller("operator", "operator")


def attacks(blueprint: Blueprint, techniques: Iterable[Technique], tenants: int, pairs: Pairs) -> list[Attempt]:
    """Return every attempt that the contract forbids, in a stable order."""
    found: list[Attempt] = []
    for technique in applicable(blueprint, techniques):
        for attacker, persona in _callers(blueprint.contract, tenants):
            if not is_among(blueprint, persona, technique.callers, technique):
                continue
            found += _attacks_of(blueprint, technique, attacker, persona, tenants, pairs)
    return found


def applicable(blueprint: Blueprint, techniques: Iterable[Technique]) -> list[Technique]:
    """Return the techniques that can be aimed at the design at all."""
    features = features_of(blueprint)
    return [technique for technique in techniques if technique.requires <= features]


def controls(blueprint: Blueprint, techniques: Iterable[Technique], tenants: int) -> list[Attempt]:
    """Return the attempts that show the techniques at work where the contract allows them."""
    found: dict[str, Attempt] = {}
    for technique in applicable(blueprint, techniques):
        planned = [
            own_control(blueprint, technique, caller)
            for caller, _ in _callers(blueprint.contract, tenants)
            if technique.control is ControlKind.OWN and is_own_control(blueprint, technique, caller)
        ]
        planned += allowed_controls(blueprint, technique, tenants)
        for attack in attacks(blueprint, (technique,), tenants, Pairs.RING):
            planned += [
                control
                for control in controls_behind(blueprint, attack, tenants)
                if control.kind is AttemptKind.OPERATOR
            ]
        found |= {attempt.id: attempt for attempt in planned}
    return list(found.values())


def is_own_control(blueprint: Blueprint, technique: Technique, caller: Caller) -> bool:
    """Tell whether the caller can show the technique at work on what is its own."""
    if caller.tenant in (STAFF, SHARED):
        return False
    persona = blueprint.contract.persona(caller.persona)
    if not is_among(blueprint, persona, technique.callers, technique):
        return False
    if technique.aims_at_role:
        return role_of(persona, caller.tenant) in roles_given(blueprint, persona, (caller.tenant,))
    if technique.effect is Effect.SESSION:
        return True
    return blueprint.place(technique.plane) is not None and blueprint.contract.allows(
        persona.name, technique.plane, technique.effect, Reach.OWN
    )


def own_control(blueprint: Blueprint, technique: Technique, caller: Caller) -> Attempt:
    """Return the control in which the caller aims the technique at its own data."""
    name = f"{blueprint.name}-{technique.id}-{caller.persona}-own-{caller.tenant}"
    return Attempt(name, blueprint.name, technique, AttemptKind.OWN, caller, caller)


def operator_control(blueprint: Blueprint, technique: Technique, tenants: int) -> Attempt:
    """Return the control in which the operator shows that the target can do what the technique asks for."""
    name = f"{blueprint.name}-{technique.id}-operator-allowed"
    victim = None
    if technique.effect is not Effect.SESSION:
        victim = next(iter(_victims(blueprint, technique, tenants)), PUBLIC)
    return Attempt(name, blueprint.name, technique, AttemptKind.OPERATOR, _OPERATOR, victim)


def controls_behind(blueprint: Blueprint, attack: Attempt, tenants: int) -> list[Attempt]:
    """Return the control that shows what a refusal of the attack means, short of the caller's credentials.

    It is the same technique on the caller's own data where there is such a thing, another principal's otherwise; the
    list is empty when nobody may make the request.
    """
    technique = attack.technique
    if technique.control is ControlKind.OWN and is_own_control(blueprint, technique, attack.attacker):
        return [own_control(blueprint, technique, attack.attacker)]
    seen = _witness(blueprint, attack, tenants)
    return [] if seen is None else [seen]


def _witness(blueprint: Blueprint, attack: Attempt, tenants: int) -> Attempt | None:
    """Return the control in which the same request works for a principal who may make it; None if nobody may."""
    technique = attack.technique
    if technique.operator_steps is not None:
        return operator_control(blueprint, technique, tenants)
    for control in allowed_controls(blueprint, technique, tenants):
        if technique.sweeps or control.victim in (attack.victim, None):
            return control
    owner = attack.victim if technique.control is ControlKind.OWN else None
    if owner is not None and is_own_control(blueprint, technique, owner):
        return own_control(blueprint, technique, owner)
    return None if technique.effect is Effect.SESSION else operator_control(blueprint, technique, tenants)


def allowed_controls(blueprint: Blueprint, technique: Technique, tenants: int) -> list[Attempt]:
    """Return the attempts by users to whom the contract gives what the technique takes, though it is not their own."""
    found: list[Attempt] = []
    contract = blueprint.contract
    for attacker, persona in _callers(contract, tenants):
        switches = technique.aims_at_role and technique.control is ControlKind.OWN
        if switches and is_among(blueprint, persona, technique.callers, technique):
            found += _switches(blueprint, technique, attacker, persona, tenants)
        if technique.effect is Effect.SESSION:
            # The role that a technique asks for is given to staff alone, through the group that carries it.
            by_staff = technique.control is ControlKind.WITNESS and technique.operator_steps is None
            if by_staff and persona == blueprint.privileged_persona:
                name = f"{blueprint.name}-{technique.id}-{persona.name}-allowed-{STAFF}"
                found.append(Attempt(name, blueprint.name, technique, AttemptKind.ALLOWED, attacker, None))
            continue
        if not is_among(blueprint, persona, technique.callers, technique):
            continue
        found += _elsewhere(blueprint, technique, attacker, persona, tenants)
        if contract.allows(persona.name, technique.plane, technique.effect, Reach.ANY) and persona.staff:
            victims = _victims(blueprint, technique, tenants)
            # Whoever takes the whole store at once shows the same, whoever is looked for in it.
            found += [
                _allowed(blueprint, technique, attacker, victim)
                for victim in (victims[:1] if technique.sweeps else victims)
            ]
        if _may_touch_shared(blueprint, persona, technique):
            found.append(_allowed(blueprint, technique, attacker, PUBLIC))
    return found


def _elsewhere(
    blueprint: Blueprint, technique: Technique, attacker: Caller, persona: Persona, tenants: int
) -> list[Attempt]:
    """Return the controls in which a user of several tenants uses what is another one's of them in the same session."""
    homes = persona.tenants_of_session(homes_of(persona, attacker.tenant, tenants))
    if technique.control is not ControlKind.OWN or technique.victim is Victim.NOBODY:
        return []
    if not (blueprint.is_shared_by_tenant(technique.plane) and is_own_control(blueprint, technique, attacker)):
        return []
    return [_allowed(blueprint, technique, attacker, Caller(home, persona.name)) for home in homes[1:]]


def declared_boundaries(blueprint: Blueprint, techniques: Iterable[Technique]) -> tuple[tuple[str, str], ...]:
    """Return every boundary that the contract draws, as (blueprint, boundary), for the techniques given."""
    names = {
        attempt.boundary
        for attempt in attacks(blueprint, techniques, blueprint.minimum_tenants, Pairs.RING)
        if not (attempt.technique.effect is Effect.SESSION and attempt.attacker.tenant == STAFF)
    }
    return tuple((blueprint.name, name) for name in sorted(names))


def _allowed(blueprint: Blueprint, technique: Technique, attacker: Caller, victim: Caller) -> Attempt:
    name = (
        f"{blueprint.name}-{technique.id}-{attacker.persona}-allowed-on-{victim.persona}"
        f"-{attacker.tenant}-to-{victim.tenant}"
    )
    return Attempt(name, blueprint.name, technique, AttemptKind.ALLOWED, attacker, victim)


def _may_touch_shared(blueprint: Blueprint, persona: Persona, technique: Technique) -> bool:
    """Tell whether the contract gives the persona what belongs to nobody by this technique."""
    if blueprint.shared_place(technique.plane) is None or _needs_own(technique):
        return False
    if technique.sweeps and blueprint.place(technique.plane) is not None:
        # Whoever takes the whole store takes the tenants' assets as well.
        return blueprint.contract.allows(persona.name, technique.plane, technique.effect, Reach.ANY)
    return blueprint.contract.allows(persona.name, technique.plane, technique.effect, Reach.SHARED)


def _attacks_of(
    blueprint: Blueprint, technique: Technique, attacker: Caller, persona: Persona, tenants: int, pairs: Pairs
) -> Iterator[Attempt]:
    contract = blueprint.contract
    reaches = technique.effect is not Effect.SESSION
    if reaches and contract.allows(persona.name, technique.plane, technique.effect, Reach.ANY):
        return
    start = f"{blueprint.name}-{technique.id}-{persona.name}"
    if technique.victim is Victim.NOBODY:
        expected = contract.expected_leak(technique.id, "")
        name = f"{start}-{attacker.tenant}-to-nobody"
        yield Attempt(name, blueprint.name, technique, AttemptKind.ATTACK, attacker, None, expected)
        return
    neighbours = set(_neighbours(attacker.tenant, persona, tenants, pairs))
    victims = [victim for victim in _victims(blueprint, technique, tenants) if victim.tenant in neighbours]
    aims_at_shared = reaches and _has_shared(blueprint, technique) and not (technique.sweeps and victims)
    if aims_at_shared and not _may_touch_shared(blueprint, persona, technique):
        victims.append(PUBLIC)
    if technique.aims_at_role:
        given = roles_given(blueprint, persona, homes_of(persona, attacker.tenant, tenants))
        victims = _with_roles(blueprint, victims, given | {role_of(persona, attacker.tenant)})
    for victim in victims:
        name = f"{start}-on-{victim.persona}-{attacker.tenant}-to-{victim.tenant}"
        expected = contract.expected_leak(technique.id, victim.persona)
        yield Attempt(name, blueprint.name, technique, AttemptKind.ATTACK, attacker, victim, expected)


def _with_roles(blueprint: Blueprint, callers: Iterable[Caller], outside: frozenset[str] = frozenset()) -> list[Caller]:
    """Return one caller for every role that is not among those named."""
    by_role: dict[str, Caller] = {}
    for caller in callers:
        role = role_of(blueprint.contract.persona(caller.persona), caller.tenant)
        if role and role not in outside:
            by_role.setdefault(role, caller)
    return list(by_role.values())


def _switches(
    blueprint: Blueprint, technique: Technique, attacker: Caller, persona: Persona, tenants: int
) -> list[Attempt]:
    """Return the controls in which a user of several groups asks for another of its own roles."""
    given = roles_given(blueprint, persona, homes_of(persona, attacker.tenant, tenants))
    everybody = _with_roles(
        blueprint, _victims(blueprint, technique, tenants), frozenset({role_of(persona, attacker.tenant)})
    )
    return [
        _allowed(blueprint, technique, attacker, victim)
        for victim in everybody
        if role_of(blueprint.contract.persona(victim.persona), victim.tenant) in given
    ]


def _has_shared(blueprint: Blueprint, technique: Technique) -> bool:
    return blueprint.shared_place(technique.plane) is not None and not _needs_own(technique)


def _needs_own(technique: Technique) -> bool:
    """Tell whether the technique builds on what the caller has of its own, so that it says nothing of shared assets."""
    return technique.callers is Callers.OWNERS


def _neighbours(tenant: str, persona: Persona, tenants: int, pairs: Pairs) -> tuple[str, ...]:
    everybody = tenant_ids(tenants)
    if tenant == STAFF:
        return everybody
    homes = homes_of(persona, tenant, tenants)
    # A session for one tenant must not reach the user's other tenants either.
    others = homes[len(persona.tenants_of_session(homes)) :]
    foreign = tuple(other for other in everybody if other not in homes)
    if pairs is Pairs.ALL or not foreign:
        return (*foreign, *others)
    return (everybody[(everybody.index(tenant) + persona.spans) % tenants], *others)


def _callers(contract: Contract, tenants: int) -> list[tuple[Caller, Persona]]:
    callers = [
        (Caller(tenant, persona.name), persona)
        for tenant in tenant_ids(tenants)
        for persona in contract.personas
        if not persona.staff
    ]
    return callers + [(Caller(STAFF, persona.name), persona) for persona in contract.personas if persona.staff]


def _victims(blueprint: Blueprint, technique: Technique, tenants: int) -> list[Caller]:
    return [
        caller
        for caller, persona in _callers(blueprint.contract, tenants)
        if is_among(blueprint, persona, technique.victims, technique)
    ]


def asset_names(blueprint: Blueprint, planned: Iterable[Attempt]) -> dict[Caller, dict[str, set[str]]]:
    """Return per owner and plane the names of the assets that the attempts are aimed at, `private` always."""
    names: dict[Caller, dict[str, set[str]]] = {}

    def planted(owner: Caller, plane: str, *wanted: str) -> None:
        names.setdefault(owner, {}).setdefault(plane, {PRIVATE}).update(wanted)

    for place in blueprint.shared:
        # Whoever owns nothing shows with what is shared that its credentials work, whatever is attacked.
        planted(PUBLIC, place.plane)
    for attempt in planned:
        technique = attempt.technique
        writes = technique.effect is Effect.WRITE
        for owner in {attempt.attacker, attempt.victim or attempt.attacker} - {_OPERATOR}:
            for plane in _planes_of(blueprint, owner):
                planted(owner, plane)
        if writes and attempt.attacker in names and technique.plane in names[attempt.attacker]:
            # Behind every attack on a foreign asset stands the caller's control on its own one.
            planted(attempt.attacker, technique.plane, own_asset_name(technique))
        if writes and attempt.victim is not None:
            planted(attempt.victim, technique.plane, own_asset_name(technique), attempt.asset_name)
    return names


def _planes_of(blueprint: Blueprint, owner: Caller) -> list[str]:
    if owner == PUBLIC:
        return [place.plane for place in blueprint.shared]
    if owner.tenant == STAFF:
        return []
    persona = blueprint.contract.persona(owner.persona)
    return [place.plane for place in blueprint.places if owns(blueprint, persona, place.plane)]
