"""Small edits of a blueprint's data, from which weaknesses are made. Each returns a new blueprint."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.blueprints.spec import (
        AppClientSpec,
        Blueprint,
        BucketSpec,
        Document,
        FunctionSpec,
        GroupSpec,
        IdentityPoolSpec,
        RoleSpec,
        RouteSpec,
        UserPoolSpec,
    )


def edit_statement(
    blueprint: Blueprint, roles: Iterable[str], policy: str, sid: str, edit: Callable[[Document], object]
) -> Blueprint:
    """Apply `edit` to a copy of the statement with this Sid in the named roles. Raises KeyError if it is not there."""

    def edited(role: RoleSpec) -> RoleSpec:
        document = deepcopy(role.policies[policy])
        edit({statement["Sid"]: statement for statement in document["Statement"]}[sid])
        return replace(role, policies={**role.policies, policy: document})

    return edit_roles(blueprint, roles, edited)


def add_statement(blueprint: Blueprint, roles: Iterable[str], policy: str, statement: Document) -> Blueprint:
    """Append a statement to a policy of the named roles."""

    def edited(role: RoleSpec) -> RoleSpec:
        document = deepcopy(role.policies[policy])
        document["Statement"].append(deepcopy(statement))
        return replace(role, policies={**role.policies, policy: document})

    return edit_roles(blueprint, roles, edited)


def add_trust(blueprint: Blueprint, role_name: str, statement: Document) -> Blueprint:
    """Append a statement to the trust policy of one role."""

    def edited(role: RoleSpec) -> RoleSpec:
        trust = deepcopy(role.trust)
        trust["Statement"].append(deepcopy(statement))
        return replace(role, trust=trust)

    return edit_roles(blueprint, (role_name,), edited)


def edit_bucket_statement(blueprint: Blueprint, bucket: str, sid: str, edit: Callable[[Document], object]) -> Blueprint:
    """Apply `edit` to a copy of the statement with this Sid in a bucket policy. Raises KeyError if it is not there."""

    def edited(document: Document) -> None:
        edit({statement["Sid"]: statement for statement in document["Statement"]}[sid])

    return _edit_bucket_policy(blueprint, bucket, edited)


def add_bucket_statements(blueprint: Blueprint, bucket: str, *statements: Document) -> Blueprint:
    """Append statements to a bucket policy; a bucket without one gets a policy of these statements."""
    return _edit_bucket_policy(blueprint, bucket, lambda document: document["Statement"].extend(deepcopy(statements)))


def _edit_bucket_policy(blueprint: Blueprint, bucket: str, edit: Callable[[Document], None]) -> Blueprint:
    def edited(spec: BucketSpec) -> BucketSpec:
        document = deepcopy(spec.policy) or {"Version": "2012-10-17", "Statement": []}
        edit(document)
        return replace(spec, policy=document)

    if bucket not in {spec.name for spec in blueprint.buckets}:
        raise KeyError(bucket)
    return replace(
        blueprint, buckets=tuple(edited(spec) if spec.name == bucket else spec for spec in blueprint.buckets)
    )


def edit_roles(blueprint: Blueprint, roles: Iterable[str], edit: Callable[[RoleSpec], RoleSpec]) -> Blueprint:
    """Replace the named roles by what `edit` makes of them."""
    wanted = set(roles)
    return replace(blueprint, roles=tuple(edit(role) if role.name in wanted else role for role in blueprint.roles))


def edit_user_pool(blueprint: Blueprint, edit: Callable[[UserPoolSpec], UserPoolSpec]) -> Blueprint:
    """Replace the user pool by what `edit` makes of it. Raises TypeError where there is none."""
    if blueprint.user_pool is None:
        raise TypeError(f"{blueprint.name} has no user pool")
    return replace(blueprint, user_pool=edit(blueprint.user_pool))


def edit_group(blueprint: Blueprint, name: str, edit: Callable[[GroupSpec], GroupSpec]) -> Blueprint:
    """Replace one group of the user pool by what `edit` makes of it."""
    return edit_user_pool(
        blueprint,
        lambda pool: replace(pool, groups=tuple(edit(group) if group.name == name else group for group in pool.groups)),
    )


def edit_session_policies(blueprint: Blueprint, edit: Callable[[Document], Document | None]) -> Blueprint:
    """Replace what the application passes as session policies by what `edit` makes of copies; None passes nothing."""
    personas = tuple(
        replace(persona, session_policy=edit(deepcopy(persona.session_policy)))
        if persona.session_policy is not None
        else persona
        for persona in blueprint.contract.personas
    )
    return replace(blueprint, contract=replace(blueprint.contract, personas=personas))


def edit_function(blueprint: Blueprint, name: str, *changes: tuple[str, str]) -> Blueprint:
    """Replace pieces of a function's source, in turn. Raises ValueError for one that does not stand there once."""

    def edited(function: FunctionSpec) -> FunctionSpec:
        source = function.source
        for before, after in changes:
            if source.count(before) != 1:
                raise ValueError(f"{before!r} does not stand in {function.name} once")
            source = source.replace(before, after)
        return replace(function, source=source)

    return replace(
        blueprint,
        functions=tuple(edited(each) if each.name == name else each for each in blueprint.functions),
    )


def edit_identity_pool(blueprint: Blueprint, edit: Callable[[IdentityPoolSpec], IdentityPoolSpec]) -> Blueprint:
    """Replace the identity pool by what `edit` makes of it. Raises TypeError where there is none."""
    if blueprint.identity_pool is None:
        raise TypeError(f"{blueprint.name} has no identity pool")
    return replace(blueprint, identity_pool=edit(blueprint.identity_pool))


def edit_app_client(blueprint: Blueprint, name: str, edit: Callable[[AppClientSpec], AppClientSpec]) -> Blueprint:
    """Replace one app client of the user pool by what `edit` makes of it."""
    return edit_user_pool(
        blueprint,
        lambda pool: replace(
            pool, app_clients=tuple(edit(client) if client.name == name else client for client in pool.app_clients)
        ),
    )


def edit_route(blueprint: Blueprint, path: str, edit: Callable[[RouteSpec], RouteSpec]) -> Blueprint:
    """Replace one route of the API by what `edit` makes of it. Raises TypeError where there is no API."""
    if blueprint.api is None:
        raise TypeError(f"{blueprint.name} has no API")
    routes = tuple(edit(route) if route.path == path else route for route in blueprint.api.routes)
    return replace(blueprint, api=replace(blueprint.api, routes=routes))
