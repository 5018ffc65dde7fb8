"""The proof that the attacks bite: planted weaknesses and target faults must be found, and switches must turn red."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.plan import Pairs, attacks, controls
from harness.blueprints.registry import BLUEPRINTS
from harness.emulator.authorization import Enforcement
from harness.emulator.faults import Fault
from harness.stage import set_up
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.blueprints.spec import Blueprint, Weakness
    from harness.verdicts import Verdict

_TENANTS = 2
_SEED = 1


@dataclass(frozen=True, slots=True)
class FaultCase:
    """Target faults planted together, and the techniques that must leak under them on a sound blueprint."""

    faults: tuple[Fault, ...]
    leaks: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the faults' names, joined."""
        return "+".join(self.faults)


FAULT_CASES = (
    FaultCase(
        (Fault.SKIP_TOKEN_SIGNATURE,),
        ("token.session.unsigned", "token.session.foreign-key", "token.session.tampered"),
    ),
    FaultCase((Fault.SKIP_TOKEN_EXPIRY,), ("token.session.expired",)),
    FaultCase((Fault.SKIP_TOKEN_AUDIENCE,), ("token.session.access-token", "token.session.other-app-client")),
    # A foreign pool's token has that pool's issuer and audience; both checks have to be missing for it to pass.
    FaultCase(
        (Fault.SKIP_TOKEN_ISSUER, Fault.SKIP_TOKEN_AUDIENCE),
        ("token.session.other-pool", "token.session.other-pool-in-disguise"),
    ),
    FaultCase(
        (Fault.SKIP_IDENTITY_OWNERSHIP,),
        (
            "identity-pool.session.foreign-identity-with-own-token",
            "identity-pool.session.foreign-identity-without-token",
        ),
    ),
    FaultCase((Fault.SKIP_CUSTOM_ROLE_CHECK,), ("identity-pool.session.custom-role-arn",)),
    FaultCase((Fault.SKIP_TRUST_POLICY,), ("sts.session.assume-admin-role", "sts.session.assume-member-role")),
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What the attacks made of one planted hole. Only technique and attempt ids, so that two proofs compare.

    `unclear` lists attacks that ended INCONCLUSIVE: a hole must not blur the rest of the picture.
    """

    subject: str
    must_leak: tuple[str, ...]
    leaked: tuple[str, ...]
    controls_failed: tuple[str, ...]
    unclear: tuple[str, ...]

    @property
    def missed(self) -> tuple[str, ...]:
        """Return the techniques that had to leak and did not."""
        return tuple(technique for technique in self.must_leak if technique not in self.leaked)

    @property
    def held(self) -> bool:
        """Tell whether the hole was found, no control changed and nothing became unclear."""
        return not (self.missed or self.controls_failed or self.unclear)

    def as_json(self) -> dict[str, object]:
        """Return the proof as one entry of verdicts.json."""
        return {
            "subject": self.subject,
            "must_leak": list(self.must_leak),
            "leaked": list(self.leaked),
            "controls_failed": list(self.controls_failed),
            "held": self.held,
        }

    def complaint(self) -> str:
        """Return what is wrong, empty when the proof holds."""
        parts = {
            "no attack found": self.missed,
            "controls that changed": self.controls_failed,
            "attacks that became unclear": self.unclear,
        }
        return "; ".join(f"{what}: {', '.join(ids)}" for what, ids in parts.items() if ids)


def prove_weakness(blueprint: Blueprint, weakness: Weakness) -> Proof:
    """Attack the blueprint with the hole planted, by every technique, and return what was found."""
    verdicts = attack_everything(blueprint, weakness=weakness)
    return _proof(f"weakness {blueprint.name}:{weakness.id}", weakness.leaks, verdicts)


def prove_fault(blueprint: Blueprint, case: FaultCase) -> Proof:
    """Attack the sound blueprint on a target that forgets checks, and return what was found."""
    return _proof(f"fault {case.name}", case.leaks, attack_everything(blueprint, faults=case.faults))


def attack_everything(
    blueprint: Blueprint,
    *,
    enforcement: Enforcement = Enforcement.NORMAL,
    faults: Iterable[Fault] = (),
    weakness: Weakness | None = None,
) -> list[Verdict]:
    """Return the verdicts of every attack and control on a stage of its own with two tenants."""
    techniques = tuple(TECHNIQUES.values())
    tenants = max(_TENANTS, blueprint.minimum_tenants)
    planned = [
        *controls(blueprint, techniques, tenants),
        *attacks(blueprint, techniques, tenants, Pairs.RING),
    ]
    stage = set_up(
        blueprint, planned, tenants=tenants, seed=_SEED, enforcement=enforcement, faults=faults, weakness=weakness
    )
    try:
        return [stage.execution.judge(attempt) for attempt in planned]
    finally:
        stage.close()


def techniques_that_can_leak() -> frozenset[str]:
    """Return the techniques that some planted weakness, target fault or declared leak shows to leak."""
    declared = {leak.technique for blueprint in BLUEPRINTS.values() for leak in blueprint.contract.expected_leaks}
    planted = {
        technique
        for blueprint in BLUEPRINTS.values()
        for weakness in blueprint.weaknesses
        for technique in weakness.leaks
    }
    faulty = {technique for case in FAULT_CASES for technique in case.leaks}
    return frozenset(declared | planted | faulty)


def _proof(subject: str, must_leak: tuple[str, ...], verdicts: list[Verdict]) -> Proof:
    leaked = {
        verdict.attempt.technique.id
        for verdict in verdicts
        if verdict.name is VerdictName.LEAK and not verdict.leak_is_expected
    }
    return Proof(
        subject=subject,
        must_leak=tuple(sorted(must_leak)),
        leaked=tuple(sorted(leaked)),
        controls_failed=tuple(
            verdict.attempt.id
            for verdict in verdicts
            if verdict.attempt.is_control and verdict.name is not VerdictName.WORKS
        ),
        unclear=tuple(
            verdict.attempt.id
            for verdict in verdicts
            if not verdict.attempt.is_control and verdict.name is VerdictName.INCONCLUSIVE
        ),
    )
