"""The controls of a design: attempts that the contract allows, and which of them stands behind an attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.assets import PUBLIC
from harness.attacks.attempts import OPERATOR, Attempt, AttemptKind
from harness.attacks.directions import callers_of, may_touch_shared, victims_of, with_roles
from harness.attacks.features import is_among, role_of, roles_given
from harness.attacks.technique import ControlKind, Victim
from harness.blueprints.contract import Effect, Reach
from harness.population import SHARED, STAFF, Caller, homes_of

if TYPE_CHECKING:
    from harness.attacks.technique import Technique
    from harness.blueprints.contract import Persona
    from harness.blueprints.spec import Blueprint


def is_own_control(blueprint: Blueprint, technique: Technique, caller: Caller) -> bool:
    """Tell whether the caller can show the technique at work on what is its own."""
    if caller.tenant in (STAFF, SHARED):
        return False
    persona = blueprint.contract.persona(caller.persona)
    if not is_among(blueprint, persona, technique.callers, technique):
        return False
    if technique.aims_at_role:
        return role_of(persona, caller.tenant) in roles_given(blueprint, persona, (caller.tenant,))
    if technique.effect is Effect.SESSION:
        return True
    return blueprint.place(technique.plane) is not None and blueprint.contract.allows(
        persona.name, technique.plane, technique.effect, Reach.OWN
    )


def own_control(blueprint: Blueprint, technique: Technique, caller: Caller) -> Attempt:
    """Return the control in which the caller aims the technique at its own data."""
    name = f"{blueprint.name}-{technique.id}-{caller.persona}-own-{caller.tenant}"
    return Attempt(name, blueprint.name, technique, AttemptKind.OWN, caller, caller)


def allowed_control(blueprint: Blueprint, technique: Technique, attacker: Caller, victim: Caller | None) -> Attempt:
    """Return the control in which somebody uses what the contract gives though it is another's, or nobody's."""
    target = "allowed" if victim is None else f"allowed-on-{victim.persona}"
    direction = STAFF if victim is None else f"{attacker.tenant}-to-{victim.tenant}"
    name = f"{blueprint.name}-{technique.id}-{attacker.persona}-{target}-{direction}"
    return Attempt(name, blueprint.name, technique, AttemptKind.ALLOWED, attacker, victim)


class Controls:
    """The controls of one design with a number of tenants; what they are is worked out once per technique."""

    def __init__(self, blueprint: Blueprint, tenants: int) -> None:
        self._blueprint = blueprint
        self._tenants = tenants
        self._allowed: dict[str, list[Attempt]] = {}

    def own(self, technique: Technique) -> list[Attempt]:
        """Return the controls in which callers aim the technique at what is their own."""
        if technique.control is not ControlKind.OWN:
            return []
        return [
            own_control(self._blueprint, technique, caller)
            for caller, _ in callers_of(self._blueprint.contract, self._tenants)
            if is_own_control(self._blueprint, technique, caller)
        ]

    def behind(self, attack: Attempt) -> list[Attempt]:
        """Return the control that shows what a refusal of the attack means, short of the caller's credentials.

        It is the same technique on the caller's own data where there is such a thing, another principal's otherwise;
        the list is empty when nobody may make the request.
        """
        technique = attack.technique
        if technique.control is ControlKind.OWN and is_own_control(self._blueprint, technique, attack.attacker):
            return [own_control(self._blueprint, technique, attack.attacker)]
        seen = self._witness(attack)
        return [] if seen is None else [seen]

    def _witness(self, attack: Attempt) -> Attempt | None:
        """Return the control in which the same request works for a principal who may make it; None if nobody may."""
        technique = attack.technique
        if technique.operator_steps is not None:
            return self._operator(technique)
        for control in self.allowed(technique):
            if technique.sweeps or control.victim in (attack.victim, None):
                return control
        owner = attack.victim if technique.control is ControlKind.OWN else None
        if owner is not None and is_own_control(self._blueprint, technique, owner):
            return own_control(self._blueprint, technique, owner)
        return None if technique.effect is Effect.SESSION else self._operator(technique)

    def _operator(self, technique: Technique) -> Attempt:
        """Return the control in which the operator shows that the target can do what the technique asks for."""
        name = f"{self._blueprint.name}-{technique.id}-operator-allowed"
        victim = None
        kept = self._blueprint.place(technique.plane) or self._blueprint.shared_place(technique.plane)
        if technique.effect is not Effect.SESSION and kept is not None:
            victim = next(iter(self._victims(technique)), PUBLIC)
        return Attempt(name, self._blueprint.name, technique, AttemptKind.OPERATOR, OPERATOR, victim)

    def allowed(self, technique: Technique) -> list[Attempt]:
        """Return the attempts by users to whom the contract gives what the technique takes, though not their own."""
        if technique.control is ControlKind.OPERATOR:
            return []
        if technique.id not in self._allowed:
            self._allowed[technique.id] = [
                control
                for attacker, persona in callers_of(self._blueprint.contract, self._tenants)
                for control in self._allowed_to(technique, attacker, persona)
            ]
        return self._allowed[technique.id]

    def _allowed_to(self, technique: Technique, attacker: Caller, persona: Persona) -> list[Attempt]:
        among = is_among(self._blueprint, persona, technique.callers, technique)
        switches = technique.aims_at_role and technique.control is ControlKind.OWN
        found = self._switches(technique, attacker, persona) if switches and among else []
        if technique.effect is Effect.SESSION:
            # The role that a technique asks for is given to staff alone, through the group that carries it.
            by_staff = technique.control is ControlKind.WITNESS and technique.operator_steps is None
            if by_staff and persona == self._blueprint.privileged_persona:
                found.append(allowed_control(self._blueprint, technique, attacker, None))
            return found
        if not among:
            return found
        found += self._elsewhere(technique, attacker, persona)
        if (
            self._blueprint.contract.allows(persona.name, technique.plane, technique.effect, Reach.ANY)
            and persona.staff
        ):
            victims = self._victims(technique)
            # Whoever takes the whole store at once shows the same, whoever is looked for in it.
            found += [
                allowed_control(self._blueprint, technique, attacker, victim)
                for victim in (victims[:1] if technique.sweeps else victims)
            ]
        if may_touch_shared(self._blueprint, persona, technique):
            found.append(allowed_control(self._blueprint, technique, attacker, PUBLIC))
        return found

    def _elsewhere(self, technique: Technique, attacker: Caller, persona: Persona) -> list[Attempt]:
        """Return the controls in which a user of several tenants uses another one's of them in the same session."""
        homes = persona.tenants_of_session(homes_of(persona, attacker.tenant, self._tenants))
        if technique.control is not ControlKind.OWN or technique.victim is Victim.NOBODY:
            return []
        if not self._blueprint.is_shared_by_tenant(technique.plane):
            return []
        if not is_own_control(self._blueprint, technique, attacker):
            return []
        return [allowed_control(self._blueprint, technique, attacker, Caller(home, persona.name)) for home in homes[1:]]

    def _switches(self, technique: Technique, attacker: Caller, persona: Persona) -> list[Attempt]:
        """Return the controls in which a user of several groups asks for another of its own roles."""
        given = roles_given(self._blueprint, persona, homes_of(persona, attacker.tenant, self._tenants))
        own = frozenset({role_of(persona, attacker.tenant)})
        return [
            allowed_control(self._blueprint, technique, attacker, victim)
            for victim in with_roles(self._blueprint, self._victims(technique), own)
            if role_of(self._blueprint.contract.persona(victim.persona), victim.tenant) in given
        ]

    def _victims(self, technique: Technique) -> list[Caller]:
        return victims_of(self._blueprint, technique, self._tenants)
