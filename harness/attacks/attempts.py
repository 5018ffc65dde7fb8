"""What an attempt is: one technique in one direction, before it is carried out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness.assets import PRIVATE
from harness.blueprints.contract import Effect
from harness.population import Caller

if TYPE_CHECKING:
    from harness.attacks.technique import Technique
    from harness.blueprints.contract import ExpectedLeak

OPERATOR = Caller("operator", "operator")


class AttemptKind(StrEnum):
    """What an attempt is: an attack, or one of the three ways to show that a refusal means something."""

    ATTACK = "attack"
    OWN = "own"  # control: the caller aims at its own data
    ALLOWED = "allowed"  # control: a caller to whom the contract gives foreign data uses it
    OPERATOR = "operator"  # control: nobody in the design may, so the operator shows that the target can


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One technique in one direction. `victim` is the caller itself in a control on own data, None for nobody."""

    id: str
    blueprint: str
    technique: Technique
    kind: AttemptKind
    attacker: Caller
    victim: Caller | None
    expected_leak: ExpectedLeak | None = None

    def __repr__(self) -> str:
        # Allure builds a test's history from the repr of its parameters, which must not hold addresses.
        return self.id

    @property
    def is_control(self) -> bool:
        """Tell whether the attempt is expected to be allowed."""
        return self.kind is not AttemptKind.ATTACK

    @property
    def boundary(self) -> str:
        """Return the boundary of the contract on which the attempt stands."""
        return boundary(self.attacker.persona, self.technique)

    @property
    def asset_name(self) -> str:
        """Return the name of the asset aimed at; writes have one of their own, so that they disturb nobody."""
        if self.technique.effect is not Effect.WRITE:
            return PRIVATE
        if self.kind is AttemptKind.OWN:
            return own_asset_name(self.technique)
        return f"{self.technique.id}/from-{self.attacker.tenant}-{self.attacker.persona}"


def own_asset_name(technique: Technique) -> str:
    """Return the name of the asset with which callers show that the technique works on their own data."""
    return f"{technique.id}/own" if technique.effect is Effect.WRITE else PRIVATE


def boundary(persona: str, technique: Technique) -> str:
    """Return the name of a boundary: who is kept out of what, such as `member: dynamodb.read`."""
    if technique.effect is Effect.SESSION:
        return f"{persona}: {technique.plane}.session"
    return f"{persona}: {technique.plane}.{technique.effect}"
