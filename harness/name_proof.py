"""The proof that colliding names are found: weaknesses that open a design to a name that somebody chooses tomorrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.predicted_collisions import is_predictable, predicted_collisions
from harness.blueprints.difference import changes
from harness.blueprints.registry import BLUEPRINTS
from harness.named_stage import names_of, persona_of_names, set_up_names
from harness.proof import found_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.blueprints.spec import Blueprint, Weakness
    from harness.named_stage import NameVerdict
    from harness.planted_holes import PlantedHole

_SEED = 1


def weaknesses_between_names() -> list[str]:
    """Return as BLUEPRINT:WEAKNESS those that must leak between colliding names."""
    return [
        f"{name}:{weakness.id}"
        for name, blueprint in BLUEPRINTS.items()
        for weakness in blueprint.weaknesses
        if weakness.leaks_between_names
    ]


def prove_between_names(blueprint: Blueprint, weakness: Weakness) -> tuple[PlantedHole, str]:
    """Try every name on the blueprint with the hole planted, and return what was found.

    Beside it stands where the policies of what was deployed, read alone, say something else than what came of the
    attacks; empty when both agree, or when a function's code decides.
    """
    stage = set_up_names(blueprint, TECHNIQUES.values(), seed=_SEED, weakness=weakness)
    try:
        tried = [stage.try_name(name_id) for name_id, name in stage.names.items() if name.beside]
    finally:
        stage.close()
    hole = found_in(
        f"weakness {blueprint.name}:{weakness.id} between names",
        [verdict for each in tried for verdict in each.verdicts],
        must_leak=weakness.leaks_between_names,
        planted=changes(blueprint, weakness.change(blueprint)),
    )
    return hole, _disagreement(weakness.change(blueprint), tried)


def _disagreement(weakened: Blueprint, tried: Iterable[NameVerdict]) -> str:
    persona = persona_of_names(weakened)
    if persona is None or not is_predictable(weakened, persona):
        return ""
    attacked = {
        (v.attempt.attacker.tenant, v.attempt.victim.tenant)
        for each in tried
        for v in each.verdicts
        if v.attempt.victim
    }
    given = {pair for pair in attacked if not pair[0].startswith("typed")}
    predicted = {
        (each.attacker, each.victim) for each in predicted_collisions(weakened, persona, names_of(weakened, _SEED))
    }
    leaked = {
        (leak.attempt.attacker.tenant, leak.attempt.victim.tenant)
        for each in tried
        for leak in each.leaks
        if leak.attempt.victim is not None
    }
    unlike = sorted((predicted ^ leaked) & given)
    return ", ".join(
        f"{attacker} on {victim}: {'predicted alone' if (attacker, victim) in predicted else 'leaked alone'}"
        for attacker, victim in unlike
    )
