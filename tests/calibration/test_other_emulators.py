"""What calibration makes of emulators that nobody here wrote, and what verdicts on them are worth then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from other_emulators import ministack, moto_server

from harness.blueprints.registry import BLUEPRINTS
from harness.calibration.calibration import Enforced
from harness.calibration.measuring import measure
from harness.calibration.rules import Rule
from harness.calibration.sites import SITES
from harness.proof import attack_everything, plan_everything
from harness.stage import set_up_on
from harness.verdicts import VerdictName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.calibration.calibration import Calibration
    from harness.targets.remote import RemoteTarget

pytestmark = pytest.mark.timeout(300)

_JUDGED = (VerdictName.LEAK, VerdictName.ISOLATED)
_APIS = ("calibration-http-api", "calibration-rest-api")
# The APIs of moto's server want more libraries, and ministack's functions want containers.
_RULES = [probe.rule for design in SITES if design.blueprint.name not in _APIS for probe in design.probes]


@pytest.fixture(scope="module")
def moto() -> Iterator[RemoteTarget]:
    with moto_server() as target:
        yield target


@pytest.fixture(scope="module")
def calibrated_moto(moto: RemoteTarget) -> Calibration:
    return measure(moto, _RULES)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteTarget]:
    with ministack(tmp_path_factory.mktemp("ministack")) as target:
        yield target


@pytest.fixture(scope="module")
def calibrated_stack(stack: RemoteTarget) -> Calibration:
    return measure(stack, _RULES)


def _found(calibration: Calibration, enforced: Enforced) -> set[Rule]:
    return {rule for rule in _RULES if calibration.enforced(rule) is enforced}


def _verdicts(target: RemoteTarget, calibration: Calibration, name: str) -> dict[str, VerdictName]:
    blueprint = BLUEPRINTS[name]
    planned = plan_everything(blueprint)
    stage = set_up_on(
        target, blueprint, planned, tenants=max(2, blueprint.minimum_tenants), seed=1, calibration=calibration
    )
    return {attempt.id: stage.execution.judge(attempt).name for attempt in planned}


def _twin(name: str) -> dict[str, VerdictName]:
    return {verdict.attempt.id: verdict.name for verdict in attack_everything(BLUEPRINTS[name])}


def test_motos_server_enforces_nothing_that_isolation_rests_on(calibrated_moto: Calibration) -> None:
    # Of bucket policies it reads the Deny statements alone; it confirms sign-ups, and has no roles of identity pools.
    assert _found(calibrated_moto, Enforced.YES) == {Rule.BUCKET_POLICY_DENIALS, Rule.SIGN_UP_CONFIRMATION}
    assert _found(calibrated_moto, Enforced.UNCLEAR) == set()
    assert "SetIdentityPoolRoles" in calibrated_moto.why(Rule.GROUP_ROLES)
    assert calibrated_moto.left == ()


def test_nothing_is_judged_on_motos_server(moto: RemoteTarget, calibrated_moto: Calibration) -> None:
    verdicts = _verdicts(moto, calibrated_moto, "per-user-principals")
    assert VerdictName.INCONCLUSIVE in verdicts.values()
    assert not set(verdicts.values()) & {*_JUDGED, VerdictName.LOCKOUT}


def test_ministack_is_known_for_what_it_enforces(calibrated_stack: Calibration) -> None:
    assert _found(calibrated_stack, Enforced.YES) == {
        Rule.SIGNATURES,
        Rule.IDENTITY_POLICIES_DYNAMODB,
        Rule.IDENTITY_POLICIES_S3,
        Rule.IDENTITY_POLICIES_STS,
        Rule.IDENTITY_POLICIES_IAM,
        Rule.IDENTITY_POLICIES_COGNITO_IDENTITY,
        Rule.IDENTITY_POLICIES_COGNITO_IDP,
        Rule.EXPLICIT_DENY,
        Rule.SESSION_POLICIES,
        Rule.PERMISSIONS_BOUNDARIES,
        Rule.TRUST_PRINCIPALS,
        Rule.TRUST_ACTIONS,
        Rule.BUCKET_POLICY_GRANTS,
        Rule.BUCKET_POLICY_DENIALS,
        Rule.S3_PREFIX,
        Rule.INDEX_RESOURCES,
        Rule.DYNAMODB_ATTRIBUTES,
        Rule.DYNAMODB_SELECT,
        Rule.IDENTITY_OWNERSHIP,
        Rule.TOKEN_SIGNATURES,
        Rule.TOKEN_ALGORITHMS,
        Rule.TOKEN_KEY_IDS,
        Rule.TOKEN_AUDIENCE,
        Rule.TOKEN_ISSUER,
        Rule.WEB_IDENTITY_TRUST,
        Rule.SIGN_UP_CONFIRMATION,
        Rule.USER_EXISTENCE,
        Rule.SIGN_OUT,
    }
    assert calibrated_stack.left == ()


def test_ministack_has_no_leading_keys_so_that_what_a_condition_on_them_allows_is_refused(
    calibrated_stack: Calibration,
) -> None:
    leading_keys = [rule for rule in Rule if rule.startswith("leading-keys-")]
    assert {calibrated_stack.enforced(rule) for rule in leading_keys} == {Enforced.NOT_AVAILABLE}


def _designs() -> list[object]:
    """Return the designs without functions, those that take long marked so."""
    quick = ("identity-keyed", "per-user-principals")
    deployable = [name for name, blueprint in BLUEPRINTS.items() if not blueprint.functions]
    return [pytest.param(name, marks=() if name in quick else pytest.mark.long) for name in deployable]


@pytest.mark.parametrize("name", _designs())
def test_ministack_gives_no_leak_and_no_isolated_that_the_embedded_twin_does_not_give(
    stack: RemoteTarget, calibrated_stack: Calibration, name: str
) -> None:
    seen, twin = _verdicts(stack, calibrated_stack, name), _twin(name)
    false = {attempt: verdict for attempt, verdict in seen.items() if verdict in _JUDGED and verdict != twin[attempt]}
    assert false == {}
    assert VerdictName.INCONCLUSIVE in seen.values()
    assert VerdictName.LOCKOUT not in seen.values()


def test_what_ministack_does_enforce_is_judged_there(stack: RemoteTarget, calibrated_stack: Calibration) -> None:
    seen = _verdicts(stack, calibrated_stack, "per-user-principals")
    assert VerdictName.ISOLATED in seen.values()
