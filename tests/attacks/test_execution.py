"""Targets that misbehave: whatever they do, nothing but an honest refusal may be called ISOLATED."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from harness.attacks.catalogue import TECHNIQUES
from harness.attacks.execution import Execution
from harness.attacks.plan import Pairs, attacks, controls, plan
from harness.attacks.technique import Callers
from harness.blueprints.identity_keyed import IDENTITY_KEYED
from harness.blueprints.registry import BLUEPRINTS
from harness.errors import SignInRefusedError
from harness.outcome import Outcome
from harness.stage import EmbeddedStage, set_up
from harness.targets.api import ApiRequest, ApiResponse
from harness.targets.http import HttpResponse, as_api_response
from harness.verdicts import Leak, Lockout, VanishedLeak, Verdict, VerdictName, describe, raise_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.attacks.attempts import Attempt
    from harness.blueprints.spec import Blueprint
    from harness.targets.api import AwsCredentials
    from harness.targets.http import BearerToken, HttpRequest

_ALL = tuple(TECHNIQUES.values())


def _tenants(blueprint: Blueprint) -> int:
    return max(2, blueprint.minimum_tenants)


class _Stages:
    """A stage of each blueprint that some technique needs, set up when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, EmbeddedStage] = {}

    def of(self, blueprint: Blueprint) -> EmbeddedStage:
        if blueprint.name not in self._made:
            tenants = _tenants(blueprint)
            planned = plan(blueprint, _ALL, tenants, Pairs.RING)
            self._made[blueprint.name] = set_up(blueprint, planned, tenants=tenants, seed=1)
        return self._made[blueprint.name]

    def close(self) -> None:
        for stage in self._made.values():
            stage.close()


@pytest.fixture(scope="module")
def stages() -> Iterator[_Stages]:
    made = _Stages()
    yield made
    made.close()


@pytest.fixture
def stage(stages: _Stages) -> EmbeddedStage:
    return stages.of(IDENTITY_KEYED)


class _Misbehaving:
    """A target that passes everything on, and lets a rule replace answers."""

    def __init__(self, stage: EmbeddedStage, rule: Callable[[ApiRequest, ApiResponse], ApiResponse]) -> None:
        self._target = stage.target
        self._rule = rule

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def send(self, request: ApiRequest, credentials: AwsCredentials | None) -> ApiResponse:
        return self._rule(request, self._target.send(request, credentials))

    def send_http(self, request: HttpRequest, caller: AwsCredentials | BearerToken | None) -> HttpResponse:
        honest = self._target.send_http(request, caller)
        ruled = self._rule(ApiRequest("execute-api", request.method), as_api_response(honest))
        if ruled == as_api_response(honest):
            return honest
        headers = {"x-amzn-errortype": str(ruled.error_code)}
        return HttpResponse(ruled.status, headers, json.dumps({"message": ruled.message}).encode(), ruled.request_id)


def _judge(stage: EmbeddedStage, attempt: Attempt, rule: Callable[[ApiRequest, ApiResponse], ApiResponse]) -> Verdict:
    sessions = stage.execution._sessions
    target = _Misbehaving(stage, rule)
    blueprint = BLUEPRINTS[attempt.blueprint]
    return Execution(target, blueprint, stage.deployment, stage.population, sessions).judge(attempt)


def _aimed(technique: str) -> tuple[Blueprint, list[Attempt]]:
    """Return the first blueprint at which the technique can be aimed, and the attacks on it."""
    for blueprint in BLUEPRINTS.values():
        if found := attacks(blueprint, [TECHNIQUES[technique]], _tenants(blueprint), Pairs.RING):
            return blueprint, found
    raise LookupError(f"{technique} can be aimed at no blueprint")


def _attack(technique: str) -> Attempt:
    return attacks(IDENTITY_KEYED, [TECHNIQUES[technique]], 2, Pairs.RING)[0]


