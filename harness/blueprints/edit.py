"""Small edits of a blueprint's data, from which weaknesses are made. Each returns a new blueprint."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.blueprints.spec import Blueprint, Document, RoleSpec


def edit_statement(
    blueprint: Blueprint, roles: Iterable[str], policy: str, sid: str, edit: Callable[[Document], None]
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


def edit_roles(blueprint: Blueprint, roles: Iterable[str], edit: Callable[[RoleSpec], RoleSpec]) -> Blueprint:
    """Replace the named roles by what `edit` makes of them."""
    wanted = set(roles)
    return replace(blueprint, roles=tuple(edit(role) if role.name in wanted else role for role in blueprint.roles))
