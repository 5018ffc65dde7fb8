"""The attacks bite: every planted hole is found, every attack can leak, and switching IAM off turns the suites red.

Each test here deploys on an embedded target of its own, whatever --target says, and is left out of altered runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.attacks.attempts import AttemptKind
from harness.attacks.catalogue import TECHNIQUES
from harness.blueprints.registry import BLUEPRINTS
from harness.emulator.authorization import Enforcement
from harness.exhibits import where_techniques_leak
from harness.gathering import PROOF_PROPERTY, packed
from harness.proof import (
    FAULT_CASES,
    attack_everything,
    expects_lockout,
    leaks_of_fault,
    prove_fault,
    prove_misconfiguration,
    prove_weakness,
)
from harness.report import allure
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from harness.attacks.technique import Technique
    from harness.planted_holes import PlantedHole
    from harness.run import Run

pytestmark = pytest.mark.proof

# The other weaknesses leak between names that nobody has today: suites/test_tenant_names.py.
_WEAKNESSES = [
    f"{name}:{weakness.id}"
    for name, blueprint in BLUEPRINTS.items()
    for weakness in blueprint.weaknesses
    if weakness.leaks
]

_FAULTS = [
    f"{name}:{case.name}"
    for name, blueprint in BLUEPRINTS.items()
    for case in FAULT_CASES
    if leaks_of_fault(blueprint, case)
]
_MISCONFIGURATIONS = [
    f"{name}:{mistake.id}" for name, blueprint in BLUEPRINTS.items() for mistake in blueprint.misconfigurations
]


@pytest.fixture(autouse=True)
def _place_in_the_report() -> None:
    allure.label_proof("the attacks bite", target="embedded")


def _hold(hole: PlantedHole, request: pytest.FixtureRequest) -> None:
    __tracebackhide__ = True
    request.node.user_properties.append(packed(PROOF_PROPERTY, hole.as_json()))
    if not hole.held:
        pytest.fail(f"{hole.subject}: {hole.complaint}", pytrace=False)


@pytest.mark.parametrize("weakness", _WEAKNESSES)
def test_planted_weakness_is_found(weakness: str, request: pytest.FixtureRequest) -> None:
    """With the hole planted, the attacks it opens leak, and everything legitimate still works."""
    blueprint_name, _, weakness_id = weakness.partition(":")
    blueprint = BLUEPRINTS[blueprint_name]
    _hold(prove_weakness(blueprint, blueprint.weakness(weakness_id)), request)


@pytest.mark.parametrize("fault", _FAULTS)
def test_target_fault_is_found(fault: str, request: pytest.FixtureRequest) -> None:
    """On a target that forgets a check of Cognito or STS, the attacks which that check stops do leak."""
    blueprint, _, name = fault.partition(":")
    case = next(known for known in FAULT_CASES if known.name == name)
    _hold(prove_fault(BLUEPRINTS[blueprint], case), request)


@pytest.mark.parametrize("misconfiguration", _MISCONFIGURATIONS)
def test_misconfiguration_lets_nobody_in(misconfiguration: str) -> None:
    """With the mistake planted, every sign-in is refused as AWS refuses it, and nothing counts as isolated."""
    blueprint_name, _, name = misconfiguration.partition(":")
    blueprint = BLUEPRINTS[blueprint_name]
    wrong = prove_misconfiguration(blueprint, next(known for known in blueprint.misconfigurations if known.id == name))
    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_attack_can_leak(technique: str) -> None:
    """An attack that leaks under no planted hole cannot fail, so it would prove nothing."""
    if technique not in where_techniques_leak():
        pytest.fail(f"{technique} leaks under no weakness, target fault or declared leak; plant one that it finds")


def _iam_alone_stops(technique: Technique) -> bool:
    # Calls of Cognito are IAM's to refuse where it takes somebody like the operator to show them.
    by_iam = technique.plane in ("dynamodb", "s3", "sts", "execute-api")
    administers = technique.plane == "identity-pool" and technique.operator_steps is not None
    return bool(technique.actions) and (by_iam or administers)


def test_allowing_everything_leaks(attacked: str, isolation_run: Run) -> None:
    """With enforcement at allow-all, every attack that IAM alone stops leaks; the rest is Cognito's to refuse."""
    blind = [
        verdict.attempt.id
        for verdict in attack_everything(isolation_run.blueprint(attacked), enforcement=Enforcement.ALLOW_ALL)
        if not verdict.attempt.is_control
        and _iam_alone_stops(verdict.attempt.technique)
        and verdict.name is not VerdictName.LEAK
    ]
    if blind:
        pytest.fail(f"with IAM switched off these attacks still found nothing: {', '.join(blind)}")


def test_denying_everything_locks_out(attacked: str, isolation_run: Run) -> None:
    """With enforcement at deny-all, nobody but the operator gets anything, and no attack counts as ISOLATED."""
    wrong = []
    for verdict in attack_everything(isolation_run.blueprint(attacked), enforcement=Enforcement.DENY_ALL):
        attempt = verdict.attempt
        expected = {VerdictName.LOCKOUT} if expects_lockout(attempt) else {VerdictName.WORKS}
        if not attempt.is_control:
            expected = {VerdictName.INCONCLUSIVE}
        elif attempt.technique.plane == "user-pool" and attempt.kind is AttemptKind.OPERATOR:
            # Whoever signs up and assumes a role with a token signs nothing, and so is not the operator.
            expected = {VerdictName.WORKS, VerdictName.LOCKOUT}
        elif attempt.technique.plane in ("broker", "user-pool", "execute-api") or attempt.technique.operation == "GET":
            # The roles of functions are denied everything too; what these make of it is their own affair.
            expected = {VerdictName.LOCKOUT, VerdictName.INCONCLUSIVE}
        elif attempt.technique.operation == "AssumeRoleWithWebIdentity":
            # A call without a signature is nobody's, so that the operator is no exception.
            expected = {VerdictName.LOCKOUT}
        if verdict.name not in expected:
            wrong.append(f"{attempt.id} is {verdict.name}")
    if wrong:
        pytest.fail(f"with everything denied: {'; '.join(wrong)}")