def _failing(code: str, status: int = 400) -> Callable[[ApiRequest, ApiResponse], ApiResponse]:
    def rule(_: ApiRequest, answer: ApiResponse) -> ApiResponse:
        return answer if answer.succeeded else ApiResponse(status, {}, answer.request_id, code, "out of order")

    return rule


@pytest.mark.parametrize("technique", TECHNIQUES)
@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("InternalServerError", 500),
        ("ValidationException", 400),
        ("ExpiredTokenException", 400),
        ("UnrecognizedClientException", 400),
        ("IsolationHarnessNotDerivable", 501),
        ("EndpointConnectionError", 0),
    ],
)
def test_trouble_is_never_isolation(technique: str, code: str, status: int, stages: _Stages) -> None:
    blueprint, aimed = _aimed(technique)
    for attempt in aimed[:6]:
        verdict = _judge(stages.of(blueprint), attempt, _failing(code, status))
        if attempt.expected_leak is not None or verdict.reason.startswith("the answer, success,"):
            continue  # succeeds on the honest target, so nothing fails here
        assert verdict.name is VerdictName.INCONCLUSIVE, verdict


def test_trouble_with_one_key_of_several_is_never_isolation(stage: EmbeddedStage) -> None:
    def slow_down(request: ApiRequest, answer: ApiResponse) -> ApiResponse:
        if request.operation != "DeleteObjects" or not answer.data.get("Errors"):
            return answer
        return replace(answer, data={"Errors": [{"Key": "k", "Code": "SlowDown", "Message": ""}]})

    assert _judge(stage, _attack("s3.write.delete-objects"), slow_down).name is VerdictName.INCONCLUSIVE


@pytest.mark.parametrize("technique", [technique.id for technique in _ALL if technique.callers is not Callers.GUESTS])
def test_without_a_working_control_nothing_is_isolated(technique: str, stages: _Stages) -> None:
    blueprint, aimed = _aimed(technique)

    def nothing_works(_: ApiRequest, answer: ApiResponse) -> ApiResponse:
        return ApiResponse(400, {}, answer.request_id, "AccessDenied", "Access Denied")

    verdict = _judge(stages.of(blueprint), aimed[0], nothing_works)
    assert verdict.name is VerdictName.INCONCLUSIVE
    assert "control" in verdict.reason


def test_a_control_that_shows_nothing_makes_its_attacks_inconclusive(stage: EmbeddedStage) -> None:
    def empty(request: ApiRequest, answer: ApiResponse) -> ApiResponse:
        return replace(answer, data={}) if request.operation == "GetItem" else answer

    verdict = _judge(stage, _attack("dynamodb.read.get-item"), empty)
    assert verdict.name is VerdictName.INCONCLUSIVE
    assert "brought nothing back" in verdict.reason


def test_a_refusal_that_writes_all_the_same_is_a_leak(stage: EmbeddedStage) -> None:
    attempt = _attack("dynamodb.write.delete-item")

    def write_anyway(request: ApiRequest, answer: ApiResponse) -> ApiResponse:
        if request.operation == "DeleteItem" and not answer.succeeded:
            stage.target.send_as_operator(request)
        return answer

    verdict = _judge(stage, attempt, write_anyway)
    assert (verdict.name, verdict.kind) == (VerdictName.LEAK, "effect")
    # The asset is back in its place, so the next attempt on it is judged as if nothing had happened.
    assert _judge(stage, attempt, lambda _, answer: answer).name is VerdictName.ISOLATED


def test_a_foreign_canary_in_any_answer_is_a_leak(stage: EmbeddedStage) -> None:
    attempt = _attack("dynamodb.read.query")
    assert attempt.victim is not None
    marker = stage.population.marker(attempt.victim, "private")

    def leaking(request: ApiRequest, answer: ApiResponse) -> ApiResponse:
        if request.operation == "Query" and not answer.succeeded:
            return ApiResponse(200, {"Items": [], "Note": f"not for you: {marker}"}, answer.request_id)
        return answer

    verdict = _judge(stage, attempt, leaking)
    assert (verdict.name, verdict.kind) == (VerdictName.LEAK, "data")


