"""A design deployed for tenants whose names were made to collide, as far as the target lets anybody have them.

One stage holds every name beside the name that it resembles. What the target or the design refuses is kept with the
refusal; it is no proof of isolation. The rest attack each other by the ordinary techniques.
"""

from __future__ import annotations

import re
import secrets
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from harness.assets import Assets, plant
from harness.attacks.attempts import Attempt, AttemptKind
from harness.attacks.colliding_names import Choice, choices_of, names_to_try
from harness.attacks.controls import is_own_control
from harness.attacks.execution import Execution
from harness.attacks.features import applicable, is_among, owns
from harness.attacks.plan import asset_names
from harness.attacks.predicted_collisions import is_predictable, predicted_collisions
from harness.attacks.technique import ControlKind, Victim
from harness.blueprints.contract import Effect, SignIn
from harness.emulator.authorization import Enforcement
from harness.errors import DeploymentError, SignInRefusedError
from harness.placeholders import TENANT
from harness.population import Caller, chosen_key, populate_with
from harness.provisioning.deploy import deploy
from harness.secret import Secret
from harness.sessions import assigned_key, sign_in
from harness.targets.embedded import EmbeddedTarget
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.attacks.colliding_names import Name
    from harness.attacks.technique import Technique
    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint, Weakness
    from harness.deployment import Deployment
    from harness.emulator.faults import Fault
    from harness.population import Population
    from harness.report.names import NameOutcome
    from harness.sessions import Session
    from harness.verdicts import Verdict

# The codes by which AWS's services say that a name cannot be had, or that somebody has it already.
_NAMING_RULES = frozenset(
    {
        "BucketAlreadyExists",
        "BucketAlreadyOwnedByYou",
        "EntityAlreadyExists",
        "GroupExistsException",
        "InvalidBucketName",
        "InvalidIdentityPoolConfigurationException",
        "InvalidInput",
        "InvalidParameterException",
        "MalformedPolicy",
        "MalformedPolicyDocument",
        "ParamValidationError",  # the SDK knows the rules for the names of buckets, and does not even send
        "ValidationError",
        "ValidationException",
    }
)
_SHOWN_PREDICTIONS = 6


