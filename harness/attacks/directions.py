"""Who of a design can use a technique, and on whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.attacks.features import is_among, role_of
from harness.attacks.technique import Callers
from harness.blueprints.contract import Reach
from harness.population import STAFF, Caller, tenant_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.attacks.technique import Technique
    from harness.blueprints.contract import Contract, Persona
    from harness.blueprints.spec import Blueprint


def callers_of(contract: Contract, tenants: int) -> list[tuple[Caller, Persona]]:
    """Return everybody in the design with its persona: tenant by tenant, staff last."""
    callers = [
        (Caller(tenant, persona.name), persona)
        for tenant in tenant_ids(tenants)
        for persona in contract.personas
        if not persona.staff
    ]
    return callers + [(Caller(STAFF, persona.name), persona) for persona in contract.personas if persona.staff]


def victims_of(blueprint: Blueprint, technique: Technique, tenants: int) -> list[Caller]:
    """Return everybody who can suffer from the technique."""
    return [
        caller
        for caller, persona in callers_of(blueprint.contract, tenants)
        if is_among(blueprint, persona, technique.victims, technique)
    ]


def with_roles(blueprint: Blueprint, callers: Iterable[Caller], outside: frozenset[str] = frozenset()) -> list[Caller]:
    """Return one caller for every role that is not among those named."""
    by_role: dict[str, Caller] = {}
    for caller in callers:
        role = role_of(blueprint.contract.persona(caller.persona), caller.tenant)
        if role and role not in outside:
            by_role.setdefault(role, caller)
    return list(by_role.values())


def may_touch_shared(blueprint: Blueprint, persona: Persona, technique: Technique) -> bool:
    """Tell whether the contract gives the persona what belongs to nobody by this technique."""
    if blueprint.shared_place(technique.plane) is None or _needs_own(technique):
        return False
    if technique.sweeps and blueprint.place(technique.plane) is not None:
        # Whoever takes the whole store takes the tenants' assets as well.
        return blueprint.contract.allows(persona.name, technique.plane, technique.effect, Reach.ANY)
    return blueprint.contract.allows(persona.name, technique.plane, technique.effect, Reach.SHARED)


def has_shared(blueprint: Blueprint, technique: Technique) -> bool:
    """Tell whether the technique can be aimed at what belongs to nobody."""
    return blueprint.shared_place(technique.plane) is not None and not _needs_own(technique)


def _needs_own(technique: Technique) -> bool:
    """Tell whether the technique builds on what the caller has of its own, so that it says nothing of shared assets."""
    return technique.callers is Callers.OWNERS
