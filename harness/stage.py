"""A blueprint deployed, populated and signed in on a target, ready to be attacked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.assets import plant
from harness.attacks.execution import Execution
from harness.attacks.plan import asset_names
from harness.deployment import deploy
from harness.emulator.authorization import Enforcement
from harness.population import populate
from harness.secret import Secret
from harness.sessions import sign_in_everybody
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.attacks.plan import Attempt
    from harness.blueprints.spec import Blueprint
    from harness.deployment import Deployment
    from harness.emulator.faults import Fault
    from harness.population import Population


@dataclass(frozen=True)
class Stage:
    """Where attempts are carried out. `close` gives everything back."""

    target: EmbeddedTarget
    deployment: Deployment
    population: Population
    execution: Execution

    def close(self) -> None:
        """Drop the target with everything that was deployed on it."""
        self.target.close()


def set_up(
    blueprint: Blueprint,
    planned: Iterable[Attempt],
    *,
    tenants: int,
    seed: int,
    region: str = "us-east-1",
    enforcement: Enforcement = Enforcement.NORMAL,
    faults: Iterable[Fault] = (),
) -> Stage:
    """Return a stage on an embedded target of its own, with the assets that the planned attempts are aimed at.

    Provisioning and sign-in happen on an honest target; switches and faults are set afterwards, so that what they
    turn red is the attacks and the controls.
    """
    run_id = secrets.token_hex(4)
    target = EmbeddedTarget(region)
    population = populate(blueprint.contract, seed=seed, tenants=tenants, run_secret=Secret(secrets.token_hex(16)))
    deployment = deploy(blueprint, target, run_id)
    sessions = sign_in_everybody(blueprint, population, deployment, target)
    plant(target, deployment, population, sessions, asset_names(planned))
    target.enforce(enforcement)
    target.plant_faults(faults)
    return Stage(target, deployment, population, Execution(target, blueprint, deployment, population, sessions))
