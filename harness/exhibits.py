"""Where the catalogue of attacks is exercised: what plants its entries, where techniques are aimed and must leak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.blueprints.registry import BLUEPRINTS
from harness.proof import FAULT_CASES, plan_everything

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Where the catalogue is exercised.

    `leaks_under` names per technique the planted holes under which it must leak, `planted` per entry the weaknesses
    and misconfigurations that plant it, as `BLUEPRINT:WEAKNESS`, and `aimed_at` per technique the designs it attacks.
    """

    leaks_under: Mapping[str, tuple[str, ...]]
    planted: Mapping[str, tuple[str, ...]]
    aimed_at: Mapping[str, tuple[str, ...]]


def where_techniques_leak() -> dict[str, tuple[str, ...]]:
    """Return per technique the planted weaknesses and target faults under which it must leak, and declared leaks."""
    found: dict[str, list[str]] = {}
    for blueprint in BLUEPRINTS.values():
        for weakness in blueprint.weaknesses:
            for technique in (*weakness.leaks, *weakness.leaks_between_names):
                found.setdefault(technique, []).append(f"{blueprint.name}:{weakness.id}")
        for leak in blueprint.contract.expected_leaks:
            found.setdefault(leak.technique, []).append(f"declared by {blueprint.name}")
    for case in FAULT_CASES:
        for technique in case.leaks:
            found.setdefault(technique, []).append(f"fault {case.name}")
    return {technique: tuple(dict.fromkeys(subjects)) for technique, subjects in found.items()}


def exhibits() -> Exhibits:
    """Return where the catalogue of attacks is exercised."""
    planted: dict[str, list[str]] = {}
    for blueprint in BLUEPRINTS.values():
        holes = [(weakness.entry, weakness.id) for weakness in blueprint.weaknesses]
        holes += [(mistake.entry, mistake.id) for mistake in blueprint.misconfigurations]
        for entry, hole in holes:
            planted.setdefault(entry, []).append(f"{blueprint.name}:{hole}")
    aimed_at: dict[str, list[str]] = {}
    for blueprint in BLUEPRINTS.values():
        for technique in dict.fromkeys(attempt.technique.id for attempt in plan_everything(blueprint)):
            aimed_at.setdefault(technique, []).append(blueprint.name)
    return Exhibits(
        leaks_under=where_techniques_leak(),
        planted={entry: tuple(holes) for entry, holes in planted.items()},
        aimed_at={technique: tuple(designs) for technique, designs in aimed_at.items()},
    )
