"""Which attempts a run makes: the contract crossed with the techniques, before anything is deployed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from harness.assets import PRIVATE, PUBLIC
from harness.attacks.attempts import OPERATOR, Attempt, AttemptKind, own_asset_name
from harness.attacks.controls import Controls
from harness.attacks.directions import callers_of, has_shared, may_touch_shared, victims_of, with_roles
from harness.attacks.features import applicable, is_among, owns, role_of, roles_given
from harness.attacks.technique import Victim
from harness.blueprints.contract import Effect, Reach
from harness.population import STAFF, Caller, homes_of, tenant_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.attacks.technique import Technique
    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint


class Pairs(StrEnum):
    """Which tenants attack which: each its neighbour (linear in tenants), or everybody everybody."""

    RING = "ring"
    ALL = "all"


def attacks(blueprint: Blueprint, techniques: Iterable[Technique], tenants: int, pairs: Pairs) -> list[Attempt]:
    """Return every attempt that the contract forbids, in a stable order."""
    found: list[Attempt] = []
    for technique in applicable(blueprint, techniques):
        for attacker, persona in callers_of(blueprint.contract, tenants):
            if not is_among(blueprint, persona, technique.callers, technique):
                continue
            found += _attacks_of(blueprint, technique, attacker, persona, tenants, pairs)
    return found


def controls(blueprint: Blueprint, techniques: Iterable[Technique], tenants: int) -> list[Attempt]:
    """Return the attempts that show the techniques at work where the contract allows them."""
    found: dict[str, Attempt] = {}
    of_design = Controls(blueprint, tenants)
    for technique in applicable(blueprint, techniques):
        planned = [*of_design.own(technique), *of_design.allowed(technique)]
        for attack in attacks(blueprint, (technique,), tenants, Pairs.RING):
            planned += [control for control in of_design.behind(attack) if control.kind is AttemptKind.OPERATOR]
        found |= {attempt.id: attempt for attempt in planned}
    return list(found.values())


def plan(blueprint: Blueprint, techniques: Iterable[Technique], tenants: int, pairs: Pairs) -> list[Attempt]:
    """Return every control, then every attack, of the techniques on the design."""
    wanted = tuple(techniques)
    return [*controls(blueprint, wanted, tenants), *attacks(blueprint, wanted, tenants, pairs)]


def declared_boundaries(blueprint: Blueprint, techniques: Iterable[Technique]) -> tuple[tuple[str, str], ...]:
    """Return every boundary that the contract draws, as (blueprint, boundary), for the techniques given."""
    names = {
        attempt.boundary
        for attempt in attacks(blueprint, techniques, blueprint.minimum_tenants, Pairs.RING)
        if not (attempt.technique.effect is Effect.SESSION and attempt.attacker.tenant == STAFF)
    }
    return tuple((blueprint.name, name) for name in sorted(names))


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
    victims = [victim for victim in victims_of(blueprint, technique, tenants) if victim.tenant in neighbours]
    aims_at_shared = reaches and has_shared(blueprint, technique) and not (technique.sweeps and victims)
    if aims_at_shared and not may_touch_shared(blueprint, persona, technique):
        victims.append(PUBLIC)
    if technique.aims_at_role:
        given = roles_given(blueprint, persona, homes_of(persona, attacker.tenant, tenants))
        victims = with_roles(blueprint, victims, given | {role_of(persona, attacker.tenant)})
    for victim in victims:
        name = f"{start}-on-{victim.persona}-{attacker.tenant}-to-{victim.tenant}"
        expected = contract.expected_leak(technique.id, victim.persona)
        yield Attempt(name, blueprint.name, technique, AttemptKind.ATTACK, attacker, victim, expected)


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
        for owner in {attempt.attacker, attempt.victim or attempt.attacker} - {OPERATOR}:
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
