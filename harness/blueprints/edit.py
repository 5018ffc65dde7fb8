"""Small edits of a blueprint's data, from which weaknesses are made. Each returns a new blueprint."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from harness.blueprints.policies import ACCOUNT, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from harness.blueprints.contract import Persona
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
        TableSpec,
        UserPoolSpec,
    )

    Change: TypeAlias = Callable[[Blueprint], Blueprint]

_Named = TypeVar(
    "_Named", "AppClientSpec", "BucketSpec", "FunctionSpec", "GroupSpec", "Persona", "RoleSpec", "TableSpec"
)


def also(roles: Iterable[str], policy_name: str, statement: Document) -> Change:
    """Return the change that appends a statement to a policy of the named roles."""
    return lambda blueprint: add_statement(blueprint, roles, policy_name, statement)


def weaken(roles: Iterable[str], policy_name: str, sid: str, edit: Callable[[Document], object]) -> Change:
    """Return the change that edits one statement of a policy of the named roles; see `edit_statement`."""
    return lambda blueprint: edit_statement(blueprint, roles, policy_name, sid, edit)


def edit_statement(
    blueprint: Blueprint, roles: Iterable[str], policy_name: str, sid: str, edit: Callable[[Document], object]
) -> Blueprint:
    """Apply `edit` to a copy of the statement with this Sid in the named roles. Raises KeyError if it is not there."""
    return _edit_policy(blueprint, roles, policy_name, lambda document: edit(_statement(document, sid)))


def add_statement(blueprint: Blueprint, roles: Iterable[str], policy_name: str, statement: Document) -> Blueprint:
    """Append a statement to a policy of the named roles."""
    return _edit_policy(
        blueprint, roles, policy_name, lambda document: document["Statement"].append(deepcopy(statement))
    )


def _edit_policy(
    blueprint: Blueprint, roles: Iterable[str], policy_name: str, edit: Callable[[Document], object]
) -> Blueprint:
    def edited(role: RoleSpec) -> RoleSpec:
        document = deepcopy(role.policies[policy_name])
        edit(document)
        return replace(role, policies={**role.policies, policy_name: document})

    return edit_roles(blueprint, roles, edited)


def add_trust(blueprint: Blueprint, role_name: str, statement: Document) -> Blueprint:
    """Append a statement to the trust policy of one role."""

    def edited(role: RoleSpec) -> RoleSpec:
        trust = deepcopy(role.trust)
        trust["Statement"].append(deepcopy(statement))
        return replace(role, trust=trust)

    return edit_roles(blueprint, (role_name,), edited)


def trust_the_account(blueprint: Blueprint, role_name: str) -> Blueprint:
    """Let every principal of the account assume a role, as far as the principal's own policies allow it."""
    statement = {"Sid": "WholeAccount", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    return add_trust(blueprint, role_name, statement)


def add_policy(blueprint: Blueprint, roles: Iterable[str], policy_name: str, document: Document) -> Blueprint:
    """Give the named roles one more inline policy."""
    return edit_roles(
        blueprint, roles, lambda role: replace(role, policies={**role.policies, policy_name: deepcopy(document)})
    )


def edit_table(blueprint: Blueprint, name: str, edit: Callable[[TableSpec], TableSpec]) -> Blueprint:
    """Replace one table by what `edit` makes of it."""
    return replace(blueprint, tables=_edit_named(blueprint.tables, (name,), edit))


def edit_bucket_statement(blueprint: Blueprint, bucket: str, sid: str, edit: Callable[[Document], object]) -> Blueprint:
    """Apply `edit` to a copy of the statement with this Sid in a bucket policy. Raises KeyError if it is not there."""
    return _edit_bucket_policy(blueprint, bucket, lambda document: edit(_statement(document, sid)))


def add_bucket_statements(blueprint: Blueprint, bucket: str, *statements: Document) -> Blueprint:
    """Append statements to a bucket policy; a bucket without one gets a policy of these statements."""
    return _edit_bucket_policy(blueprint, bucket, lambda document: document["Statement"].extend(deepcopy(statements)))


def _edit_bucket_policy(blueprint: Blueprint, bucket: str, edit: Callable[[Document], object]) -> Blueprint:
    def edited(spec: BucketSpec) -> BucketSpec:
        document = deepcopy(spec.policy) or policy()
        edit(document)
        return replace(spec, policy=document)

    if bucket not in {spec.name for spec in blueprint.buckets}:
        raise KeyError(bucket)
    return replace(blueprint, buckets=_edit_named(blueprint.buckets, (bucket,), edited))


def edit_roles(blueprint: Blueprint, roles: Iterable[str], edit: Callable[[RoleSpec], RoleSpec]) -> Blueprint:
    """Replace the named roles by what `edit` makes of them."""
    return replace(blueprint, roles=_edit_named(blueprint.roles, roles, edit))


def edit_user_pool(blueprint: Blueprint, edit: Callable[[UserPoolSpec], UserPoolSpec]) -> Blueprint:
    """Replace the user pool by what `edit` makes of it. Raises TypeError where there is none."""
    if blueprint.user_pool is None:
        raise TypeError(f"{blueprint.name} has no user pool")
    return replace(blueprint, user_pool=edit(blueprint.user_pool))


def edit_group(blueprint: Blueprint, name: str, edit: Callable[[GroupSpec], GroupSpec]) -> Blueprint:
    """Replace one group of the user pool by what `edit` makes of it."""
    return edit_user_pool(blueprint, lambda pool: replace(pool, groups=_edit_named(pool.groups, (name,), edit)))


def edit_persona(blueprint: Blueprint, name: str, edit: Callable[[Persona], Persona]) -> Blueprint:
    """Replace one persona by what `edit` makes of it, so that its users are made and sign in otherwise."""
    personas = _edit_named(blueprint.contract.personas, (name,), edit)
    return replace(blueprint, contract=replace(blueprint.contract, personas=personas))


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

    return replace(blueprint, functions=_edit_named(blueprint.functions, (name,), edited))


def set_environment(blueprint: Blueprint, name: str, **variables: str) -> Blueprint:
    """Give a function environment variables more."""
    return replace(
        blueprint,
        functions=_edit_named(
            blueprint.functions, (name,), lambda each: replace(each, environment={**each.environment, **variables})
        ),
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
        lambda pool: replace(pool, app_clients=_edit_named(pool.app_clients, (name,), edit)),
    )


def register_every_app_client(blueprint: Blueprint) -> Blueprint:
    """Make every app client of the user pool an identity provider of the identity pool."""
    return edit_user_pool(
        blueprint,
        lambda pool: replace(
            pool, app_clients=tuple(replace(client, identity_provider=True) for client in pool.app_clients)
        ),
    )


def edit_route(blueprint: Blueprint, path: str, edit: Callable[[RouteSpec], RouteSpec]) -> Blueprint:
    """Replace one route of the API by what `edit` makes of it. Raises TypeError where there is no API."""
    if blueprint.api is None:
        raise TypeError(f"{blueprint.name} has no API")
    routes = tuple(edit(route) if route.path == path else route for route in blueprint.api.routes)
    return replace(blueprint, api=replace(blueprint.api, routes=routes))


def _statement(document: Document, sid: str) -> Document:
    by_sid: dict[str, Document] = {statement["Sid"]: statement for statement in document["Statement"]}
    return by_sid[sid]


def _edit_named(
    items: tuple[_Named, ...], names: Iterable[str], edit: Callable[[_Named], _Named]
) -> tuple[_Named, ...]:
    wanted = set(names)
    return tuple(edit(item) if item.name in wanted else item for item in items)
