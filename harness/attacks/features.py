"""What a design has for techniques to be aimed at, and which of its personas can use or suffer from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.attacks.technique import Callers, Feature
from harness.blueprints.contract import Effect, Reach, SignIn
from harness.blueprints.spec import ApiKind, RouteAuthorizer
from harness.placeholders import TENANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.attacks.technique import Technique
    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint

_STORES = {
    "dynamodb": (Feature.TABLE, Feature.PARTITIONED_TABLE),
    "s3": (Feature.BUCKET, Feature.PARTITIONED_BUCKET),
}


def features_of(blueprint: Blueprint) -> frozenset[Feature]:
    """Return the features that a design has."""
    return frozenset(feature for feature, has in _facts(blueprint) if has)


def applicable(blueprint: Blueprint, techniques: Iterable[Technique]) -> list[Technique]:
    """Return the techniques that can be aimed at the design at all."""
    features = features_of(blueprint)
    return [technique for technique in techniques if technique.requires <= features]


def _facts(blueprint: Blueprint) -> Iterator[tuple[Feature, bool]]:
    for plane, (store, partitioned) in _STORES.items():
        place = blueprint.place(plane)
        yield store, place is not None or blueprint.shared_place(plane) is not None
        yield partitioned, place is not None and bool(place.partition)
    table = blueprint.place("dynamodb")
    yield Feature.OWNER_INDEX, blueprint.owner_index is not None
    yield Feature.COMMON_INDEX, blueprint.common_index is not None
    may_put = any(
        blueprint.contract.allows(persona.name, "dynamodb", Effect.WRITE, Reach.OWN)
        for persona in blueprint.contract.personas
    )
    yield Feature.BACKEND_ATTRIBUTES, table is not None and bool(table.attributes) and not may_put
    yield Feature.SECOND_TABLE, table is not None and len(blueprint.tables) > 1
    yield Feature.IDENTITY_KEYED_TABLE, table is not None and "{identity_id}" in table.partition
    pool = blueprint.identity_pool
    takes_tokens = blueprint.user_pool is not None and bool(blueprint.user_pool.identity_providers)
    gives_roles = pool is not None and takes_tokens and bool(pool.authenticated_role or pool.role_mapping)
    by_groups = pool is not None and pool.role_mapping == "Token"
    if pool is not None:
        yield Feature.ENHANCED_FLOW, gives_roles
        gives_default = pool.ambiguous_role_resolution == "AuthenticatedRole"
        yield Feature.DEFAULT_ROLE, gives_roles and gives_default and pool.authenticated_role is not None
        yield Feature.MAPPED_ROLES, bool(pool.role_mapping)
        yield Feature.TOKEN_ROLES, by_groups
        yield Feature.PRINCIPAL_TAGS, bool(pool.principal_tags)
        yield Feature.DEVELOPER_IDENTITIES, bool(pool.developer_provider)
    yield Feature.IDENTITY_POOL, pool is not None
    personas = blueprint.contract.personas
    yield Feature.TENANT_CLAIM, any(_has_claim(persona) for persona in personas)
    yield Feature.DECIDING_CLAIMS, gives_roles and (by_groups or any(_has_claim(persona) for persona in personas))
    yield Feature.SIGN_UP, blueprint.user_pool is not None and blueprint.user_pool.sign_up
    yield Feature.NO_SIGN_UP, blueprint.user_pool is not None and not blueprint.user_pool.sign_up
    has_routes = blueprint.place("execute-api") is not None
    authorizer = None if blueprint.api is None else blueprint.api.authorizer_of_assets
    yield Feature.ROUTES, has_routes
    yield Feature.SIGNED_ROUTES, has_routes and authorizer is RouteAuthorizer.IAM
    yield Feature.TOKEN_ROUTES, has_routes and authorizer is RouteAuthorizer.FUNCTION
    yield Feature.WEB_IDENTITY, any(persona.sign_in is SignIn.WEB_IDENTITY for persona in personas)
    broker = blueprint.api if blueprint.api is not None and blueprint.api.credentials_path else None
    yield Feature.BROKER, broker is not None
    yield Feature.TOKEN_SESSIONS, gives_roles or broker is not None
    # What is documented of JWT authorizers, and what functions that verify tokens themselves can be asked for.
    yield Feature.TIMED_BROKER, broker is not None and broker.kind is ApiKind.HTTP
    yield Feature.LINKS, blueprint.api is not None and bool(blueprint.api.links_path)
    yield Feature.MEMBERSHIPS, blueprint.memberships is not None
    has_guests = any(persona.sign_in is SignIn.GUEST for persona in personas)
    yield Feature.NO_GUESTS, pool is not None and not has_guests
    yield Feature.GUESTS, has_guests
    yield Feature.PRIVILEGED_ROLE, blueprint.privileged_persona is not None
    yield Feature.PERSONA_ROLE, blueprint.tenant_persona_with_role is not None
    yield Feature.SECOND_APP_CLIENT, blueprint.user_pool is not None and len(blueprint.user_pool.app_clients) > 1


def _has_claim(persona: Persona) -> bool:
    return any(TENANT in name + value for name, value in persona.attributes.items())


def owns(blueprint: Blueprint, persona: Persona, plane: str) -> bool:
    """Tell whether users of the persona have assets of their own on the plane."""
    return blueprint.place(plane) is not None and any(
        blueprint.contract.allows(persona.name, plane, effect, Reach.OWN) for effect in (Effect.READ, Effect.WRITE)
    )


def is_among(blueprint: Blueprint, persona: Persona, callers: Callers, technique: Technique) -> bool:
    """Tell whether the persona is one of those that `callers` names."""
    # Who has tokens and no AWS credentials may still call routes that take tokens.
    calls = technique.plane == "execute-api" and owns(blueprint, persona, technique.plane)
    if not calls and (persona.sign_in is SignIn.TOKENS) is not (callers is Callers.UNASSIGNED):
        return False
    if callers in (Callers.ANYBODY, Callers.UNASSIGNED):
        return True
    if persona.staff or (callers in (Callers.MEMBERS, Callers.OWNING_MEMBERS) and not persona.has_tokens):
        return False
    if callers in (Callers.OWNERS, Callers.OWNING_MEMBERS):
        # Sessions are coveted for the assets that they reach, on whatever plane.
        planes = tuple(_STORES) if technique.effect is Effect.SESSION else (technique.plane,)
        return any(owns(blueprint, persona, plane) for plane in planes)
    return callers in (Callers.TENANTS, Callers.MEMBERS) or persona.sign_in is SignIn.GUEST


def roles_given(blueprint: Blueprint, persona: Persona, homes: tuple[str, ...]) -> frozenset[str]:
    """Return the roles that a user's groups carry or rules give, `{tenant}` replaced by the ids of its tenants."""
    groups = blueprint.user_pool.groups if blueprint.user_pool is not None else ()
    patterns = {group.role for group in groups if group.role and group.name in persona.groups}
    rules = blueprint.identity_pool.rules if blueprint.identity_pool is not None else ()
    patterns |= {rule.role for rule in rules if persona.attributes.get(rule.claim) == rule.value}
    return frozenset(pattern.replace(TENANT, home) for pattern in patterns for home in homes or ("",))


def role_of(persona: Persona, home: str) -> str:
    """Return the role that a user has at its first tenant, under the id of that tenant."""
    return persona.role.replace(TENANT, home)
