"""What missing rules mean for a run: how many techniques of which designs can say nothing on the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.attacks.features import applicable
from harness.calibration.needs import needed_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.attacks.technique import Technique
    from harness.blueprints.spec import Blueprint
    from harness.calibration.calibration import Calibration
    from harness.calibration.rules import Rule


@dataclass(frozen=True, slots=True)
class Bearing:
    """One design: the techniques aimed at it, those of them that stay without a verdict, and the rules they miss."""

    blueprint: str
    techniques: int
    inconclusive: int
    missing: tuple[Rule, ...]

    def as_json(self) -> dict[str, object]:
        """Return it as plain JSON."""
        return {
            "blueprint": self.blueprint,
            "techniques": self.techniques,
            "inconclusive": self.inconclusive,
            "missing": [rule.value for rule in self.missing],
        }


def bearing_on(
    blueprints: Iterable[Blueprint], techniques: Iterable[Technique], calibration: Calibration
) -> list[Bearing]:
    """Return what the calibration means for each design."""
    every = list(techniques)
    found = []
    for blueprint in blueprints:
        aimed = applicable(blueprint, every)
        missed = [calibration.missing(needed_by(blueprint, technique)) for technique in aimed]
        missing = calibration.missing(rule for rules in missed for rule in rules)
        found.append(Bearing(blueprint.name, len(aimed), sum(1 for rules in missed if rules), missing))
    return found
