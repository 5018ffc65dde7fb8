"""A blueprint deployed, populated and signed in on a target, ready to be attacked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.assets import Assets, plant
from harness.attacks.execution import Execution
from harness.attacks.plan import asset_names
from harness.emulator.authorization import Enforcement
from harness.population import populate
from harness.provisioning.deploy import deploy
from harness.secret import Secret
from harness.sessions import sign_in_everybody
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint, Weakness
    from harness.deployment import Deployment
    from harness.emulator.faults import Fault
    from harness.errors import SignInRefusedError
    from harness.population import Caller, Population
    from harness.sessions import Session


@dataclass(frozen=True)
class Stage:
    """Where attempts are carried out. `close` gives everything back."""

    target: EmbeddedTarget
    deployment: Deployment
    population: Population
    execution: Execution
    sessions: Mapping[Caller, Session | SignInRefusedError]
    calls_per_user: tuple[int, ...] = ()

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
    weakness: Weakness | None = None,
) -> Stage:
    """Return a stage on an embedded target of its own, with the assets that the planned attempts are aimed at.

    A weakness is planted in what is deployed and in how the application signs its users in; plan, population and
    attacks go by the sound blueprint all the same.
    Provisioning and sign-in happen on an honest target; switches and faults are set afterwards, so that what they
    turn red is the attacks and the controls.
    """
    run_id = secrets.token_hex(4)
    target = EmbeddedTarget(region)
    population = populate(blueprint, seed=seed, tenants=tenants, run_secret=Secret(secrets.token_hex(16)))
    deployed = blueprint if weakness is None else weakness.change(blueprint)
    deployment = deploy(deployed, target, run_id, population)
    signed_in = sign_in_everybody(deployed, population, deployment, target)
    sessions, population = signed_in.sessions, signed_in.population
    plant(target, Assets(blueprint, deployment, population, sessions), asset_names(blueprint, planned))
    target.enforce(enforcement)
    target.plant_faults(faults)
    execution = Execution(target, blueprint, deployment, population, sessions)
    return Stage(target, deployment, population, execution, sessions, tuple(signed_in.calls.values()))
