"""A blueprint deployed, populated and signed in on a target, ready to be attacked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.advice import advise
from harness.assets import Assets, plant
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.execution import Execution
from harness.attacks.plan import asset_names, controls
from harness.emulator.authorization import Enforcement
from harness.placeholders import put_back
from harness.population import populate, user_label
from harness.provisioning.deploy import deploy
from harness.secret import Secret
from harness.sessions import sign_in_everybody
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from harness.advice import Advice, Ruling
    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint, Weakness
    from harness.calibration.calibration import Calibration
    from harness.deployment import Deployment
    from harness.emulator.faults import Fault
    from harness.errors import SignInRefusedError
    from harness.marks import Marks
    from harness.population import Caller, Population
    from harness.provisioning.ledger import Ledger
    from harness.sessions import Session
    from harness.targets.target import Target
    from harness.verdicts import Verdict


@dataclass(frozen=True)
class Stage:
    """Where attempts are carried out. `close` gives back what this process holds of it."""

    target: Target
    blueprint: Blueprint
    deployment: Deployment
    population: Population
    execution: Execution
    sessions: Mapping[Caller, Session | SignInRefusedError]
    calls_per_user: tuple[int, ...] = ()

    def advice_on(self, leak: Verdict) -> Advice:
        """Return what to do about a leak, tried with what controls ask; those not carried out yet are now."""
        user = self.population.user(leak.attempt.attacker)
        label = user_label(user.caller.tenant, user.caller.persona)
        return advise(leak, lambda: self._legitimate, lambda text: put_back(text, self.deployment, user.tenants, label))

    @cached_property
    def _legitimate(self) -> list[Ruling]:
        every = controls(self.blueprint, TECHNIQUES.values(), len(self.population.tenants))
        return self.execution.rulings_of(every)

    def judge(self, attempt: Attempt) -> Verdict:
        """Return the verdict on an attempt."""
        return self.execution.judge(attempt)

    def close(self) -> None:
        """Give back the target; an embedded one is dropped with everything that was deployed on it."""
        self.target.close()


@dataclass(frozen=True)
class DeploymentPlace:
    """How a stage is deployed: under which id, with which marks, in which ledger.

    `kept` is what an earlier run has deployed and left; `deployed` is called before anybody signs in.
    """

    id: str
    marks: Marks | None = None
    ledger: Ledger | None = None
    kept: Deployment | None = None
    deployed: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class EmbeddedStage(Stage):
    """A stage on an embedded target."""

    target: EmbeddedTarget


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
) -> EmbeddedStage:
    """Return a stage on an embedded target of its own, with the assets that the planned attempts are aimed at.

    A weakness is planted in what is deployed and in how the application signs its users in; plan, population and
    attacks go by the sound blueprint all the same.
    Provisioning and sign-in happen on an honest target; switches and faults are set afterwards, so that what they
    turn red is the attacks and the controls.
    """
    target = EmbeddedTarget(region)
    stage = set_up_on(target, blueprint, planned, tenants=tenants, seed=seed, weakness=weakness)
    target.enforce(enforcement)
    target.plant_faults(faults)
    return EmbeddedStage(**{**vars(stage), "target": target})


def set_up_on(
    target: Target,
    blueprint: Blueprint,
    planned: Iterable[Attempt],
    *,
    tenants: int,
    seed: int,
    weakness: Weakness | None = None,
    place: DeploymentPlace | None = None,
    calibration: Calibration | None = None,
) -> Stage:
    """Return a stage on a target, as `set_up` describes it.

    `place` says how it is deployed there, by default under an id of its own and in no ledger; with a `calibration`,
    what rests on rules that the target does not enforce is not judged.
    """
    at = place or DeploymentPlace(secrets.token_hex(4))
    population = populate(blueprint, seed=seed, tenants=tenants, run_secret=Secret(secrets.token_hex(16)))
    design = blueprint if weakness is None else weakness.change(blueprint)
    deployment = at.kept or deploy(design, target, at.id, population, marks=at.marks, ledger=at.ledger)
    at.deployed()
    signed_in = sign_in_everybody(design, population, deployment, target, are_registered=at.kept is not None)
    sessions, population = signed_in.sessions, signed_in.population
    plant(target, Assets(blueprint, deployment, population, sessions), asset_names(blueprint, planned))
    execution = Execution(target, blueprint, deployment, population, sessions, calibration=calibration)
    calls = tuple(signed_in.calls.values())
    return Stage(target, blueprint, deployment, population, execution, sessions, calls)