@dataclass(frozen=True)
class NameVerdict:
    """What became of a name, with the sentence why and the verdicts on the attacks between it and the one beside it."""

    name: Name
    outcome: NameOutcome
    reason: str
    verdicts: tuple[Verdict, ...] = ()
    predicted: bool | None = None

    @property
    def leaks(self) -> tuple[Verdict, ...]:
        """Return the verdicts that are leaks nobody has declared."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_undeclared_leak)


def persona_of_names(blueprint: Blueprint) -> Persona | None:
    """Return who takes part under the names: the first kind of user that has assets of its own in one tenant."""
    for persona in blueprint.contract.personas:
        alone = not persona.staff and persona.spans == 1 and persona.sign_in is not SignIn.TOKENS
        if alone and any(owns(blueprint, persona, place.plane) for place in blueprint.places):
            return persona
    return None


def names_of(blueprint: Blueprint, seed: int) -> tuple[Name, ...]:
    """Return the names that the design is tried with; empty where nobody chooses a name in it.

    Names with signs that the design does not use are among them where its policies say that they collide.
    """
    persona = persona_of_names(blueprint)
    if persona is None or not choices_of(blueprint):
        return ()
    victim = chosen_key(seed)
    names = names_to_try(blueprint, persona, victim)
    known = {name.id for name in names}
    further = names_to_try(blueprint, persona, victim, further=True)
    predicted = {
        name for each in predicted_collisions(blueprint, persona, further) for name in (each.attacker, each.victim)
    }
    more = [name for name in further if name.id in predicted - known]
    return (*names, *more[:_SHOWN_PREDICTIONS])


def techniques_between_names(blueprint: Blueprint, techniques: Iterable[Technique]) -> tuple[Technique, ...]:
    """Return the techniques that the tenants use on each other: one for each set of actions that policies allow."""
    persona = persona_of_names(blueprint)
    found: dict[tuple[object, ...], Technique] = {}
    if persona is not None:
        caller = Caller("anybody", persona.name)
        for technique in applicable(blueprint, techniques):
            reaches = technique.effect is not Effect.SESSION and technique.victim is Victim.SOMEBODY
            if not reaches or not technique.actions or technique.control is not ControlKind.OWN:
                continue
            suffers = is_among(blueprint, persona, technique.victims, technique)
            if suffers and is_own_control(blueprint, technique, caller):
                found.setdefault((technique.effect, technique.actions), technique)
    return tuple(found.values())


@dataclass
class NamedStage:
    """Where the names of one design are tried. `close` gives everything back."""

    blueprint: Blueprint
    target: EmbeddedTarget
    names: dict[str, Name]
    refused: dict[str, tuple[NameOutcome, str]]
    population: Population
    deployment: Deployment
    execution: Execution
    planned: dict[str, list[Attempt]]
    predicted: frozenset[str] = field(default_factory=frozenset)

    def try_name(self, name_id: str) -> NameVerdict:
        """Return what became of a name: refused, or what came of the attacks in both directions."""
        name = self.names[name_id]
        persona = persona_of_names(self.blueprint)
        known = persona is not None and is_predictable(self.blueprint, persona) and name.tenant.chosen
        predicted = name_id in self.predicted if known else None
        for refused in (name_id, name.beside):
            if refused in self.refused:
                outcome, reason = self.refused[refused]
                of = outcome if refused == name_id else "not judged"
                return NameVerdict(name, of, f"{refused}: {reason}" if refused != name_id else reason, (), predicted)
        verdicts = tuple(self.execution.judge(attempt) for attempt in self.planned[name_id])
        outcome, reason = _came_to(verdicts)
        if outcome == "held" and predicted:
            outcome, reason = "not judged", "by the policies alone the two collide, and yet the target refused it"
        return NameVerdict(name, outcome, reason, verdicts, predicted)

    def text_of(self, name_id: str) -> str:
        """Return the name of this id as it was chosen. Raises KeyError where there is none."""
        return self.names[name_id].text

    def close(self) -> None:
        """Drop the target with everything that was deployed on it."""
        self.target.close()


def set_up_names(
    blueprint: Blueprint,
    techniques: Iterable[Technique],
    *,
    seed: int,
    region: str = "us-east-1",
    enforcement: Enforcement = Enforcement.NORMAL,
    faults: Iterable[Fault] = (),
    weakness: Weakness | None = None,
) -> NamedStage:
    """Return the stage of the names of a design. Names and attacks go by the sound blueprint, as everywhere.

    Raises DeploymentError when the design cannot be deployed for the names that others are made from.
    """
    persona = persona_of_names(blueprint)
    if persona is None:
        raise TypeError(f"{blueprint.name} has nobody to take part under a chosen name")
    deployed = blueprint if weakness is None else weakness.change(blueprint)
    target = EmbeddedTarget(region)
    names = {name.id: name for name in names_of(blueprint, seed)}
    making = _Making(deployed, persona, target, seed, Secret(secrets.token_hex(16)))
    refused = _ruled_out(blueprint, names.values())
    refused |= making.refusals(name for name in names.values() if name.id not in refused)
    accepted = [name for name in names.values() if name.id not in refused]
    population = making.population(accepted)
    deployment = deploy(deployed, target, secrets.token_hex(4), population)
    sessions, population = making.signed_in(deployment, population, refused)
    planned = {
        name.id: _between(blueprint, persona, techniques_between_names(blueprint, techniques), name)
        for name in names.values()
        if name.beside and not {name.id, name.beside} & refused.keys()
    }
    attempts = [attempt for each in planned.values() for attempt in each]
    plant(target, Assets(blueprint, deployment, population, sessions), asset_names(blueprint, attempts))
    target.enforce(enforcement)
    target.plant_faults(faults)
    execution = Execution(target, blueprint, deployment, population, sessions)
    collisions = predicted_collisions(blueprint, persona, names.values())
    predicted = frozenset(each.attacker if names[each.attacker].beside else each.victim for each in collisions)
    return NamedStage(blueprint, target, names, refused, population, deployment, execution, planned, predicted)


@dataclass(frozen=True)
class _Making:
    """What it takes to find out which names can be had."""

    blueprint: Blueprint
    persona: Persona
    target: EmbeddedTarget
    seed: int
    run_secret: Secret

    def population(self, names: Iterable[Name]) -> Population:
        return populate_with((name.tenant for name in names), self.persona, seed=self.seed, run_secret=self.run_secret)

    def refusals(self, names: Iterable[Name]) -> dict[str, tuple[NameOutcome, str]]:
        """Return why tenants of some names cannot be made: each is tried beside the one that it resembles.

        They are tried on a target that is thrown away.
        """
        everybody = {name.id: name for name in names}
        refused: dict[str, tuple[NameOutcome, str]] = {}
        if not _depends_on_tenants(self.blueprint):
            return refused
        with closing(EmbeddedTarget(self.target.region)) as rehearsal:
            for name in everybody.values():
                if name.beside:
                    run_id = secrets.token_hex(4)
                    try:
                        deploy(self.blueprint, rehearsal, run_id, self.population([everybody[name.beside], name]))
                    except DeploymentError as error:
                        refused[name.id] = _refusal(error, "refused by AWS", run_id)
        return refused

    def signed_in(
        self, deployment: Deployment, population: Population, refused: dict[str, tuple[NameOutcome, str]]
    ) -> tuple[dict[Caller, Session | SignInRefusedError], Population]:
        """Sign everybody in, and return the sessions with the population of those who have one."""
        sessions: dict[Caller, Session | SignInRefusedError] = {}
        for user in population.users:
            try:
                session = sign_in(self.target, self.blueprint, deployment, user)
                if self.persona.signs_up:
                    population = population.with_key(user.caller.tenant, assigned_key(self.persona, session))
            except DeploymentError as error:
                refused[user.caller.tenant] = _refusal(error, "refused by AWS", deployment.run_id)
            except SignInRefusedError as error:
                refused[user.caller.tenant] = _refusal(error, "refused at sign-in", deployment.run_id)
            else:
                sessions[user.caller] = session
        in_it = tuple(user for user in population.users if user.caller in sessions)
        return sessions, replace(population, users=in_it, tenants=tuple(user.tenants[0] for user in in_it))


def _refusal(error: DeploymentError | SignInRefusedError, outcome: NameOutcome, run_id: str) -> tuple[NameOutcome, str]:
    by_rule = error.code in _NAMING_RULES or (not error.code and isinstance(error, SignInRefusedError))
    return (outcome if by_rule else "not judged"), " ".join(str(error).replace(run_id, "RUN").split())


def _ruled_out(blueprint: Blueprint, names: Iterable[Name]) -> dict[str, tuple[NameOutcome, str]]:
    """Return the names that the blueprint says its application lets no tenant have."""
    if not blueprint.tenant_names:
        return {}
    allowed = re.compile(blueprint.tenant_names)
    reason = f"the blueprint's tenant_names, {blueprint.tenant_names}, lets no tenant be called so: not tried"
    return {name.id: ("ruled out", reason) for name in names if name.beside and not allowed.fullmatch(name.text)}


def _depends_on_tenants(blueprint: Blueprint) -> bool:
    """Tell whether anything is deployed for each tenant or under the names of users."""
    parts = (blueprint.user_pool, blueprint.roles, blueprint.tables, blueprint.buckets, blueprint.functions)
    named = any(persona.sign_in is SignIn.IAM_USER for persona in blueprint.contract.personas)
    return named or any(TENANT in repr(part) or "'ForEach'" in repr(part) for part in parts)


def _between(blueprint: Blueprint, persona: Persona, techniques: Iterable[Technique], name: Name) -> list[Attempt]:
    """Return the attacks of the name on the one beside it, and back.

    There is no way back where the design makes a key of what was typed: only one that has become the other's collides,
    and then each reaches the other.
    """
    directions = [(name.id, name.beside), (name.beside, name.id)]
    found = []
    for technique in techniques:
        for attacker, victim in directions[: 1 if name.choice is Choice.TYPED else 2]:
            found.append(
                Attempt(
                    f"{blueprint.name}-{technique.id}-{persona.name}-on-{persona.name}-{attacker}-to-{victim}",
                    blueprint.name,
                    technique,
                    AttemptKind.ATTACK,
                    Caller(attacker, persona.name),
                    Caller(victim, persona.name),
                    blueprint.contract.expected_leak(technique.id, persona.name),
                )
            )
    return found


def _came_to(verdicts: tuple[Verdict, ...]) -> tuple[NameOutcome, str]:
    leaks = [verdict for verdict in verdicts if verdict.is_undeclared_leak]
    if leaks:
        techniques = ", ".join(dict.fromkeys(verdict.attempt.technique.id for verdict in leaks))
        return "leaked", f"{leaks[0].attempt.attacker} reached {leaks[0].attempt.victim}: {techniques}"
    unclear = [verdict for verdict in verdicts if verdict.name is VerdictName.INCONCLUSIVE]
    if unclear or not verdicts:
        return "not judged", unclear[0].reason if unclear else "no technique can be aimed at the design"
    return "held", "each tenant was refused what is the other's, while its own was allowed"
