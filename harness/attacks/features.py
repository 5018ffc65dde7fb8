"""What a design has for techniques to be aimed at, and which of its personas can use or suffer from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.attacks.technique import Callers, Feature
from harness.blueprints.contract import Effect, Reach, SignIn

if TYPE_CHECKING:
    from harness.attacks.technique import Technique
    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint

_STORES = {
    "dynamodb": (Feature.TABLE, Feature.PARTITIONED_TABLE),
    "s3": (Feature.BUCKET, Feature.PARTITIONED_BUCKET),
}


def features_of(blueprint: Blueprint) -> frozenset[Feature]:
    """Return the features that a design has."""
    found: set[Feature] = set()
    for plane, (store, partitioned) in _STORES.items():
        place = blueprint.place(plane)
        if place is not None or blueprint.shared_place(plane) is not None:
            found.add(store)
        if place is not None and place.partition:
            found.add(partitioned)
    pool = blueprint.identity_pool
    if pool is not None and (pool.authenticated_role or pool.role_mapping):
        found.add(Feature.ENHANCED_FLOW)
    if pool is not None and pool.role_mapping == "Token":
        found.add(Feature.TOKEN_ROLES)
    if any(persona.sign_in is SignIn.GUEST for persona in blueprint.contract.personas):
        found.add(Feature.GUESTS)
    if blueprint.privileged_persona is not None:
        found.add(Feature.PRIVILEGED_ROLE)
    if any(persona.role and not persona.staff for persona in blueprint.contract.personas):
        found.add(Feature.PERSONA_ROLE)
    if blueprint.user_pool is not None and len(blueprint.user_pool.app_clients) > 1:
        found.add(Feature.SECOND_APP_CLIENT)
    return frozenset(found)


def owns(blueprint: Blueprint, persona: Persona, plane: str) -> bool:
    """Tell whether users of the persona have assets of their own on the plane."""
    return blueprint.place(plane) is not None and any(
        blueprint.contract.allows(persona.name, plane, effect, Reach.OWN) for effect in (Effect.READ, Effect.WRITE)
    )


def is_among(blueprint: Blueprint, persona: Persona, callers: Callers, technique: Technique) -> bool:
    """Tell whether the persona is one of those that `callers` names."""
    if callers is Callers.ANYBODY:
        return True
    if persona.staff:
        return False
    if callers is Callers.OWNERS:
        # Sessions are coveted for the assets that they reach, on whatever plane.
        planes = tuple(_STORES) if technique.effect is Effect.SESSION else (technique.plane,)
        return any(owns(blueprint, persona, plane) for plane in planes)
    if callers is Callers.MEMBERS:
        return persona.has_tokens
    return callers is Callers.TENANTS or persona.sign_in is SignIn.GUEST
