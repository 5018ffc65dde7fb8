"""The proof that the attacks bite: planted weaknesses and target faults must be found, and switches must turn red."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.attacks.attempts import OPERATOR, AttemptKind
from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.features import features_of
from harness.attacks.plan import Pairs, attacks, plan
from harness.attacks.technique import Feature
from harness.blueprints.difference import Change, changes
from harness.blueprints.spec import Weakness
from harness.emulator.authorization import Enforcement
from harness.emulator.faults import FAULT_DESCRIPTIONS, Fault
from harness.planted_holes import PlantedHole
from harness.population import STAFF, tenant_ids
from harness.stage import set_up
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint, Misconfiguration
    from harness.verdicts import Verdict

_TENANTS = 2
_SEED = 1


@dataclass(frozen=True, slots=True)
class FaultCase:
    """Target faults planted together, and the techniques that must leak under them on a sound blueprint.

    `requires` names what the blueprint must have for nothing else to stop the techniques.
    """

    faults: tuple[Fault, ...]
    leaks: tuple[str, ...]
    requires: frozenset[Feature] = frozenset()

    @property
    def name(self) -> str:
        """Return the faults' names, joined."""
        return "+".join(self.faults)


FAULT_CASES = (
    FaultCase(
        (Fault.SKIP_TOKEN_SIGNATURE,),
        (
            "token.session.unsigned",
            "token.session.foreign-key",
            "token.session.tampered",
            "token.session.tampered-claims",
        ),
    ),
    FaultCase((Fault.ACCEPT_PUBLIC_KEY_AS_SECRET,), ("token.session.public-key-as-secret",)),
    FaultCase((Fault.ACCEPT_UNKNOWN_KEY_ID,), ("token.session.unknown-key-id",)),
    FaultCase((Fault.SKIP_TOKEN_EXPIRY,), ("token.session.expired", "token.session.after-dismissal")),
    # An access token and a foreign pool's token name no role, so only a pool with a role for everybody gives one.
    FaultCase(
        (Fault.SKIP_TOKEN_AUDIENCE,),
        ("token.session.access-token", "token.session.other-app-client"),
        frozenset({Feature.DEFAULT_ROLE}),
    ),
    # A foreign pool's token has that pool's issuer and audience; both checks have to be missing for it to pass.
    FaultCase(
        (Fault.SKIP_TOKEN_ISSUER, Fault.SKIP_TOKEN_AUDIENCE),
        ("token.session.other-pool", "token.session.other-pool-in-disguise"),
        frozenset({Feature.DEFAULT_ROLE}),
    ),
    FaultCase(
        (Fault.SKIP_IDENTITY_OWNERSHIP,),
        (
            "identity-pool.session.foreign-identity-with-own-token",
            "identity-pool.session.foreign-identity-without-token",
        ),
    ),
    FaultCase(
        (Fault.SKIP_CUSTOM_ROLE_CHECK,),
        ("identity-pool.session.custom-role-arn", "identity-pool.session.custom-role-arn-of-another"),
    ),
    FaultCase(
        (Fault.SKIP_TRUST_POLICY,),
        ("sts.session.assume-admin-role", "sts.session.assume-member-role", "sts.session.assume-role-of-another"),
    ),
)


def prove_weakness(blueprint: Blueprint, weakness: Weakness) -> PlantedHole:
    """Attack the blueprint with the hole planted, by every technique, and return what was found."""
    return found_in(
        f"weakness {blueprint.name}:{weakness.id}",
        attack_everything(blueprint, weakness=weakness),
        must_leak=weakness.leaks,
        breaks=weakness.breaks,
        planted=changes(blueprint, weakness.change(blueprint)),
    )


def prove_fault(blueprint: Blueprint, case: FaultCase) -> PlantedHole:
    """Attack the sound blueprint on a target that forgets checks, and return what was found."""
    return found_in(
        f"fault {case.name} on {blueprint.name}",
        attack_everything(blueprint, faults=case.faults),
        must_leak=leaks_of_fault(blueprint, case),
        planted=tuple(Change(FAULT_DESCRIPTIONS[fault]) for fault in case.faults),
    )


def leaks_of_fault(blueprint: Blueprint, case: FaultCase) -> tuple[str, ...]:
    """Return those of the case's techniques that are aimed at the blueprint at all."""
    if not case.requires <= features_of(blueprint):
        return ()
    techniques = tuple(TECHNIQUES[technique] for technique in case.leaks)
    aimed = {attempt.technique.id for attempt in attacks(blueprint, techniques, _tenants(blueprint), Pairs.RING)}
    return tuple(technique for technique in case.leaks if technique in aimed)