def test_an_empty_answer_is_still_a_permission_that_should_not_be(stage: EmbeddedStage) -> None:
    def empty(request: ApiRequest, answer: ApiResponse) -> ApiResponse:
        if request.operation == "Query" and not answer.succeeded:
            return ApiResponse(200, {"Items": []}, answer.request_id)
        return answer

    verdict = _judge(stage, _attack("dynamodb.read.query"), empty)
    assert (verdict.name, verdict.kind) == (VerdictName.LEAK, "permission")


def test_ones_own_identity_in_place_of_the_victims_is_sound(stage: EmbeddedStage) -> None:
    attempt = _attack("identity-pool.session.foreign-identity-with-own-token")
    own = stage.execution.aiming.session(attempt.attacker)

    def own_session(request: ApiRequest, answer: ApiResponse) -> ApiResponse:
        if answer.succeeded or request.operation != "GetCredentialsForIdentity":
            return answer
        credentials = {"AccessKeyId": "ASIA", "SecretKey": "s", "SessionToken": "t"}
        return ApiResponse(200, {"IdentityId": own.identity_id, "Credentials": credentials}, answer.request_id)

    assert _judge(stage, attempt, own_session).name is VerdictName.ISOLATED


def test_a_victim_who_cannot_look_leaves_a_write_unjudged(stage: EmbeddedStage) -> None:
    attempt = _attack("dynamodb.write.put-item")

    def blind(request: ApiRequest, answer: ApiResponse) -> ApiResponse:
        foreign = str(request.params.get("Key", {}).get("SK", {}).get("S", "")).endswith("from-t1-member")
        return ApiResponse(500, {}, "", "InternalServerError") if request.operation == "GetItem" and foreign else answer

    blinded = [
        _judge(stage, each, blind)
        for each in attacks(IDENTITY_KEYED, [attempt.technique], 2, Pairs.RING)
        if (each.attacker.tenant, each.attacker.persona) == ("t1", "member")
    ]
    assert blinded
    assert {verdict.name for verdict in blinded} == {VerdictName.INCONCLUSIVE}


def test_a_user_who_cannot_sign_in_is_locked_out_and_attacks_nobody(stage: EmbeddedStage) -> None:
    attempt = _attack("dynamodb.read.get-item")
    sessions = {**stage.execution._sessions, attempt.attacker: SignInRefusedError("refused")}
    execution = Execution(stage.target, IDENTITY_KEYED, stage.deployment, stage.population, sessions)
    own = next(
        control for control in controls(IDENTITY_KEYED, [attempt.technique], 2) if control.attacker == attempt.attacker
    )
    assert execution.judge(own).name is VerdictName.LOCKOUT
    assert execution.judge(attempt).name is VerdictName.INCONCLUSIVE


def test_findings_are_assertion_errors_that_name_who_reached_what() -> None:
    attempt = _attack("dynamodb.read.scan")
    leak = Verdict(attempt, VerdictName.LEAK, Outcome.CROSSED, "the canary of t2 (member) came back")
    with pytest.raises(Leak, match=r"LEAK: t1 .*Scan of the whole table: the canary of t2"):
        raise_findings(leak)
    with pytest.raises(Lockout):
        raise_findings(replace(leak, name=VerdictName.LOCKOUT))
    raise_findings(replace(leak, name=VerdictName.ISOLATED))
    assert issubclass(Leak, AssertionError)
    assert describe(leak).startswith("LEAK")


def test_a_declared_leak_passes_and_must_not_vanish() -> None:
    declared = next(
        attempt for attempt in attacks(IDENTITY_KEYED, _ALL, 2, Pairs.RING) if attempt.expected_leak is not None
    )
    raise_findings(Verdict(declared, VerdictName.LEAK, Outcome.CROSSED, "as declared"))
    with pytest.raises(VanishedLeak):
        raise_findings(Verdict(declared, VerdictName.ISOLATED, Outcome.REFUSED, "gone"))
