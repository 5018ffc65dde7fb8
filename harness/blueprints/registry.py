"""All blueprints by name, found in the modules of this package, and the weaknesses people name on the command line."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING

from harness import blueprints
from harness.blueprints.spec import Blueprint
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.blueprints.spec import Weakness


def discovered() -> dict[str, Blueprint]:
    """Return every blueprint that a module of the package holds, in the order of their names.

    Raises ValueError when two different ones have the same name.
    """
    found: dict[str, Blueprint] = {}
    for entry in pkgutil.iter_modules(blueprints.__path__, f"{blueprints.__name__}."):
        for value in vars(import_module(entry.name)).values():
            if isinstance(value, Blueprint) and found.setdefault(value.name, value) is not value:
                raise ValueError(f"two blueprints are called {value.name}; one of them is in {entry.name}")
    return dict(sorted(found.items()))


BLUEPRINTS = discovered()


@cache
def source_of(name: str) -> tuple[str, int]:
    """Return the file that gives the blueprint its name, as a path from where the package lies, and the line.

    Raises KeyError for a name that no file of the package gives.
    """
    given = f'name="{name}"'
    for file in sorted(files(blueprints).iterdir(), key=lambda file: file.name):
        lines = file.read_text(encoding="utf-8").splitlines() if file.name.endswith(".py") else []
        for number, line in enumerate(lines, 1):
            if given in line:
                return f"{blueprints.__name__.replace('.', '/')}/{file.name}", number
    raise KeyError(name)


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