def prove_misconfiguration(blueprint: Blueprint, misconfiguration: Misconfiguration) -> str:
    """Plant a mistake that lets nobody in, and return what is wrong with what follows; empty when all is as declared.

    Everybody whom it keeps out must be refused with the declared code, and nothing that such a user attempts may count
    as ISOLATED. Those are the personas it names, or everybody who signs in with a password: guests come in by another
    way, which the mistake need not close.
    """
    weakness = Weakness(misconfiguration.id, misconfiguration.title, misconfiguration.change, ())
    everybody = {persona.name for persona in blueprint.contract.personas if persona.has_tokens}
    kept_out = set(misconfiguration.personas) or everybody
    wrong = []
    for verdict in attack_everything(blueprint, weakness=weakness):
        if verdict.attempt.attacker.persona not in kept_out:
            continue
        if verdict.name in (VerdictName.ISOLATED, VerdictName.LEAK):
            wrong.append(f"{verdict.attempt.id} is {verdict.name}")
        elif expects_lockout(verdict.attempt) and misconfiguration.error_code not in verdict.reason:
            wrong.append(f"{verdict.attempt.id} is {verdict.name}: {verdict.reason}")
    return "; ".join(wrong)


def expects_lockout(attempt: Attempt) -> bool:
    """Tell whether the attempt is a user's control that works only with AWS credentials of the user's own."""
    return attempt.kind in (AttemptKind.OWN, AttemptKind.ALLOWED) and not attempt.technique.shows_tokens_alone


def plan_everything(blueprint: Blueprint) -> list[Attempt]:
    """Return every control and attack by the users of one tenant and by staff, with as few tenants as it takes.

    What is planted is planted for all tenants alike, so the others would only find the same again.
    """
    first, *_ = tenant_ids(_tenants(blueprint))
    planned = plan(blueprint, TECHNIQUES.values(), _tenants(blueprint), Pairs.RING)
    return [attempt for attempt in planned if attempt.attacker.tenant in (first, STAFF, OPERATOR.tenant)]


def _tenants(blueprint: Blueprint) -> int:
    return max(_TENANTS, blueprint.minimum_tenants)


def attack_everything(
    blueprint: Blueprint,
    *,
    enforcement: Enforcement = Enforcement.NORMAL,
    faults: Iterable[Fault] = (),
    weakness: Weakness | None = None,
) -> list[Verdict]:
    """Return the verdicts of every attack and control on a stage of its own with as few tenants as it takes."""
    planned = plan_everything(blueprint)
    stage = set_up(
        blueprint,
        planned,
        tenants=_tenants(blueprint),
        seed=_SEED,
        enforcement=enforcement,
        faults=faults,
        weakness=weakness,
    )
    try:
        return [stage.execution.judge(attempt) for attempt in planned]
    finally:
        stage.close()


def found_in(
    subject: str,
    verdicts: list[Verdict],
    *,
    must_leak: tuple[str, ...],
    planted: tuple[Change, ...],
    breaks: tuple[str, ...] = (),
) -> PlantedHole:
    """Return the planted hole with what the verdicts say of it."""
    leaks = [verdict for verdict in verdicts if verdict.is_undeclared_leak]
    legitimate = [verdict for verdict in verdicts if verdict.attempt.technique.id not in breaks]
    by_technique: dict[str, list[Verdict]] = {}
    for verdict in leaks:
        by_technique.setdefault(verdict.attempt.technique.id, []).append(verdict)
    return PlantedHole(
        subject=subject,
        planted=tuple(change.path for change in planted),
        attacked=tuple(sorted({verdict.attempt.technique.id for verdict in verdicts})),
        must_leak=tuple(sorted(must_leak)),
        leaked=tuple(sorted(by_technique)),
        decided_by={technique: _decided_by(found) for technique, found in by_technique.items()},
        wrong_reason=tuple(
            technique
            for technique in must_leak
            if technique in by_technique and not _for_what_was_planted(by_technique[technique], planted)
        ),
        controls_failed=tuple(
            verdict.attempt.id
            for verdict in legitimate
            if verdict.attempt.is_control and verdict.name is not VerdictName.WORKS
        ),
        unclear=tuple(
            verdict.attempt.id
            for verdict in legitimate
            if not verdict.attempt.is_control and verdict.name is VerdictName.INCONCLUSIVE
        ),
    )


def _decided_by(leaks: list[Verdict]) -> str:
    """Return the statement that let the technique through, without the names that a deployment makes up."""
    policy, _, rest = (leaks[0].deciding_statement or "").partition(" ")
    return f"{policy.rpartition('/')[2]} {rest}".strip()


def _for_what_was_planted(leaks: list[Verdict], planted: tuple[Change, ...]) -> bool:
    """Tell whether some leak of a technique rests on what was planted.

    Where statements were changed, one of them must be among those that decided, unless a statement was taken away or
    something besides policies was changed: what is missing decides nothing. That the sound design refuses the very
    same attempts is shown by its own run.
    """
    if any(change.gone or not change.policy for change in planted):
        return True
    return any(
        change.is_named_by(statement["policy"], statement["statement"])
        for leak in leaks
        for decision in leak.decisions
        for statement in decision["statements"]
        for change in planted
    )
