"""All blueprints by name, and the weaknesses people name on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.blueprints.group_roles import GROUP_ROLES
from harness.blueprints.identity_folder import IDENTITY_FOLDER
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.per_user_principals import PER_USER_PRINCIPALS
from harness.blueprints.project_attributes import PROJECT_ATTRIBUTES
from harness.blueprints.project_groups import PROJECT_GROUPS
from harness.blueprints.tenant_tagged import TENANT_TAGGED
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.blueprints.spec import Blueprint, Weakness

BLUEPRINTS: dict[str, Blueprint] = {
    blueprint.name: blueprint
    for blueprint in (
        IDENTITY_KEYED,
        GROUP_ROLES,
        TENANT_TAGGED,
        IDENTITY_FOLDER,
        PER_USER_PRINCIPALS,
        PROJECT_GROUPS,
        PROJECT_ATTRIBUTES,
    )
}


def blueprint_named(name: str) -> Blueprint:
    """Return the blueprint of this name. Raises UsageError naming those that exist."""
    try:
        return BLUEPRINTS[name]
    except KeyError:
        raise UsageError(f"there is no blueprint {name!r}; there are: {', '.join(BLUEPRINTS)}") from None


def weakness_named(name: str) -> tuple[Blueprint, Weakness]:
    """Return the blueprint and its weakness that `BLUEPRINT:WEAKNESS` names.

    Raises UsageError when the blueprint or the weakness does not exist.
    """
    blueprint_name, separator, weakness_id = name.partition(":")
    if not separator:
        raise UsageError(f"--weaken takes BLUEPRINT:WEAKNESS, not {name!r}")
    blueprint = blueprint_named(blueprint_name)
    try:
        return blueprint, blueprint.weakness(weakness_id)
    except KeyError:
        known = ", ".join(weakness.id for weakness in blueprint.weaknesses)
        raise UsageError(f"{blueprint_name} has no weakness {weakness_id!r}; it has: {known}") from None
